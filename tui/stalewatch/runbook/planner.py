"""A Report and a Request -> the plan of that server. Pure: the same evidence and the same wish give the same commands."""

from __future__ import annotations

import msgspec

from stalewatch.model.layers import REBUILT, Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy, Report
from stalewatch.model.snapshot import CacheFile, HostFacts, Opcache
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook import preflight, steps
from stalewatch.runbook.commands import (
    CACHE_CLEAR,
    HORIZON_TERMINATE,
    OCTANE_RELOAD,
    QUEUE_RESTART,
    Access,
    fpm_binary,
    may_run,
    usable,
    usable_name,
)
from stalewatch.runbook.evidence_digest import evidence_digest
from stalewatch.runbook.needs import FEW, Need, Needs, cached_layers, from_findings, may_ask, worker_kinds
from stalewatch.runbook.plan import Action, Cause, Choice, LeftOut, Phase, Request, ServerPlan, Step

GENTLE = 500
"""How many scripts are invalidated where the person prefers that to a reload."""
WINDOW = 5
"""A revalidate_freq up to so many seconds is waited for rather than cut short."""
_RESTART = {"horizon": HORIZON_TERMINATE, "octane": OCTANE_RELOAD, "queue": QUEUE_RESTART}


class PlanInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan of one app may know beside its report. *unit*: the configured reload unit ("": the one that was found); *cleared*:
    layers that a clear has emptied and a rebuild fills again."""

    production: bool = False
    unit: str = ""
    cleared: frozenset[Layer] = frozenset()


def server_plan(report: Report, request: Request, inputs: PlanInputs) -> ServerPlan:
    """What *request* asks for on the server of *report*."""
    plan = ServerPlan(
        server=report.server,
        app=report.app,
        address=report.address,
        production=inputs.production,
        evidence_digest=evidence_digest(report),
    )
    if request.choice is Choice.VERIFY:
        return replace(plan, steps=(steps.look("only look: is it fresh?"),))
    blocked = preflight.blocked_at_all(report)
    if blocked or report.host is None:
        return replace(plan, blocked=blocked)
    return _PlanBuilder(report, report.host, request, inputs).fill(plan)


class _PlanBuilder:
    """One server's plan while it is drawn: what is needed, then the steps in the order of the phases."""

    def __init__(self, report: Report, host: HostFacts, request: Request, inputs: PlanInputs) -> None:
        self._report = report
        self._host = host
        self._request = request
        self._opcache = report.opcache
        self._may_ask = may_ask(report)
        self._access = _access(report, host, inputs)
        self._cleared = inputs.cleared
        self._few = GENTLE if request.invalidate else FEW
        self._left: list[LeftOut] = []
        self._fixing = request.choice is Choice.FIX
        self._found = from_findings(report, few=self._few, gentle=request.invalidate) if self._fixing else Needs()
        self._laravel = host.layout.kind == "laravel"

    def fill(self, plan: ServerPlan) -> ServerPlan:
        """*plan* with everything that is to be done on this server."""
        rebuilds = self._rebuilds()
        acting = [*self._clears(rebuilds), *rebuilds]
        acting += self._bytecode(acting)
        acting += self._restarts()
        self._leave_out(acting)
        everything = (*self._preflight(acting), *acting, steps.look("proof: by the artefacts, not by exit codes")) if acting else ()
        may_invalidate = len(self._stale_paths()) if all(usable(path) for path in self._stale_paths()) else 0
        risks = preflight.risks(
            self._report, self._host, everything, user=self._access.user, production=plan.production, may_invalidate=may_invalidate
        )
        return replace(
            plan,
            steps=everything,
            left_out=tuple(self._left),
            warnings=risks.warnings + self._mixing_warning(acting),
            blocked=risks.blocked if acting else (),
            in_flight=risks.in_flight,
            user=safe(self._access.user),
            lock=self._lock(),
            tolerated=self._tolerated(acting),
        )

    # ------------------------------------------------------------------------------------------------------------- phases

    def _wants(self, phase: Phase) -> bool:
        return not self._request.only or phase in self._request.only

    def _clears(self, rebuilds: list[Step]) -> list[Step]:
        found: list[Step] = []
        if not self._wants(Phase.CLEAR):
            return found
        file_cache = str(self._opcache.file_cache) if self._opcache else ""
        wiping = self._found.of(Remedy.WIPE) or self._request.choice is Choice.CLEAR or self._request.everything
        if file_cache and wiping and usable(file_cache) and file_cache.count("/") > 1:
            found.append(steps.wipe(self._access, file_cache, "OPcache's compiled files survive a reload, and artisan reads them too"))
        for layer, reason, causes in self._layers_to_clear(rebuilds):
            found.append(steps.clear(self._access, layer, reason, causes))
        if self._request.cache_clear and self._laravel:
            found.append(steps.artisan(self._access, Phase.CLEAR, CACHE_CLEAR, "asked for: empty the application cache"))
        return found

    def _layers_to_clear(self, rebuilds: list[Step]) -> list[tuple[Layer, str, tuple[Cause, ...]]]:
        if not self._laravel:
            return []
        only_clear = self._request.everything and self._fixing and not self._wants(Phase.REBUILD)
        if self._request.choice is Choice.CLEAR or only_clear:
            return [(layer, f"asked for: {layer.value} cached now", ()) for layer in cached_layers(self._host)]
        rebuilt = {step.layer for step in rebuilds}
        asked = self._found.of(Remedy.CLEAR)
        if not self._wants(Phase.REBUILD):  # only a clear: a stale cache is emptied rather than rebuilt
            asked += self._found.of(Remedy.REBUILD)
        return [(layer, *_why(needs)) for layer in REBUILT if layer not in rebuilt and (needs := _of_layer(asked, layer))]

    def _rebuilds(self) -> list[Step]:
        if not self._laravel or not self._wants(Phase.REBUILD) or self._request.choice in (Choice.CLEAR, Choice.RELOAD):
            return []
        found: list[Step] = []
        discover = self._found.of(Remedy.DISCOVER)
        if discover or self._request.everything:
            reason, causes = _why(discover) if discover else ("asked for: the whole sequence", ())
            found.append(steps.rebuild(self._access, Layer.PACKAGES, reason, () if self._request.everything else causes))
        cached = cached_layers(self._host)
        for layer in REBUILT:
            if self._request.choice is Choice.REBUILD or self._request.everything:
                if layer in cached or layer in self._cleared:
                    when = "cached now" if layer in cached else "cached before it was cleared"
                    found.append(steps.rebuild(self._access, layer, f"asked for: {layer.value} {when}"))
            elif needs := _of_layer(self._found.of(Remedy.REBUILD), layer):
                found.append(steps.rebuild(self._access, layer, *_why(needs)))
        return found

    def _bytecode(self, before: list[Step]) -> list[Step]:
        """The reload, or the gentler invalidation: after artisan, because its caches are PHP files that OPcache holds."""
        if not self._wants(Phase.RELOAD) or self._request.choice is Choice.CLEAR:
            return []
        if self._request.choice is Choice.RELOAD:
            return [self._reload("asked for", ())]
        if self._request.everything and self._fixing:
            return [self._reload("asked for: the whole sequence", ())]
        reloads, stale = self._found.of(Remedy.RELOAD), self._found.of(Remedy.INVALIDATE)
        rebuilt = [step for step in before if step.phase is Phase.REBUILD]
        held = self._held(rebuilt)
        follows = held is None or bool(held) or any(step.action is Action.WIPE_FILE_CACHE for step in before)
        if reloads:
            reason, causes = _why(reloads + stale)
            return [self._reload(reason, () if follows else causes)]
        paths = list(dict.fromkeys([path for need in stale for path in need.paths] + (held or [])))
        if held is None or (paths and not self._may_ask) or len(paths) > self._few or not all(usable(path) for path in paths):
            after = "what artisan rebuilt is PHP that OPcache may hold" if rebuilt else f"{len(paths)} scripts are old"
            reason, causes = _why(stale) if stale else (after, ())
            return [self._reload(reason, () if follows else causes)]
        if not paths:
            return []
        names = [f"{step.id} rewrote a file that OPcache does not look at again" for step in rebuilt if held]
        reason, causes = _why(stale) if stale else ("; ".join(names), ())
        return [steps.invalidate(paths, reason, () if follows else causes)]

    def _reload(self, reason: str, causes: tuple[Cause, ...]) -> Step:
        fpm = self._host.seen_fpm
        timeout = fpm.process_control_timeout if fpm is not None else None
        return steps.reload(self._access, timeout, reason, causes)

    def _restarts(self) -> list[Step]:
        needs = self._found.of(Remedy.RESTART_WORKERS)
        kinds = worker_kinds(self._host.queue_workers)
        if not self._laravel or not self._fixing or not (needs or (self._request.everything and kinds)):
            return []
        if self._request.only and Phase.RELOAD not in self._request.only:
            return []
        reason, causes = _why(needs) if needs else ("asked for: the whole sequence", ())
        names = dict.fromkeys(_RESTART.get(kind, QUEUE_RESTART) for kind in sorted(kinds) if kind not in ("schedule", "reverb", "other"))
        if kinds & {"schedule", "reverb"}:
            why = safe("they don't listen to queue:restart: their supervisor restarts them")
            self._left.append(LeftOut(safe("schedule:work, reverb"), why))
        return [steps.artisan(self._access, Phase.RESTART, name, reason, layer=Layer.WORKERS, causes=causes) for name in names]

    def _preflight(self, acting: list[Step]) -> list[Step]:
        found: list[Step] = []
        if any(step.action in (Action.ARTISAN, Action.QUEUE_RESTART) for step in acting):
            found += [steps.artisan_there(self._access.root), steps.disk_free(self._access.root)]
        lines = [line for step in acting if step.via == "shell" and (line := may_run(step.command))]
        if lines:
            found.append(steps.rights(lines))
        if any(step.action is Action.RELOAD_FPM for step in acting):
            if self._access.fpm_binary:
                found.append(steps.fpm_test(self._access))
            else:
                self._left.append(LeftOut(safe("php-fpm -t"), safe("the FPM binary is not known: its configuration is not tested")))
        return found

    # -------------------------------------------------------------------------------------------------- what it rests on

    def _held(self, rebuilt: list[Step]) -> list[str] | None:
        """Files that artisan rewrites and OPcache would go on holding; None when that can't be told or named: reload then."""
        if not rebuilt:
            return []
        opcache = self._opcache
        if opcache is None:
            return None
        if not opcache.enabled or _looks_at_disk(opcache):
            return []
        files: list[str] = []
        for step in rebuilt:
            if step.layer is Layer.VIEWS:
                if self._host.views.truncated:
                    return None
                files += [self._absolute(view.compiled.path) for view in self._host.views.views]
            else:
                files += [self._absolute(cache.path) for cache in self._host.caches if _written_by(cache, step)]
        return files

    def _absolute(self, path: str) -> str:
        root = self._host.release.root or self._report.app
        return path if path.startswith("/") else f"{root}/{path}"

    def _stale_paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for finding in self._report.findings for path in finding.paths if finding.layer is Layer.OPCACHE))

    def _lock(self) -> tuple[str, str]:
        fpm = self._host.seen_fpm
        config = str(fpm.config_path) if fpm is not None else ""
        return (self._report.app, config if usable(config) else "")

    # ---------------------------------------------------------------------------------------------------------- the words

    def _leave_out(self, acting: list[Step]) -> None:
        self._left = [*self._found.left, *self._left]
        if acting and not self._request.cache_clear and self._laravel and self._request.choice in (Choice.FIX, Choice.CLEAR):
            why = safe("empties the application cache (on Redis with flushdb): only when asked for")
            self._left.append(LeftOut(safe("cache:clear"), why))
        if not self._laravel and self._request.choice in (Choice.CLEAR, Choice.REBUILD):
            self._left.append(LeftOut(safe("artisan"), safe("this is not a Laravel application")))
        if self._fixing and self._request.only:
            done = {step.phase for step in acting}
            for need in self._found.needs:
                if not done or _PHASE.get(need.remedy, Phase.RELOAD) not in (*done, *self._request.only):
                    self._left.append(LeftOut(safe(need.remedy.value), safe(f"not among the phases asked for ({need.reason})")))

    def _mixing_warning(self, acting: list[Step]) -> tuple[SafeText, ...]:
        clears = any(step.phase is Phase.CLEAR and step.layer in REBUILT for step in acting)
        if not clears or any(step.phase is Phase.RELOAD for step in acting):
            return ()
        if self._opcache is not None and (not self._opcache.enabled or _looks_at_disk(self._opcache)):
            return ()
        return (safe("OPcache does not look at the disk here: a clear alone mixes new routes with old code until a reload"),)

    def _tolerated(self, acting: list[Step]) -> tuple[Layer, ...]:
        if self._fixing and not self._request.only:
            touched = {step.layer for step in acting} | ({Layer.OPCACHE} if any(step.phase is Phase.RELOAD for step in acting) else set())
            unseen = [layer for layer, verdict in self._report.layers.items() if verdict.value == "unknown" and layer not in touched]
            return tuple(dict.fromkeys([*self._found.layers, *unseen]))
        proving = {step.layer for step in acting}
        if self._request.choice is Choice.RELOAD:
            proving.add(Layer.OPCACHE)
        return tuple(layer for layer in Layer if layer not in proving)


