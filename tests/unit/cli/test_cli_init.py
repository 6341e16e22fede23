"""``init``: what it says of servers, and what it writes down of them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from stalewatch.config.load import load
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import AppLayout, Unseen
from stalewatch.model.text import safe
from tests.builders import outputs
from tests.builders import runbook as examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]

DENIED = Unseen(code="fpm.socket-denied", message=safe("deploy may not open the socket"), grant=safe("usermod -aG www-data deploy"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stalewatch.toml"


def targets(file: Path) -> list[str]:
    return [server.target for server in load([], config=str(file)).servers]


def test_what_is_found_is_said_and_written(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    layout = AppLayout(kind="laravel", laravel=safe("8.83"))
    workers = (examples.queue_worker(7), examples.queue_worker(8))
    web1 = examples.report(host_facts=examples.host(layout=layout, queue_workers=workers))
    seams.looks = [(web1, examples.report(server="web2", app="/srv/shop"))]
    result = stalewatch("init", "deploy@web1", "deploy@web2:2222")
    assert result.exit_code == 0, result.output
    for words in ("Laravel 8.83", "www at /run/php/fpm.sock, sshd forwards to it", "8.2.36, as www-data", "reload php8.2-fpm", "queue ×2"):
        assert words in result.stdout
    assert "web1 and web2 added" in result.stderr
    assert "next: stalewatch\n" in result.stderr
    assert "stalewatch init --sudoers deploy@web1 deploy@web2" in result.stderr
    assert targets(file) == ["deploy@web1", "deploy@web2:2222"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.glob("*stalewatch.toml*")] == ["stalewatch.toml"], "nothing is left beside it"


def test_what_was_found_is_commented_out_and_right_when_it_is_not(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    seams.looks = [(examples.report(app="/srv/my app"), examples.report(app="/srv/other"))]
    stalewatch("init", "web1")
    assert load([], config=str(file)).servers[0].apps == ()
    file.write_text("".join(line.removeprefix("# ") for line in file.read_text().partition("# web1:")[2].splitlines(True)[1:]))
    apps = load([], config=str(file)).servers[0].apps
    assert [(app.path, app.socket, app.reload) for app in apps] == [
        ("/srv/my app", "/run/php/fpm.sock", "php8.2-fpm.service"),
        ("/srv/other", "/run/php/fpm.sock", "php8.2-fpm.service"),
    ]


def test_who_is_not_reached_is_left_out_with_the_reason(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    seams.looks = [(outputs.fresh("web1"), outputs.unreachable())]
    result = stalewatch("init", "web1", "web3")
    assert result.exit_code == 3
    assert "ssh-keygen -R web3" in result.stdout
    assert "left out, for the reasons above: web3\n" in result.stderr
    assert "web3: the host key has changed" in result.stdout
    assert targets(file) == ["web1"]


def test_nothing_is_written_where_nobody_is_reached(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    seams.looks = [(outputs.unreachable(),)]
    result = stalewatch("init", "web3")
    assert result.exit_code == 3
    assert "next:" not in result.stderr
    assert not file.exists()


def test_what_was_not_seen_is_said_with_what_to_grant(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    blind = replace(examples.report(runtime_facts=DENIED), errors=(DENIED,))
    seams.looks = [(blind,)]
    result = stalewatch("init", "web1")
    assert result.exit_code == 3
    assert "to do: usermod -aG www-data deploy" in result.stdout
    assert targets(file) == ["web1"], "it is reached, and can be watched"


def test_a_log_that_is_not_there_is_no_failure(stalewatch: Stalewatch, seams: Seams) -> None:
    missing = Unseen(code="log.missing", message=safe("storage/logs/laravel.log is not there"))
    seams.looks = [(replace(examples.report(), errors=(missing,)),)]
    assert stalewatch("init", "web1").exit_code == 0


OWN = """\
# ours
[[server]] # the first
target = "web1"
production = true   # really

[thresholds]
hit_rate   = 0.9

# the end, without a newline"""


