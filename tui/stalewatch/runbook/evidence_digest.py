"""What a plan was drawn from, as a digest: when it is another one at confirmation, the plan is redrawn."""

from __future__ import annotations

import hashlib

import msgspec

from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import HostFacts, RuntimeFacts


def evidence_digest(report: Report) -> str:
    """Digest of what the verdict and the plan rest on. Ages, hits, worker pids and log lines move all the time and are not in it;
    nor is which of several scripts is used most."""
    evidence = {
        "layers": sorted((layer.value, verdict.value) for layer, verdict in report.layers.items()),
        "findings": sorted(
            (finding.code, finding.verdict.value, "" if finding.paths else finding.subject, finding.since or 0.0, sorted(finding.paths))
            for finding in report.findings
            if finding.verdict is not Verdict.FRESH
        ),
        "errors": sorted(error.code for error in report.errors),
        "host": _host(report.host) if report.host is not None else None,
        "runtime": _runtime(report.runtime) if report.runtime is not None else None,
    }
    return hashlib.blake2b(msgspec.json.encode(evidence), digest_size=12).hexdigest()


def _host(host: HostFacts) -> dict[str, object]:
    fpm = host.seen_fpm
    return {
        "login": host.login,
        "root": host.release.root,
        "commit": host.release.commit,
        "deploying": host.release.under_way is not None,
        "caches": sorted((cache.name, cache.stat.mtime if cache.stat else 0.0) for cache in host.caches if cache.name != "services"),
        "lock": (host.lock.who, host.lock.since) if host.lock else None,
        "running": fpm.running if fpm else None,
        "master": (fpm.master.pid, fpm.unit, fpm.process_control_timeout) if fpm and fpm.master else None,
    }


def _runtime(runtime: RuntimeFacts) -> dict[str, object]:
    opcache, status = runtime.seen_opcache, runtime.seen_status
    return {
        "since": opcache.since if opcache else None,
        "enabled": opcache.enabled if opcache else None,
        "vt": opcache.validate_timestamps if opcache else None,
        "started": int(status.started) if status else None,
    }
