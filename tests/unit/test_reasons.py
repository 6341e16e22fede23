"""The registry of reasons: every code is registered, used, and written down nowhere else."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stalewatch
from stalewatch.cli.commands.check import exit_code
from stalewatch.diagnosis.rules import RULES
from stalewatch.model import errors, reasons
from stalewatch.model.errors import StalewatchError
from stalewatch.model.exit_codes import ExitCode
from stalewatch.model.reasons import REASONS, Reason
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.snapshot import LogFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import fpm, host, looked, runtime, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(stalewatch.__file__).parent
REGISTRY = PACKAGE / "model" / "reasons.py"
CODES = {*RULES, *REASONS}
TABLES = {"cause_words.py", "cause.py", "chain_rows.py"}
"""What is said of each code, with diagnosis/plain: the place is the code's, and who draws may not import the rules."""
NAMED = {name: value for name, value in vars(reasons).items() if isinstance(value, Reason)}


@cache
def sources() -> dict[Path, ast.Module]:
    files = [path for path in PACKAGE.rglob("*.py") if path != REGISTRY]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}


def codes_of_rules(tree: ast.Module) -> Iterator[ast.expr]:
    """The one place for the code of a finding: ``Rule(code="…")``, or the first argument of a function of that file that makes a Rule."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    makers = {node.name for node in functions if isinstance(node.returns, ast.Name) and node.returns.id == "Rule"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Rule":
                yield from (keyword.value for keyword in node.keywords if keyword.arg == "code")
            elif node.func.id in makers:
                yield node.args[0]


def test_a_reason_is_named_as_its_code_and_explains_itself() -> None:
    assert {reason.code: name for name, reason in NAMED.items()} == {
        code: code.upper().replace(".", "_").replace("-", "_") for code in REASONS
    }
    for code, reason in REASONS.items():
        assert reason.code == code
        assert reason.meaning.endswith(".")
        assert reason.advice
        assert reason.meaning in reason.text()
        assert reason.advice in reason.text()


def test_every_reason_is_used() -> None:
    used = {
        node.attr
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "reasons"
    }
    assert sorted(set(NAMED) - used) == []


def is_table(path: Path) -> bool:
    return path.parent.name == "plain" or path.name in TABLES


def test_no_code_is_written_where_it_is_not_registered() -> None:
    found = []
    for path, tree in sources().items():
        if is_table(path):
            continue
        allowed = {id(node) for node in codes_of_rules(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in CODES and "." in str(node.value) and id(node) not in allowed:
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.value}")
    assert found == [], "name the reason or the rule in place of its code"


def test_tables_by_code_know_only_codes_that_are_there() -> None:
    tables = [tree for path, tree in sources().items() if is_table(path)]
    strings = [node.value for tree in tables for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    layers = "|".join(dict.fromkeys(code.partition(".")[0] for code in CODES))
    named = {value for value in strings if isinstance(value, str) and re.fullmatch(rf"({layers})\.[a-z-]+", value)}
    assert len(named) > 80
    assert sorted(named - CODES) == []


def test_only_a_reason_makes_an_unseen_and_no_error_has_a_code_of_its_own() -> None:
    found = []
    for path, tree in sources().items():
        for node in ast.walk(tree):
            made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Unseen"
            own = isinstance(node, ast.ClassDef) and any(
                isinstance(line, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "code" for target in line.targets)
                for line in node.body
            )
            if made or own:
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert found == []


def test_an_unseen_is_safe_text_with_the_code() -> None:
    unseen = reasons.FPM_SOCKET_DENIED.unseen("no\x1b[31m", "grant\n")
    assert unseen == Unseen(code="fpm.socket-denied", message=safe("no\\x1b[31m"), grant=safe("grant\\x0a"))


def test_an_error_has_the_reason_of_its_class_or_the_one_it_was_given() -> None:
    plain, given = errors.Unreachable("a"), errors.Unreachable("b", grant="c", reason=reasons.LINK_NAME)
    assert (plain.code, given.code) == ("link.unreachable", "link.name")
    assert given.unseen() == Unseen(code="link.name", message=safe("b"), grant=safe("c"))
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, StalewatchError)]
    assert [each.__name__ for each in classes if REASONS.get(each.reason.code) is not each.reason] == []


def test_what_another_try_cannot_mend_is_not_tried_again() -> None:
    assert {code for code in REASONS if not reasons.may_retry(code)} == {
        "link.auth",
        "link.host-key-changed",
        "link.host-key-revoked",
        "link.host-key-unknown",
        "ssh.not-installed",
    }
    assert reasons.may_retry("x")


@pytest.mark.parametrize("code", [code for code, reason in REASONS.items() if reason.exit is ExitCode.UNKNOWN])
def test_what_was_not_seen_for_such_a_reason_is_unknown(code: str) -> None:
    report = looked(snapshot(runtime=REASONS[code].unseen("no")))
    assert report.verdict is Verdict.UNKNOWN
    assert exit_code([report]) is REASONS[code].exit


@pytest.mark.parametrize("code", [code for code, reason in REASONS.items() if reason.exit is ExitCode.OK])
def test_no_verdict_depends_on_the_others(code: str) -> None:
    unseen = REASONS[code].unseen("no")
    logs = (LogFacts(path=safe("/x.log"), unseen=unseen),)
    seen = host(fpm=fpm(config_test=unseen), logs=logs)
    report = looked(snapshot(host=seen, runtime=replace(runtime(), status=unseen)))
    assert report.verdict is Verdict.FRESH
    assert exit_code([report]) is ExitCode.OK
