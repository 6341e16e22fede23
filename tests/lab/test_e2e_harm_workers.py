"""Queue workers that a fix tells to end: who comes back, who does not, and who was never reached."""

from __future__ import annotations

import sys

from tests.lab import Host, Lab
from tests.lab.program import check, codes, explain, stalewatch
from tests.lab.test_e2e_fix_trouble import begin_fix, ended
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
