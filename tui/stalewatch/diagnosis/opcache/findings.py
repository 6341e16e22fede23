"""Judged scripts -> findings: one for each cause, which names the most used scripts."""

from __future__ import annotations

from stalewatch.diagnosis import evidence, paths, repro
from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.causes import CONTENT, TOUCHED, Group, groups
from stalewatch.diagnosis.opcache.naming import Naming
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.unnoticed import unnoticed
from stalewatch.model import figures
from stalewatch.model.report import MAX_INVALIDATED, Evidence, Finding, Remedy, Verdict
from stalewatch.model.snapshot import Opcache

NAMED = 3
"""So many of the most used scripts are named."""

_KEPT = frozenset({ScriptState.KEPT, ScriptState.KEPT_UNSEEN})
_BY_RULE = _KEPT | {ScriptState.PRELOADED, ScriptState.DELETED, ScriptState.DELETED_UNSEEN}
"""Nothing gentler helps than what the rule says: PHP does not invalidate a file that it cannot find."""


def to_findings(judged: tuple[ScriptVerdict, ...], context: Context, opcache: Opcache) -> tuple[Finding, ...]:
    """One finding for each cause among *judged*, fresh and neutral ones aside: the worst first, then by use."""
    telling = [one for one in judged if one.state in codes.BY_STATE]
    if not telling:
        return ()
    make = _FindingMaker(context, opcache, few=len(telling) <= MAX_INVALIDATED)
    found = groups(telling, make.naming, context.root, opcache.moved or ())
    return tuple(make.one(group) if len(group.scripts) == 1 else make.many(group) for group in found)


