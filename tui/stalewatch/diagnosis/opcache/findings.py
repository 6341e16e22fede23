"""Judged scripts -> findings: one per script up to a screenful, the rest in one."""

from __future__ import annotations

from stalewatch.diagnosis import repro, words
from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.naming import Naming
from stalewatch.diagnosis.opcache.script_state import STALE_KINDS, Judged, Kind
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Remedy
from stalewatch.model.snapshot import Opcache, Script

SINGLY = 20
"""So many scripts of a kind get a finding of their own."""
FEW = 50
"""Up to so many scripts are invalidated; more are a reload's work."""
SHOWN = 10
"""So many of the rest are in the command that looks at them again."""

_KEPT = frozenset({Kind.KEPT, Kind.KEPT_UNSEEN})
_RULES = {
    Kind.SAME_MTIME: codes.SAME_MTIME,
    Kind.DELETED: codes.DELETED,
    Kind.PRELOADED: codes.PRELOADED,
    Kind.KEPT: codes.FILE_CACHE_STALE,
    Kind.KEPT_UNSEEN: codes.FILE_CACHE,
    Kind.SUSPECT: codes.SUSPECT,
    Kind.RENAMED: codes.RENAMED,
    Kind.PENDING: codes.PENDING,
}


def tell(judged: tuple[Judged, ...], look: Look, opcache: Opcache) -> tuple[Finding, ...]:
    """Findings for all of *judged* that are not fresh or neutral: stale first, in each kind the app's own and the latest changes first."""
    if not any(one.kind not in (Kind.FRESH, Kind.NEUTRAL) for one in judged):
        return ()
    kinds = (STALE_KINDS, {Kind.SUSPECT, Kind.RENAMED, Kind.KEPT_UNSEEN}, {Kind.PENDING})
    acting = sum(1 for one in judged if one.kind not in (Kind.FRESH, Kind.NEUTRAL))
    teller = _Teller(look, opcache, few=acting <= FEW)
    found: list[Finding] = []
    for kind in kinds:
        group = [one for one in judged if one.kind in kind]
        group.sort(key=lambda one: (not one.script.path.startswith(look.root), -(one.since or 0.0), one.script.path))
        found.extend(teller.one(item) for item in group[:SINGLY])
        if len(group) > SINGLY:
            found.append(teller.rest(group[SINGLY:]))
    return tuple(found)


class _Teller:
    """Makes findings; holds what is the same for all scripts of one look."""

    def __init__(self, look: Look, opcache: Opcache, *, few: bool) -> None:
        self._look = look
        self._opcache = opcache
        self._naming = Naming(look)
        self._few = few

    def one(self, judged: Judged) -> Finding:
        script = judged.script
        rule, what = self._naming.of(script.path)
        rule = rule if judged.kind is Kind.STALE else _RULES[judged.kind]
        return rule.finding(
            script.path,
            f"{what} {judged.why}",
            self._evidence(judged),
            remedy=self._remedy(judged, rule),
            since=judged.since,
            until=judged.until,
            paths=(str(script.path),) if script.exact else (),
        )

    def rest(self, group: list[Judged]) -> Finding:
        """One finding for those that would not fit a screen; its verdict is theirs, and what puts it right must do so for each."""
        first = next((one for one in group if one.kind in _KEPT), group[0])
        rule = codes.BYTECODE if first.kind in STALE_KINDS - _KEPT else _RULES[first.kind]
        since = [one.since for one in group if one.since is not None]
        until = [one.until for one in group if one.until is not None]
        names = [words.name_of(one.script.path) for one in group]
        return rule.finding(
            f"{len(group)} more scripts",
            f"{figures.count(len(group), 'more script')}: {figures.several(names)}",
            (
                words.text("first of them", first.script.path),
                *self._evidence(first, *(one.script for one in group[:SHOWN] if one is not first)),
            ),
            remedy=self._remedy(first, rule),
            since=min(since, default=None),
            until=max(until) if len(until) == len(group) else None,
            paths=tuple(str(one.script.path) for one in group if one.script.exact),
        )

    def _remedy(self, judged: Judged, rule: Rule) -> tuple[Remedy, ...]:
        if judged.kind in {Kind.PRELOADED, *_KEPT}:
            return rule.remedy
        act = Remedy.INVALIDATE if self._few and judged.script.exact else Remedy.RELOAD
        return (Remedy.WAIT, act) if judged.kind is Kind.PENDING else (act,)

    def _evidence(self, judged: Judged, *others: Script) -> tuple[Evidence, ...]:
        """The times of *judged*, and the commands that show them again: here those of the file (and of *others*), there OPcache's own."""
        script, window = judged.script, judged.window
        told = [words.time("modified", script.mtime), words.time("changed", script.ctime)]
        if judged.kind in _KEPT:
            told += [words.time("bytecode file", script.kept), words.time("cache since", self._opcache.since)]
            return (*told, words.command("find", self._opcache.file_cache, "-path", f"*{script.path}.bin", "-ls"))
        if script.timestamp:
            told.append(words.time("compiled from", script.timestamp))
        if not self._opcache.validate_timestamps or not script.timestamp:
            told.append(words.time("not compiled after", window.before))
        if window.after > self._opcache.since:
            told.append(words.time("compiled after", window.after))
        told += [words.time("last used", script.last_used or None), words.number("hits", script.hits)]
        if script.parent_changed is not None:
            told.append(words.time("directory renamed", script.parent_changed))
        if script.revalidate is not None and self._opcache.validate_timestamps:
            told.append(words.time("checked again", script.revalidate))
        told.append(words.time("cache since", self._opcache.since))
        if self._look.fpm is not None and self._look.fpm.workers:
            told.append(words.time("workers since", min(worker.started for worker in self._look.fpm.workers)))
        exact = [one.path for one in (script, *others) if one.exact]
        told.append(words.stat(*exact) if exact else words.unsayable())
        if script.exact:
            told += repro.ask_of(self._look, script.path)
        return tuple(told)
