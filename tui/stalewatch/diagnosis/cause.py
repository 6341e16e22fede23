"""Report -> Cause: the finding that explains the incident best, in the words that its rule has (``cause_words.py``). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.diagnosis.cause_words import PLAIN, UNKNOWN, WORDS, Words
from stalewatch.diagnosis.opcache.unnoticed import unnoticed
from stalewatch.diagnosis.paths import name_of, release_called
from stalewatch.model import figures
from stalewatch.model.cause import Cause, Phrase
from stalewatch.model.layers import CACHED_FILES, Layer
from stalewatch.model.report import Severity, Verdict
from stalewatch.model.text import SafeText

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from stalewatch.model.report import Evidence, Finding, Report
    from stalewatch.model.snapshot import Script

_FIRST = ("fpm.other-tree", "release.old-served", "opcache.link-switched")
"""What runs another tree explains what else is old there."""
_MAY = {"is": "may be", "are": "may be", "has": "has", "run": "may run"}
_TITLES = {name_of(file.path): file.title for file in CACHED_FILES.values()}
_PART = re.compile(r"\[([^\]]*)\]|([^\[]+)")
_LABEL = re.compile(r"\{([^}/]+)(?:/(\w+))?\}")
_TIMES = (
    ("cache written", "compiled", "running since", "pool started", "cache started", "started"),
    ("source modified", "code modified", "binary modified", "modified"),
    ("source changed", "code changed", "binary changed", "changed"),
)
"""Labels of when something was made, when its source was modified, and when that changed."""
_SOON = 3600.0
"""Seconds: scripts that requests use are compiled soon after the cache begins. Of a change that came later only that it came is said."""


def cause_of(report: Report) -> Cause | None:
    """Why *report* is not fresh; None: it is. What ends it is added by :mod:`stalewatch.runbook.ending`."""
    if report.verdict in (Verdict.FRESH, Verdict.ABSENT):
        return None
    finding = telling(report) if report.last_seen is None else None
    if finding is not None:
        labels = _labels(finding, report)
        words = WORDS.get(finding.code, UNKNOWN if finding.verdict is Verdict.UNKNOWN else PLAIN)
        return _cause(words, labels, finding.verdict, finding.layer, finding.code, str(finding.subject))
    error = next(iter(report.errors), None)
    if error is None:
        return _cause(UNKNOWN, {"layer": ("all layers",)}, Verdict.UNKNOWN)
    return _cause(UNKNOWN, {"layer": ("all layers",), "summary": (str(error.message),)}, Verdict.UNKNOWN, code=error.code)


def telling(report: Report) -> Finding | None:
    """The finding that explains most of *report*: of the worst verdict, what runs another tree, then the script that requests use most."""
    worst = [finding for finding in report.findings if finding.verdict is report.verdict]
    worst = [finding for finding in worst if finding.severity is not Severity.INFO] or worst
    if len(worst) < 2:
        return next(iter(worst), None)
    scripts = _scripts({str(finding.subject) for finding in worst if finding.layer is Layer.OPCACHE}, report)
    return min(worst, key=lambda finding: _place(finding, scripts))


def _place(finding: Finding, scripts: Mapping[str, Script]) -> tuple[int, int]:
    """Equals stay in the order of telling."""
    if finding.code in _FIRST:
        return 0, _FIRST.index(finding.code)
    if finding.layer is Layer.OPCACHE:
        script = scripts.get(str(finding.subject))
        return 1, -script.hits.bit_length() if script is not None else 0
    return 2, 0


def _scripts(paths: Collection[str], report: Report) -> dict[str, Script]:
    """What OPcache tells of *paths*."""
    return {str(script.path): script for script in report.opcache.listed if script.path in paths} if report.opcache is not None else {}


def _labels(finding: Finding, report: Report) -> dict[str, Phrase]:
    """What is known, by label: the evidence of *finding*, and of a script what is so of that one, whichever of its company is the proof."""
    labels = {one.label: value for one in finding.evidence if one.kind != "command" and (value := _value(one))}
    labels |= {"subject": (str(finding.subject),), "summary": (str(finding.summary),), "name": (_named(str(finding.subject)),)}
    labels |= {"layer": (finding.layer.value,), "moved": _moved(labels)}
    cached = report.opcache
    if finding.layer is not Layer.OPCACHE or cached is None:
        return labels
    script = _scripts({str(finding.subject)}, report).get(str(finding.subject))
    timestamp = script.timestamp if script is not None else None
    mtime = script.mtime if script is not None else None
    changed = mtime if mtime is not None and (finding.since is None or mtime >= finding.since) else finding.since
    labels["unnoticed"] = (unnoticed(cached, timestamp),)
    begun = float(timestamp or labels.get("compiled after", (cached.since,))[0])
    labels["compiled"] = (begun,)
    if changed is not None:
        labels["modified"] = (float(changed),)
        if not timestamp and not begun <= changed <= begun + _SOON:
            labels["compiled"] = ("before ", float(changed))
    return labels


def _moved(labels: Mapping[str, Phrase]) -> Phrase:
    """When the source came: its modification time where that is newer than what was made of it, else its change time."""
    made, modified, changed = (next((value[0] for label in several if (value := labels.get(label))), None) for several in _TIMES)
    if isinstance(made, float) and isinstance(modified, float) and isinstance(changed, float):
        return (modified if modified > made else changed,)
    return (modified,) if isinstance(modified, float) else ()


def _value(one: Evidence) -> Phrase:
    """A moment stays one, everything else is words; () not known."""
    if one.value in (None, ""):
        return ()
    if one.kind in ("time", "age") and isinstance(one.value, int | float):
        return ((float(one.value),) if one.value else ()) if one.kind == "time" else (figures.span(one.value),)
    return (str(one.value),)


def _named(subject: str) -> str:
    """What people call it."""
    name = name_of(subject)
    if "/bootstrap/cache/" in subject and name in _TITLES:
        return f"the {_TITLES[name]}"
    return f"the compiled view {name}" if "/storage/framework/views/" in subject else name


def _cause(
    words: Words, labels: Mapping[str, Phrase], verdict: Verdict, layer: Layer | None = None, code: str = "", subject: str = ""
) -> Cause:
    verb = words.verb
    if verdict is Verdict.SUSPECT:
        verb = _MAY.get(verb, f"may {verb.removesuffix('s')}")
    return Cause(
        layer=layer,
        code=code,
        verdict=verdict,
        subject=SafeText(subject),
        who=words.who,
        what=_filled(words.what, labels),
        verb=verb,
        how=_filled(words.how, labels),
        has=words.has,
        disk=_filled(words.disk, labels),
        why=_filled(words.why, labels),
    )


def _filled(text: str, labels: Mapping[str, Phrase]) -> Phrase:
    """*text* with its labels replaced; () where one outside of brackets is not known."""
    told: list[str | float] = []
    for found in _PART.finditer(text):
        part = _part(found[1] or found[2] or "", labels)
        if part is None and found[2]:
            return ()
        told += part or ()
    return tuple(told)


def _part(text: str, labels: Mapping[str, Phrase]) -> Phrase | None:
    told: list[str | float] = []
    at = 0
    for found in _LABEL.finditer(text):
        value = labels.get(found[1])
        if not value:
            return None
        told += (text[at : found.start()], *((_AS[found[2]](str(value[0])),) if found[2] else value))
        at = found.end()
    return tuple(part for part in (*told, text[at:]) if part != "")


def _commit(commit: str) -> str:
    """``commit 4f2a9c1``."""
    return f"commit {commit[:7]}"


_AS: dict[str, Callable[[str], str]] = {"name": name_of, "release": release_called, "commit": _commit}
"""By what stands behind the slash of a label."""
