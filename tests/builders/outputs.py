"""Reports as diagnosis makes them, with fixed times: three servers of the incident of 2025-10-24, and one that cannot be reached."""

from __future__ import annotations

from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Report, Severity, Verdict
from stalewatch.model.snapshot import (
    AppLayout,
    FpmFacts,
    HostFacts,
    Opcache,
    Pool,
    PoolStatus,
    PoolWorker,
    ReleaseFacts,
    RuntimeFacts,
    Snapshot,
    Unseen,
)
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, LeftOut, Plan, Progress, Request, ServerPlan, Status
from stalewatch.runbook.steps import FPM_TEST, INVALIDATE, LOOK
from tests.builders import values

DEPLOY = 1_761_302_282.0  # 2025-10-24 10:38:02 UTC
RELOAD = DEPLOY - 662
NOW = DEPLOY + 1_440.5

APP = safe("/srv/app")
CONTROLLER = "/srv/app/app/Http/Controllers/RetellFunctionCallHandler.php"
IDLE = dict.fromkeys((Layer.EVENTS, Layer.WORKERS), Verdict.ABSENT)
"""What this app has none of."""


def snapshot(server: str, *, vt: bool = False, status: bool = True) -> Snapshot:
    master = values.process(310, RELOAD - 86_400, "php-fpm: master process")
    worker = values.process(17_576, RELOAD + 1.25)
    pool_status = PoolStatus(
        pool=safe("www"),
        started=RELOAD,
        workers=(PoolWorker(pid=17_576, state=safe("Idle"), started=RELOAD + 1.25),),
    )
    return Snapshot(
        server=server,
        address=f"deploy@{server}:22",
        app=APP,
        observed_at=NOW,
        host=HostFacts(
            now=NOW,
            slow_at=NOW,
            layout=AppLayout(kind="laravel"),
            release=ReleaseFacts(root=APP),
            fpm=FpmFacts(running=True, master=master, pool=Pool(name=safe("www"), listen=safe("/run/php.sock")), workers=(worker,)),
        ),
        runtime=RuntimeFacts(
            asked_at=NOW,
            via="tunnel",
            php_version=safe("8.2.36"),
            opcache=Opcache(enabled=True, start_time=int(RELOAD), hits=713, misses=287, cached_scripts=382, validate_timestamps=vt),
            status=pool_status if status else Unseen(code="fpm.no-status", message=safe("pm.status_path is not set")),
        ),
    )


def stale() -> Report:
    findings = (
        values.finding(
            Layer.OPCACHE,
            code="opcache.stale-bytecode",
            subject=safe(CONTROLLER),
            summary="1 of 382 cached scripts is older than its file on disk, and OPcache never looks at the disk again",
            evidence=(
                Evidence("on disk", DEPLOY, "time"),
                Evidence("OPcache since", RELOAD, "time"),
                Evidence("file", 1_536, "bytes"),
                Evidence("file", safe("[bold]not markup[/x] :smile:")),
                Evidence("validate_timestamps", False),
                Evidence("repeat", safe(f"stat -c '%y %z %n' -- {CONTROLLER}"), "command"),
            ),
            remedy=(Remedy.INVALIDATE,),
            since=DEPLOY,
            paths=(CONTROLLER,),
        ),
        values.finding(
            Layer.ROUTES,
            Verdict.PENDING,
            Severity.INFO,
            code="routes.window",
            subject=safe("bootstrap/cache/routes-v7.php"),
            summary="the old routes are served until the file is checked again",
            evidence=(Evidence("window", 600.0, "age"), Evidence("hits", 12), Evidence("owner", None)),
            remedy=(Remedy.WAIT,),
            until=NOW + 90,
        ),
        values.finding(
            Layer.OPCACHE,
            Verdict.FRESH,
            Severity.WARNING,
            code="opcache.hit-rate",
            subject=safe(""),
            summary="the hit rate is below 85 %",
            evidence=(Evidence("hit rate", 0.713),),
        ),
    )
    others = IDLE | {Layer.ROUTES: Verdict.PENDING}
    return values.report(
        "web1", APP, *findings, others=others, address="deploy@web1:22", snapshot=snapshot("web1"), observed_at=NOW, stale_since=DEPLOY
    )


def fresh(server: str = "web2") -> Report:
    seen = snapshot(server, vt=True, status=False)
    return values.report(server, APP, others=IDLE, address=f"deploy@{server}:22", snapshot=seen, observed_at=NOW)


def unreachable() -> Report:
    return values.report(
        "web3",
        "",
        others=dict.fromkeys(Layer, Verdict.UNKNOWN),
        address="web3",
        errors=(
            Unseen(
                code="link.host-key-changed",
                message=safe("web3: the host key has changed"),
                grant=safe("ssh-keygen -R web3, if you know why it changed"),
            ),
        ),
    )


def fleet() -> tuple[Report, ...]:
    return (fresh(), stale(), unreachable())


def verdict(of: Verdict, *findings: Finding) -> Report:
    """A seen server with this verdict in its opcache layer."""
    others = IDLE | {Layer.OPCACHE: of}
    return values.report(f"is-{of}", APP, *findings, others=others, address=f"is-{of}", verdict=of, observed_at=NOW)


def warning() -> Finding:
    return stale().findings[2]


def plan() -> Plan:
    """web1 has steps, web2 nothing to do, web3 is blocked."""
    command = f"opcache_invalidate('{CONTROLLER}', true)"
    steps = (
        FPM_TEST.step("sudo -n php-fpm8.2 -t", "before a reload"),
        INVALIDATE.step(command, "1 script is older than its file", what="1 script", paths=(CONTROLLER,)),
        LOOK.step("look again", "proof", id="look"),
    )
    return Plan(
        request=Request(choice=Choice.FIX),
        servers=(
            ServerPlan(
                server="web1",
                app=APP,
                production=True,
                steps=steps,
                left_out=(LeftOut(safe("cache:clear"), safe("empties the application cache: only when asked for")),),
                warnings=(safe("process_control_timeout is 0"),),
                in_flight=3,
                evidence_digest="one",
            ),
            ServerPlan(server="web2", app=APP, evidence_digest="two"),
            ServerPlan(server="web3", app=safe(""), blocked=(safe("the host key has changed"),), evidence_digest="three"),
        ),
    )


def progress(step: str = "invalidate", status: Status = Status.DONE) -> Progress:
    return Progress(server="web1", app=APP, step=step, status=status, evidence={"cached": safe("no")}, at=NOW)
