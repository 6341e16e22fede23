"""A short history on real hosts; ``make history`` is the long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.history import checker
from tests.lab.history.plan import DEPLOY, OPERATORS, Change, Plan, Strike
from tests.lab.history.run import happen
from tests.lab.history.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab

SHORT = Plan(
    seed=0,
    seconds=3.5,
    changes=(Change(0.0, "web1", "config"), Change(0.0, "web2", "code"), Change(1.5, "web2", DEPLOY)),
    strikes=(Strike(0.0, "web1", "SIGKILL", 0.5), Strike(0.0, "web1", "cut", 0.3)),
    arguments=dict.fromkeys(OPERATORS, (("--batch", "2"),)),
    pauses={"anna": (0.0, 9.0), "bert": (0.8, 9.0), "cleo": (1.6, 9.0)},
)
"""The first who holds the lock is killed while it rebuilds, the second one loses its links; on web2 a link is switched meanwhile."""


@pytest.mark.timeout(300)
def test_three_operators_and_one_fleet(lab: Lab, hosts: list[Host], tmp_path: Path) -> None:
    history = happen(lab, [Watched(hosts[0]), Watched(hosts[1], linked=True)], SHORT, tmp_path)
    assert [str(one) for one in checker.check(history)] == []
    counts = checker.counts(history)
    assert counts["runs"] > len(OPERATORS), counts
    assert counts["locks"], counts
    assert counts["commands"], counts
    assert counts["faults"], counts
    assert [run.code for run in history.runs if run.operator == checker.LAST] == [0]