_PHASE = {
    Remedy.CLEAR: Phase.CLEAR,
    Remedy.WIPE: Phase.CLEAR,
    Remedy.REBUILD: Phase.REBUILD,
    Remedy.DISCOVER: Phase.REBUILD,
}


def _why(needs: tuple[Need, ...]) -> tuple[str, tuple[Cause, ...]]:
    reasons = list(dict.fromkeys(str(need.reason) for need in needs))
    more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return "; ".join(reasons[:3]) + more, tuple(dict.fromkeys(cause for need in needs for cause in need.causes))


def _of_layer(needs: tuple[Need, ...], layer: Layer) -> tuple[Need, ...]:
    return tuple(need for need in needs if need.layer is layer)


def _looks_at_disk(opcache: Opcache) -> bool:
    return opcache.validate_timestamps and opcache.revalidate_freq <= WINDOW


def _written_by(cache: CacheFile, step: Step) -> bool:
    return step.layer is not None and any(cache.name == file.name for file in step.layer.spec.files)


def _access(report: Report, host: HostFacts, inputs: PlanInputs) -> Access:
    fpm = host.seen_fpm
    seen = str(report.runtime.user) if report.runtime is not None else ""
    user = seen or (str(fpm.pool.user) if fpm and fpm.pool else "")
    binary = fpm_binary(str(fpm.binary), str(fpm.config_path), str(fpm.unit)) if fpm else ""
    unit = inputs.unit or (str(fpm.unit) if fpm else "")
    return Access(
        login=str(host.login),
        user=user if usable_name(user) else "",
        root=report.app,
        unit=unit if usable_name(unit) else "",
        fpm_binary=binary,
    )
