"""Everything that shows or handles layers, each asked for every layer there is. Run as a program, it tells what it found as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.cli.outputs import json as json_output
from stalewatch.cli.outputs import text as text_output
from stalewatch.dashboard.actions import ActionContext
from stalewatch.dashboard.order import matches
from stalewatch.dashboard.render.banner import banner_lines
from stalewatch.dashboard.render.detail_lines import detail_lines
from stalewatch.dashboard.render.filtering import known_words
from stalewatch.dashboard.render.pane_lines import RenderOptions, pane_lines
from stalewatch.dashboard.render.table_head import head
from stalewatch.dashboard.render.times import Clock
from stalewatch.dashboard.screens.help import help_lines
from stalewatch.dashboard.widgets.fleet_table import row
from stalewatch.diagnosis.judges import JUDGES
from stalewatch.engine.board import Pane
from stalewatch.model.layers import FILE_CACHED, LAYERS, REBUILT, Layer, LayerSpec
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.snapshot import CacheFile, FileStat
from stalewatch.model.text import safe
from stalewatch.probe.host.app_files import app_files
from stalewatch.probe.host.discovery import AppLocation
from stalewatch.probe.host.parsers.cache_inputs import group
from stalewatch.runbook import commands
from stalewatch.runbook.plan import Choice, Request
from stalewatch.runbook.sudoers import sudoers
from stalewatch.timeline import changes, history
from tests.builders import runbook as build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stalewatch.dashboard.render.lines import Line
    from stalewatch.model.report import Report

ACCESS = commands.Access(login="deploy", user="www-data", root=build.APP)


class Face(NamedTuple):
    """*show*: what it shows of a server on which every layer is stale. *expected*: what of that must be there for a layer."""

    name: str
    show: Callable[[], str]
    expected: Callable[[LayerSpec], Iterable[str]]

    @property
    def text(self) -> str:
        """What it shows, or how it breaks."""
        try:
            return self.show()
        except Exception as error:  # noqa: BLE001  # whatever breaks it, it is the one that knows too little
            return f"{type(error).__name__}: {error}"


def faces() -> list[Face]:
    """All of them but the judges."""
    stale, clock = all_stale(), Clock(build.T0)
    pane, options = Pane(server="web1", app=safe(build.APP), report=stale), RenderOptions(clock, 0.0)
    place = AppLocation(path=build.APP, root=build.APP, kind="laravel")

    def page() -> str:
        return drawn(detail_lines(pane, (), options, 120).rows)

    return [
        Face("the rows of a pane", lambda: drawn(pane_lines(pane, options, 100, 60)), lambda spec: [f"{spec.label} "]),
        Face("the head of the table", lambda: drawn([head(200)]), lambda spec: [f" {spec.heading}"]),
        Face("a row of the table", lambda: marks(drawn([row(pane, options, 200)])), lambda _: [f"{1 + len(LAYERS)} marks"]),
        Face("the server's page", page, lambda spec: [f"✗ {spec.layer}", f"{spec.layer} is old"]),
        Face("its cache files", page, lambda spec: [f"{spec.layer}: "] if spec.layer in FILE_CACHED else []),
        Face("the sentence about the fleet", lambda: drawn(banner_lines([pane], {}, clock, 400)), lambda spec: [spec.layer]),
        Face("the help", lambda: drawn(help_lines(ActionContext(), 200)), lambda spec: [f"{spec.heading}  {spec.layer}", spec.about]),
        Face("the words of the filter", lambda: " ".join(known_words([pane])), lambda spec: [spec.layer]),
        Face("the filter", lambda: " ".join(layer for layer in Layer if matches(pane, layer)), lambda spec: [spec.layer]),
        Face("check --format json", lambda: json_output.render([stale]).decode(), lambda spec: [f'"{spec.layer}": "stale"']),
        Face("check --format text", lambda: text_output.render([stale]), lambda spec: [f"{spec.layer}: {spec.layer} is old"]),
        Face("the timeline", told, lambda spec: [f"{spec.layer} stale", *(file.written for file in spec.files)]),
        Face("the host probe's paths", lambda: " ".join(app_files(place, None).caches.values()), lambda spec: [f.path for f in spec.files]),
        Face("the host probe's sources", lambda: " ".join(group((), build.APP)), lambda spec: [spec.layer] if spec.files else []),
        Face("the plan of a rebuild", lambda: planned(Choice.REBUILD), lambda spec: [spec.rebuild] if spec.layer in REBUILT else []),
        Face("the plan of a clear", lambda: planned(Choice.CLEAR), lambda spec: [spec.clear] if spec.layer in REBUILT else []),
        Face("the plan of a fix", lambda: planned(Choice.FIX), lambda spec: [spec.rebuild, f"{spec.layer} is old"]),
        Face("sudoers", lambda: sudoers(ACCESS).replace("\\", ""), lambda spec: [spec.rebuild, spec.clear]),
    ]


def forgotten() -> list[str]:
    """``the head of the table: config``: who knows nothing of which layer."""
    unjudged = [f"the judges (diagnosis/judges.py): {layer}" for layer in Layer if layer not in JUDGES or not JUDGES[layer].rules]
    if unjudged:
        return unjudged
    shown = [(face, face.text) for face in faces()]
    lacking = [(face, spec) for face, text in shown for spec in LAYERS if any(each not in text for each in face.expected(spec))]
    return [f"{face.name}: {spec.layer}" for face, spec in lacking]


def marks(text: str) -> str:
    return f"{text.count('✗')} marks"


def all_stale(at: float = build.T0) -> Report:
    """One finding in every layer, and everything cached."""
    caches = tuple(
        CacheFile(name=file.name, path=safe(file.path), stat=FileStat(safe(file.path), at - 900, at - 900))
        for spec in LAYERS
        for file in spec.files
    )
    return build.report(
        *(build.finding(layer) for layer in Layer), host_facts=build.host(caches=caches, queue_workers=(build.queue_worker(300),)), at=at
    )


def told() -> str:
    """What the timeline says of caches that were written, and of layers that became stale."""
    stale = all_stale(build.T0 + 10)
    fresh = replace(stale, layers=dict.fromkeys(Layer, Verdict.FRESH), verdict=Verdict.FRESH, findings=())
    return "\n".join(str(event.what) for event in (*history(stale), *changes(fresh, stale)))


def planned(choice: Choice) -> str:
    (server,) = build.plan([all_stale()], Request(choice=choice)).servers
    acting = [f"{step.command} {step.reason}" for step in server.steps]
    return "\n".join([*acting, *(f"{left.what} {left.why}" for left in server.left_out)])


def drawn(rows: Iterable[Line]) -> str:
    return "\n".join(row.text for row in rows)


if __name__ == "__main__":
    import stalewatch

    said = forgotten()
    print(json.dumps({"from": stalewatch.__file__, "forgotten": said, "faces": {} if said else {face.name: face.text for face in faces()}}))
