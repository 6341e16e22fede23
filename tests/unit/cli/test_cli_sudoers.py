"""``init --sudoers``: the printed file is one that visudo takes, one per kind of server, and what could not be known is said in it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import AppLayout, Unseen
from stalewatch.model.text import safe
from tests.builders import outputs
from tests.builders import runbook as examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from stalewatch.model.report import Report
    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]


def report(server: str = "web1", app: str = "/srv/app") -> Report:
    return examples.report(server=server, app=app)


def lines(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line and not line.startswith("#")]


def test_servers_that_need_the_same_get_one_file(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(report("web1"), report("web2"), report("web3", "/srv/other"))]
    result = stalewatch("init", "--sudoers", "web1", "web2", "web3")
    assert result.exit_code == 0, result.output
    assert [line for line in result.stdout.splitlines() if line.endswith(":")] == ["# web1, web2:", "# web3:"]
    assert sum("/srv/app/artisan config\\:cache" in line for line in lines(result)) == 1
    assert sum("/srv/other/artisan config\\:cache" in line for line in lines(result)) == 1


def test_two_apps_of_a_server_share_what_is_the_servers(stalewatch: Stalewatch, seams: Seams) -> None:
    seams.looks = [(report("web1", "/srv/one"), report("web1", "/srv/two"))]
    result = stalewatch("init", "--sudoers", "web1")
    assert sum("systemctl reload" in line for line in lines(result)) == 1
    assert len(lines(result)) == len({*lines(result)})
    assert "# /srv/one: " in result.stdout
    assert "# /srv/two: " in result.stdout


@pytest.mark.skipif(shutil.which("visudo") is None, reason="no visudo on this machine")
@pytest.mark.parametrize("app", ["/srv/app", "/srv/my app", "/srv/a:b=c,d", "/srv/#1000", "/srv/a\\"])
def test_visudo_takes_what_is_printed(stalewatch: Stalewatch, seams: Seams, tmp_path: Path, app: str) -> None:
    seams.looks = [(report("web1", app), outputs.unreachable())]
    (tmp_path / "sudoers").write_text(stalewatch("init", "--sudoers", "web1").stdout)
    checked = subprocess.run(["visudo", "-cf", str(tmp_path / "sudoers")], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_was_not_seen_is_named_and_is_no_success(stalewatch: Stalewatch, seams: Seams) -> None:
    why = Unseen(code="fpm.socket-denied", message=safe("deploy may not open the socket"), grant=safe("usermod -aG www-data deploy"))
    host = examples.host(fpm=why)
    blind = replace(examples.report(host_facts=host, runtime_facts=why), errors=(why,))
    seams.looks = [(blind, outputs.unreachable())]
    result = stalewatch("init", "--sudoers", "web1", "web3")
    assert result.exit_code == 3
    assert "# not complete: as whom the pool runs was not seen" in result.stdout
    assert "usermod -aG www-data deploy" in result.stdout
    assert "# web3:" in result.stdout
    assert "host key" in result.stdout


@pytest.mark.parametrize("kind", ["plain", "symfony"])
def test_an_app_without_artisan_gets_no_line_for_it(stalewatch: Stalewatch, seams: Seams, kind: str) -> None:
    seams.looks = [(examples.report(host_facts=examples.host(layout=AppLayout(kind=kind))),)]
    result = stalewatch("init", "--sudoers", "web1")
    assert "/artisan" not in "".join(lines(result))
    assert "systemctl reload" in result.stdout


def test_root_needs_none(stalewatch: Stalewatch, seams: Seams) -> None:
    root = examples.report(host_facts=examples.host(login=safe("root")))
    seams.looks = [(root,)]
    result = stalewatch("init", "--sudoers", "web1")
    assert result.exit_code == 0
    assert lines(result) == []
    assert "root needs no sudo" in result.stdout
