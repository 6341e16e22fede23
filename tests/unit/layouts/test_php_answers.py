"""What OPcache answers in PHP 8.0 to 8.5, in the shapes of their sources, through the real runtime.php and its parser.

The functions of runtime.php itself were run under PHP 7.4 to 8.5 (WebAssembly builds); here the machine's PHP runs them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stalewatch.model.snapshot import Opcache, Unseen
from stalewatch.probe.runtime.answer import decode, opcache
from stalewatch.probe.runtime.uploaded_file import contents

pytestmark = pytest.mark.skipif(shutil.which("php") is None, reason="no php is installed")

START, USED, NOW = 1_795_500_000, 1_795_556_900, 1_795_557_000.0
ASK = """
[$status, $vt, $now, $probe] = json_decode(stream_get_contents(STDIN), true);
eval(substr($probe, 5));
$facts = ['validate_timestamps' => $vt] + Stalewatch\\opcache_facts($status, $status === false ? 'disabled' : '');
echo json_encode(['stalewatch' => 1, 'verb' => 'scripts', 'sapi' => 'fpm-fcgi', 'php' => 'x', 'now' => $now, 'opcache' => $facts]
    + Stalewatch\\compare($status['scripts'] ?? [], $facts, [], true, []));
"""
VERSIONS = ("8.0", "8.1", "8.2", "8.3", "8.4", "8.5")


def status(version: str, script: Path, *, vt: bool = True, **more: Any) -> dict[str, Any]:
    """``opcache_get_status(true)`` as *version* makes it, with one script."""
    mtime = int(script.stat().st_mtime)
    entry: dict[str, Any] = {"full_path": str(script), "hits": 7, "memory_consumption": 1480, "last_used": "Tue Nov 24 10:00:00 2026"}
    entry["last_used_timestamp"] = USED
    if vt:
        entry["timestamp"] = mtime
    if version >= "8.3":
        entry["revalidate"] = USED + 2
    found: dict[str, Any] = {
        "opcache_enabled": True,
        "cache_full": False,
        "restart_pending": False,
        "restart_in_progress": False,
        "memory_usage": {"used_memory": 9_000_000, "free_memory": 125_217_728, "wasted_memory": 0, "current_wasted_percentage": 0.0},
        "interned_strings_usage": {
            "buffer_size": 6_291_008,
            "used_memory": 2_000_000,
            "free_memory": 4_291_008,
            "number_of_strings": 4_000,
        },
        "opcache_statistics": {
            "num_cached_scripts": 1,
            "num_cached_keys": 2,
            "max_cached_keys": 16_229,
            "hits": 70,
            "start_time": START,
            "last_restart_time": 0,
            "oom_restarts": 0,
            "hash_restarts": 0,
            "manual_restarts": 0,
            "misses": 3,
            "blacklist_misses": 0,
            "blacklist_miss_ratio": 0.0,
            "opcache_hit_rate": 95.89,
        },
        "scripts": {str(script): entry},
        "jit": {"enabled": False, "on": False, "kind": 5, "opt_level": 4, "opt_flags": 6, "buffer_size": 0, "buffer_free": 0},
    }
    return {**found, **more}


def ask(answer: object, *, vt: bool = True) -> Opcache | Unseen:
    """*answer* of opcache_get_status as the snapshot has it."""
    given = json.dumps([answer, vt, NOW, contents()["runtime.php"].decode()]).encode()
    done = subprocess.run(["php", "-n", "-r", ASK], input=given, capture_output=True, check=True, timeout=60)
    return opcache(decode(done.stdout, deflated=False))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A file that is older than the cache."""
    path = tmp_path / "Home.php"
    path.write_text("<?php\n")
    os.utime(path, (START - 100, START - 100))
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_cache_of_each_version(script: Path, version: str) -> None:
    seen = ask(status(version, script))
    assert isinstance(seen, Opcache)
    assert (seen.enabled, seen.cached_scripts, seen.hits, seen.misses, seen.since) == (True, 1, 70, 3, START)
    (one,) = seen.scripts
    assert (one.path, one.timestamp, one.last_used, one.hits) == (str(script), START - 100, USED, 7)
    assert one.revalidate == (USED + 2 if version >= "8.3" else None)


@pytest.mark.parametrize("version", VERSIONS)
def test_compile_times_are_not_told_with_vt_0(script: Path, version: str) -> None:
    seen = ask(status(version, script, vt=False), vt=False)
    assert isinstance(seen, Opcache)
    assert [one.timestamp for one in seen.scripts] == [None]
    assert not seen.validate_timestamps


@pytest.mark.parametrize("version", VERSIONS)
def test_an_edited_script_is_among_those_that_changed(script: Path, version: str) -> None:
    answer = status(version, script)
    os.utime(script, (NOW, NOW))
    seen = ask(answer)
    assert isinstance(seen, Opcache)
    assert [(one.timestamp, one.mtime) for one in seen.changed] == [(START - 100, NOW)]


JIT = {"enabled": True, "on": True, "kind": 5, "opt_level": 4, "opt_flags": 6, "buffer_size": 67_108_848, "buffer_free": 66_000_000}
PRELOAD = {"memory_consumption": 800_000, "functions": ["a"], "classes": ["A"], "scripts": ["/srv/app/preload.php"]}


@pytest.mark.parametrize("more", [{"jit": JIT}, {"preload_statistics": PRELOAD}, {"file_cache": "/var/cache/php"}])
def test_what_only_some_servers_tell_does_no_harm(script: Path, more: dict[str, Any]) -> None:
    seen = ask(status("8.4", script, **more))
    assert isinstance(seen, Opcache)
    assert (seen.enabled, len(seen.scripts)) == (True, 1)


def test_without_a_buffer_for_interned_strings_and_without_a_jit(script: Path) -> None:
    answer = status("8.0", script)
    del answer["interned_strings_usage"], answer["jit"]
    seen = ask(answer)
    assert isinstance(seen, Opcache)
    assert seen.enabled


@pytest.mark.parametrize(
    ("answer", "pending"),
    [
        (False, False),  # disabled for the whole master; file_cache_only before 8.5
        ({"opcache_enabled": False, "cache_full": False, "restart_pending": False, "restart_in_progress": False}, False),  # in one pool
        ({"opcache_enabled": False, "file_cache": "/var/cache/php", "file_cache_only": True}, False),  # 8.5
        ({"opcache_enabled": False, "cache_full": False, "restart_pending": True, "restart_in_progress": False}, True),
    ],
)
def test_a_cache_that_holds_nothing_is_not_enabled(answer: object, pending: bool) -> None:
    seen = ask(answer)
    assert isinstance(seen, Opcache)
    assert (seen.enabled, seen.restart_pending, seen.scripts, seen.start_time) == (False, pending, (), 0)
