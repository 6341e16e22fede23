"""The pages and the examples say what is so: links lead somewhere, named tests and files are there, options exist, examples are taken."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from stalewatch.cli.main import COMMANDS, DASHBOARD, main
from stalewatch.config.load import load
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.inventory import AppEntry, LogWatch, Thresholds
from stalewatch.model.replace import replace
from stalewatch.probe.runtime.uploaded_file import contents
from stalewatch.runbook.commands import Access
from stalewatch.runbook.sudoers import sudoers
from stalewatch.transport.relay.programs import program_text
from stalewatch.transport.ssh.aliases import expand
from stalewatch.transport.ssh.route import resolve_route
from tests.builders.pages import ROOT, Page, pages
from tests.lab.truth import STATES

PAGES = pages()
FACTS = Page(ROOT / "docs" / "facts.md")
DESIGN = Page(ROOT / "docs" / "design.md")
EXAMPLES = ROOT / "examples"
GATE = EXAMPLES / "pipelines" / "deploy-gate.sh"
_PATH = re.compile(r"((?:tui|tests|docs|examples|themes|screenshots|\.github|\.ci)/[\w./*{},-]*)(?:::(\w+))?")
_COMMAND = re.compile(r"(?<![\w./-])stalewatch((?:[ \t]+(?!\|)[^\s;&)`]+)*)")
NOT_HELD = {"CHANGELOG.md"}
"""Pages whose file names are not looked up: the one tells of the past."""
NEVER_SAID = re.compile(r"\b(over there|anew|puts? (it |them )?right|all the same)\b")
KEYS = {"target", "name", "group", "production", "read_only"}
KEYS |= {field.encode_name for kind in (AppEntry, Thresholds, LogWatch) for field in msgspec.structs.fields(kind)}
"""What may stand in stalewatch.toml, beside the names of its tables."""
ACCESS = Access(login="deploy", user="www-data", root="/srv/shop", unit="php8.2-fpm.service", fpm_binary="/usr/sbin/php-fpm8.2")


SOURCES = sorted(path for path in (ROOT / "tui").rglob("*") if path.suffix in (".py", ".sh", ".php"))


def by_name(page: Page) -> str:
    return page.name


# ------------------------------------------------------------------------------------------------------------------------ pages


def test_every_page_is_read() -> None:
    names = {page.name for page in PAGES}
    assert {
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/facts.md",
        "docs/design.md",
        "docs/glossary.md",
        "docs/promise.md",
        "docs/security.md",
    } <= names


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_link_leads_somewhere(page: Page) -> None:
    broken = []
    for link in page.links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        if not path.is_relative_to(ROOT) or not path.exists() or (anchor and anchor not in Page(path).anchors):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in NOT_HELD], ids=by_name)
def test_every_file_and_test_that_is_named_is_there(page: Page) -> None:
    missing = []
    for span in page.spans:
        named = _PATH.fullmatch(span)
        if named is None:
            continue
        found = list(ROOT.glob(named[1].rstrip("/")))
        if not found or (named[2] and not re.search(rf"^\s*(async )?def {named[2]}\(", found[0].read_text(), re.MULTILINE)):
            missing.append(span)
    assert missing == []


def commands_in(text: str) -> list[list[str]]:
    """The words after ``stalewatch`` wherever *text* calls it."""
    found = []
    for line in text.splitlines():
        for call in _COMMAND.finditer(re.sub(r"\s#.*", "", line)):
            try:
                found.append(shlex.split(call[1]))
            except ValueError:  # a quote that the shell closes further on
                found.append(call[1].split())
    return found


def options_of(name: str) -> set[str]:
    with click.Context(main) as context:
        command = main.get_command(context, name)
        assert command is not None
        commands = (command, main) if name == DASHBOARD else (command,)
        return {option for each in commands for parameter in each.get_params(context) for option in parameter.opts if option[:1] == "-"}


def unknown_options(words: list[str]) -> list[str]:
    known = options_of(words[0] if words and words[0] in COMMANDS else DASHBOARD)
    return [word for word in words if word.startswith("-") and word != "--" and word.partition("=")[0] not in known]


def test_what_lies_on_a_server_is_counted_as_it_is() -> None:
    page = Page(ROOT / "docs" / "security.md").text
    probe, numbers = contents(), ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    assert f"{numbers[len(probe) - 1]} PHP files, {sum(map(len, probe.values())) / 1000:.0f} kB" in page
    lengths = [program_text(name).count(b"\n") for name in ("relay.php", "relay_python.py", "relay.pl", "relay.sh")]
    assert f"a program of {min(lengths)} to {max(lengths)} lines" in page


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_option_in_a_command_line_exists(page: Page) -> None:
    texts = [*page.blocks, *(span for span in page.spans if span.startswith("stalewatch "))]
    assert [(words, bad) for text in texts for words in commands_in(text) if (bad := unknown_options(words))] == []


def test_an_option_that_does_not_exist_is_noticed() -> None:
    assert unknown_options(["check", "web1", "--format", "json", "--smoulder"]) == ["--smoulder"]
    assert unknown_options(["-F", "file", "web1", "--batch"]) == ["--batch"]
    assert commands_in("if ! stalewatch check --bad; then  # stalewatch mark --no") == [["check", "--bad"]]


# -------------------------------------------------------------------------------------------------------------------- contracts


@pytest.mark.parametrize("name", [*COMMANDS, DASHBOARD], ids=lambda name: name.replace(DASHBOARD, "dashboard"))
def test_every_option_is_in_the_contract(name: str) -> None:
    said = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", DESIGN.text.partition('<a id="command-line">')[2].partition("\n## Exit")[0]))
    assert options_of(name) - said == set()


def test_the_json_in_the_contract_has_the_fields_of_the_json() -> None:
    shown = json.loads(next(block for block in DESIGN.blocks if block.startswith('{"schema"')))
    real = json.loads((ROOT / "tests/unit/outputs/golden/check.json").read_text())

    def fields(check: dict[str, Any]) -> dict[str, list[str]]:
        servers = check["servers"]
        parts = {"check": [check], "server": servers, "layers": [each["layers"] for each in servers]}
        parts |= {name: [each[name] for each in servers if each[name]] for name in ("opcache", "fpm")}
        parts["worker"] = [worker for each in parts["fpm"] for worker in each["workers"]]
        parts |= {name: [one for each in servers for one in each[name]] for name in ("findings", "errors")}
        return {name: sorted(found[0]) for name, found in parts.items()}

    assert fields(shown) == fields(real)


def test_every_key_of_the_configuration_is_in_the_contract() -> None:
    table = DESIGN.text.partition('<a id="configuration">')[2].partition("\n## ")[2].partition("\n## ")[0]
    assert KEYS - set(re.findall(r"`(\w+)`", table)) == set()


# ------------------------------------------------------------------------------------------------------------------------ words

OURS = [page for page in PAGES if page.name.startswith("docs/") or page.name in ("CONTRIBUTING.md", "SECURITY.md")]


@pytest.mark.parametrize("page", [page for page in OURS if page.name != "docs/glossary.md"], ids=by_name)
def test_no_page_uses_words_that_the_glossary_replaces(page: Page) -> None:
    assert NEVER_SAID.findall(page.prose) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_of_the_program_uses_them_either(path: Path) -> None:
    assert NEVER_SAID.findall(path.read_text(encoding="utf-8")) == []


def test_no_two_classes_share_a_name() -> None:
    """One word, one thing. A private class is its module's own affair."""
    named = [
        node.name
        for path in SOURCES
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert {name for name, times in Counter(named).items() if times > 1} == set()


# ------------------------------------------------------------------------------------------------------------------------ facts


def test_every_rule_rests_on_a_fact_and_every_rule_that_is_named_exists() -> None:
    table = FACTS.text.partition("## Which rule rests on which fact")[2].partition("\n## ")[0]
    named = re.findall(r"`([a-z]+\.[a-z-]+)`", table)
    assert set(named) == set(RULES)


def test_every_fact_says_how_it_is_known() -> None:
    facts = FACTS.bullets[FACTS.bullets.index(next(item for item in FACTS.bullets if item.startswith('"Each FPM worker'))) :]
    assert len(facts) > 150
    assert [fact for fact in facts if "*measured*" not in fact and "*source*" not in fact] == []


def test_every_state_that_a_fact_names_is_one_of_the_truth_table() -> None:
    states = {state.name for state in STATES}
    named = [
        name for fact in FACTS.bullets for name in re.findall(r'"([^"]+)"', re.split(r"\*(?:measured|source)\*", fact, maxsplit=1)[-1])
    ]
    cited = [name for name in named if name in states]
    assert len(cited) > 60
    assert [name for name in named if name not in states] == []


# --------------------------------------------------------------------------------------------------------------------- examples


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_a_configuration_is_taken(example: Path) -> None:
    fleet = load([], config=str(example))
    assert fleet.servers
    text = example.read_text()
    assert [key for key in sorted(KEYS) if not re.search(rf"^#? ?{key} = ", text, re.MULTILINE)] == [], "every key is shown"


def test_the_lines_of_the_configuration_that_are_commented_out_are_valid_too(tmp_path: Path) -> None:
    text = (EXAMPLES / "stalewatch.toml").read_text()
    file = tmp_path / "stalewatch.toml"
    file.write_text(re.sub(r"^# (?=[\w\[]+( = |\]$))", "", text, flags=re.MULTILINE))
    assert file.read_text() != text
    assert load([], config=str(file)).servers


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh on this machine")
async def test_the_ssh_config_leads_through_the_bastion() -> None:
    file = str(EXAMPLES / "ssh_config")
    assert expand("web*", file) == ["web1", "web2"]
    route = await resolve_route("web1", file)
    assert [hop.alias for hop in route.hops] == ["bastion", "web1"]
    assert route.destination.user == "deploy"


def sudoers_lines(text: str) -> set[str]:
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def test_the_sudoers_file_permits_exactly_what_the_runbook_asks_for() -> None:
    text = (EXAMPLES / "sudoers").read_text()
    assert sudoers_lines(text) == set(sudoers(ACCESS).splitlines())
    every = set(sudoers(replace(ACCESS, file_cache="/var/cache/opcache", workers=True, environment="prod")).splitlines())
    assert sudoers_lines(re.sub(r"^# (?=deploy )", "", text, flags=re.MULTILINE)) == every


@pytest.mark.skipif(shutil.which("visudo", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="no visudo on this machine")
@pytest.mark.parametrize("uncomment", [False, True])
def test_visudo_takes_the_sudoers_file(tmp_path: Path, uncomment: bool) -> None:
    text = (EXAMPLES / "sudoers").read_text()
    file = tmp_path / "sudoers"
    file.write_text(re.sub(r"^# (?=deploy )", "", text, flags=re.MULTILINE) if uncomment else text)
    file.chmod(0o440)
    visudo = shutil.which("visudo", path=f"{os.environ['PATH']}:/usr/sbin")
    checked = subprocess.run([str(visudo), "-cf", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


# ----------------------------------------------------------------------------------------------------------------- the deploy gate


def gate(tmp_path: Path, *, mark: int = 0, deploy: int = 0, check: int = 0) -> tuple[int, list[str], str]:
    """Run the gate with a stalewatch and a deploy that only note how they were called: exit code, the calls, what was said."""
    calls = tmp_path / "calls"
    (tmp_path / "stalewatch").write_text(
        f'#!/bin/sh\necho "stalewatch $*" >>"{calls}"\ncase $1 in mark) exit {mark} ;; *) exit {check} ;; esac\n'
    )
    (tmp_path / "deploy").write_text(f'#!/bin/sh\necho "deploy $*" >>"{calls}"\nexit {deploy}\n')
    for name in ("stalewatch", "deploy"):
        (tmp_path / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", str(GATE), "web1", "web2", "--", "deploy", "a b"], capture_output=True, text=True, env=env, check=False)
    return done.returncode, calls.read_text().splitlines(), done.stderr


def test_the_gate_marks_deploys_and_checks(tmp_path: Path) -> None:
    code, calls, _ = gate(tmp_path)
    assert code == 0
    assert calls == ["stalewatch mark web1 web2", "deploy a b", calls[2]]
    assert calls[2].startswith("stalewatch check ")
    assert calls[2].endswith(" web1 web2")


@pytest.mark.parametrize("found", [1, 3])
def test_the_gate_is_closed_by_what_check_finds(tmp_path: Path, found: int) -> None:
    code, _, said = gate(tmp_path, check=found)
    assert code == found
    assert "stalewatch fix --dry-run web1 web2" in said or found == 3


def test_the_gate_deploys_without_a_mark_and_says_what_that_costs(tmp_path: Path) -> None:
    code, calls, said = gate(tmp_path, mark=3)
    assert code == 0
    assert "deploy a b" in calls
    assert "suspect" in said


def test_the_gate_does_not_deploy_where_the_command_line_is_wrong_and_does_not_check_a_deploy_that_failed(tmp_path: Path) -> None:
    assert gate(tmp_path, mark=2)[:2] == (2, ["stalewatch mark web1 web2"])
    (tmp_path / "calls").unlink()
    code, calls, _ = gate(tmp_path, deploy=7)
    assert code == 7
    assert [call.split()[:2] for call in calls] == [["stalewatch", "mark"], ["deploy", "a"]]


def test_every_option_of_the_gate_exists() -> None:
    calls = commands_in(GATE.read_text())
    assert {words[0] for words in calls if words} >= {"mark", "check", "fix"}
    assert [bad for words in calls if (bad := unknown_options(words))] == []
