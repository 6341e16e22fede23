"""Judged scripts -> findings: one per script up to a screenful, the rest in one."""

from __future__ import annotations

from stalewatch.diagnosis import evidence, paths, repro
from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.naming import Naming
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Remedy, Verdict
from stalewatch.model.snapshot import Opcache, Script

SINGLY = 20
"""So many scripts of a verdict get a finding of their own."""
FEW = 50
"""Up to so many scripts are invalidated; more are a reload's work."""
SHOWN = 10
"""So many of the rest are in the command that looks at them again."""

_KEPT = frozenset({ScriptState.KEPT, ScriptState.KEPT_UNSEEN})


def to_findings(judged: tuple[ScriptVerdict, ...], context: Context, opcache: Opcache) -> tuple[Finding, ...]:
    """Findings for all of *judged* but fresh and neutral ones: stale first; of each verdict the app's own and the latest changes first."""
    telling = [one for one in judged if one.state in codes.BY_STATE]
    if not telling:
        return ()
    make = _FindingMaker(context, opcache, few=len(telling) <= FEW)
    found: list[Finding] = []
    for verdict in (Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING):
        group = [one for one in telling if codes.BY_STATE[one.state].verdict is verdict]
        group.sort(key=lambda one: (not one.script.path.startswith(context.root), -(one.since or 0.0), one.script.path))
        found.extend(make.one(item) for item in group[:SINGLY])
        if len(group) > SINGLY:
            found.append(make.rest(group[SINGLY:]))
    return tuple(found)


class _FindingMaker:
    """Makes findings; holds what is the same for all scripts of one look."""

    def __init__(self, context: Context, opcache: Opcache, *, few: bool) -> None:
        self._context = context
        self._opcache = opcache
        self._naming = Naming(context)
        self._few = few

    def one(self, judged: ScriptVerdict) -> Finding:
        """One script (``docs/facts.md#opcache-status``)."""
        script = judged.script
        rule, what = self._naming.of(script.path)
        rule = rule if judged.state is ScriptState.STALE else codes.BY_STATE[judged.state]
        return rule.finding(
            script.path,
            f"{what} {judged.why}",
            self._evidence(judged),
            remedy=self._remedy(judged, rule),
            since=judged.since,
            until=judged.until,
            paths=(str(script.path),) if script.exact else (),
        )

    def rest(self, group: list[ScriptVerdict]) -> Finding:
        """One finding for those that would not fit a screen; it has their verdict, and its remedy must fix each of them
        (``docs/facts.md#opcache-status``)."""
        first = next((one for one in group if one.state in _KEPT), group[0])
        rule = codes.BY_STATE[first.state]
        if rule.verdict is Verdict.STALE and first.state not in _KEPT:
            rule = codes.BYTECODE
        since = [one.since for one in group if one.since is not None]
        until = [one.until for one in group if one.until is not None]
        names = [paths.name_of(one.script.path) for one in group]
        return rule.finding(
            f"{len(group)} more scripts",
            f"{figures.count(len(group), 'more script')}: {figures.several(names)}",
            (
                evidence.text("first of them", first.script.path),
                *self._evidence(first, *(one.script for one in group[:SHOWN] if one is not first)),
            ),
            remedy=self._remedy(first, rule),
            since=min(since, default=None),
            until=max(until) if len(until) == len(group) else None,
            paths=tuple(str(one.script.path) for one in group if one.script.exact),
        )

    def _remedy(self, judged: ScriptVerdict, rule: Rule) -> tuple[Remedy, ...]:
        if judged.state in {ScriptState.PRELOADED, *_KEPT}:
            return rule.remedy
        act = Remedy.INVALIDATE if self._few and judged.script.exact else Remedy.RELOAD
        return (Remedy.WAIT, act) if judged.state is ScriptState.PENDING else (act,)

    def _evidence(self, judged: ScriptVerdict, *others: Script) -> tuple[Evidence, ...]:
        """The times of *judged*, and the commands that show them again: here those of the file (and of *others*), there OPcache's own."""
        script, window = judged.script, judged.window
        told = [evidence.time("modified", script.mtime), evidence.time("changed", script.ctime)]
        if judged.state in _KEPT:
            told += [evidence.time("bytecode file", script.kept), evidence.time("cache since", self._opcache.since)]
            return (*told, evidence.command("find", self._opcache.file_cache, "-path", f"*{script.path}.bin", "-ls"))
        if script.timestamp:
            told.append(evidence.time("compiled from", script.timestamp))
        if not self._opcache.validate_timestamps or not script.timestamp:
            told.append(evidence.time("not compiled after", window.before))
        if window.after > self._opcache.since:
            told.append(evidence.time("compiled after", window.after))
        told += [evidence.time("last used", script.last_used or None), evidence.number("hits", script.hits)]
        if script.parent_changed is not None:
            told.append(evidence.time("directory renamed", script.parent_changed))
        if script.revalidate is not None and self._opcache.validate_timestamps:
            told.append(evidence.time("checked again", script.revalidate))
        told.append(evidence.time("cache since", self._opcache.since))
        if self._context.fpm is not None and self._context.fpm.workers:
            told.append(evidence.time("workers since", min(worker.started for worker in self._context.fpm.workers)))
        exact = [one.path for one in (script, *others) if one.exact]
        told.append(evidence.stat(*exact) if exact else evidence.unsayable())
        if script.exact:
            told += repro.script_command(self._context, script.path)
        return tuple(told)
