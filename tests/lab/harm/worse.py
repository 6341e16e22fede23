"""In what a host is worse after a fix than before it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.lab.harm.seen import MADE, Answer, Seen

WORKERS = "queue:restart"
RELOADED = re.compile(r'  reload  (?:done|failed|unknown)|"step":\s*"reload",\s*"status":\s*"(?:done|failed|unknown)"')
"""How a fix says, as text and as JSON, that it reloaded FPM."""


def worse(before: Seen, after: Seen, said: str) -> tuple[list[str], list[str], list[str]]:
    """What the applications answer worse, what was left or taken away, and whom else it touched; each in words. *said*: by the fix."""
    return list(_answers(before, after)), list(_left(before, after, said)), list(_others(before, after, said))


def _answers(before: Seen, after: Seen) -> Iterator[str]:
    for page, was in before.answers.items():
        now = after.answers[page]
        if _good(was) and not _good(now):
            yield f"{page.uri} of {page.pool} answered {was} and now {now}"
        elif _good(was) and _older(now.text, was.text):
            yield f"{page.uri} of {page.pool} answers older code: {now} after {was}"


def _good(answer: Answer) -> bool:
    return 0 < answer.status < 400


def _older(now: str, was: str) -> bool:
    """Whether a number of a version is lower than it was."""
    pairs = zip(re.findall(r"\bv(\d+)\b", now), re.findall(r"\bv(\d+)\b", was), strict=False)
    return any(int(new) < int(old) for new, old in pairs)


def _left(before: Seen, after: Seen, said: str) -> Iterator[str]:
    were, are = {file.path: file for file in before.files}, {file.path: file for file in after.files}
    yield from (f"left: {one}" for one in after.ours)
    yield from (f"new: {path}" for path in sorted(are.keys() - were.keys()) if not MADE.search(path))
    yield from (f"gone: {path}" for path in sorted(were.keys() - are.keys()))
    yield from (f"changed: {path}" for path in sorted(were.keys() & are.keys()) if were[path] != are[path])
    for process in sorted(after.processes - before.processes):
        if WORKERS not in said:
            yield f"runs on: {process.program} ({process.pid})"


def _others(before: Seen, after: Seen, said: str) -> Iterator[str]:
    told_workers = WORKERS in said
    for process in sorted(before.processes - after.processes):
        if not (told_workers and process.program.startswith(("php", "sh"))):
            yield f"ended: {process.program} ({process.pid})"
    for unit in sorted(before.units - after.units):
        if not (told_workers and "worker" in unit.name):
            yield f"restarted or stopped: {unit.name}"
    reloads = RELOADED.search(said) is not None
    own = next(iter(before.answers)).pool
    folder = next((pool.folder for pool in before.pools if pool.name == own), "")
    for pool in sorted(before.pools - after.pools):
        if pool.folder != folder or not reloads:
            yield f"reloaded: pool {pool.name} of {pool.folder}"
