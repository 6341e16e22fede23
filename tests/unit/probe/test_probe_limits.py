"""Every limit of what the probes read, and what becomes of the rest: a limit that is not in this table is one that nobody hears of."""

from __future__ import annotations

import re
from pathlib import Path

from stalewatch import probe

PROBE = Path(probe.__file__).parent
_SHELL = re.compile(r"head -[cn] \S+|grep -m \d+|tail -c \S+|array_slice\(")
_PYTHON = re.compile(r"^_?(?:MAX|MOST|AT_ONCE)[A-Z_]*(?=(?:: \w+)? = )", re.MULTILINE)

TOLD = "said by a reason that is in LEFT_OUT"
UNKNOWN = "the layer is unknown"
BATCH = "the rest is asked for in the next request"
SHOWN = "only what is shown is cut, and counted"
WHOLE = "no more can be there, or more means nothing"
LOGS = "of a log or a diary the newest lines are what is wanted"
RUNBOOK = "a fix that needs more is refused"

LIMITS: dict[tuple[str, str], str] = {
    ("host/host_probe.py", "MAX_STEPS"): WHOLE,
    ("host/web_verbs.sh", "head -c 1048576"): TOLD,
    ("host/process_verbs.sh", "head -n 2001"): TOLD,
    ("host/host_verbs.sh", 'head -c "$2'): TOLD,
    ("host/host_verbs.sh", 'head -c "$limit'): TOLD,
    ("host/host_verbs.sh", "head -c 5"): WHOLE,
    ("host/host_verbs.sh", "tail -c 16"): WHOLE,
    ("host/source_verbs.sh", 'head -n "$2'): UNKNOWN,
    ("host/source_verbs.sh", "head -n 501"): TOLD,
    ("host/host_verbs.sh", "grep -m 1"): WHOLE,
    ("host/host_verbs.sh", 'tail -c "$2'): LOGS,
    ("host/host_verbs.sh", 'tail -c "+$(($2'): LOGS,
    ("host/host_verbs.sh", 'head -c "$3'): LOGS,
    ("host/process_verbs.sh", "tail -c 4000"): SHOWN,
    ("host/link_verbs.sh", "head -n 5001"): TOLD,
    ("runtime/artefacts.php", "array_slice("): RUNBOOK,
    ("runtime/facts.php", "array_slice("): WHOLE,
    ("runtime/remade.php", "array_slice("): SHOWN,
    (
        "runtime/links.php",
        "array_slice(",
    ): "how code may spell its own root; what lies at the same place behind the link is found without",
    ("runtime/memory.php", "array_slice("): WHOLE,
    ("runtime/verbs.php", "array_slice("): BATCH,
    ("runtime/comparison.php", "array_slice("): SHOWN,
    ("runtime/configuration.php", "array_slice("): SHOWN,
    ("runtime/answer.py", "MAX_ANSWER"): UNKNOWN,
    ("runtime/answer.py", "MAX_SCRIPTS"): UNKNOWN,
    ("runtime/answer.py", "_MAX_TIME"): WHOLE,
    ("runtime/fpm_status.py", "MAX_WORKERS"): WHOLE,
    ("runtime/fpm_status.py", "MAX_DURATION"): WHOLE,
    ("runtime/pool_probe.py", "MAX_CHANGED"): UNKNOWN,
    ("runtime/package_digests.py", "MAX_SIZE"): "their contents are not compared, so a newer ctime suspects",
    ("runtime/package_digests.py", "AT_ONCE"): BATCH,
    ("runtime/app_request.py", "MAX_ANSWER"): UNKNOWN,
    ("runtime/places.py", "MOST"): "where the probe's file is tried; the pool that reads it at none is unknown",
    ("host/code_roots.py", "MOST"): TOLD,
    ("host/discovery.py", "MAX_APPS"): TOLD,
    ("host/composer_probe.py", "MAX_CLASSES"): UNKNOWN,
    ("host/composer_probe.py", "MAX_READ"): UNKNOWN,
    ("host/parsers/framing.py", "MAX_BLOCK"): UNKNOWN,
    ("host/parsers/deploy_logs.py", "MAX_DEPLOYS"): LOGS,
    ("host/parsers/log_lines.py", "MAX_LINES"): LOGS,
    ("host/parsers/log_lines.py", "MAX_TEXT"): LOGS,
    ("host/parsers/log_lines.py", "_MAX_ZONE"): WHOLE,
    ("host/parsers/php_export.py", "MAX_DEPTH"): UNKNOWN,
    ("host/parsers/cache_inputs.py", "MAX_WALK"): UNKNOWN,
    ("host/symfony_probe.py", "MAX_SOURCES"): UNKNOWN,
    ("host/symfony_probe.py", "MAX_LISTED"): UNKNOWN,
    ("host/other_caches_probe.py", "MOST"): SHOWN,
    ("host/web_server/site.py", "MAX_DEPTH"): TOLD,
    ("host/web_server/reading.py", "MAX_PATTERNS"): TOLD,
    ("host/web_server/reading.py", "MAX_FILE"): TOLD,
    ("host/held_files.py", "MAX_SIZE"): TOLD,
    ("host/app_files.py", "MAX_BYTES"): "their contents are not compared, so a newer ctime suspects",
    ("host/app_files.py", "MOST_FOLDERS"): "of those below them nothing is heard where only the pool sees another folder (docs/design.md)",
    ("host/app_probe.py", "MAX_VIEWS"): UNKNOWN,
    ("host/php_processes.py", "MAX_CRON"): TOLD,
    ("host/host_probe.py", "_AT_ONCE"): BATCH,
    ("health/check.py", "MOST_WARNINGS"): TOLD,
    ("host/code_links.py", "MOST"): TOLD,
    ("host/file_contents.py", "MAX_PLAIN"): TOLD,
}


def found() -> set[tuple[str, str]]:
    limits = set()
    for path in PROBE.rglob("*.*"):
        pattern = _PYTHON if path.suffix == ".py" else _SHELL if path.suffix in (".sh", ".php") else None
        for match in pattern.finditer(path.read_text(encoding="utf-8")) if pattern is not None else ():
            limits.add((str(path.relative_to(PROBE)), match[0].rstrip(')"')))
    return limits


def test_every_limit_says_what_becomes_of_the_rest() -> None:
    there = found()
    assert there - set(LIMITS) == set(), "a new limit: who hears of what is beyond it?"
    assert set(LIMITS) - there == set(), "a limit that is gone"
