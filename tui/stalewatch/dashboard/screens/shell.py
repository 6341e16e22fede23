"""A shell on the selected server: ``ssh`` has the terminal until it ends."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import termios
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from stalewatch.dashboard import foreground
from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.timer import Timer

    from stalewatch.dashboard.screens.app_port import AppPort
    from stalewatch.dashboard.shutdown import Shutdown
    from stalewatch.model.inventory import Server


def shell_command(server: Server, ssh_config: str) -> list[str]:
    """The command that a person would type to get there; this machine's own shell where *server* is this machine."""
    if server.local:
        return [os.environ.get("SHELL") or "/bin/sh"]
    from stalewatch.transport.targets import parse_target, ssh_arguments  # not before the first frame

    return ["ssh", *ssh_arguments(parse_target(server.target), ssh_config)]


def ended(server: str, code: int) -> str:
    """What is said afterwards."""
    how = f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
    return f"shell on {safe(server)}: {how}"


ALONE = 0.06
"""Seconds without another key, after which the key was meant: of a paste the shell would get the rest, and run it."""
NOT_MEANT = "shell: it came with other keys; press it alone"
FAILED = 255
"""What ssh ends with where it could not connect, after it has said why."""
STAYS = r"""printf '\nstalewatch: %s ended with 255: what it said is above. Enter brings the dashboard back ' "$0"; read -r _"""


class Shell:
    """The key that opens it. While it is open nothing is drawn; the engine goes on."""

    def __init__(self, app: AppPort, shutdown: Shutdown) -> None:
        self._app = app
        self._shutdown = shutdown
        self._coming: Timer | None = None

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {"shell": self.ask}

    def ask(self) -> None:
        """The key was pressed: open it, if nothing comes with it."""
        if self._app.key_pace.together:
            self._app.refuse(NOT_MEANT)
        else:
            self._coming = self._app.set_timer(ALONE, self.open)

    def was_not_meant(self) -> bool:
        """Another key has come. Whether it came right behind the one that opens a shell: then it is for nobody, and none is opened."""
        coming, self._coming = self._coming, None
        if coming is None:
            return False
        coming.stop()
        self._app.refuse(NOT_MEANT)
        return True

    def open(self) -> None:
        """On the server of the page, else on the selected one: marks are for runbooks."""
        self._coming = None
        screen, model = self._app.screen, self._app.model
        if not isinstance(screen, LiveScreen):
            return
        pane = model.pane(screen.key) if screen.key else model.selected()
        server = next((one for one in model.engine.fleet.servers if pane is not None and one.name == pane.server), None)
        if server is None:
            screen.say(f"{key_of('shell')} shell: that server is not in the inventory any more")
        elif server.read_only:
            screen.say("shell: read_only is set in stalewatch.toml: nothing is changed here")
        else:
            screen.say(self._run(server.name, shell_command(server, model.engine.fleet.ssh_config)))

    def _run(self, server: str, argv: list[str]) -> str:
        try:
            with self._app.suspend():
                said = self._in_terminal(server, argv)
        except SuspendNotSupported:
            return f"no terminal here to give away; open one and type: {shlex.join(argv)}"
        self._app.unsee()
        self._app.paint_all()
        self._app.model.last_key = self._app.model.monotonic()
        return said

    def _in_terminal(self, server: str, argv: list[str]) -> str:
        """Never raises: the dashboard would not come back."""
        try:
            terminal = sys.stdin.fileno()
            sys.stdout.write(f"stalewatch: {safe(shlex.join(argv), 1000)}   (its end brings the dashboard back)\n")
            sys.stdout.flush()
            begun = partial(setattr, self._shutdown, "guest")
            code = foreground.run(argv, terminal, begun)
            if code == FAILED and argv[0] == "ssh":
                foreground.run(["/bin/sh", "-c", STAYS, argv[0]], terminal, begun)
            return ended(server, code)
        except OSError as error:
            return f"{argv[0]} cannot be started: {error.strerror}"
        except (ValueError, termios.error) as error:
            return f"{argv[0]} cannot be started: {error}"
        finally:
            self._shutdown.guest = 0
