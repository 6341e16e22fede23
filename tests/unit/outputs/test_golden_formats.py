"""Each format byte for byte. STALEWATCH_WRITE_GOLDEN=1 writes the files again: then read the difference."""

from __future__ import annotations

import os
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.cli.outputs import first_look, fix_lines, json, plan_text, text
from stalewatch.model import reasons
from stalewatch.model.replace import replace
from stalewatch.model.report import Severity
from tests.builders import outputs as examples

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"

FORMATS = {
    "check.json": lambda: json.render(examples.fleet()),
    "check-wide.txt": lambda: text.render(examples.fleet(), zone=UTC),
    "check-60.txt": lambda: text.render(examples.fleet(), zone=UTC, width=60),
    "check-colour.ansi": lambda: text.render(examples.fleet(), zone=UTC, width=100, colour=True),
    "init-80.txt": lambda: first_look.render(examples.fleet(), width=80),
    "plan.txt": lambda: plan_text.render(examples.plan()),
    "plan.jsonl": lambda: fix_lines.plan(examples.plan()),
    "progress.txt": lambda: plan_text.progress_line(examples.progress()),
    "progress.jsonl": lambda: fix_lines.line(examples.progress()),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_byte_for_byte_what_others_script_against(name: str) -> None:
    made = FORMATS[name]()
    made = made.encode() if isinstance(made, str) else made
    if os.environ.get("STALEWATCH_WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_bytes(made)
    assert made == (GOLDEN / name).read_bytes()


def test_a_critical_finding_is_no_warning() -> None:
    """A stale server has a verdict; beside it only what is a warning is counted as one."""
    stale = examples.stale()
    assert {finding.severity for finding in stale.findings} & {Severity.CRITICAL}
    only = msgspec.structs.replace(stale, findings=tuple(finding for finding in stale.findings if finding.severity is Severity.CRITICAL))
    assert "with warnings" not in text.render((only,), zone=UTC)
    warned = msgspec.structs.replace(only, findings=(*only.findings, msgspec.structs.replace(only.findings[0], severity=Severity.WARNING)))
    assert "! 1 with warnings" in text.render((warned,), zone=UTC)


@pytest.mark.parametrize("render", [text.render, first_look.render])
def test_who_was_not_seen_is_told_what_to_do_also_where_nobody_knows_more_than_the_reason(render: Callable[..., str]) -> None:
    silent = replace(examples.unreachable(), errors=(reasons.LINK_UNREACHABLE.unseen("web3:22 does not answer"),))
    assert "to do: Check that `ssh TARGET true` works from here." in render((silent,))
