"""Signs and words of verdicts, and what a remedy asks of a person. Severity is a sign and a word before it is a colour."""

from __future__ import annotations

from stalewatch.model.report import BY_HAND, Remedy, Severity, Verdict
from stalewatch.runbook.plan import Status

VERDICT_SIGN = {
    Verdict.STALE: "✗",
    Verdict.SUSPECT: "~",
    Verdict.UNKNOWN: "?",
    Verdict.PENDING: "…",
    Verdict.FRESH: "✓",
    Verdict.ABSENT: "·",
}

VERDICT_STYLE = {
    Verdict.STALE: "bold red",
    Verdict.SUSPECT: "bold yellow",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.PENDING: "bold cyan",
    Verdict.FRESH: "green",
    Verdict.ABSENT: "",
}

SEVERITY_STYLE = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: ""}

STATUS_SIGN = {
    Status.WAITING: "·",
    Status.RUNNING: "▸",
    Status.DONE: "✓",
    Status.PARTLY: "~",
    Status.FAILED: "✗",
    Status.UNKNOWN: "?",
    Status.SKIPPED: "–",
}

STATUS_STYLE = {
    Status.DONE: "green",
    Status.PARTLY: "bold yellow",
    Status.FAILED: "bold red",
    Status.UNKNOWN: "bold magenta",
}

REMEDY = {
    Remedy.CLEAR: "clear the cache",
    Remedy.REBUILD: "rebuild the cache",
    Remedy.DISCOVER: "run artisan package:discover",
    Remedy.WIPE: "wipe opcache.file_cache",
    Remedy.INVALIDATE: "invalidate the changed scripts in OPcache",
    Remedy.RELOAD: "reload PHP-FPM",
    Remedy.RESTART_WORKERS: "restart the queue workers",
    Remedy.RELOAD_WEB_SERVER: "reload the web server, for example sudo systemctl reload apache2: the runbook cannot",
    Remedy.WAIT: "wait: it heals by itself",
    Remedy.CONFIGURE: "change the configuration: the runbook cannot",
}

BY_RUNBOOK = frozenset(Remedy) - BY_HAND
"""What ``stalewatch fix`` does; the others are a person's."""