def test_a_file_keeps_what_is_in_it(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    file.write_text(OWN)
    file.chmod(0o640)
    seams.looks = [(examples.report(server="web1"), examples.report(server="web2"))]
    result = stalewatch("init", "web1", "web2")
    assert file.read_text().startswith(f"{OWN}\n\n# web2: ")
    assert targets(file) == ["web1", "web2"]
    assert load([], config=str(file)).thresholds.hit_rate == 0.9
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert f"web1: is in {file} already" in result.stderr
    before = file.read_bytes()
    stalewatch("init", "web1", "web2")
    assert file.read_bytes() == before


def test_the_same_machine_is_not_added_as_somebody_else(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    file.write_text('[[server]]\ntarget = "ann@web1"\nname = "shop"\n')
    seams.looks = [(examples.report(server="web1"),)]
    assert f"web1: is in {file} already" in stalewatch("init", "deploy@web1").stderr
    assert targets(file) == ["ann@web1"]


def test_a_server_of_a_file_below_is_not_repeated(
    stalewatch: Stalewatch, seams: Seams, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    user = tmp_path / "config" / "stalewatch" / "stalewatch.toml"
    user.parent.mkdir(parents=True)
    user.write_text('[[server]]\ntarget = "web1"\n')
    seams.looks = [(examples.report(server="web1"),)]
    assert f"web1: is in {user} already" in stalewatch("init", "web1").stderr
    assert not file.exists()


def test_a_link_stays_a_link(stalewatch: Stalewatch, seams: Seams, file: Path, tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(OWN)
    file.symlink_to("real.toml")
    seams.looks = [(examples.report(server="web2"),)]
    stalewatch("init", "web2")
    assert file.is_symlink()
    assert targets(tmp_path / "real.toml") == ["web1", "web2"]


def test_a_list_that_nothing_can_be_added_after_is_told(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    file.write_text('server = [{ target = "web1" }]\n')
    seams.looks = [(examples.report(server="web2"),)]
    result = stalewatch("init", "web2")
    assert result.exit_code == 2
    assert "write each as [[server]]" in result.stderr
    assert file.read_text() == 'server = [{ target = "web1" }]\n'


def test_a_file_that_cannot_be_written_is_told(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    file.symlink_to("nowhere/stalewatch.toml")
    seams.looks = [(examples.report(server="web2"),)]
    result = stalewatch("init", "web2")
    assert result.exit_code == 2
    assert "stalewatch.toml: cannot be written: No such file or directory" in result.stderr


def test_a_dry_run_prints_the_file_and_writes_none(stalewatch: Stalewatch, seams: Seams, file: Path, tmp_path: Path) -> None:
    seams.looks = [(examples.report(server="web1"),)]
    result = stalewatch("init", "--dry-run", "web1")
    assert not file.exists()
    (tmp_path / "printed.toml").write_text(result.stdout)
    assert targets(tmp_path / "printed.toml") == ["web1"]
    assert "/srv/app" in result.stderr
    stalewatch("init", "web1")
    assert file.read_text() == result.stdout


def test_the_file_that_is_asked_for_is_the_one_that_is_written(stalewatch: Stalewatch, seams: Seams, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(OWN)
    seams.looks = [(examples.report(server="web2"),)]
    result = stalewatch("init", "--config", str(other), "web2")
    assert targets(other) == ["web1", "web2"]
    assert not file.exists()
    assert f"next: stalewatch --config {other}\n" in result.stderr


def test_what_a_server_says_stays_text(stalewatch: Stalewatch, seams: Seams, file: Path) -> None:
    hostile = examples.fpm(pool=replace(examples.fpm().pool, listen=safe('x"\n[[server]]')), unit=safe("systemctl stop x"))
    seams.looks = [(examples.report(app='/srv/"]\n[[log]]', host_facts=examples.host(fpm=hostile)),)]
    stalewatch("init", "web1")
    fleet = load([], config=str(file))
    assert [server.target for server in fleet.servers] == ["web1"]
    assert "systemctl stop" not in file.read_text()


def test_without_a_target_it_says_how_to_name_one(stalewatch: Stalewatch) -> None:
    result = stalewatch("init")
    assert result.exit_code == 2
    assert "stalewatch init web1" in result.stderr
