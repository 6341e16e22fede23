"""What workers ran before our own requests."""

from __future__ import annotations

from stalewatch.model.snapshot import PoolStatus, PoolWorker
from stalewatch.model.text import safe
from stalewatch.probe.runtime.last_scripts import LastScripts

OURS, INDEX, OTHER = "/tmp/stalewatch-1-2-3/runtime.php", "/srv/app/public/index.php", "/srv/blog/index.php"


def seen(*scripts: str, started: float = 1.0) -> PoolStatus:
    workers = tuple(PoolWorker(pid=pid, state=safe("Idle"), started=started, script=safe(each)) for pid, each in enumerate(scripts))
    return PoolStatus(pool=safe("www"), started=1.0, workers=workers)


def test_our_own_script_does_not_hide_what_ran_before_it() -> None:
    scripts = LastScripts()
    assert scripts.told(seen(OURS, INDEX), "").scripts == (OURS, INDEX)
    assert scripts.told(seen(OURS, OURS), "").scripts == (OURS, OURS, INDEX)
    assert scripts.told(seen(OURS, OTHER), "").scripts == (OURS, OTHER)
    assert scripts.told(seen(OURS, OURS), "").before == (OTHER,)


def test_a_worker_that_is_gone_is_forgotten() -> None:
    scripts = LastScripts()
    scripts.told(seen(INDEX, ""), "")
    assert scripts.told(seen(OURS, started=2.0), "").before == ()
    assert scripts.told(seen(OURS), "").before == ()


def test_a_look_at_the_status_page_does_not_hide_it_either() -> None:
    scripts, page = LastScripts(), "/fpm-status"
    scripts.told(seen(INDEX), page)
    looked = PoolWorker(pid=0, state=safe("Running"), started=1.0, uri=safe(page), script=safe(page))
    assert scripts.told(PoolStatus(pool=safe("www"), started=1.0, workers=(looked,)), page).before == (INDEX,)
