"""What holds for any snapshot: no exception, an explained verdict in every layer, no green by ignorance, no clock but the server's."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.diagnosis.anything import Anything
from tests.unit.diagnosis.build import shifted
from tui.diagnosis.diagnose import diagnose
from tui.diagnosis.memory import Memory
from tui.diagnosis.rules import RULES
from tui.report import Layer, Report, Verdict
from tui.snapshot import HostFacts, RuntimeFacts, Snapshot, Unseen
from tui.text import safe

MANY = settings(max_examples=500, deadline=None)
GREEN = (Verdict.ABSENT, Verdict.FRESH, Verdict.PENDING)
stories = st.integers(0, 2**64).map(lambda seed: Anything(seed).story())


def judged(story: list[Snapshot]) -> tuple[Memory, Report]:
    memory = Memory()
    for each in story:
        memory, report = diagnose(memory, each)
    return memory, report


@MANY
@given(stories)
def test_every_layer_has_an_explained_verdict_and_only_known_codes(story: list[Snapshot]) -> None:
    _, report = judged(story)
    assert set(report.layers) == set(Layer)
    explained = {finding.layer for finding in report.findings if finding.verdict is not Verdict.FRESH}
    for layer, verdict in report.layers.items():
        assert verdict in (Verdict.FRESH, Verdict.ABSENT) or layer in explained or report.errors, (layer, verdict)
    for finding in report.findings:
        rule = RULES[finding.code]
        assert finding.layer is rule.layer
        assert finding.verdict in (rule.verdict, *rule.others)
        assert {each.label for each in finding.evidence} <= set(rule.evidence), finding.code
        assert finding.verdict is Verdict.FRESH or report.layers[finding.layer].rank >= finding.verdict.rank
    stale = [finding for finding in report.findings if finding.verdict is Verdict.STALE]
    assert bool(stale) == (Verdict.STALE in report.layers.values())


@MANY
@given(stories)
def test_memory_and_report_survive_json(story: list[Snapshot]) -> None:
    memory, report = judged(story)
    assert msgspec.json.decode(msgspec.json.encode(memory), type=Memory) == memory
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    again = msgspec.json.decode(msgspec.json.encode(memory), type=Memory)
    assert diagnose(again, story[-1])[1] == diagnose(memory, story[-1])[1]


@MANY
@given(stories, st.sampled_from([-86_400 * 30, 3_600, 7_201]))
def test_shifting_all_clocks_changes_nothing(story: list[Snapshot], offset: int) -> None:
    _, here = judged(story)
    _, there = judged([shifted(each, offset) for each in story])
    assert there.layers == here.layers
    assert [(one.code, one.subject, one.summary) for one in there.findings] == [
        (one.code, one.subject, one.summary) for one in here.findings
    ]


NO = Unseen(code="fpm.socket-denied", message=safe("not permitted"))


def poorer(seen: Snapshot, part: str) -> Snapshot | None:
    """*seen* without *part*; None where that was not there, or where what is there is no app: then nothing is judged."""
    replace = msgspec.structs.replace
    if isinstance(seen.host, HostFacts) and not seen.host.layout.exists:
        return None
    if part in ("host", "runtime") and not isinstance(getattr(seen, part), Unseen):
        return replace(seen, **{part: NO})
    if part == "fpm" and isinstance(seen.host, HostFacts):
        return replace(seen, host=replace(seen.host, fpm=NO))
    if part in ("opcache", "status") and isinstance(seen.runtime, RuntimeFacts):
        return replace(seen, runtime=replace(seen.runtime, **{part: NO}))
    return None


@MANY
@given(stories, st.sampled_from(["host", "runtime", "fpm", "opcache", "status"]))
def test_knowing_less_never_makes_a_verdict_greener(story: list[Snapshot], part: str) -> None:
    memory, _ = judged(story[:-1]) if len(story) > 1 else (Memory(), None)
    less = poorer(story[-1], part)
    if less is None:
        return
    _, knowing = diagnose(memory, story[-1])
    _, ignorant = diagnose(memory, less)
    for layer in Layer:
        before, after = knowing.layers[layer], ignorant.layers[layer]
        assert after not in GREEN or after.rank >= before.rank, (layer, before, after)
    assert ignorant.verdict not in GREEN or ignorant.verdict.rank >= knowing.verdict.rank


def blinded(memory: Memory) -> Memory:
    return msgspec.structs.replace(memory, scripts={}, baselines={}, views=())


@MANY
@given(stories)
def test_forgetting_content_never_turns_a_suspicion_into_fresh_bytecode(story: list[Snapshot]) -> None:
    """Without memory a script may be suspect where memory settles it, and suspect where memory proves; never fresh where memory proves."""
    memory, _ = judged(story[:-1]) if len(story) > 1 else (Memory(), None)
    _, knowing = diagnose(memory, story[-1])
    _, forgetful = diagnose(blinded(memory), story[-1])
    if any(finding.code in ("opcache.stale-bytecode", "opcache.same-mtime") for finding in knowing.findings):
        assert forgetful.layers[Layer.OPCACHE] not in (Verdict.FRESH, Verdict.ABSENT)
