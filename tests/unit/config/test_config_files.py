"""Several files are one configuration: which are read, which wins, and whose mistake it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from stalewatch.config.files import config_files
from stalewatch.config.load import load
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import AppEntry, Fleet, LogWatch
from stalewatch.model.smoke import Smoke


class Place(NamedTuple):
    """Where the three files are."""

    shared: Path
    user: Path
    folder: Path

    def say(self, *, shared: str = "", user: str = "", here: str = "") -> None:
        for path, text in ((self.shared, shared), (self.user, user), (self.folder / "stalewatch.toml", here)):
            if text:
                path.write_text(text)

    def load(self, *targets: str, config: str = "") -> Fleet:
        return load(targets, config=config, folder=self.folder, shared=self.shared)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for folder in ("config/stalewatch", "etc", "work"):
        (tmp_path / folder).mkdir(parents=True)
    return Place(tmp_path / "etc/stalewatch.toml", tmp_path / "config/stalewatch/stalewatch.toml", tmp_path / "work")


def test_the_nearer_file_wins_key_by_key(place: Place) -> None:
    place.say(
        shared="[thresholds]\nhit_rate = 0.5\n[fix]\nin_flight = 'kill'\nin_flight_wait = 1\n",
        user="[fix]\nin_flight_wait = 2\n",
        here="[fix]\nin_flight_wait = 3\n",
    )
    fleet = place.load()
    assert fleet.thresholds.hit_rate == 0.5
    assert (fleet.fixing.in_flight, fleet.fixing.in_flight_wait) == ("kill", 3)


def test_a_server_keeps_what_a_nearer_file_does_not_say_of_it(place: Place) -> None:
    place.say(
        shared='[[server]]\ntarget = "deploy@web1"\nproduction = true\ngroup = "shop"\n[[server]]\ntarget = "web2"\n',
        user='[[server]]\nname = "web1"\ntarget = "ann@web1"\n',
        here='[[server]]\nname = "web1"\ngroup = "mine"\n[[server]]\ntarget = "web3"\n',
    )
    servers = place.load().servers
    assert [(server.name, server.target) for server in servers] == [("web1", "ann@web1"), ("web2", "web2"), ("web3", "web3")]
    assert (servers[0].production, servers[0].group) == (True, "mine")
    assert [server.target for server in place.load("web1").servers] == ["ann@web1"]


def test_without_a_name_the_host_is_the_name(place: Place) -> None:
    place.say(shared='[[server]]\ntarget = "deploy@web1"\nproduction = true\n', here='[[server]]\ntarget = "ann@web1:2222"\n')
    assert [(server.target, server.production) for server in place.load().servers] == [("ann@web1:2222", True)]


def test_apps_and_logs_are_the_same_by_their_path(place: Place) -> None:
    place.say(
        shared=(
            '[[server]]\ntarget = "web1"\n[[server.app]]\npath = "/srv/app"\nsmoke = { path = "/up", status = 200 }\n'
            '[[log]]\npath = "a.log"\nalarm = ["x"]\n'
        ),
        here=(
            '[[server]]\ntarget = "web1"\n[[server.app]]\npath = "/srv/app/"\nsmoke = { status = 204 }\n'
            '[[server.app]]\npath = "/srv/other"\n'
            '[[log]]\npath = "a.log"\nalarm = ["y"]\n[[log]]\npath = "b.log"\n'
        ),
    )
    fleet = place.load()
    assert fleet.servers[0].apps == (AppEntry(path="/srv/app", smoke=Smoke(path="/up", status=204)), AppEntry(path="/srv/other"))
    assert fleet.logs == (LogWatch(path="a.log", alarm=("y",)), LogWatch(path="b.log"))


def test_a_file_that_is_asked_for_is_the_only_one(place: Place, tmp_path: Path) -> None:
    place.say(shared='[[server]]\ntarget = "web1"\n', user="x = 1\n", here="y = 1\n")
    (tmp_path / "other.toml").write_text('[[server]]\ntarget = "web9"\n')
    assert [server.name for server in place.load(config=str(tmp_path / "other.toml")).servers] == ["web9"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "unknown key 'x'"),
        ('[[server]]\nname = "web9"\n', "[[server]] 1: missing key 'target'"),
        ("[fix]\nin_flight_wait = -1\n", "[fix]: in_flight_wait -1 must be between 0 and 3600 seconds"),
        ("=\n", "is not TOML"),
        ('[[server]]\ntarget = "web1"\n[[server]]\ntarget = "web1"\n', "two servers are named 'web1'"),
    ],
)
@pytest.mark.parametrize("whose", ["shared", "user", "here"])
def test_a_mistake_is_told_of_the_file_that_makes_it(place: Place, whose: str, text: str, message: str) -> None:
    place.say(**{"shared": "[fix]\nin_flight_wait = 1\n", "here": '[[server]]\ntarget = "web5"\n'} | {whose: text})
    shown = {"shared": str(place.shared), "user": str(place.user), "here": "stalewatch.toml"}[whose]
    with pytest.raises(UsageError) as error:
        place.load()
    assert re.match(rf"{re.escape(shown)}(:\d+)?: {re.escape(message)}", error.value.message)


def test_a_health_key_and_its_url_may_be_in_two_files_but_belong_together(place: Place) -> None:
    keys = '[[server]]\ntarget = "web1"\nhealth_key_file = "/k"\n'
    place.say(shared='[[server]]\ntarget = "web1"\nhealth_url = "https://web1/health.php"\n', user=keys)
    assert place.load().servers[0].health_key_file == "/k"
    place.say(here='[[server]]\nname = "web1"\nhealth_key_env = "KEY"\n')
    with pytest.raises(UsageError, match=f"{place.user}: web1: health_key_file and health_key_env: only one of them"):
        place.load()
    place.say(
        shared="[fix]\n", here='[[server]]\ntarget = "web2"\n[[server.app]]\npath = "/srv/app"\nhealth_key_env = "KEY"\n', user="[fix]\n"
    )
    with pytest.raises(UsageError, match=f"{place.folder}/stalewatch.toml: /srv/app: health_key_env, and no health_url beside it"):
        place.load()


def test_what_cannot_be_read_is_told_and_what_is_not_there_is_not(place: Place) -> None:
    assert [server.name for server in place.load().servers] == ["local"]
    place.shared.mkdir()
    with pytest.raises(UsageError, match=f"{place.shared}: cannot be read: Is a directory"):
        place.load()


def test_the_users_file_is_in_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def users() -> list[Path]:
        return [file.path for file in config_files(folder=tmp_path) if file.whose == "you"]

    monkeypatch.setenv("HOME", "/home/ann")
    for relative in ("", "config"):
        monkeypatch.setenv("XDG_CONFIG_HOME", relative)
        assert users() == [Path("/home/ann/.config/stalewatch/stalewatch.toml")]
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/ann/etc")
    assert users() == [Path("/home/ann/etc/stalewatch/stalewatch.toml")]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path.parent))
    (tmp_path.parent / "stalewatch").symlink_to(tmp_path)
    assert [file.shown for file in config_files(folder=tmp_path)] == ["/etc/stalewatch.toml", "stalewatch.toml"], "one file is read once"
