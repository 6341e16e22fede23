"""Pool and OPcache configuration, with what is dangerous in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import Line, Span, line, paragraph
from stalewatch.model import figures

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import FpmFacts, Opcache, RuntimeFacts


class Setting(NamedTuple):
    """*danger*: what it can do to whoever deploys; "" nothing."""

    name: str
    value: str
    danger: str = ""


def lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """All settings that decide whether new code is seen; dangerous ones marked."""
    rows: list[Line] = []
    for setting in settings(report):
        mark = Span("! ", "warning") if setting.danger else Span("  ")
        rows.append(line("  ", mark, Span(f"{setting.name:<30}  ", "muted"), Span(setting.value, "warning" if setting.danger else "text")))
        if setting.danger:
            rows += paragraph(setting.danger, width, "warning", "      ")
    return rows or [line(Span("  not seen", "muted"))]


def settings(report: Report) -> list[Setting]:
    """What is known of them, in a fixed order."""
    made: list[Setting] = []
    seen, php, cache = report.fpm, report.runtime, report.opcache
    host = report.host
    if php is not None:
        made.append(Setting("PHP", f"{php.php_version}, asked through {_way(php)}"))
    if seen is not None:
        made += _fpm(seen)
    if cache is not None:
        made += _opcache(cache)
    if host is not None and host.disk_free is not None and host.disk_total:
        left = host.disk_free / host.disk_total
        made.append(
            Setting(
                "disk",
                f"{figures.size(host.disk_free)} free of {figures.size(host.disk_total)}",
                "nearly full: caches cannot be rebuilt" if left < 0.02 else "",
            )
        )
    if report.snapshot is not None and report.snapshot.clock_offset is not None:
        skew = report.snapshot.clock_offset
        made.append(
            Setting(
                "clock",
                "as here" if abs(skew) < 1 else f"{figures.span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} this machine",
                "the clock is off: compare times on one server only" if abs(skew) > 5 else "",
            )
        )
    return made


def _way(php: RuntimeFacts) -> str:
    match php.via:
        case "relay":
            return f"a relay in {php.relay}, because sshd does not forward to the socket"
        case "sudo":
            return f"a relay in {php.relay} (sudo), because this login may not open the socket"
        case "health_url":
            return f"health_url ({php.sapi}), which only tells"
        case way:
            return way


def _fpm(seen: FpmFacts) -> list[Setting]:
    made = [Setting("reload", f"systemctl reload {seen.unit}" if seen.unit else "unit not known")]
    if seen.pool is not None:
        made += [
            Setting("pool", f"{seen.pool.name} on {seen.pool.listen}"),
            Setting("pm", f"{seen.pool.pm}, max_children {seen.pool.max_children or '?'}"),
        ]
        made.append(
            Setting(
                "pm.status_path",
                str(seen.pool.status_path) or "not set",
                "" if seen.pool.status_path else "workers are seen from outside only",
            )
        )
        made += [Setting(name, str(value)) for name, value in sorted(seen.pool.settings.items())]
    wait = seen.process_control_timeout
    danger = "a reload kills requests in flight" if wait == 0 else ""
    made.append(Setting("process_control_timeout", "not known" if wait is None else figures.span(wait), danger))
    return made


def _opcache(cache: Opcache) -> list[Setting]:
    made = [Setting("opcache.enable", "on" if cache.enabled else "off")]
    never = "changed files are never noticed: old code runs until a reset or reload"
    made.append(
        Setting("opcache.validate_timestamps", "1" if cache.validate_timestamps else "0", "" if cache.validate_timestamps else never)
    )
    slow = "old code may run that long" if cache.validate_timestamps and cache.revalidate_freq > 60 else ""
    made.append(Setting("opcache.revalidate_freq", f"{cache.revalidate_freq} s", slow))
    made.append(Setting("opcache.revalidate_path", "1" if cache.revalidate_path else "0"))
    made.append(Setting("opcache.file_update_protection", f"{cache.file_update_protection} s"))
    if cache.file_cache:
        made.append(
            Setting(
                "opcache.file_cache", str(cache.file_cache), "" if cache.validate_timestamps else "survives reset and reload: must be wiped"
            )
        )
    if cache.preload:
        made.append(Setting("opcache.preload", str(cache.preload), "preloaded scripts are never checked"))
    if cache.enable_file_override:
        made.append(Setting("opcache.enable_file_override", "1", "a cleared cache file may still seem to exist"))
    full = "the cache is full: new scripts are not cached" if cache.cache_full else ""
    made.append(Setting("opcache keys", f"{cache.cached_keys} of {cache.max_cached_keys}", full))
    if cache.oom_restarts or cache.hash_restarts:
        made.append(
            Setting("opcache restarts", f"{cache.oom_restarts} out of memory, {cache.hash_restarts} out of keys", "the cache is too small")
        )
    return made
