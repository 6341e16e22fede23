"""Comparing only when something moved says the same as comparing everything every time."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.diagnosis.unreachable import as_unreachable
from stalewatch.engine.comparison import FleetComparison, compared
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Report
from stalewatch.model.snapshot import Deploy, DeployUnderWay, FileSum, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import NOW, host, snapshot

NAMES = [f"web{number}" for number in range(1, 6)]
FLEET = Fleet(servers=tuple(Server(target=name, name=name, group="api" if name < "web4" else "jobs") for name in NAMES))
SILENT = Unseen(code="link.silent", message=safe("no answer"))


def report(name: str, commit: str, deployed: float, *, deploying: bool = False, code: str = "", at: float = 0.0) -> Report:
    under_way = DeployUnderWay(sign=safe(".dep/deploy.lock"), since=1.0) if deploying else None
    release = ReleaseFacts(
        root=safe("/srv/app"),
        commit=safe(commit),
        deploys=(Deploy(at=deployed, source="git", commit=safe(commit)),) if deployed else (),
        under_way=under_way,
        code=safe(code),
        sums=(FileSum(safe("app/Fix.php"), safe(code)),) if code else (),
    )
    seen = snapshot(at, server=name, host=host(release=release))
    return diagnose(Memory(), seen)[1]


answers = st.builds(
    report,
    st.sampled_from(NAMES),
    st.sampled_from(["", "aaaa", "bbbb", "cccc"]),
    st.sampled_from([0.0, 100.0, 200.0, NOW + 30, NOW + 60, NOW + 90]),
    deploying=st.booleans(),
    code=st.sampled_from(["", "c0de", "c0de1"]),
    at=st.floats(0, 100),
)
moves = st.one_of(
    answers, st.sampled_from(NAMES).map(lambda name: ("silent", name)), st.sampled_from(NAMES).map(lambda name: ("gone", name))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(moves, max_size=4), max_size=8))
def test_what_is_told_adds_up_to_the_whole_comparison(turns: list[list[Report | tuple[str, str]]]) -> None:
    now: dict[tuple[str, str], Report] = {}
    shown: dict[tuple[str, str], Report] = {}
    fleet = FleetComparison(FLEET)
    for turn in turns:
        for move in turn:
            if isinstance(move, Report):
                now[move.key] = move
                continue
            what, name = move
            for key in [key for key in now if key[0] == name]:
                now[key] = as_unreachable(now[key], SILENT)
                if what == "gone":
                    del now[key]
        shown = {key: old for key, old in shown.items() if key in now}
        shown |= {told.key: told for told in fleet.update(list(now.values()))}
        assert shown == {whole.key: whole for whole in compared(FLEET, list(now.values()))}


def test_nothing_is_told_of_who_did_not_answer_and_is_not_judged_again() -> None:
    fleet = FleetComparison(FLEET)
    first = [report(name, "aaaa", 100.0) for name in NAMES]
    assert len(fleet.update(first)) == len(NAMES)
    assert fleet.update(first) == []
    again = msgspec.structs.replace(first[0], observed_at=1.0)
    assert [told.server for told in fleet.update([again, *first[1:]])] == ["web1"]
    behind = report("web1", "bbbb", 50.0)
    assert {told.server: bool(told.findings) for told in fleet.update([behind, *first[1:]])} == {"web1": True}
    ahead = report("web1", "bbbb", 200.0)
    told_now = {told.server: bool(told.findings) for told in fleet.update([ahead, *first[1:]])}
    assert told_now == {"web1": False, "web2": True, "web3": True}
