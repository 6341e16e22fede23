"""stalewatch.toml and targets -> a Fleet."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.config.load import Overrides, load
from stalewatch.model.errors import UsageError
from stalewatch.model.fixing import Fixing, InFlight
from stalewatch.model.inventory import DEFAULT_LOGS, AppEntry, LogWatch, Server, Thresholds

CONTRACT = """
[[server]]
target = "deploy@web1"      # as on the command line
name = "web1"
group = "api"
production = true
[[server.app]]
path = "/srv/app"           # name, socket, reload: only to override what is discovered
[thresholds]
hit_rate = 0.85
[fix]
in_flight = "invalidate"
in_flight_wait = 5
[[log]]
path = "storage/logs/laravel.log"
alarm = ["Call context not found"]
reassure = ["Function routing"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stalewatch.toml").write_text(CONTRACT)
    return tmp_path


def test_the_file_of_the_contract(folder: Path) -> None:
    fleet = load([], folder=folder)
    apps = (AppEntry(path="/srv/app"),)
    assert fleet.servers == (Server(target="deploy@web1", name="web1", group="api", production=True, apps=apps),)
    assert fleet.thresholds == Thresholds(hit_rate=0.85)
    assert fleet.fixing == Fixing(in_flight=InFlight.INVALIDATE, in_flight_wait=5.0)
    assert fleet.logs == (LogWatch(path="storage/logs/laravel.log", alarm=("Call context not found",), reassure=("Function routing",)),)


def test_nothing_at_all_is_this_machine(tmp_path: Path) -> None:
    fleet = load([], folder=tmp_path)
    assert fleet.servers == (Server(target="local", name="local"),)
    assert (fleet.logs, fleet.timeout, fleet.read_only) == (DEFAULT_LOGS, 10.0, False)


def test_a_file_without_servers_keeps_its_thresholds_for_this_machine(tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text("[thresholds]\nhit_rate = 0.5\n")
    fleet = load([], folder=tmp_path)
    assert [server.target for server in fleet.servers] == ["local"]
    assert fleet.thresholds.hit_rate == 0.5


@pytest.mark.parametrize("target", ["web1", "deploy@web1", "web?"])
def test_a_target_that_the_file_knows_keeps_what_the_file_says_of_it(folder: Path, target: str) -> None:
    fleet = load([target, "root@web9:2222"], folder=folder, overrides=Overrides(ssh_config=str(_ssh_config(folder))))
    assert fleet.servers[0].production is True
    assert fleet.servers[-1] == Server(target="root@web9:2222", name="web9")


@pytest.mark.parametrize(
    ("target", "kept"), [("deploy@db1", True), ("root@db1", True), ("db1", True), ("root@db1:2222", False), ("web1", False)]
)
def test_a_machine_that_is_read_only_is_so_for_every_user(tmp_path: Path, target: str, kept: bool) -> None:
    (tmp_path / "stalewatch.toml").write_text('[[server]]\ntarget = "deploy@db1"\nread_only = true\n[[server]]\ntarget = "web1"\n')
    fleet = load([target], folder=tmp_path)
    assert [server.read_only for server in fleet.servers] == [kept]
    assert len(fleet.read_only_servers) == kept


def _ssh_config(folder: Path) -> Path:
    path = folder / "ssh_config"
    path.write_text("Host web2 web3\nHost db1\nHost web*\n  User deploy\n")
    return path


def test_a_glob_is_matched_against_aliases_and_the_file(folder: Path) -> None:
    fleet = load(["web*"], folder=folder, overrides=Overrides(ssh_config=str(_ssh_config(folder))))
    assert [(server.name, server.target) for server in fleet.servers] == [("web1", "deploy@web1"), ("web2", "web2"), ("web3", "web3")]


def test_a_glob_that_matches_nothing_is_an_error(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"mail\*"):
        load(["mail*"], folder=folder, overrides=Overrides(ssh_config=str(_ssh_config(folder))))


def test_a_target_given_twice_is_one_server(tmp_path: Path) -> None:
    assert len(load(["web1", "web1"], folder=tmp_path).servers) == 1


def test_names_are_unique(tmp_path: Path) -> None:
    fleet = load(["a@web1", "b@web1", "web2:22", "[::1]:22", "::2"], folder=tmp_path)
    assert [server.name for server in fleet.servers] == ["a@web1", "b@web1", "web2", "::1", "::2"]


def test_a_derived_name_gives_way_to_a_given_one(tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text('[[server]]\ntarget = "x@web2"\nname = "web1"\n[[server]]\ntarget = "y@web1"\n')
    assert [server.name for server in load([], folder=tmp_path).servers] == ["web1", "y@web1"]


def test_an_explicit_file_is_read_and_must_be_right(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[[server]]\ntarget = "web5"\n')
    assert load([], config=str(other), folder=tmp_path).servers[0].name == "web5"
    other.write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"other\.toml:1: unknown key 'x'"):
        load(["web1"], config=str(other), folder=tmp_path)


def test_app_and_socket_of_the_command_line(folder: Path) -> None:
    overrides = Overrides(app="/srv/app/", fpm_socket="127.0.0.1:9000", timeout=3, read_only=True)
    fleet = load(["web1", "local"], folder=folder, overrides=overrides)
    assert [server.apps for server in fleet.servers] == [(AppEntry(path="/srv/app", socket="127.0.0.1:9000"),)] * 2
    assert (fleet.timeout, fleet.read_only) == (3, True)
    assert load(["web9"], folder=folder, overrides=Overrides(fpm_socket="/run/a.sock")).servers[0].apps == (AppEntry(socket="/run/a.sock"),)


def test_a_relative_app_is_meant_here_only_for_this_machine(tmp_path: Path) -> None:
    assert load(["local"], folder=tmp_path, overrides=Overrides(app="app")).servers[0].apps[0].path == str(tmp_path / "app")
    with pytest.raises(UsageError, match="must be an absolute path on web1"):
        load(["web1"], folder=tmp_path, overrides=Overrides(app="app"))


@pytest.mark.parametrize(
    "target", ["-oProxyCommand=id", "root@-x", "", "@web1", "a b", "web1\n", "web1:0", "web1:70000", "web1:x", "ssh://web1", "web\x1b[1m"]
)
def test_what_cannot_be_a_target_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(UsageError):
        load([target], folder=tmp_path)
