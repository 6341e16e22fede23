"""Which pools a reload of their master reaches, and what they handle now."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.model.processes import EndedPool, Unstartable
from stalewatch.model.snapshot import FpmFacts, MasterPool, Pool, PoolStatus, PoolWorker, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.fpm_facts import ended_pools, unstartable
from stalewatch.probe.host.host_probe import TickFacts
from stalewatch.probe.host.machine import Master
from stalewatch.probe.host.master_pools import with_pools
from stalewatch.probe.host.parsers.records import ProcessRecord
from tests.builders.runbook import fpm, runtime

STATUS = "/fpm-status"


def pool(name: str) -> Pool:
    return Pool(name=safe(name), listen=safe(f"/run/php/{name}.sock"), pm=safe("static"), status_path=safe(STATUS))


WWW, API, BATCH, LOST = map(pool, ("www", "api", "batch", "lost"))
MASTER = Master(
    config_path="/etc/php/8.2/fpm/php-fpm.conf",
    pools=(API, WWW, BATCH, LOST),
    held={"/run/php/www.sock": 7, "/run/php/batch.sock": 2},
)
OTHER = Master(config_path="/etc/php/8.4/fpm/php-fpm.conf", pools=(WWW,))


def answers(*workers: tuple[str, str]) -> RuntimeFacts:
    rows = tuple(PoolWorker(pid=n, state=safe(state), started=1.0, uri=safe(uri)) for n, (state, uri) in enumerate(workers))
    return msgspec.structs.replace(runtime(), status=PoolStatus(pool=safe("any"), started=1.0, workers=rows))


def test_all_pools_of_the_master_that_of_the_app_first_by_the_scoreboard_else_by_the_kernel() -> None:
    served = {"/srv/shop": (MASTER, WWW, "/run/php/real.sock"), "/srv/api": (MASTER, API, str(API.listen)), "/srv/x": (OTHER, WWW, "")}
    runtimes: dict[str, RuntimeFacts | Unseen] = {
        "/run/php/real.sock": answers(("Running", "/a"), ("Running", STATUS), ("Idle", "/"), ("Reading headers", "/")),
        str(API.listen): answers(("Finishing", "/slow"), ("Running", "/b")),
    }
    told = with_pools(fpm(pool=WWW), MASTER, served, runtimes)
    assert isinstance(told, FpmFacts)
    assert told.pools == (
        MasterPool(safe("www"), (safe("/srv/shop"),), 1),
        MasterPool(safe("api"), (safe("/srv/api"),), 2),
        MasterPool(safe("batch"), (), 2),
        MasterPool(safe("lost"), (), None),
    )


def test_a_pool_that_does_not_answer_is_counted_by_the_kernel() -> None:
    busy = Unseen(code="fpm.status-hangs", message=safe("no worker answered"))
    told = with_pools(fpm(pool=WWW), MASTER, {"/srv/shop": (MASTER, WWW, str(WWW.listen))}, {str(WWW.listen): busy})
    assert isinstance(told, FpmFacts)
    assert told.pools is not None
    assert told.pools[0].requests == 7


def test_where_no_configuration_was_read_nothing_is_told() -> None:
    assert with_pools(fpm(), None, {}, {}) == fpm()
    assert with_pools(fpm(), msgspec.structs.replace(MASTER, pools=()), {}, {}) == fpm()


ENDS = EndedPool(safe("old"))
RECORD = ProcessRecord(7, "php-fpm8.2", "S", 1, 100)


def tick(*running: str) -> TickFacts:
    """A worker of each pool, and one of another master."""
    workers = {pid: (ProcessRecord(pid, "php-fpm8.2", "S", 7, 200), f"php-fpm: pool {name}") for pid, name in enumerate(running, 20)}
    others = {90: (ProcessRecord(90, "php-fpm8.4", "S", 8, 200), "php-fpm: pool stranger")}
    return TickFacts(processes=workers | others)


@pytest.mark.parametrize(
    ("running", "configured", "more", "ended"),
    [
        (("www", "api"), (WWW, API), {}, ()),
        (("www", "old"), (WWW,), {}, (ENDS,)),
        (("www", "old"), (WWW, API), {}, ()),  # renamed: its socket is there
        (("www", "old"), (WWW, API), {"absent": (str(API.listen),)}, (ENDS,)),
        (("www", "old"), (WWW, msgspec.structs.replace(API, pm=safe("ondemand"))), {}, (ENDS,)),  # it has no worker, and is another one
        (("www", "api"), (WWW, API), {"absent": (str(API.listen),)}, (EndedPool(safe("api"), API.listen),)),
        (("www",), (WWW, API), {"absent": (str(API.listen),)}, ()),  # a new one
        (("www", "old"), (WWW,), {"denied": ("/etc/php/8.2/fpm/pool.d/x.conf",)}, ()),
        (("www", "old"), (WWW,), {"left_out": ("/etc/php/8.2/fpm/pool.d/x.conf",)}, ()),
        (("www", "old"), (), {}, ()),
    ],
)
def test_pools_that_a_reload_would_end(
    running: tuple[str, ...], configured: tuple[Pool, ...], more: dict[str, tuple[str, ...]], ended: tuple[EndedPool, ...]
) -> None:
    master = Master(config_path=MASTER.config_path, record=RECORD, pools=configured, **more)
    assert ended_pools(master, tick(*running)) == ended


IN_USE = {str(WWW.listen): 0, str(API.listen): 0}
TAKEN = Unstartable(API.listen, API.name, taken=True)


@pytest.mark.parametrize(
    ("running", "configured", "more", "found"),
    [
        (("www",), (WWW, API), {"backlogs": {str(WWW.listen): 0}}, ()),  # nobody listens where the new one will
        (("www",), (WWW, API), {"backlogs": IN_USE}, (TAKEN,)),
        (("www", "old"), (WWW, API), {"backlogs": IN_USE}, ()),  # renamed: it listens there itself
        (("www",), (WWW, msgspec.structs.replace(API, pm=safe("ondemand"))), {"backlogs": IN_USE}, ()),  # it may be its own
        ((), (WWW, API), {"backlogs": IN_USE}, ()),  # processes are hidden
        (("www",), (WWW, API), {"homeless": (str(API.listen),)}, (Unstartable(API.listen, API.name),)),
        (("www",), (WWW,), {"homeless": ("/run/x/fpm.pid",)}, (Unstartable(safe("/run/x/fpm.pid")),)),
    ],
)
def test_what_would_keep_fpm_from_starting_again(
    running: tuple[str, ...], configured: tuple[Pool, ...], more: dict[str, Any], found: tuple[Unstartable, ...]
) -> None:
    master = Master(config_path=MASTER.config_path, record=RECORD, pools=configured, **more)
    assert unstartable(master, tick(*running)) == found
