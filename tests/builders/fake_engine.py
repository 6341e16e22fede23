"""An engine that does nothing but answer: the plan is always the same, and what was asked of it is kept."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

import msgspec

from stalewatch.engine.board import Board
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Layer
from stalewatch.model.text import SafeText
from stalewatch.runbook.plan import LeftOut, Plan, Progress, Request, ServerPlan, Status
from stalewatch.runbook.steps import FPM_TEST, LOOK, REBUILD, RELOAD
from tests.builders.incident import APP, NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

ARTISAN = "sudo -n -u www-data /usr/bin/php /var/www/api-gateway/artisan"
STEPS = (
    FPM_TEST.step("sudo -n /usr/sbin/php-fpm8.3 -t", "a broken configuration must not be reloaded", id="preflight-fpm"),
    REBUILD.step(
        f"{ARTISAN} config:cache --no-interaction --no-ansi",
        "config.php is 12 min older than config/services.php",
        id="rebuild-config",
        what="config",
        layer=Layer.CONFIG,
    ),
    REBUILD.step(
        f"{ARTISAN} route:cache --no-interaction --no-ansi",
        "routes-v7.php is 12 min older than routes/api.php",
        id="rebuild-routes",
        what="routes",
        layer=Layer.ROUTES,
    ),
    RELOAD.step("sudo -n systemctl reload php8.3-fpm.service", "2 scripts run as compiled before the deploy"),
    LOOK.step("look again: start times, artefacts, bytecode", "exit codes prove nothing"),
)


class FakeEngine:
    """Answers at once and does nothing; what was asked is kept. *production* makes plans ask for the app's name."""

    def __init__(self, board: Board, *, read_only: bool = False, production: bool = False) -> None:
        self.board = board
        self.read_only = read_only
        self.fleet = Fleet(servers=(Server(target="deploy@web1", name="web1"),))
        self.interval = 2.0
        self.production = production
        self.valid = True
        self.in_flight = 0
        self.deploying = False
        self.asked: list[Request] = []
        self.ran: list[Plan] = []
        self.looked: list[list[tuple[str, str]]] = []
        self.futures: list[Future[dict[tuple[str, str], Status]]] = []

    def plan(self, keys: Sequence[tuple[str, str]], request: Request) -> Plan:
        self.asked.append(request)
        left = (LeftOut(SafeText("cache:clear"), SafeText("it would empty the application cache")),)
        servers = tuple(
            ServerPlan(
                server=server,
                app=SafeText(app),
                production=self.production,
                steps=STEPS,
                left_out=left,
                in_flight=self.in_flight,
                deploying=self.deploying,
                evidence_digest=str(len(self.asked)),
            )
            for server, app in keys
        )
        return Plan(request=request, servers=servers)

    def look_every(self, seconds: float) -> None:
        self.interval = seconds

    def still_valid(self, plan: Plan) -> bool:
        return self.valid

    def run(self, plan: Plan) -> Future[dict[tuple[str, str], Status]]:
        self.ran.append(plan)
        future: Future[dict[tuple[str, str], Status]] = Future()
        self.futures.append(future)
        return future

    def look(self, keys: Sequence[tuple[str, str]]) -> None:
        self.looked.append(list(keys))

    def progress(self, server: str, *done: str, running: str = "", proof: dict[str, SafeText] | None = None) -> None:
        """Put progress into the pane of *server*; *proof*: the evidence of each step of *done*."""
        items = [Progress(server=server, app=APP, step=step, status=Status.DONE, evidence=proof or {}, at=NOW) for step in done]
        if running:
            items.append(Progress(server=server, app=APP, step=running, status=Status.RUNNING, at=NOW))
        old = next(pane for pane in self.board.consume().panes if pane.server == server)
        self.board.put(msgspec.structs.replace(old, progress=tuple(items)))
