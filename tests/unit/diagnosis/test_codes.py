"""The rules as documentation: nothing drifts, nothing is dead, and every finding can be checked by hand."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shlex
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stalewatch import diagnosis
from stalewatch.cli.outputs.text_writer import TextWriter
from stalewatch.diagnosis.explain import document, explain
from stalewatch.diagnosis.opcache.codes import BY_STATE
from stalewatch.diagnosis.opcache.script_state import ScriptState
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.report import Verdict
from tests.builders.anything import Anything
from tests.unit.diagnosis.test_properties import judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Finding

STORIES = 3_000
HOUSE = Path(diagnosis.__file__).parent
TESTS = Path(__file__).parents[2]
JUDGED = (Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING)
NOT_BY_TIME = {
    **dict.fromkeys(("config.made-elsewhere", "routes.made-elsewhere", "events.made-elsewhere"), "the paths in a file"),
    **dict.fromkeys(("config.compiled-stale", "routes.compiled-stale"), "a list of files, where one of them is gone"),
    "config.other-environment": "values of variables",
    "fpm.binary-replaced": "a file that only the process still has",
    "fpm.extension-replaced": "a file that only the process still has",
    "fpm.ini-gone": "a file that only the process still names",
    "fpm.other-tree": "device and inode of files, from both sides",
    "fpm.web-php-changed": "a file that only the process still has",
    "opcache.deleted-unseen": "a file that is gone",
    "opcache.file-cache": "a setting",
    "opcache.preload-other-release": "paths",
    "opcache.restart-pending": "a flag, and since when",
    "packages.autoload-differs": "folders in two files",
    "packages.differ": "sets of names",
    "packages.lock-differs": "versions in two files",
    "release.deploy-under-way": "a file that is there, and since when",
    "release.link-passed": "paths; nothing was requested since the switch",
    "release.mixed": "commits of several servers",
    "release.other-commit": "two commits",
    "release.other-file": "check sums of one file",
    "workers.cron-old-release": "paths",
    "workers.deleted-directory": "a directory that is gone",
    "workers.old-binary": "a file that only the process still has",
    "workers.old-release": "paths",
    "workers.not-back": "how many there were and are",
    "workers.orphaned": "the parent of a process",
}
"""What is compared by findings that no two times decide; a ``broken`` file is read, not compared."""


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Finding]]:
    """Findings of many made-up servers, by code."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for seed in range(STORIES):
        for finding in judged(Anything(seed).story())[1].findings:
            found[finding.code].append(finding)
    return found


