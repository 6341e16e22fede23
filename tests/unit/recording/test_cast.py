"""``replay --cast``: the night as an asciicast that a terminal plays."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pyte
import pytest
from click.testing import CliRunner

from stalewatch.cli.main import main
from stalewatch.cli.outputs import moving_picture
from stalewatch.cli.outputs.asciicast import Shot, render
from stalewatch.dashboard.app import StalewatchApp
from tests import night

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


SVG = "{http://www.w3.org/2000/svg}"


def played(cast: str) -> tuple[dict[str, object], list[tuple[float, str]]]:
    """The header, and the text of the screen after each event."""
    head, *lines = [json.loads(line) for line in cast.splitlines()]
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    shown = []
    for at, kind, data in lines:
        assert kind == "o"
        stream.feed(data)
        shown.append((at, "\n".join(screen.display)))
    return head, shown


def test_the_night_is_played_from_stale_to_fresh(tmp_path: Path) -> None:
    file = tmp_path / "night.cast"
    done = CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_size < 300_000
    head, shown = played(file.read_text("utf-8"))
    assert head == {"version": 2, "width": 80, "height": 24, "title": "stalewatch", "idle_time_limit": 2.0}
    times = [at for at, _ in shown]
    assert times == sorted(times)
    assert times[0] == 0.0
    stale = next(at for at, text in shown if "✗ STALE 12 min" in text and "✗ 1 stale" in text)
    fresh = next(at for at, text in shown if "✓ 3 fresh" in text)
    assert stale < fresh
    assert "STALE" not in shown[-1][1]
    assert "runbook, 8 steps  done" in shown[-1][1]
    again = tmp_path / "again.cast"
    CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(again)])
    assert again.read_bytes() == file.read_bytes(), "it is the same whenever it is made"


def test_a_busy_machine_films_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There Textual takes what waits for the processor for idle, and the clock's beats fall elsewhere."""
    calm, busy = tmp_path / "calm.cast", tmp_path / "busy.cast"
    CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(calm)])

    async def idle_at_once(*_: float) -> None:
        await asyncio.sleep(0)

    def beat(app: StalewatchApp, _: float, tick: Callable[[], None]) -> object:
        return set_interval(app, 0.003, tick)

    set_interval = StalewatchApp.set_interval
    monkeypatch.setattr("textual.pilot.wait_for_idle", idle_at_once)
    monkeypatch.setattr(StalewatchApp, "set_interval", beat)
    CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(busy)])
    assert busy.read_bytes() == calm.read_bytes()
    first = played(busy.read_text("utf-8"))[1][0][1]
    assert "stalewatch" in first
    assert "web1" in first, "the first picture is whole"


def test_only_what_changed_is_sent_and_pauses_are_cut() -> None:
    shots = [Shot(100.0, ["one", "two"]), Shot(100.5, ["one", "2"]), Shot(100.6, ["one", "2"]), Shot(900.0, ["1", "2"])]
    cast = render(shots, width=10, height=2, title="t", idle=2.0)
    _, *lines = [json.loads(line) for line in cast.splitlines()]
    assert [at for at, _, _ in lines] == [0.0, 0.5, 2.6, 4.6]
    assert "one" not in lines[1][2]
    assert "2" in lines[1][2]
    assert played(cast)[1][-1][1].split() == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "words"),
    [("none.rec", "none.rec"), ("text", "text is not a recording of stalewatch"), ("same", "same is the recording itself")],
)
def test_what_cannot_be_cast_is_one_line(tmp_path: Path, given: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "same").write_bytes(night.FILE.read_bytes())
    done = CliRunner().invoke(main, ["replay", given, "--cast", "same"])
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "same").read_bytes() == night.FILE.read_bytes()


def test_a_file_that_is_there_is_only_overwritten_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "other.cast"
    file.write_text("somebody's")
    refused = CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(file)])
    assert (refused.exit_code, file.read_text()) == (2, "somebody's")
    assert "is there already; give another name, or --overwrite" in refused.stderr
    assert CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(file), "--overwrite"]).exit_code == 0
    assert file.read_text().startswith('{"version":2')


def test_a_cast_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(tmp_path / "no" / "night.cast")])
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_a_picture_moves_from_stale_to_fresh_without_a_script(tmp_path: Path) -> None:
    file = tmp_path / "night.svg"
    done = CliRunner().invoke(main, ["replay", str(night.FILE), "--cast", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    text = file.read_text("utf-8")
    assert len(text) < 300_000
    assert "<script" not in text
    svg = ElementTree.fromstring(text)
    rows = {row.get("id"): "".join(row.itertext()) for row in svg.iter(f"{SVG}g") if str(row.get("id", "")).startswith("r")}
    frames = ["\n".join(rows[str(use.get("href"))[1:]] for use in frame) for frame in svg.iter(f"{SVG}g") if frame.get("class") == "f"]
    stale, fresh = (next(at for at, shown in enumerate(frames) if words in shown) for words in ("✗ STALE 12 min", "✓ 3 fresh"))
    assert 0 <= stale < fresh
    assert "STALE" not in frames[-1]
    shown = re.findall(r"@keyframes f(\d+){(?:0%{visibility:hidden})?([\d.]+)%{visibility:visible}", text)
    assert [int(number) for number, _ in shown] == list(range(len(frames)))
    begins = [float(begin) for _, begin in shown]
    assert begins == sorted(begins)
    assert begins[0] == 0.0


def test_what_a_server_says_is_no_markup_in_a_picture() -> None:
    shots = [Shot(0.0, ['\x1b[1;1H\x1b[1;31m<b>&"x\x1b[0m', "]]> 漢字"]), Shot(1.0, ['\x1b[1;1H\x1b[1;31m<b>&"x\x1b[0m', "two"])]
    text = moving_picture.render(shots, width=20, height=2, idle=2.0, title="a < b")
    svg = ElementTree.fromstring(text)
    rows = ["".join(row.itertext()) for row in svg.iter(f"{SVG}g") if str(row.get("id", "")).startswith("r")]
    assert rows == ['<b>&"x', "]]> 漢字", "two"], "and a row that comes back is drawn once"
