"""Every story, seen by the ordinary engine; and what ends it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stalewatch.demo import story
from stalewatch.demo.embedded import Embedded
from stalewatch.demo.scenarios import NAMES, scenario
from stalewatch.demo.scenarios.upgrade import UPGRADED
from stalewatch.diagnosis.alarms import alarm_of
from stalewatch.engine.engine import Engine
from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Choice, Request, Status
from tests.builders.watching import eventually, reports
from tests.ui.test_five_questions import Answers, read
from tests.unit.demo.test_demo_end_to_end import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stalewatch.demo.host import Host
    from stalewatch.demo.world import World
    from stalewatch.model.report import Report

FRESH, STALE, SUSPECT, UNKNOWN = Verdict.FRESH, Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN


@contextmanager
def told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Engine]]:
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with Embedded(scenario(name)) as world:
        engine = Engine(world.fleet, interval=0.5)
        engine.start()
        try:
            assert eventually(lambda: len(reports(engine)) == len(world.hosts))
            yield world, engine
        finally:
            engine.stop()


def verdicts(engine: Engine) -> dict[str, Verdict]:
    return {name: report.verdict for name, report in reports(engine).items()}


def codes(report: Report) -> set[str]:
    return {str(finding.code) for finding in report.findings if finding.verdict is report.verdict}


def shows(engine: Engine, **wanted: Verdict) -> bool:
    return eventually(lambda: verdicts(engine) == wanted)


def hm(world: World, clock: str) -> str:
    """*clock* of the story as the screen shows it."""
    return time.strftime("%H:%M", time.localtime(story.at(world.start, clock)))


def since(world: World, engine: Engine, clock: str) -> str:
    """Since when web1 is stale, which is about *clock* of the story."""
    began = reports(engine)["web1"].stale_since
    assert began is not None
    assert abs(began - story.at(world.start, clock)) < 30
    return time.strftime("%H:%M", time.localtime(began))


def hm_of(moment: float) -> str:
    return time.strftime("%H:%M", time.localtime(moment))


def picture(engine: Engine, monkeypatch: pytest.MonkeyPatch, *words: str, keys: Sequence[str] = ()) -> str:
    """The text of the first screen at 80×24, without colour; after *keys*."""
    monkeypatch.setenv("NO_COLOR", "1")
    return drawn(engine, (80, 24), *words, keys=keys)


def told_by_the_pane(text: str) -> str:
    return " ".join(row.strip("┃ ").strip() for row in text.splitlines() if row.startswith("┃"))


def of_the_pane(text: str) -> Answers:
    """What the pane in the middle answers, where the sentence above tells of another server."""
    told = told_by_the_pane(text)
    name = re.search(r"━ (\S+)  api-gateway ━", text)
    opening = re.search(
        r"runs: (.+?) (?:\| )?(?:on disk|others have): (.+?) (?:\| )?why: (.+?) (?:\| )?(?:press: (\w)|do: (.+?)) release ", told
    )
    assert name, text
    assert opening, told
    since = re.search(r"deployed (\d\d:\d\d)", told) or re.search(r"since (\d\d:\d\d)", opening[2])
    return Answers(name[1], since[1] if since else "", opening[1], opening[2], opening[3], opening[4] or opening[5])


def at_an_alarm(text: str) -> Answers:
    """What the sentence above and the pane below answer, where nobody is served: nothing runs, and nothing instead of it."""
    sentence = re.search(r"(FPM DOWN)  (\S+), seen since (\d\d:\d\d)", text)
    pane = re.search(r"▼ (.+?) → (.+?) release ", told_by_the_pane(text))
    assert sentence, text
    assert pane, text
    return Answers(sentence[2], sentence[3], sentence[1], "", pane[1], pane[2])


def fix(engine: Engine, name: str) -> None:
    key = reports(engine)[name].key
    assert engine.run(engine.plan([key], Request(choice=Choice.FIX))).result(timeout=60) == {key: Status.DONE}


def runs_the_fix(host: Host) -> bool:
    """Whether a request is answered by the code that was deployed."""
    return json.loads(host.gateway.page(time.time()))["function_routing"] is True


def by_hand(host: Host, command: str) -> None:
    """Type *command* in a shell of the server."""

    async def run() -> int:
        child = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, env=host.env, cwd=host.home)
        return await child.wait()

    assert asyncio.run(run()) == 0


def test_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told("upgrade", tmp_path, monkeypatch) as (world, engine):
        assert shows(engine, web1=STALE, web2=FRESH, web3=FRESH), verdicts(engine)
        assert codes(reports(engine)["web1"]) == {"fpm.binary-newer", "workers.old-binary"}
        text = picture(engine, monkeypatch, "1 stale", "2 fresh", "▒▒▒")
        lane = next(row for row in text.splitlines() if row.startswith(" ▸web1  "))
        assert re.search(r"─◆ PHP ▒▒▒▒", lane), "the shade begins with a sign"
        assert read(text) == Answers(
            which="web1",
            since=since(world, engine, UPGRADED),
            runs=f"the PHP of {hm(world, story.RESTARTED)}",
            instead_of=f"php-fpm8.3 of {hm(world, UPGRADED)}",
            why="a program that runs keeps its old file",
            press="f",
        )
        assert world.hosts[0].fpm.version == "8.3.12"
        by_hand(world.hosts[0], "php -v | grep -q 8.3.14")
        fix(engine, "web1")
        assert shows(engine, web1=FRESH, web2=FRESH, web3=FRESH), verdicts(engine)
        assert world.hosts[0].fpm.version == "8.3.14"


def test_symlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told("symlink", tmp_path, monkeypatch) as (world, engine):
        assert shows(engine, web1=STALE, web2=FRESH, web3=FRESH), verdicts(engine)
        assert {"release.old-served", "workers.old-release"} <= codes(reports(engine)["web1"])
        assert read(picture(engine, monkeypatch, "1 stale", "2 fresh")) == Answers(
            which="web1",
            since=since(world, engine, "12:38:02"),
            runs="release 41",
            instead_of=f"release 42 since {hm(world, '12:38:02')}",
            why="PHP keeps where the link led before",
            press="f",
        )
        assert not runs_the_fix(world.hosts[0])
        fix(engine, "web1")
        assert shows(engine, web1=FRESH, web2=FRESH, web3=FRESH), verdicts(engine)
        assert runs_the_fix(world.hosts[0])


def test_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told("container", tmp_path, monkeypatch) as (world, engine):
        assert shows(engine, web1=STALE, web2=UNKNOWN, web3=FRESH), verdicts(engine)
        assert codes(reports(engine)["web1"]) == {"fpm.other-tree"}
        assert read(picture(engine, monkeypatch, "1 stale", "1 unknown", "1 fresh")) == Answers(
            which="web1",
            since=hm(world, "12:38:02"),
            runs="an older RetellFunctionCallHandler.php, in another tree",
            instead_of="",
            why="its mount namespace is its own, and a reload keeps it",
            press="sudo systemctl restart php8.3-fpm.service",
        )
        assert not codes(reports(engine)["web2"]), "a PHP-FPM that is installed on this machine is not web2's"
        contained = next(error for error in reports(engine)["web2"].errors if error.code == "fpm.in-container")
        assert "give the container's sshd as a target" in contained.grant
        home = str(world.hosts[0].home.parent)
        said = [f"{error.message} {error.grant}" for report in reports(engine).values() for error in report.errors]
        outside = [words for words in said for path in re.findall(r"/\S+\.(?:sock|conf|ini)", words) if not path.startswith(home)]
        assert outside == [], "nothing of the machine that shows it"
        plan = engine.plan([reports(engine)["web1"].key], Request(choice=Choice.FIX))
        assert "by hand: sudo systemctl restart php8.3-fpm" in str(plan.servers[0].left_out)
        assert not plan.acting
        host = world.hosts[0]
        pool = host.fpm.opcache
        by_hand(host, "sudo systemctl reload php8.3-fpm")
        assert eventually(lambda: host.fpm.opcache is not pool)
        assert not runs_the_fix(host), "a reload keeps the mount namespace"
        by_hand(host, "sudo systemctl restart php8.3-fpm.service")
        assert shows(engine, web1=FRESH, web2=UNKNOWN, web3=FRESH), verdicts(engine)
        assert runs_the_fix(host)


def test_nothing_is_said_not_to_be_judged_for_a_reason_that_the_demo_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told("incident", tmp_path, monkeypatch) as (_, engine):
        assert shows(engine, web1=STALE, web2=FRESH, web3=FRESH), verdicts(engine)
        assert eventually(lambda: all(report.runtime is not None for report in reports(engine).values()))
        assert {one.what for report in reports(engine).values() for one in report.not_judged} == set()


def test_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with told("mixed", tmp_path, monkeypatch) as (world, engine):
        assert shows(engine, web1=STALE, web2=FRESH, web3=UNKNOWN, web4=UNKNOWN, web5=SUSPECT), verdicts(engine)
        seen = reports(engine)
        down, key = alarm_of(seen["web3"], None), alarm_of(seen["web4"], None)
        assert down is not None
        assert (down.word, down.command) == ("FPM DOWN", "sudo systemctl restart php8.3-fpm.service")
        assert key is not None
        assert key.word == "HOST KEY CHANGED"
        assert codes(seen["web5"]) == {"release.mixed"}
        text = picture(engine, monkeypatch, "FPM DOWN", "HOST KEY CHANGED", "✗ STALE")
        assert re.search(
            r"FPM DOWN  web3, seen since \d\d:\d\d \(web4 is urgent, too\):\n +sudo systemctl restart php8.3-fpm.service\n", text
        )
        worst = at_an_alarm(text)
        assert worst.since in {hm_of(time.time() - 60), hm_of(time.time())}, "since it was seen first: nothing tells when it was removed"
        assert worst == Answers(
            which="web3",
            since=worst.since,
            runs="FPM DOWN",
            instead_of="",
            why=f"the socket {world.hosts[2].socket} is not there",
            press="sudo systemctl restart php8.3-fpm.service",
        )
        order = [row.split()[0].strip("▸") or row.split()[1] for row in text.splitlines()[4:7]]
        assert order == ["web3", "web4", "web1"], "the worst first"
        assert "1–3 of 5" in text
        old, behind = (picture(engine, monkeypatch, f"━ {name} ", keys=["down"] * at) for name, at in (("web1", 2), ("web5", 3)))
        assert of_the_pane(old) == Answers(
            which="web1",
            since=hm(world, "12:38:02"),
            runs=f"RetellFunctionCallHandler.php as compiled {hm(world, story.RESTARTED)}",
            instead_of=hm(world, "12:38:02"),
            why="the pool never looks at the disk (validate_timestamps=0)",
            press="f",
        )
        lacks = of_the_pane(behind)
        assert (lacks.which, lacks.since, lacks.press) == ("web5", hm(world, "12:38:02"), "deploy 4f2a9c1 to this server")
        assert lacks.runs.startswith("this server has another version (commit c70e5f1")
        assert lacks.instead_of == f"commit 4f2a9c1 since {hm(world, '12:38:02')}"
        assert lacks.why == "the newest code did not reach this server"
        by_hand(world.hosts[2], down.command)
        fix(engine, "web1")
        assert shows(engine, web1=FRESH, web2=FRESH, web3=FRESH, web4=UNKNOWN, web5=SUSPECT), verdicts(engine)


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_told_in_three_sentences(name: str) -> None:
    about = scenario(name).about
    assert scenario(name).name == name
    assert len([part for part in about.split(". ") if part]) == 3, about