def rules_in(value: Any) -> Iterator[Rule]:
    """Every rule in a module's *value*, however it is kept there."""
    if isinstance(value, Rule):
        yield value
    elif isinstance(value, dict):
        yield from rules_in(tuple(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from rules_in(one)


def test_the_page_in_the_documentation_is_what_the_rules_say() -> None:
    page = (TESTS.parent / "docs" / "CODES.md").read_text(encoding="utf-8")
    assert page == document(), "the rules have changed: make docs"
    assert [code for code in RULES if page.count(f'id="{code}"') != 1] == []


@pytest.mark.parametrize("code", RULES)
def test_a_rule_explains_itself(code: str) -> None:
    rule, told = RULES[code], explain(code)
    assert code.partition(".")[0] in (rule.layer.value, "health")
    assert rule.meaning in told
    assert rule.meaning.endswith(".")
    assert str(rule.severity) in told
    assert all(label in told for label in rule.evidence)
    assert all(str(remedy) in told for remedy in rule.remedy)
    assert rule.evidence, "whoever doubts it must find something to check"
    assert "repeat" in rule.evidence
    writer = TextWriter(width=80)
    for line in told.splitlines():
        writer.line(line, hang=0)
    assert max(map(len, writer.text().splitlines())) <= 80
    assert writer.text().split() == told.split()


def test_every_rule_of_the_house_is_registered_under_a_code_of_its_own() -> None:
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(diagnosis.__path__, "stalewatch.diagnosis.")]
    made = {id(rule): rule for module in modules for value in list(vars(module).values()) for rule in rules_in(value)}
    assert sorted(rule.code for rule in made.values()) == sorted(RULES)
    assert all(RULES[rule.code] is rule for rule in made.values())
    makers = [path.name for path in HOUSE.rglob("*.py") if re.search(r"\bFinding\(", path.read_text(encoding="utf-8"))]
    assert makers == ["rule.py"], "a finding is made by its rule, or its code is not registered"


def test_every_function_that_finds_something_says_on_which_fact_it_rests() -> None:
    silent = [
        f"{path.relative_to(HOUSE)}: {function.name}"
        for path in sorted(HOUSE.rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and finds(function) and "``docs/facts.md#" not in (ast.get_docstring(function) or "")
    ]
    assert silent == []


def test_every_fact_that_a_docstring_links_is_written_down() -> None:
    facts = (TESTS.parent / "docs" / "facts.md").read_text(encoding="utf-8")
    written = {*re.findall(r'<a id="([a-z-]+)">', facts), *(head.replace(" ", "-") for head in re.findall(r"(?m)^## (.+)$", facts.lower()))}
    linked = {
        (path.name, anchor)
        for path in HOUSE.rglob("*.py")
        for anchor in re.findall(r"docs/facts\.md#([\w-]+)", path.read_text(encoding="utf-8"))
    }
    assert len(linked) > 30
    assert sorted(link for link in linked if link[1] not in written) == []


def finds(function: ast.FunctionDef) -> bool:
    """Whether it makes a finding, or a verdict on a script with the words for one."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    by_rule = any(isinstance(call.func, ast.Attribute) and call.func.attr == "finding" for call in calls)
    return by_rule or any(
        getattr(call.func, "id", "") == "ScriptVerdict" and "why" in {each.arg for each in call.keywords} for call in calls
    )


def test_no_rule_is_dead(findings: dict[str, list[Finding]]) -> None:
    """Each code is said of some made-up server, or asked for by a test of the rules or a state of the truth matrix."""
    files = [*(TESTS / "unit" / "diagnosis").glob("test_*.py"), *(TESTS / "lab" / "truth").glob("*.py")]
    tables = "".join(path.read_text(encoding="utf-8") for path in files if path != Path(__file__))
    assert [code for code in RULES if code not in findings and f'"{code}"' not in tables] == []


def test_every_finding_carries_the_command_that_repeats_its_look(findings: dict[str, list[Finding]]) -> None:
    without = {
        code: finding.summary
        for code, many in findings.items()
        for finding in many
        if not any(one.kind == "command" and one.label == "repeat" for one in finding.evidence)
    }
    assert without == {}


def test_a_finding_that_compares_times_shows_both(findings: dict[str, list[Finding]]) -> None:
    compared = {code for code, rule in RULES.items() if rule.verdict in JUDGED and not code.endswith(".broken")}
    assert set(NOT_BY_TIME) <= compared
    lacking = {
        code: (finding.summary, finding.evidence)
        for code in compared - set(NOT_BY_TIME)
        for finding in findings.get(code, ())
        if sum(1 for one in finding.evidence if one.kind == "time" and one.value is not None) < 2
    }
    assert lacking == {}


def test_the_commands_are_ones_that_a_shell_takes(findings: dict[str, list[Finding]]) -> None:
    lines = {str(one.value) for many in findings.values() for finding in many[:20] for one in finding.evidence if one.kind == "command"}
    said = sorted(line for line in lines if not line.startswith("(a name in it"))
    assert all(shlex.split(line) for line in said)
    parsed = subprocess.run(["sh", "-n"], input="\n".join(said).encode("utf-8", "surrogateescape"), capture_output=True, check=False)
    assert parsed.returncode == 0, parsed.stderr.decode()


def test_every_state_of_a_script_that_matters_has_a_rule() -> None:
    silent = {ScriptState.FRESH, ScriptState.NEUTRAL}
    assert set(BY_STATE) == set(ScriptState) - silent
    assert {rule.verdict for rule in BY_STATE.values()} == set(JUDGED), "findings are grouped by these"