class _FindingMaker:
    """Makes findings; holds what is the same for all scripts of one look."""

    def __init__(self, context: Context, opcache: Opcache, *, few: bool) -> None:
        self.naming = Naming(context)
        self._context = context
        self._opcache = opcache
        self._few = few

    def one(self, group: Group) -> Finding:
        """One script (``docs/facts.md#opcache-status``)."""
        judged = group.lead
        return group.rule.finding(
            judged.script.path,
            f"{self._never_looks(judged)}{self._name(judged)} {_said(judged)}",
            self._evidence(judged, self._name(judged) if judged.proof else ""),
            remedy=self._remedy(group),
            since=judged.since,
            until=judged.until,
            paths=(str(judged.script.path),) if judged.script.exact else (),
        )

    def many(self, group: Group) -> Finding:
        """Several scripts with one cause; the subject is the most used one (``docs/facts.md#opcache-status``)."""
        since = [one.since for one in group.scripts if one.since is not None]
        until = [one.until for one in group.scripts if one.until is not None]
        return group.rule.finding(
            group.lead.script.path,
            self._summary(group),
            (*self._counted(group), *self._evidence(group.proof, self._name(group.proof))),
            remedy=self._remedy(group),
            since=min(since, default=None),
            until=max(until) if len(until) == len(group.scripts) else None,
            paths=tuple(str(one.script.path) for one in group.scripts if one.script.exact),
        )

    def _summary(self, group: Group) -> str:
        """The cause, how many, the most used one; then what proves it."""
        lead, count, cause = self._name(group.lead), len(group.scripts), self._never_looks(group.lead)
        if group.kind == TOUCHED:
            below = figures.several([paths.short(folder, self._context.root) for folder in group.folders])
            where = f" below {below}" if group.folders else ""
            if group.rule is codes.RENAMED:
                what = "a directory was renamed into place, or only its owner, mode or (on overlayfs) its place on the disk changed"
                return f"{what}: {below if group.folders else 'above ' + lead}, with {count} cached scripts, most used {lead}"
            what = "changed on disk without a new modification time: a chmod or chown, a copy that kept times, or new content"
            return f"{count} cached scripts{where} {what}; most used {lead}"
        if group.kind != CONTENT:
            return f"{cause}{lead} {_said(group.lead)}; the same is so of {figures.count(count - 1, 'more script')}"
        names = f"{lead} and {count - 1} more"
        if group.rule.verdict is not Verdict.STALE:
            said = "and PHP does not say whether they were compiled before or after that"
            return f"{cause}{names} were modified after the cache started, {said}"
        proven = sum(one.state is ScriptState.STALE for one in group.scripts)
        if proven == count:
            return f"{cause}{names} run old code"
        return f"{cause}{names}: {proven} {figures.agree(proven, 'runs', 'run')} old code, {count - proven} may"

    def _never_looks(self, judged: ScriptVerdict) -> str:
        """Why PHP runs old code, as the beginning of a summary; "" where the rest of it says so."""
        modified = judged.state is ScriptState.SUSPECT and judged.since is not None and judged.since == judged.script.mtime
        if judged.state is not ScriptState.STALE and not modified:
            return ""
        return f"{unnoticed(self._opcache, judged.script.timestamp)}: "

    def _name(self, judged: ScriptVerdict) -> str:
        return self.naming.of(judged.script.path)[1]

    def _counted(self, group: Group) -> tuple[Evidence, ...]:
        used = [f"{self._name(one)} ({figures.count(one.script.hits, 'hit')})" for one in group.scripts[:NAMED]]
        told = [evidence.number("scripts", len(group.scripts)), evidence.text("most used", ", ".join(used))]
        if group.folders:
            told.append(evidence.text("directory", figures.several(group.folders)))
        return tuple(told)

    def _remedy(self, group: Group) -> tuple[Remedy, ...]:
        state = group.lead.state
        if state in _BY_RULE:
            return group.rule.remedy
        act = Remedy.INVALIDATE if self._few and all(one.script.exact for one in group.scripts) else Remedy.RELOAD
        return (Remedy.WAIT, act) if state is ScriptState.PENDING else (act,)

    def _evidence(self, judged: ScriptVerdict, name: str = "") -> tuple[Evidence, ...]:
        """The two times that are compared, the proof (of the one that *name* names), the other times, and the commands that show
        them again: here those of the file, there OPcache's."""
        script, window = judged.script, judged.window
        proof = [evidence.text("proof", f"{name} {judged.why}")] if name else []
        told = [evidence.time("modified", script.mtime)] if script.mtime is not None else []
        if judged.state in _KEPT:
            told += [evidence.time("bytecode file", script.kept), *proof, evidence.time("changed", script.ctime)]
            told.append(evidence.time("cache since", self._opcache.since))
            return (*told, evidence.command("find", self._opcache.file_cache, "-path", f"*{script.path}.bin", "-ls"))
        if script.timestamp:
            told.append(evidence.time("compiled from", script.timestamp))
        if not self._opcache.validate_timestamps or not script.timestamp:
            told.append(evidence.time("not compiled after", window.before))
        if window.after > self._opcache.since:
            told.append(evidence.time("compiled after", window.after))
        told += [
            *proof,
            evidence.time("changed" if script.mtime is not None else "there until", script.ctime),
            evidence.time("last used", script.last_used or None),
        ]
        told.append(evidence.number("hits", script.hits))
        if script.parent_changed is not None:
            told.append(evidence.time("directory renamed", script.parent_changed))
        if script.revalidate is not None and self._opcache.validate_timestamps:
            told.append(evidence.time("checked again", script.revalidate))
        told.append(evidence.time("cache since", self._opcache.since))
        if self._context.fpm is not None and self._context.fpm.workers:
            told.append(evidence.time("workers since", min(worker.started for worker in self._context.fpm.workers)))
        told.append(evidence.stat(script.path) if script.exact else evidence.unsayable())
        if script.exact:
            told += repro.script_command(self._context, script.path)
        return tuple(told)


def _said(judged: ScriptVerdict) -> str:
    """Of the script, in a summary."""
    return "runs old code" if judged.proof else judged.why
