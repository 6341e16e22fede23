"""Queue workers that a fix tells to end: who comes back, who does not, and who was never reached."""

from __future__ import annotations

import sys

from tests.lab import Host, Lab
from tests.lab.program import check, codes, explain, stalewatch
from tests.lab.test_e2e_fix_trouble import begin_fix, ended
from tests.lab.truth import changes as do
from tests.lab.truth import release
from tests.lab.truth.servers import JOB
from tests.lab.truth.workers import end, php

IMPATIENT = """
import sys
from stalewatch.cli.main import main
from stalewatch.runbook.steps import artisan
artisan.TIMEOUT = 2.0
main(sys.argv[1:])
"""
"""stalewatch that waits for workers for 2 seconds, not 120."""


def test_workers_that_nobody_starts_again_are_told_until_they_are_there_or_meant_to_be_gone(lab: Lab, web1: Host) -> None:
    web1.get()
    php("queue:work --sleep=0.2 --tries=1")(web1)
    JOB(web1)
    try:
        first = ended(begin_fix(lab, "web1", program=[sys.executable, "-c", IMPATIENT]))
        assert first.code == 1, first.stdout
        code, found = check(lab, "web1")
        assert (code, codes(found["web1"])) == (1, {"workers.not-back"}), explain(found["web1"])
        second = stalewatch(lab, "fix", "--yes", "web1")
        assert second.code == 1, second.stdout
        assert "sudo -u www-data php artisan queue:work --sleep=0.2 --tries=1" in " ".join(second.stdout.split())
        end(web1)
        php("queue:work --sleep=0.2 --tries=1")(web1)
        code, found = check(lab, "web1")
        assert code == 0, explain(found["web1"])
    finally:
        end(web1)
    code, found = check(lab, "web1")
    assert (code, found["web1"]["layers"]["workers"]) == (0, "absent"), "ended by a person, not by a fix"


def test_a_worker_that_looks_into_another_store_is_told_at_once_with_the_line_to_type(lab: Lab, web1: Host) -> None:
    release.layout(release.RESOLVED.script)(web1)
    release.start_worker(f"{release.SHOP}/releases/1")(web1)
    try:
        release.flip(web1)
        do.get(script=release.RESOLVED.script)(web1)
        pid = web1.read("/tmp/lab-worker.pid").strip()
        ran = stalewatch(lab, "fix", "--yes", "web1", "--app", release.CURRENT, timeout=30)
        said = " ".join(ran.stdout.split())
        assert ran.code == 1, ran.stdout
        assert "queue:restart reaches none of them (the cache store is a folder of the current release" in said
        assert f"by hand: kill {pid}, and if nothing starts it again: cd {release.CURRENT} && php artisan queue:work" in said
        assert web1.read("/tmp/lab-worker.pid").strip() == pid, "nobody touched it"
    finally:
        release.stop_worker(web1)
