"""Proof by artefacts: what counts, and what does not."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.model.report import Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import CacheFile, FileStat, HostFacts, Inputs, Script, Unseen
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Phase, Request, ServerPlan, Status, Step
from stalewatch.runbook.verify import is_fixed, judge, prove, still_needed
from tests.builders.runbook import (
    APP,
    CONTROLLER,
    T0,
    bytecode,
    finding,
    fpm,
    host,
    plan,
    process,
    queue_worker,
    report,
    runtime,
    vt0,
    vt1,
)

WORKING = host(queue_workers=(queue_worker(7),))
OLD = report(finding(Layer.CONFIG), finding(Layer.FPM), bytecode(), finding(Layer.WORKERS), host_facts=WORKING)
SERVER = plan([OLD], Request(choice=Choice.FIX)).servers[0]
INVALIDATE = plan([report(bytecode(), runtime_facts=runtime(opcache=vt0()))], Request(choice=Choice.FIX)).servers[0].steps[-2]
LATER = T0 + 3


def step(name: str) -> Step:
    return next(step for step in SERVER.steps if step.id == name)


def cached(mtime: float, owner: str = "www-data", *, complete: bool | None = None, there: bool = True) -> HostFacts:
    path = safe("bootstrap/cache/config.php")
    stat = FileStat(path, mtime, mtime, owner=safe(owner)) if there else None
    return host(now=LATER, caches=(CacheFile(name="config", path=path, stat=stat, complete=complete),))


@pytest.mark.parametrize(
    ("after", "status", "word"),
    [
        (cached(T0 + 1), Status.DONE, "written"),
        (cached(T0 - 900), Status.FAILED, "not rewritten"),
        (cached(T0 + 1, "root"), Status.FAILED, "belongs to root"),
        (cached(T0 + 1, complete=False), Status.FAILED, "not complete"),
        (cached(0, there=False), Status.FAILED, "no cache file"),
    ],
)
def test_config_cache_is_proven_by_its_file(after: HostFacts, status: Status, word: str) -> None:
    outcome = prove(step("config:cache"), SERVER, OLD, report(at=LATER, host_facts=after), said="Configuration cached successfully!")
    assert outcome.status is status
    assert word in " ".join(outcome.evidence.values())


def test_a_cache_older_than_a_source_that_changed_meanwhile_is_no_proof() -> None:
    newer = Inputs(direct=(FileStat(safe("config/app.php"), T0 + 60, T0 + 60),))
    after = msgspec.structs.replace(cached(T0 + 1), inputs={"config": newer})
    assert prove(step("config:cache"), SERVER, OLD, report(at=T0 + 61, host_facts=after)).status is Status.FAILED


def test_cleared_says_artisan_and_the_file_is_still_there() -> None:
    clear = plan([report()], Request(choice=Choice.CLEAR)).servers[0]
    command = next(one for one in clear.steps if one.id == "config:clear")
    said = "Configuration cache cleared!"
    assert prove(command, clear, OLD, report(host_facts=cached(T0 - 900)), said=said).status is Status.FAILED
    assert prove(command, clear, OLD, report(host_facts=cached(0, there=False)), said=said).status is Status.DONE


def test_failed_to_clear_cache_with_exit_code_0_is_failed() -> None:
    made = plan([report()], Request(choice=Choice.CLEAR, cache_clear=True)).servers[0]
    command = next(one for one in made.steps if one.id == "cache:clear")
    said = "Failed to clear cache. Make sure you have the appropriate permissions."
    assert prove(command, made, OLD, report(), said=said).status is Status.FAILED


def reloaded(*, since: float = LATER, pool: float = LATER, pids: tuple[int, ...] = (201, 202), running: bool = True) -> Report:
    facts = host(fpm=fpm(running=running, workers=tuple(process(pid, LATER) for pid in pids)))
    return report(at=LATER, host_facts=facts, runtime_facts=runtime(opcache=vt1(start_time=int(since)), started=pool))


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (reloaded(), Status.DONE),
        (reloaded(since=T0 - 1000), Status.RUNNING),
        (reloaded(pool=T0 - 1000), Status.RUNNING),
        (reloaded(running=False), Status.RUNNING),
        (report(at=LATER), Status.RUNNING),
    ],
)
def test_a_reload_is_proven_by_pool_and_opcache_start_times(after: Report, status: Status) -> None:
    assert prove(step("reload"), SERVER, OLD, after).status is status


def test_new_workers_with_the_same_opcache_are_no_reload() -> None:
    assert prove(step("reload"), SERVER, OLD, reloaded(since=T0 - 1000, pool=T0 - 1000)).status is Status.RUNNING


def test_an_old_worker_that_still_answers_means_not_yet() -> None:
    facts = host(fpm=fpm(workers=(process(101), process(201, LATER))))
    after = report(at=LATER, host_facts=facts, runtime_facts=runtime(opcache=vt1(start_time=int(LATER)), started=LATER))
    outcome = prove(step("reload"), SERVER, OLD, after)
    assert outcome.status is Status.RUNNING
    assert outcome.evidence["old workers"] == "101"


def test_without_a_way_into_the_pool_the_workers_tell_and_it_is_said_so() -> None:
    denied = Unseen(code="fpm.socket-denied", message=safe("no"))
    before = report(runtime_facts=denied)
    after = report(at=LATER, host_facts=host(fpm=fpm(workers=(process(201, LATER),))), runtime_facts=denied)
    outcome = prove(step("reload"), SERVER, before, after)
    assert outcome.status is Status.DONE
    assert "worker start times only" in outcome.evidence["proof"]
    assert prove(step("reload"), SERVER, before, before).status is Status.RUNNING


def script(**changed: object) -> Script:
    return msgspec.structs.replace(Script(path=safe(CONTROLLER), mtime=T0 - 60, ctime=T0 - 60, hits=50), **changed)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (None, Status.DONE),
        (script(cached=False), Status.DONE),
        (script(timestamp=int(T0 - 60)), Status.DONE),
        (script(timestamp=int(T0 - 600)), Status.FAILED),
        (script(hits=51), Status.FAILED),
        (script(hits=2), Status.DONE),
    ],
)
def test_a_script_is_proven_by_its_bytecode(now: Script | None, status: Status) -> None:
    before = report(bytecode(), runtime_facts=runtime(opcache=vt0(changed=(script(),))))
    after = report(at=LATER, runtime_facts=runtime(opcache=vt0(changed=(now,) if now else ())))
    assert prove(INVALIDATE, SERVER, before, after).status is status


def test_php_that_says_no_is_believed() -> None:
    before = report(bytecode(), runtime_facts=runtime(opcache=vt0(changed=(script(),))))
    assert prove(INVALIDATE, SERVER, before, before, invalidated={CONTROLLER: False}).status is Status.FAILED
    assert prove(INVALIDATE, SERVER, before, before, invalidated={CONTROLLER: True}).status is Status.DONE


def test_queue_workers_are_proven_by_as_many_new_ones() -> None:
    restart = step("queue:restart")
    both = host(queue_workers=(queue_worker(8, LATER),))
    assert prove(restart, SERVER, OLD, report(at=LATER, host_facts=both)).status is Status.DONE
    assert prove(restart, SERVER, OLD, report(at=LATER, host_facts=host())).status is Status.RUNNING
    still_old = report(finding(Layer.WORKERS), at=LATER, host_facts=both)
    assert prove(restart, SERVER, OLD, still_old).status is Status.RUNNING, "young, and still in the old release"


def plain(*tolerated: Layer) -> ServerPlan:
    return msgspec.structs.replace(SERVER, tolerated=tolerated)


def test_a_layer_that_the_plan_does_not_answer_for_is_still_named_when_it_is_stale() -> None:
    outcome = is_fixed(plain(Layer.OPCACHE), report(bytecode(), runtime_facts=runtime(opcache=vt0())))
    assert outcome.status is Status.PARTLY
    assert outcome.evidence["not fixed by this plan"] == "opcache stale"


def test_fixed_means_every_layer_that_the_plan_answers_for() -> None:
    assert is_fixed(plain(), report()).status is Status.DONE
    assert is_fixed(plain(), report(finding(Layer.CONFIG))).status is Status.FAILED
    assert is_fixed(plain(Layer.CONFIG), report(finding(Layer.CONFIG))).status is Status.PARTLY
    assert is_fixed(plain(Layer.CONFIG), report(finding(Layer.CONFIG), finding(Layer.FPM))).status is Status.FAILED
    assert is_fixed(plain(Layer.CONFIG), report(layers={Layer.CONFIG: Verdict.UNKNOWN})).status is Status.PARTLY
    assert is_fixed(plain(Layer.CONFIG), report(layers={Layer.CONFIG: Verdict.ABSENT})).status is Status.DONE
    assert is_fixed(plain(), report(layers={Layer.OPCACHE: Verdict.UNKNOWN})).status is Status.FAILED
    assert is_fixed(plain(), report(bytecode(verdict=Verdict.SUSPECT)), invalidated=frozenset({CONTROLLER})).status is Status.DONE
    assert is_fixed(plain(), report(bytecode(), bytecode(f"{APP}/b.php")), invalidated=frozenset({CONTROLLER})).status is Status.FAILED


def test_what_could_not_be_looked_at_has_its_reason_and_what_to_grant() -> None:
    two = Unseen(code="fpm.undecided", message=safe("two FPM masters run this app"), grant=safe("let the web server name one"))
    blind = msgspec.structs.replace(report(layers={Layer.OPCACHE: Verdict.UNKNOWN, Layer.FPM: Verdict.UNKNOWN}), errors=(two,))
    words = "unknown: two FPM masters run this app (let the web server name one)"
    assert is_fixed(plain(), blind).evidence == {"verdict": "unknown", "opcache": words, "fpm": words}
    assert is_fixed(plain(), report(layers={Layer.OPCACHE: Verdict.UNKNOWN})).evidence["opcache"] == "unknown"


def test_a_finding_that_could_not_be_judged_says_what_to_do() -> None:
    unseen = finding(Layer.WORKERS, Verdict.UNKNOWN, code="workers.release-unseen", summary=safe("no release is told"))
    words = "unknown: no release is told: log in as the workers' user, or start them by the full path of the release's artisan."
    assert is_fixed(plain(), report(unseen)).evidence["workers"] == words


def test_what_a_second_fix_takes_out_of_opcache_is_said() -> None:
    assert is_fixed(plain(), report(bytecode(verdict=Verdict.SUSPECT))).evidence["next"] == "fix again: it invalidates them"
    assert "next" not in is_fixed(plain(Layer.OPCACHE), report(bytecode(verdict=Verdict.SUSPECT))).evidence
    assert "next" not in is_fixed(plain(), report(finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD))).evidence


def test_pending_counts_once_the_next_use_heals_it_but_not_for_a_mere_look() -> None:
    waiting = finding(Layer.OPCACHE, Verdict.PENDING, until=T0 + 2)
    over = finding(Layer.OPCACHE, Verdict.PENDING, until=T0 - 1)
    assert is_fixed(plain(), report(waiting)).status is Status.RUNNING
    assert is_fixed(plain(), report(over)).status is Status.DONE
    assert is_fixed(plain(), report(over), strict=True).status is Status.RUNNING


def test_old_code_that_is_served_for_a_moment_yet_is_waited_for_whether_the_plan_answers_for_it_or_not() -> None:
    soon, later = (finding(Layer.OPCACHE, Verdict.PENDING, until=T0 + seconds) for seconds in (2, 600))
    assert is_fixed(plain(Layer.OPCACHE), report(soon)).status is Status.RUNNING
    assert is_fixed(plain(Layer.OPCACHE), report(later)).status is Status.PARTLY
    assert is_fixed(plain(Layer.OPCACHE), report(finding(Layer.OPCACHE, Verdict.PENDING))).status is Status.DONE


def test_a_wiped_file_cache_is_not_held_against_the_plan() -> None:
    opcache = vt0(file_cache=safe("/var/cache/opcache"))
    left = finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.WIPE, Remedy.RELOAD)
    server = plan([report(left, runtime_facts=runtime(opcache=opcache))], Request(choice=Choice.FIX)).servers[0]
    assert is_fixed(server, report(left)).status is Status.DONE


def test_a_step_whose_finding_is_gone_is_not_needed_any_more() -> None:
    assert still_needed(step("config:cache"), OLD).status is Status.DONE
    assert still_needed(step("config:cache"), report()).status is Status.SKIPPED
    unseen = report(host_facts=Unseen(code="x", message=safe("no")))
    assert still_needed(step("config:cache"), unseen).status is Status.UNKNOWN


SPACE = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 20000000 10000000 10000000 50% /\n"
INODES = "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/sda1 1000000 1 999999 1% /\n"


@pytest.mark.parametrize(
    ("name", "output", "code", "status", "word"),
    [
        ("fpm-test", "NOTICE: configuration file /etc/php/8.2/fpm/php-fpm.conf test is successful", 0, Status.DONE, "valid"),
        ("fpm-test", "ERROR: unable to parse value for entry 'pm'\nERROR: FPM initialization failed", 78, Status.FAILED, "parse"),
        (
            "fpm-test",
            "ERROR: failed to open error_log (/var/log/php8.2-fpm.log): Permission denied (13)\nERROR: FPM initialization failed",
            78,
            Status.DONE,
            "needs root",
        ),
        ("fpm-test", "sudo: a password is required", 1, Status.DONE, "no right"),
        ("rights", "/usr/bin/php config:cache\nsudo: a password is required", 1, Status.FAILED, "php-fpm8.2 -t"),
        ("rights", "/usr/bin/php x\n/usr/sbin/php-fpm8.2 -t\nsudo: a password is required", 1, Status.FAILED, "systemctl reload"),
        ("rights", "/usr/bin/php x\n/usr/bin/systemctl reload", 0, Status.DONE, "permitted"),
        ("rights", "sh: sudo: not found", 127, Status.DONE, "does not tell"),
        ("disk-free", "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 90 10 90% /", 0, Status.FAILED, "10.0 KiB"),
        (
            "disk-free",
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 9999999 1 9999998 1% /",
            0,
            Status.DONE,
            "9.5 GiB",
        ),
        ("disk-free", f"{SPACE}tmpfs 4096 100 3996 3% /srv/app/bootstrap/cache", 0, Status.DONE, "3.9 MiB on /srv/app/bootstrap/cache"),
        ("disk-free", f"{SPACE}tmpfs 4096 3096 1000 76% /srv/app/bootstrap/cache", 0, Status.FAILED, "on /srv/app/bootstrap/cache"),
        ("disk-free", "", 1, Status.DONE, "could not be read"),
        ("disk-free", f"{SPACE}/dev/sdb1 90000 89990 10 99% /srv/cache", 0, Status.FAILED, "10.0 KiB on /srv/cache"),
        ("disk-free", f"{SPACE}{INODES}tmpfs 1000 801 199 80% /srv/cache", 0, Status.FAILED, "199 free on /srv/cache"),
        ("disk-free", f"{SPACE}{INODES}tmpfs 1000 800 200 80% /srv/cache", 0, Status.DONE, "9.5 GiB on /"),
        ("disk-free", f"{SPACE}df: /srv/x: No such file or directory\n{INODES}/dev/sdc 0 0 0 - /", 0, Status.DONE, "9.5 GiB on /"),
        ("artisan", "", 1, Status.FAILED, "no artisan"),
    ],
)
def test_preflight_fails_on_what_is_known_and_says_what_is_not(name: str, output: str, code: int, status: Status, word: str) -> None:
    outcome = judge(step(name), SERVER, OLD, output, code)
    assert outcome.status is status
    assert word in " ".join(outcome.evidence.values())
    assert step(name).phase is Phase.PREFLIGHT


def test_a_broken_fpm_configuration_is_named_by_its_mistake_not_by_what_follows_from_it() -> None:
    said = (
        "[24-Nov-2026 23:29:38] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:14] unknown entry 'pm.max_childrn'\n"
        "[24-Nov-2026 23:29:38] ERROR: Unable to include /etc/php/8.2/fpm/pool.d/www.conf from /etc/php/8.2/fpm/php-fpm.conf at line 1\n"
        "[24-Nov-2026 23:29:38] ERROR: failed to load configuration file '/etc/php/8.2/fpm/php-fpm.conf'\n"
        "[24-Nov-2026 23:29:38] ERROR: FPM initialization failed\n"
    )
    outcome = judge(step("fpm-test"), SERVER, OLD, said, 78)
    assert outcome.status is Status.FAILED
    assert outcome.evidence["php-fpm -t"] == "[/etc/php/8.2/fpm/pool.d/www.conf:14] unknown entry 'pm.max_childrn'"
