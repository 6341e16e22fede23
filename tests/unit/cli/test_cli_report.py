"""``report``: what is a FILE and what a TARGET, and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stalewatch.runbook.audit_log import AuditEntry, AuditLog
from tests.builders import incident as build
from tests.builders import outputs as examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]


def test_one_look_is_a_report_on_stdout(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(build.stale("web1"), build.fresh("web2"))]
    result = stalewatch("report", "web1", "web2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("# Incident report: api-gateway, ")
    assert "stalewatch fix deploy@web1 --app /var/www/api-gateway" in result.stdout
    assert "◆ deploy, git: " in result.stdout, "the past is read from what the look saw"


def test_what_was_done_from_here_is_in_it(stalewatch: Stalewatch, seams: Seams) -> None:
    import time

    seams.looks = [(build.stale("web1"),)]
    common = {"who": "tired@laptop", "server": "web1", "address": "web1", "app": str(build.APP), "step": "reload"}
    AuditLog().record(AuditEntry(at=time.time() - 60, event="send", command="systemctl reload php8.3-fpm", **common))
    out = stalewatch("report", "web1").stdout
    assert "reload: how it ended is not known\n  - `systemctl reload php8.3-fpm`" in out
    assert "by `tired@laptop`" in out


def test_a_server_that_was_not_seen_is_exit_code_3(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(examples.unreachable(),)]
    result = stalewatch("report", "web3")
    assert result.exit_code == 3
    assert "not observed" in result.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("night/web1",), "there is no file night/web1"),
        (("night.rec",), "there is no file night.rec"),
        (("there.txt", "web1"), "there.txt is a recording: it is reported alone"),
        (("there.txt",), "there.txt is not a recording of stalewatch"),
    ],
)
def test_what_is_no_recording_is_one_line(stalewatch: Stalewatch, args: tuple[str, ...], words: str) -> None:
    Path("there.txt").write_text("hello\n")
    result = stalewatch("report", *args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
