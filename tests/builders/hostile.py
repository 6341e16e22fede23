"""The dashboard over servers that lie in every field, past the border where text is made safe: the last door must hold too.

``python -m tests.builders.hostile`` runs it on the terminal.
"""

from __future__ import annotations

import sys

import msgspec

from stalewatch.model.report import Evidence, Report
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import SafeText
from stalewatch.runbook.plan import LeftOut, Plan, Request, ServerPlan
from tests.builders import incident as build
from tests.builders.fake_engine import STEPS, FakeEngine

EVIL = "[/x][bold]e\x1b]0;pwned\x07v\x1b[31mi\x9b31ml\u202e\u2066\r\n\x00"


def lie(report: Report) -> Report:
    """Every text of *report* is hostile. Keys and enumerations stay."""
    evil = SafeText("x" + EVIL)
    findings = tuple(
        msgspec.structs.replace(
            finding,
            subject=evil,
            summary=evil,
            evidence=(Evidence(EVIL, evil), Evidence("command", evil, "command")),
        )
        for finding in report.findings
    )
    assert report.snapshot is not None
    told = msgspec.convert(_poison(msgspec.to_builtins(report.snapshot)), type(report.snapshot))
    return msgspec.structs.replace(
        report, server=report.server, findings=findings, snapshot=told, errors=(Unseen(code="x", message=evil, grant=evil),)
    )


KEPT = {"type", "layer", "via", "kind", "source", "app", "server", "address"}
"""Fields of a snapshot that are no text of a server's."""


def _poison(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        return {name: _poison(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(item, key) for item in value]
    return value + EVIL if isinstance(value, str) and key not in KEPT else value


class LyingEngine(FakeEngine):
    """Its plans are hostile too."""

    def plan(self, keys: object, request: Request) -> Plan:
        evil = SafeText(EVIL)
        steps = tuple(msgspec.structs.replace(step, command=step.command + EVIL, reason=evil) for step in STEPS)
        server = ServerPlan(
            server="web1", app=SafeText("/srv/" + EVIL), steps=steps, left_out=(LeftOut(evil, evil),), warnings=(evil,), blocked=(evil,)
        )
        return Plan(request=request, servers=(server,))


def board() -> build.Board:
    made = build.Board()
    made.put(build.pane(lie(build.stale("web1")), group=EVIL))
    made.put(build.pane(build.fresh("web2", app=SafeText("/srv/" + EVIL))))
    made.put(build.Pane(server="we" + EVIL, app=SafeText(""), error=Unseen(code="x", message=SafeText(EVIL), grant=SafeText(EVIL))))
    made.put(build.Pane(server="web4", app=SafeText(""), step=EVIL, step_since=90.0))
    made.add([msgspec.structs.replace(event, what=SafeText(EVIL), source=EVIL, key=event.key) for event in build.history()])
    return made


def main() -> int:
    from stalewatch.dashboard.app import StalewatchApp

    app = StalewatchApp(LyingEngine(board()), title=EVIL, now=lambda: build.NOW, monotonic=lambda: 100.0)
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
