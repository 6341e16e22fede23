"""A host that nobody uses: our own requests move its counters, and that is nothing new."""

from __future__ import annotations

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.same_look import says_the_same
from tests.lab import Host, Lab
from tests.lab.probing import look, probing


async def test_a_look_tells_something_new_only_where_somebody_else_used_the_server(lab: Lab, web1: Host) -> None:
    web1.get("/")
    async with probing(lab, web1) as (probe, _):
        memory, _ = diagnose(Memory(), await look(probe, full=True))
        memory, before = diagnose(memory, await look(probe))
        told = []
        for moment in range(6):
            if moment == 4:
                web1.get("/")
            memory, report = diagnose(memory, await look(probe))
            told.append(not says_the_same(before, report))
            before = report
    assert told[1:4] == [False, False, False]
    assert told[4]
