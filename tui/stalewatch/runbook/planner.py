"""A Report and a Request -> the plan of that server. Pure: the same evidence and the same wish give the same commands.

What may be done, and when it is wanted, is in :mod:`stalewatch.runbook.steps`; here is what all steps have in common.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.diagnosis.cli_cache import may_run_old
from stalewatch.diagnosis.symfony import environment_served
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import safe
from stalewatch.runbook import preflight, steps
from stalewatch.runbook.commands import Access, code_folder, fpm_binary, usable, usable_name
from stalewatch.runbook.draft import Draft
from stalewatch.runbook.evidence_digest import evidence_digest
from stalewatch.runbook.kept_aside import environment_script
from stalewatch.runbook.php_cli import command_line
from stalewatch.runbook.plan import Choice, LeftOut, Phase, Request, ServerPlan
from stalewatch.runbook.steps.look import look
from stalewatch.runbook.steps.parse import guarded
from stalewatch.runbook.worker_reach import signalled_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Remedy, Report
    from stalewatch.model.snapshot import FpmFacts, HostFacts

_USUAL_CONFIG = re.compile(r"/etc/php/\d+\.\d+/fpm/php-fpm\.conf|/etc/php-fpm\.conf")
"""What a distribution's FPM reads without being told."""
_OPTION = re.compile(r"[\w./:=,@%+-]+")
READ_ONLY = "read_only is set for this server in stalewatch.toml: nothing is changed there"
ONLY_TOLD = "no PHP-FPM runs this application, and health_url only tells: reload the web server by hand (sudo systemctl reload apache2)"
_CHECKS = (Phase.PREFLIGHT, Phase.VERIFY)


class PlanInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan of one app may know beside its report. *unit*: the configured reload unit ("": the one that was found); *cleared*:
    layers that a clear has emptied and a rebuild fills again; *smoke*: the request that it must answer; *sharing*: the other servers of
    this fleet whose workers look into the same cache store."""

    production: bool = False
    read_only: bool = False
    unit: str = ""
    cleared: frozenset[Layer] = frozenset()
    smoke: Smoke = Smoke()
    sharing: tuple[str, ...] = ()


def server_plan(report: Report, request: Request, inputs: PlanInputs) -> ServerPlan:
    """What *request* asks for on the server of *report*."""
    plan = ServerPlan(
        server=report.server,
        app=report.app,
        address=report.address,
        production=inputs.production,
        evidence_digest=evidence_digest(report),
        short_name=report.short_name,
        smoke=inputs.smoke,
        deploying=preflight.deploy_under_way(report) is not None,
    )
    if request.choice is Choice.VERIFY:
        return replace(plan, steps=(look("only look: is it fresh?"),))
    if inputs.read_only:
        return replace(plan, blocked=(safe(READ_ONLY),))
    if report.runtime is not None and report.runtime.via == "health_url" and report.fpm is None:
        return replace(plan, blocked=(safe(ONLY_TOLD),))
    blocked = preflight.blocked_at_all(report)
    if blocked or report.host is None:
        return replace(plan, blocked=blocked, unseen=report.host is None)
    access = access_of(report, report.host, inputs)
    return _filled(
        plan, Draft(report=report, host=report.host, request=request, access=access, cleared=inputs.cleared, sharing=inputs.sharing)
    )


def _filled(plan: ServerPlan, draft: Draft) -> ServerPlan:
    """*plan* with everything that *draft* asks for: the acting steps first, because the checks depend on them."""
    for spec in steps.STEPS:
        if spec.phase not in _CHECKS:
            draft.steps += spec.wanted(draft)
    draft.steps = guarded(draft)
    checks = [step for spec in steps.STEPS if spec.phase in _CHECKS for step in spec.wanted(draft)]
    order = [spec.kind for spec in steps.STEPS]
    everything = tuple(sorted([*checks, *draft.steps], key=lambda step: order.index(step.kind)))
    used = [steps.spec_of(kind) for kind in dict.fromkeys(step.kind for step in everything)]
    warnings: list[str] = []
    blocked: list[str] = []
    if draft.steps:
        warnings += preflight.warns(draft, production=plan.production)
        blocked += preflight.blocks(draft)
    warnings += [line for spec in used for line in spec.warns(draft)]
    blocked += [line for spec in used for line in spec.blocks(draft)]
    return replace(
        plan,
        steps=everything,
        left_out=(*draft.found.left, *_left_out(draft)),
        warnings=tuple(safe(line) for line in dict.fromkeys(warnings)),
        blocked=tuple(safe(line) for line in dict.fromkeys(blocked)),
        in_flight=preflight.in_flight(draft.report) if any(step.interrupts for step in everything) else 0,
        user=safe(draft.access.user),
        lock=_lock(draft),
        tolerated=_tolerated(draft),
    )


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    for spec in steps.STEPS:
        yield from spec.left_out(draft)
    if not draft.laravel and not draft.access.environment and draft.request.choice in (Choice.CLEAR, Choice.REBUILD):
        yield LeftOut(safe(draft.request.choice.value), safe("this application has no caches that can be cleared or rebuilt here"))
    if draft.fixing and draft.request.only:
        phases = _phases()
        done = {step.phase for step in draft.steps}
        for need in draft.found.needs:
            if not done or phases.get(need.remedy, Phase.RELOAD) not in (*done, *draft.request.only):
                yield LeftOut(safe(need.remedy.value), safe(f"not among the phases asked for ({need.reason})"))


def _phases() -> dict[Remedy, Phase]:
    """In which of the phases that may be asked for a remedy is carried out; workers are restarted with the reload."""
    asked = {Phase.RESTART: Phase.RELOAD}
    return {remedy: asked.get(spec.phase, spec.phase) for spec in steps.STEPS for remedy in spec.remedies}


def _lock(draft: Draft) -> tuple[str, str]:
    config = str(draft.report.fpm.config_path) if draft.report.fpm is not None else ""
    return (draft.report.app, config if usable(config) else "")


def _tolerated(draft: Draft) -> tuple[Layer, ...]:
    proving = {step.layer for step in draft.steps}
    if draft.fixing and not draft.request.only:
        touched = proving | ({Layer.OPCACHE} if any(step.phase is Phase.RELOAD for step in draft.steps) else set())
        unseen = [layer for layer, verdict in draft.report.layers.items() if verdict.value == "unknown" and layer not in touched]
        return tuple(dict.fromkeys([*draft.found.layers, *unseen]))
    if draft.request.choice is Choice.RELOAD:
        proving.add(Layer.OPCACHE)
    return tuple(layer for layer in Layer if layer not in proving)


_ANYWAY = re.compile(
    "USER|HOME|LOGNAME|SHELL|PATH|PWD|OLDPWD|SHLVL|TERM|LANG|LANGUAGE|LC_.*|HOSTNAME|TMP|TMPDIR|TEMP|_|INVOCATION_ID|JOURNAL_STREAM|"
    "NOTIFY_SOCKET|LISTEN_.*|FPM_SOCKETS|MAINPID|WATCHDOG_.*|SYSTEMD_.*|MANAGERPID|MEMORY_PRESSURE_.*|"
    "(RUNTIME|STATE|CACHE|LOGS|CONFIGURATION)_DIRECTORY"
)
"""Variables that a service has anyway, and no application is configured by."""


def _script(report: Report, *, always: bool) -> str:
    """Where the PHP is written that gives artisan and bin/console the environment of the pool; "" where that is the one of any service. By
    it artisan is also told to build its caches aside, and to compile what is on the disk: so *always* where the login is free to run it,
    because that takes no line in sudoers, and where the command line may hold old code.
    """
    names = report.runtime.variables if report.runtime is not None else None
    own = any(not _ANYWAY.fullmatch(str(name)) for name in names or ())
    return environment_script(report) if own or (always and names is not None) else ""


def _unusual_config(fpm: FpmFacts | None) -> str:
    path = str(fpm.config_path) if fpm is not None else ""
    return path if usable(path) and "&" not in path and not _USUAL_CONFIG.fullmatch(path) else ""


def _options(fpm: FpmFacts | None) -> tuple[str, ...]:
    """The master's own; none where one of them can't stand in a command: what it then tests is said to be another configuration."""
    options = tuple(map(str, fpm.options)) if fpm is not None else ()
    return options if all(_OPTION.fullmatch(word) for word in options) else ()


def _foreign(fpm: FpmFacts) -> int:
    """The master's pid where *fpm*'s unit is not its own: another process is its main one, it is no service at all, or
    it has no ExecReload. 0: it is."""
    if fpm.unit_reloads == () and fpm.master is not None:
        return fpm.master.pid
    own = fpm.unit_pid == fpm.master.pid if fpm.master is not None and fpm.unit_pid is not None else not fpm.unit.endswith(".scope")
    return 0 if own or fpm.master is None else fpm.master.pid


def _title(fpm: FpmFacts | None) -> str:
    """What the master is called in /proc: with its configuration, so that another master that has its pid by now is another one."""
    path = str(fpm.config_path) if fpm is not None else ""
    return f"php-fpm: master process ({path})" if usable(path) and "&" not in path else "php-fpm: master process"


def access_of(report: Report, host: HostFacts, inputs: PlanInputs) -> Access:
    """How the app of *report* is reached by commands."""
    fpm = host.seen_fpm
    seen = str(report.runtime.user) if report.runtime is not None else ""
    user = seen or (str(fpm.pool.user) if fpm and fpm.pool else "")
    binary = fpm_binary(str(fpm.binary), str(fpm.config_path), str(fpm.unit)) if fpm else ""
    version = str(report.runtime.php_version) if report.runtime is not None else str(fpm.version) if fpm else ""
    line = command_line(version, binary, host.command_lines)
    unit = inputs.unit or (str(fpm.unit) if fpm else "")
    return Access(
        login=str(host.login),
        worker_users=tuple((kind, name) for kind, name in signalled_as(host).items() if usable_name(name) and name != user),
        user=user if usable_name(user) else "",
        root=report.app,
        unit=unit if usable_name(unit) else "",
        master=0 if fpm is None or (inputs.unit and fpm.unit_pid is None) else _foreign(fpm),
        title=_title(fpm),
        fpm_binary=binary,
        fpm_config=_unusual_config(fpm),
        fpm_options=_options(fpm),
        main=fpm.master.pid if fpm is not None and fpm.master is not None and fpm.unit_pid == fpm.master.pid else 0,
        environment=environment_served(report),
        script=_script(report, always=str(host.login) in ("root", user) or may_run_old(host)),
        php=line.php,
        lacks=line.lacks,
        file_cache=str(report.opcache.file_cache) if report.opcache is not None else "",
        code=code_folder(report.app, str(host.release.root) or report.app) if report.app.startswith("/") else "",
    )
