"""What holds for any snapshot: no exception, an explained verdict in every layer, no green by ignorance, no clock but the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.diagnosis.opcache.window import landed, same_content
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from tests.builders.anything import Anything
from tests.builders.snapshots import ROOT, shifted
from tests.unit.diagnosis.asked import not_asked

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = settings(max_examples=1_000, deadline=None, derandomize=True)
"""The same examples at every run: what a run finds, the next one finds again. To hunt for more, raise their number."""
QUIET = (Verdict.ABSENT, Verdict.FRESH)
GREEN = (*QUIET, Verdict.PENDING)
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
        assert verdict in QUIET or layer in explained or report.errors, (layer, verdict)
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
replace = msgspec.structs.replace


def scripts(cache: Opcache, **less: Any) -> Opcache:
    """*cache* with less known of each changed script."""
    return replace(cache, changed=tuple(replace(script, **less) for script in cache.changed))


def own_ctimes(cache: Opcache) -> Opcache:
    """*cache* without the ctimes of what is on the disk, or was in the app: a pool that sees nothing of another path may not run it."""
    lost = (each if each.mtime is None and not each.path.startswith(f"{ROOT}/") else replace(each, ctime=None) for each in cache.changed)
    return replace(cache, changed=tuple(lost))


HOST: dict[str, Callable[[HostFacts], HostFacts]] = {
    "fpm": lambda host: replace(host, fpm=NO),
    "inputs": lambda host: replace(host, inputs={}),
    "what is installed": lambda host: replace(host, packages=replace(host.packages, installed=None)),
    "what packages bring": lambda host: replace(host, packages=replace(host.packages, changed=None)),
    "whether Blade looks": lambda host: replace(host, views=replace(host.views, check_timestamps=None)),
    "whether Blade can write": lambda host: replace(host, views=replace(host.views, writable=None)),
    "some views": lambda host: replace(host, views=replace(host.views, views=host.views.views[:1], truncated=True)),
    "where workers run": lambda host: replace(
        host,
        queue_workers=tuple(replace(one, release=safe("")) if host.release.link else one for one in host.queue_workers),
    ),
}
FPM: dict[str, Callable[[FpmFacts], FpmFacts]] = {
    "configuration": lambda fpm: replace(fpm, config_files=()),
    "the master": lambda fpm: replace(fpm, master=None),
    "the pool": lambda fpm: replace(fpm, pool=None),
}
RUNTIME: dict[str, Callable[[RuntimeFacts], RuntimeFacts]] = {
    "opcache": lambda runtime: replace(runtime, opcache=NO),
    "status": lambda runtime: replace(runtime, status=NO),
}
OPCACHE: dict[str, Callable[[Opcache], Opcache]] = {
    "ctimes": own_ctimes,
    "digests": lambda cache: scripts(cache, digest=""),
    "when it is checked": lambda cache: scripts(cache, revalidate=None),
    "some scripts": lambda cache: replace(cache, changed=(), changed_total=max(cache.changed_total, len(cache.changed)), truncated=True),
    "the list": lambda cache: replace(cache, scripts=(), scripts_at=None),
}
"""Not taken away: what is there whenever its whole is (T with validate_timestamps=1, the entry points)."""
PARTS = ("host", "runtime", *HOST, *FPM, *RUNTIME, *OPCACHE)
DETAILS = (*HOST, *OPCACHE)
"""Without some of these (W, what Blade may do) nobody can tell that something does not heal: pending is the honest word then."""


REPLACED = {"fpm.binary-replaced", "fpm.extension-replaced"}


def poorer(seen: Snapshot, part: str) -> Snapshot | None:
    """*seen* without *part*; None where that was not there, or where what is there is no app: then nothing is judged."""
    host, runtime = seen.host, seen.runtime
    if isinstance(host, HostFacts) and not host.layout.exists:
        return None
    if part in ("host", "runtime") and not isinstance(getattr(seen, part), Unseen):
        return replace(seen, **{part: NO})
    if isinstance(host, HostFacts) and part in HOST:
        return replace(seen, host=HOST[part](host))
    if isinstance(host, HostFacts) and isinstance(host.fpm, FpmFacts) and part in FPM:
        return replace(seen, host=replace(host, fpm=FPM[part](host.fpm)))
    if isinstance(runtime, RuntimeFacts) and part in RUNTIME:
        return replace(seen, runtime=RUNTIME[part](runtime))
    if isinstance(runtime, RuntimeFacts) and isinstance(runtime.opcache, Opcache) and part in OPCACHE:
        return replace(seen, runtime=replace(runtime, opcache=OPCACHE[part](runtime.opcache)))
    return None


@MANY
@given(stories, st.sampled_from(PARTS))
def test_knowing_less_never_makes_a_verdict_greener(story: list[Snapshot], part: str) -> None:
    less_is_not_greener(story, part)


def less_is_not_greener(story: list[Snapshot], part: str) -> None:
    """No layer of the last look of *story* is greener without *part*."""
    memory, _ = judged(story[:-1]) if len(story) > 1 else (Memory(), None)
    less = poorer(story[-1], part)
    if less is None:
        return
    _, knowing = diagnose(memory, story[-1])
    _, ignorant = diagnose(memory, less)
    only_told_by_the_pool = {finding.layer for finding in knowing.findings if finding.code in REPLACED}
    unasked = not_asked(knowing, ignorant, part)
    green = QUIET if part in DETAILS else GREEN
    for layer in Layer:
        before, after = knowing.layers[layer], ignorant.layers[layer]
        if (before, after) == (Verdict.FRESH, Verdict.ABSENT):
            continue  # none of its scripts is known in the cache
        if (part == "runtime" and layer in only_told_by_the_pool) or layer in unasked:
            continue  # no link misses it
        assert after not in green or after.rank >= before.rank, (part, layer, before, after)
    assert ignorant.verdict not in green or unasked or ignorant.verdict.rank >= knowing.verdict.rank


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(24914, id="a deleted script, without ctimes"),
        pytest.param(5153304530, id="another one"),
        pytest.param(1035292155563789655, id="a deleted script that php never checks"),
        pytest.param(8762787089207440602, id="a deleted script in a full cache"),
        pytest.param(5707697275334678313, id="a deleted script after restarts"),
        pytest.param(13361268027011969786, id="an application that is not Laravel, without the status page"),
        pytest.param(13982589384933628372, id="Symfony, without what OPcache holds"),
        pytest.param(2428, id="Symfony, compiled for another environment than the likeliest"),
        pytest.param(2737, id="Symfony, whose routes are compiled for another environment"),
    ],
)
def test_nor_on_servers_where_it_once_did(seed: int, part: str) -> None:
    less_is_not_greener(Anything(seed).story(), part)


def blinded(memory: Memory) -> Memory:
    return replace(memory, scripts={}, whole_at=None, baselines={}, views=())


def possible(memory: Memory, last: Snapshot) -> bool:
    """Whether every content that moved since it was remembered came later than that: unless a tree was mounted or moved over it, on a disk
    it cannot be otherwise."""
    cache = last.runtime.opcache if isinstance(last.runtime, RuntimeFacts) else NO
    listed = (*cache.changed, *cache.scripts, *memory.displaced) if isinstance(cache, Opcache) else ()
    moved = [(one, memory.scripts[one.path]) for one in listed if one.path in memory.scripts]
    return all(same_content(one, seen) is not False or landed(one) >= seen.at for one, seen in moved)


@MANY
@given(stories)
def test_forgetting_content_never_turns_a_suspicion_into_fresh_bytecode(story: list[Snapshot]) -> None:
    """Without memory a script may be suspect where memory settles it, and suspect where memory proves; never fresh where memory proves."""
    memory, _ = judged(story[:-1]) if len(story) > 1 else (Memory(), None)
    _, knowing = diagnose(memory, story[-1])
    _, forgetful = diagnose(blinded(memory), story[-1])
    proven = {finding.code for finding in knowing.findings} & {"opcache.stale-bytecode", "opcache.same-mtime"}
    if proven and possible(memory, story[-1]):
        assert forgetful.layers[Layer.OPCACHE] not in QUIET
