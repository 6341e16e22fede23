"""What PHP's command line keeps compiled and never compares with its sources (``docs/facts.md#cli-file-cache``): a worker that starts
after a deploy runs it, and artisan makes its caches of it."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.rule import Rule
from stalewatch.diagnosis.worker_evidence import in_ps, kinds_of, process, titles
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED, Layer
from stalewatch.model.report import Finding, Remedy, Severity, Verdict
from stalewatch.model.times import is_writing_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Evidence
    from stalewatch.model.snapshot import CliCache, FileStat, HostFacts, QueueWorker

PROTECTION = 2
"""Seconds: PHP keeps nothing of a file that is younger (opcache.file_update_protection)."""
_TITLES = {layer: layer.spec.files[0].title for layer in FILE_CACHED}
_ADVICE = (
    "Remove what PHP keeps in that folder (the *.bin files of this application), then cache again and restart the workers; and set "
    "opcache.validate_timestamps=1, or no opcache.file_cache, for the command line."
)
GRANT = "let this login or the pool's user read that folder, or set opcache.validate_timestamps=1 for the command line"
HELD = Rule(
    code="workers.file-cache",
    layer=Layer.WORKERS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="PHP's command line keeps compiled code in files (opcache.enable_cli, opcache.file_cache) and does not compare it with its "
    "sources (validate_timestamps=0). What it keeps of a source is older than the source: a worker runs the old code, however late it "
    "started. Suspect where only the ctime of the source is newer.",
    evidence=("pid", "started", "file", "code modified", "code changed", "compiled", "folder", "more files", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice=_ADVICE,
    others=(Verdict.SUSPECT,),
)
MADE = {
    layer: Rule(
        code=f"{layer}.file-cache",
        layer=layer,
        verdict=Verdict.SUSPECT,
        severity=Severity.WARNING,
        meaning=f"The {_TITLES[layer]} is newer than its sources, but artisan made it when PHP's command line kept an older compile of one "
        "of them in a file, which it does not compare with the source (opcache.enable_cli, opcache.file_cache, validate_timestamps=0): it "
        "probably holds the old values.",
        evidence=("source modified", "source changed", "compiled", "cache written", "folder", "more sources", "repeat"),
        remedy=(Remedy.CONFIGURE,),
        advice=_ADVICE,
    )
    for layer in FILE_CACHED
}


class OldCompile(NamedTuple):
    """A *source* that is newer than what was *compiled* of it; *proven* by its mtime, else only by its ctime."""

    source: FileStat
    compiled: FileStat
    proven: bool


def held(host: HostFacts, cache: CliCache, *names: str) -> list[OldCompile]:
    """Of the direct inputs called *names*, those that are older in *cache*; what is proven comes first."""
    compiled = {str(one.path): one for one in cache.files or ()}
    inputs = host.inputs
    found = {}
    for source in (each for name in names if name in inputs for each in inputs[name].direct):
        kept = compiled.get(str(source.path))
        if kept is None:
            continue
        newer = floor(source.mtime) > kept.mtime - PROTECTION and is_writing_time(source.mtime, source.ctime, host.now)
        if newer or source.ctime >= kept.mtime:
            found[source.path] = OldCompile(source, kept, newer)
    return sorted(found.values(), key=lambda one: (not one.proven, -max(one.source.mtime, one.source.ctime)))


def of_workers(context: Context, workers: tuple[QueueWorker, ...]) -> Iterator[Finding]:
    """Whatever starts runs what is kept (``docs/facts.md#cli-file-cache``)."""
    host = context.host
    if host is None or host.cli_cache is None or not (found := held(host, host.cli_cache, "code")):
        return
    first, all_of = found[0], list(workers)
    yield HELD.finding(
        titles(all_of),
        f"{kinds_of(all_of)} {figures.agree(len(all_of), 'runs', 'run')} {_older(first, host.cli_cache)}",
        (
            *process(workers[0]),
            evidence.text("file", first.source.path),
            *_times(first, host.cli_cache, "code"),
            *_more("more files", len(found) - 1),
            in_ps(all_of),
        ),
        since=first.source.mtime if first.proven else first.source.ctime,
        verdict=None if first.proven else Verdict.SUSPECT,
        severity=None if first.proven else Severity.WARNING,
    )


def of_cached(context: Context, layer: Layer, cached: FileStat) -> Iterator[Finding]:
    """A cache that is newer than its sources, made while older compiles of them were kept (``docs/facts.md#cli-file-cache``)."""
    host = context.host
    if host is None or host.cli_cache is None:
        return
    found = [one for one in held(host, host.cli_cache, layer.value) if one.compiled.ctime < cached.mtime >= one.source.mtime]
    if found:
        first = found[0]
        yield MADE[layer].finding(
            first.source.path,
            f"the {_TITLES[layer]} was made of {_older(first, host.cli_cache)}",
            (
                *_times(first, host.cli_cache, "source"),
                evidence.time("cache written", cached.mtime),
                *_more("more sources", len(found) - 1),
                evidence.stat(paths.absolute(first.source.path, context.root)),
            ),
            since=first.source.mtime,
        )


def unseen(host: HostFacts) -> str:
    """Why it is not known what the command line runs; "" it is."""
    cache = host.cli_cache
    if cache is None or cache.files is not None:
        return ""
    return f"what PHP keeps compiled in {cache.folder} and never checks could not be read: {GRANT}"


def may_run_old(host: HostFacts) -> bool:
    """Whether artisan would read an older compile of a source, as far as is known."""
    cache = host.cli_cache
    return cache is not None and (cache.files is None or bool(held(host, cache, *host.inputs)))


def _older(one: OldCompile, cache: CliCache) -> str:
    return f"what PHP keeps compiled of {one.source.path} in {cache.folder}, which is older than the file"


def _times(one: OldCompile, cache: CliCache, what: str) -> tuple[Evidence, ...]:
    return (
        evidence.time(f"{what} modified", one.source.mtime),
        evidence.time(f"{what} changed", one.source.ctime),
        evidence.time("compiled", one.compiled.mtime),
        evidence.text("folder", cache.folder),
    )


def _more(label: str, many: int) -> tuple[Evidence, ...]:
    return (evidence.number(label, many),) if many > 0 else ()
