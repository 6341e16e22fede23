"""Whom a restart of workers reaches is said in the plan, and nobody is waited for who cannot hear it."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy, Report, Verdict
from stalewatch.model.snapshot import AppLayout, CacheFile, CacheStore, Compiled, QueueWorker, ReleaseFacts, SymfonyFacts, ViewFacts
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request, ServerPlan, Status
from stalewatch.runbook.verify import prove
from stalewatch.runbook.worker_reach import hears
from tests.builders import values
from tests.builders.runbook import T0, finding, host, plan, report

ROOT, OLD = "/srv/shop/releases/2", "/srv/shop/releases/1"
LATER = T0 + 2
RELEASE = ReleaseFacts(root=safe(ROOT), link=safe("/srv/shop/current"), switched_at=T0 - 60)
FILE = CacheStore(safe("file"), safe("file"), safe(f"{ROOT}/storage/framework/cache/data"))
SHARED = CacheStore(safe("file"), safe("file"), safe("/srv/shop/shared/storage/framework/cache/data"))
REDIS = CacheStore(safe("redis"), safe("redis"), safe("10.0.0.5:6379"))
ARRAY = CacheStore(safe("array"), safe("array"))


def worker(pid: int, release: str = "", started: float = T0 - 5000, kind: Any = "queue", **more: Any) -> QueueWorker:
    of = values.process(pid, started, "php artisan queue:work", cwd_deleted=more.pop("deleted", False))
    return QueueWorker(kind=kind, process=of, release=safe(release), user=more.pop("user", safe("www-data")), **more)


def seen(
    store: CacheStore | None, *workers: QueueWorker, server: str = "web1", at: float = T0, code: str = "workers.old-release"
) -> Report:
    cache = CacheFile(name="config", path=safe("bootstrap/cache/config.php"), stat=values.file("x", T0), store=store)
    old = finding(Layer.WORKERS, Verdict.STALE, Remedy.RESTART_WORKERS, code=code)
    return report(old, server=server, at=at, host_facts=host(queue_workers=workers, release=RELEASE, caches=(cache,)))


def planned(*reports: Report) -> ServerPlan:
    return plan(list(reports), Request(choice=Choice.FIX)).servers[0]


@pytest.mark.parametrize(
    ("store", "found", "told"),
    [
        (FILE, worker(7, ROOT), True),
        (FILE, worker(7, OLD), False),
        (FILE, worker(7, OLD, deleted=True), False),
        (FILE, worker(7), False),
        (FILE, worker(7, started=T0 - 30), None),
        (FILE, worker(7, OLD, kind="reverb"), False),
        (FILE, worker(7, OLD, kind="horizon"), True),
        (SHARED, worker(7, OLD), True),
        (REDIS, worker(7, OLD), True),
        (ARRAY, worker(7, ROOT), False),
        (None, worker(7, OLD), None),
    ],
)
def test_a_worker_hears_what_is_left_in_the_store_that_it_looks_into(
    store: CacheStore | None, found: QueueWorker, told: bool | None
) -> None:
    assert hears(found, host(release=RELEASE, queue_workers=(found,), caches=seen(store).host.caches)) is told  # type: ignore[union-attr]


@pytest.mark.parametrize(("code", "found"), [("workers.old-release", worker(7, OLD)), ("workers.old-release", worker(7))])
def test_where_nobody_hears_it_no_restart_is_planned_and_the_line_to_type_is_told(code: str, found: QueueWorker) -> None:
    server = planned(seen(FILE, found, code=code))
    assert server.acting == ()
    (left,) = server.left_out
    assert left.why.startswith(
        "queue:restart reaches none of them (the cache store is a folder of the current release, they look into that of their own); "
        "by hand: sudo -u www-data kill 7, and if nothing starts it again: cd /srv/app && sudo -u www-data php artisan queue:work"
    )
    assert server.tolerated == (Layer.WORKERS,)


def test_the_line_to_type_names_the_unit() -> None:
    server = planned(seen(ARRAY, worker(7, ROOT, unit=safe("laravel-worker.service")), code="workers.older-than-code"))
    (left,) = server.left_out
    assert left.why == (
        "queue:restart reaches none of them (the cache store array is of the driver array, which no other process sees); by hand: "
        "sudo systemctl restart laravel-worker.service"
    )


def test_those_that_hear_it_are_restarted_and_the_others_are_not_waited_for() -> None:
    before = seen(FILE, worker(7, ROOT), worker(8, OLD), code="workers.older-than-code")
    server = planned(before)
    assert [step.id for step in server.acting] == ["queue:restart"]
    assert any("it reaches 1 worker here, and none of another server" in line for line in server.warnings)
    assert any(line.startswith("1 worker here does not hear it: sudo -u www-data kill 8") for line in server.warnings)
    after = seen(FILE, worker(17, ROOT, LATER), worker(8, OLD), at=LATER)
    proven = prove(server.acting[0], server, before, after)
    assert proven.evidence["workers"] == "1 now, 1 before, 0 still the old ones"
    assert proven.status is Status.DONE
    elsewhere = seen(FILE, worker(17, OLD, LATER), at=LATER)
    assert prove(server.acting[0], server, seen(FILE, worker(7, ROOT)), elsewhere).status is Status.RUNNING, (
        "it came back in the old release"
    )


@pytest.mark.parametrize(
    ("store", "words"),
    [
        (FILE, f"(file, {FILE.place}): it reaches 1 worker here, and none of another server"),
        (REDIS, "(redis, 10.0.0.5:6379): it reaches 1 worker here, and those of other servers that share this store (web2)"),
        (CacheStore(safe("r"), safe("redis"), safe("127.0.0.1:6379")), "(redis, 127.0.0.1:6379): it reaches 1 worker here, and none of"),
        (
            CacheStore(safe("m"), safe("memcached")),
            "(memcached): it reaches 1 worker here, and those of other servers that share this store",
        ),
        (None, "store of /srv/app: it reaches 1 worker here, and those of other servers that share this store"),
    ],
)
def test_the_plan_names_the_store_and_the_servers_that_share_it(store: CacheStore | None, words: str) -> None:
    fleet = [seen(store, worker(7, ROOT), code="workers.older-than-code"), seen(REDIS, worker(7, ROOT), server="web2")]
    fleet.append(seen(None, worker(7, ROOT), server="web3"))
    (line,) = [line for line in planned(*fleet).warnings if line.startswith("queue:restart is a key")]
    assert words in line
    assert ("web2" in line) is (store == REDIS)


HORIZON = (worker(7, ROOT, kind="horizon", user=safe("horizon")), worker(8, ROOT, kind="horizon", user=safe("horizon")))


def as_user(*workers: QueueWorker, user: str) -> tuple[QueueWorker, ...]:
    return tuple(replace(each, user=safe(user)) for each in workers)


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("www-data", "sudo -n -u www-data /usr/bin/php /srv/app/artisan horizon:terminate --no-interaction --no-ansi"),
        ("horizon", "sudo -n -u horizon /usr/bin/php /srv/app/artisan horizon:terminate --no-interaction --no-ansi"),
        ("deploy", "/usr/bin/php /srv/app/artisan horizon:terminate --no-interaction --no-ansi"),
        ("", "sudo -n -u www-data /usr/bin/php /srv/app/artisan horizon:terminate --no-interaction --no-ansi"),
    ],
)
def test_horizon_is_told_to_end_as_its_own_user_because_nobody_else_may_signal_it(user: str, command: str) -> None:
    server = planned(seen(FILE, *as_user(*HORIZON, user=user), code="workers.older-than-code"))
    assert [step.command for step in server.acting] == [command]


def test_nothing_of_an_application_is_run_as_root() -> None:
    server = planned(seen(FILE, *as_user(*HORIZON, user="root"), code="workers.older-than-code"))
    assert server.acting == ()
    assert server.left_out[0].why.startswith("horizon:terminate reaches none of them (they run as root, as whom nothing of an application")
    mixed = planned(seen(FILE, *as_user(HORIZON[0], user="root"), HORIZON[1], code="workers.older-than-code"))
    assert [step.id for step in mixed.acting] == ["horizon:terminate"]
    assert "sudo -n -u horizon " in mixed.acting[0].command


def symfony(*workers: QueueWorker, environment: str = "prod") -> Report:
    before = seen(None, *workers, code="workers.older-than-code")
    compiled = Compiled(
        environment=safe(environment), layer="config", file=values.file(f"{ROOT}/var/cache/{environment}/App_KernelProdContainer.php", T0)
    )
    facts = host(
        queue_workers=workers,
        release=RELEASE,
        caches=(),
        views=ViewFacts(),
        layout=AppLayout(kind="symfony"),
        symfony=SymfonyFacts(compiled=(compiled,) if environment else ()),
    )
    return report(*before.findings, host_facts=facts)


def test_messenger_is_told_by_the_console_in_the_environment_that_is_served() -> None:
    server = planned(symfony(worker(7, ROOT, kind="messenger")))
    (step,) = server.acting
    assert step.command.startswith("sudo -n -u www-data /usr/bin/php /srv/app/bin/console messenger:stop-workers --env=prod ")
    assert not [check for check in server.steps if check.id == "artisan"]


@pytest.mark.parametrize(
    ("release", "environment", "why"),
    [
        (
            OLD,
            "prod",
            "messenger:stop-workers reaches none of them (Symfony keeps its key apart for each release); by hand: sudo -u www-data",
        ),
        (
            ROOT,
            "",
            "messenger:stop-workers reaches none of them (which environment is served is not known); by hand: sudo -u www-data kill 7",
        ),
    ],
)
def test_messenger_that_does_not_hear_it_is_left_with_the_line_to_type(release: str, environment: str, why: str) -> None:
    server = planned(symfony(worker(7, release, kind="messenger"), environment=environment))
    assert server.acting == ()
    assert server.left_out[0].why.startswith(why)


def test_orphans_are_not_waited_for_and_their_line_starts_nothing_again() -> None:
    lost = replace(worker(9, ROOT, kind="horizon"), orphan=True)
    server = planned(seen(FILE, lost, code="workers.older-than-code"))
    assert server.left_out[0].why == (
        "horizon:terminate reaches none of them (they have lost the process that would end them); by hand: sudo -u www-data kill 9"
    )
    before = seen(FILE, worker(7, ROOT, kind="horizon"), lost, code="workers.older-than-code")
    both = planned(before)
    after = seen(FILE, worker(17, ROOT, LATER, kind="horizon"), lost, at=LATER)
    assert prove(both.acting[0], both, before, after).status is Status.DONE


def test_a_restart_that_will_not_be_provable_is_said_before() -> None:
    told = [line for line in planned(seen(REDIS, worker(7), code="workers.older-than-code")).warnings if "will not be verified" in line]
    expected = (
        "in which release 1 worker will run cannot be read by deploy, so that their restart will not be verified: log in as their user, or "
        "start them by the full path of the release's artisan"
    )
    assert told == [expected]
    assert not [line for line in planned(seen(REDIS, worker(7, ROOT))).warnings if "will not be verified" in line]
