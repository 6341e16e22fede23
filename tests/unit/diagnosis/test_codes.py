"""The rules as documentation: nothing drifts, nothing is dead, and every finding can be checked by hand."""

from __future__ import annotations

import shlex
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.diagnosis.anything import Anything
from tests.unit.diagnosis.test_properties import judged
from tui import diagnosis
from tui.diagnosis import rules
from tui.diagnosis.rules import RULES

if TYPE_CHECKING:
    from tui.report import Finding

STORIES = 3_000
NEVER_BY_CHANCE = {"release.mixed"}
"""Said by comparing servers, not of one."""
RARE = {
    "health.opcache-keys",
    "health.opcache-wasted",
    "opcache.deleted-script",
    "opcache.same-mtime",
    "opcache.stale-event-cache",
    "opcache.stale-view",
    "views.older-source",
}
"""Said of coincidences that chance does not make: each has rows of its own in the tables beside this file."""


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Finding]]:
    """Findings of many made-up servers, by code."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for seed in range(STORIES):
        for finding in judged(Anything(seed).story())[1].findings:
            found[finding.code].append(finding)
    return found


def test_the_page_in_the_documentation_is_what_the_rules_say() -> None:
    page = Path(diagnosis.__file__).with_name("README.md")
    assert page.read_text(encoding="utf-8") == rules.document(), "the rules have changed: make docs"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_explains_itself(code: str) -> None:
    rule, told = RULES[code], rules.explain(code)
    assert code.partition(".")[0] in (rule.layer.value, "health")
    assert rule.meaning in told
    assert rule.meaning.endswith(".")
    assert all(label in told for label in rule.evidence)
    assert all(str(remedy) in told for remedy in rule.remedy)
    assert rule.evidence, "whoever doubts it must find something to check"
    assert "repeat" in rule.evidence


def test_no_rule_is_dead(findings: dict[str, list[Finding]]) -> None:
    tables = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*_rules.py")) + (
        Path(__file__).with_name("test_fleet_and_unheard.py").read_text()
    )
    assert set(RULES) - set(findings) <= RARE | NEVER_BY_CHANCE
    assert [code for code in RARE | NEVER_BY_CHANCE if f'"{code}"' not in tables] == []


def test_every_finding_carries_the_command_that_repeats_its_look(findings: dict[str, list[Finding]]) -> None:
    without = {
        code: finding.summary
        for code, many in findings.items()
        for finding in many
        if not any(one.kind == "command" for one in finding.evidence)
    }
    assert without == {}


def test_the_commands_are_ones_that_a_shell_takes(findings: dict[str, list[Finding]]) -> None:
    lines = {str(one.value) for many in findings.values() for finding in many[:20] for one in finding.evidence if one.kind == "command"}
    said = sorted(line for line in lines if not line.startswith("(a name in it"))
    assert all(shlex.split(line) for line in said)
    script = "\n".join(said)
    parsed = subprocess.run(["sh", "-n"], input=script.encode("utf-8", "surrogateescape"), capture_output=True, check=False)
    assert parsed.returncode == 0, parsed.stderr.decode()
