"""What ``init`` found on each server, and what it could not see with the lines that would let it."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from stalewatch.cli.outputs.text_writer import TextWriter
from stalewatch.model.reasons import what_to_do
from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.verdict_words import VERDICT_SIGN, VERDICT_STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import FpmFacts, HostFacts, RuntimeFacts, Unseen
    from stalewatch.model.web import WebFacts

_LABEL = 16  # where the words of a row begin
_KINDS = {"laravel": "Laravel", "symfony": "Symfony", "wordpress": "WordPress", "php": "PHP"}
_WAYS = {"tunnel": "sshd forwards to it", "tcp": "sshd forwards to it", "health_url": "by its health_url"}


def render(reports: Sequence[Report], *, colour: bool = False, width: int | None = None) -> str:
    """*reports* as they were found, servers in their order."""
    writer = TextWriter(colour=colour, width=width)
    for server, apps in groupby(reports, key=lambda report: (report.server, report.address)):
        _server(writer, *server, list(apps))
    return writer.text()


def _server(writer: TextWriter, name: str, address: str, apps: list[Report]) -> None:
    writer.line((safe(name), "bold"), "" if address == name else f"  {safe(address)}")
    for report in apps:
        if report.app:
            verdict = (f"{VERDICT_SIGN[report.verdict]} {report.verdict}", VERDICT_STYLE[report.verdict])
            writer.line(f"{report.app}  ", verdict, f"  {_kind(report)}", indent=2)
        for label, words in _rows(report):
            writer.line(f"{label:<{_LABEL - 4}}", words, indent=4, hang=_LABEL)
        for error in report.errors:
            _not_seen(writer, error)
    writer.gap()


def _not_seen(writer: TextWriter, error: Unseen) -> None:
    label = f"{'not seen':<{_LABEL - 4}}"
    writer.line((label, VERDICT_STYLE[Verdict.UNKNOWN]), f"{error.message}  [{error.code}]", indent=4, hang=_LABEL)
    if todo := what_to_do(error):
        writer.line(f"to do: {todo}", indent=_LABEL, wrap=False)


def _kind(report: Report) -> str:
    host = report.host
    if host is None:
        return ""
    commit = host.release.commit[:9]
    kind = f"{_KINDS[host.layout.kind]} {host.layout.laravel}".rstrip()
    return f"{kind}, commit {commit}" if commit else kind


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    host = report.host
    if host is None or not report.app:
        return
    if host.seen_fpm is not None:
        yield from _fpm(host.seen_fpm, report.runtime)
    if report.runtime is not None:
        yield "PHP", _php(report.runtime, pooled=host.seen_fpm is not None and host.seen_fpm.pool is not None)
    yield "web server", _web(host.web) if host.web is not None and host.web.sites else "none is seen that names it"
    yield "caches", ", ".join(_caches(host)) or "none"
    yield "workers", _workers(host)
    for one in report.not_judged:
        yield "not judged", f"{one.what}: {one.why}"


def _fpm(fpm: FpmFacts, runtime: RuntimeFacts | None) -> Iterator[tuple[str, str]]:
    if fpm.pool is not None:
        yield "pool", f"{fpm.pool.name} at {fpm.pool.listen}, {_way(runtime) if runtime is not None else 'which is not reached'}"
    yield "reload", f"systemctl reload {fpm.unit}" if fpm.unit else "its unit is not seen"


def _php(runtime: RuntimeFacts, *, pooled: bool) -> str:
    """*pooled*: the way to it is said of its pool."""
    user = f", as {runtime.user}" if runtime.user else ""
    return f"{runtime.php_version}{user}{'' if pooled else f', asked {_way(runtime)}'}"


def _way(runtime: RuntimeFacts) -> str:
    return _WAYS.get(runtime.via) or f"through {runtime.relay or 'a relay'}{' by sudo' if runtime.via == 'sudo' else ''}"


def _web(web: WebFacts) -> str:
    site = web.sites[0]
    named = f"{site.server} {site.names[0] if site.names else site.root}"
    to = "runs PHP itself" if web.runs_php else f"passes to {web.passes_to}" if web.passes_to else ""
    return f"{named} {to}".rstrip()


def _caches(host: HostFacts) -> list[str]:
    """The layers that are cached now, by the names of their files."""
    cached = [cache.name for cache in host.caches if cache.stat is not None]
    return [*cached, "views"] if host.views.views else cached


def _workers(host: HostFacts) -> str:
    kinds = Counter(worker.kind for worker in host.queue_workers)
    return ", ".join(f"{kind} ×{number}" if number > 1 else kind for kind, number in kinds.items()) or "none"
