"""Where PHP's command line keeps old code, artisan is made to compile what is on the disk, or writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.model.disk import CliCache
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer
from stalewatch.model.snapshot import FileStat
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request
from tests.builders.runbook import T0, finding, host, plan, report, runtime

if TYPE_CHECKING:
    from stalewatch.runbook.plan import ServerPlan

OLD = (FileStat(safe("config/app.php"), T0 - 9000, T0 - 9000),)
NEW = (FileStat(safe("config/app.php"), T0 - 1000, T0 - 1000),)


def planned(files: tuple[FileStat, ...] | None, choice: Choice = Choice.FIX, *, told: bool = True) -> ServerPlan:
    """*told*: the pool tells the names of its variables, so that it can give its environment to artisan."""
    facts = host(cli_cache=CliCache(folder=safe("/var/cache/php"), php=safe("/usr/bin/php"), files=files))
    pool = replace(runtime(), variables=(safe("USER"),) if told else None)
    (server,) = plan([report(finding(Layer.CONFIG), host_facts=facts, runtime_facts=pool)], Request(choice=choice)).servers
    return server


@pytest.mark.parametrize(("files", "given"), [(OLD, True), (None, True), (NEW, False), ((), False)])
def test_artisan_is_told_to_compile_itself_only_where_old_code_may_be_kept(files: tuple[FileStat, ...] | None, given: bool) -> None:
    server = planned(files)
    (rebuild,) = [step for step in server.steps if step.kind == "rebuild"]
    assert ("-d auto_prepend_file=" in rebuild.command) is given
    assert server.blocked == ()


@pytest.mark.parametrize("files", [OLD, None])
def test_where_it_cannot_be_told_nothing_is_written(files: tuple[FileStat, ...] | None) -> None:
    assert any("/var/cache/php" in line for line in planned(files, told=False).blocked)
    assert planned(NEW, told=False).blocked == ()
    assert not any("/var/cache/php" in line for line in planned(files, Choice.CLEAR, told=False).blocked), "a clear writes nothing"
