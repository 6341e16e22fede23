"""``stalewatch demo``: the dashboard over embedded servers."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from stalewatch.cli import debug_log
from stalewatch.cli.commands.dashboard import garbage_later, incident_report, no_screen, with_own_ui
from stalewatch.cli.options import theme_option
from stalewatch.demo.scenarios import INCIDENT, NAMES
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from stalewatch.demo.embedded import Embedded
    from stalewatch.demo.story import Scenario


ACTING = "the demo without --read-only can be fixed"
"""What is to be done where no key acts: its servers are nobody's outside of it."""


class _Demo(click.Command):
    """Its help tells every story."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from stalewatch.demo.scenarios import scenario

        with formatter.section("Scenarios"):
            formatter.write_dl([(name, scenario(name).about) for name in NAMES])


@click.command("demo", cls=_Demo)
@click.option("--scenario", "name", type=click.Choice(NAMES), default=INCIDENT, show_default=True, help="Which story is told.")
@click.option("--read-only", is_flag=True, help="Only look: every acting key is off.")
@theme_option
@click.pass_context
def command(ctx: click.Context, /, name: str, read_only: bool, theme: str | None) -> None:
    """Embedded servers live through the incident that stalewatch was born from, or another one; f, a look and a confirmation end it.

    Needs no PHP, no root and no network. Nothing is left behind. It is 12:50 of that day when it begins; on the screen every time is moved
    to now.
    """
    if why := no_screen():
        raise UsageError(f"the demo needs a terminal to draw on: {why}")
    debug_log.start()
    code = run(name, read_only=read_only, theme=theme or "")
    if code == 0:
        others = "|".join(other for other in NAMES if other != name)
        click.echo(
            f"stalewatch init SERVER begins with your own servers; stalewatch demo --scenario {others} tells another story", err=True
        )
    ctx.exit(code)


def run(name: str, *, read_only: bool = False, theme: str = "") -> int:
    """Watch the servers, which are built once the first frame is shown, until the person leaves; clean up; gives the exit code. Raises
    StalewatchError if they could not be built."""
    collect_garbage = garbage_later()
    with _signals_unwind():
        from stalewatch.demo.embedded import Embedded
        from stalewatch.demo.scenarios import scenario

        told = scenario(name)
        embedded = Embedded(told, read_only=read_only)
        embedded.fleet = with_own_ui(embedded.fleet)
        try:
            code = _watch(embedded, told, collect_garbage, theme)
        finally:
            embedded.stop()
    if embedded.error is not None:
        raise embedded.error
    return code


def _watch(embedded: Embedded, told: Scenario, collect_garbage: Callable[[], None], theme: str) -> int:
    from stalewatch.dashboard import remembered
    from stalewatch.dashboard.app import StalewatchApp
    from stalewatch.engine.engine import Engine

    engine = Engine(embedded.fleet)

    def leave() -> None:
        app.call_later(app.exit)

    def painted() -> None:
        collect_garbage()
        app.hint(hint("nothing can be changed" if embedded.fleet.read_only else told.ends, app.size.width - 2))
        embedded.start(opened=engine.start, closing=engine.stop, failed=leave)

    title, looks = f"{told.group} · demo", remembered.load()
    app = StalewatchApp(
        engine,
        title=title,
        theme=theme,
        remembered=looks,
        painted=painted,
        abandoned=engine.stop,
        report=incident_report,
        acting=ACTING,
    )
    try:
        app.run()
        return app.return_code or 0
    finally:
        app.shutdown.over()


def hint(ends: str, room: int) -> str:
    """The first line that is read, in the longest words for which there is *room*. *ends*: with actions for keys, as ``{fix}``."""
    from stalewatch.dashboard.actions import key_of

    ends = ends.format(fix=key_of("fix"), shell=key_of("shell"))
    more = key_of("help")
    tries = (
        ("demo, nothing here is real: ", f"{more} for all keys, "),
        ("demo, nothing is real: ", f"{more} for keys, "),
        ("demo: ", f"{more} for keys, "),
        ("demo: ", ""),
        ("", ""),
    )
    words = [f"{begin}{ends} · {keys}{key_of('quit')} to leave" for begin, keys in tries]
    return next((each for each in words if len(each) <= room), ends)


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Before and after the application has handlers of its own, TERM and HUP end us through every ``finally``."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
