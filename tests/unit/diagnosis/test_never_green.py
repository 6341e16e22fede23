"""Never green by default: whatever fact is taken out of whatever snapshot, no layer becomes fresh for want of it."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.inventory import Thresholds
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import HostFacts, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from tests.builders.anything import Anything
from tests.unit.diagnosis.asked import not_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

NO = Unseen(code="fpm.socket-denied", message=safe("not permitted"))
A_VALUE = {
    "CacheFile.stat",  # not cached
    "ComposerFacts.loader",  # no autoloader was made
    "ComposerFacts.unlike_lock",  # there need not be a composer.lock on a server
    "CompiledView.source",  # it names no source, or the source is gone
    "FpmFacts.running",  # no process may be seen, but the pool answers
    "HostFacts.cli_cache",  # the command line keeps no code that it does not check
    "HostFacts.web",  # no configuration of a web server that this login may read
    "PackageFacts.cached",  # no such file
    "ReleaseFacts.switched_at",  # the application's path is no link
    "ReleaseFacts.under_way",  # no deploy runs
    "Script.ctime",  # the pool sees nothing of it: it cannot run in the app if it is not the app's own (test_opcache_rules.py has those)
    "Script.mtime",
    "Script.parent_changed",  # no directory was renamed
    "Script.revalidate",  # PHP before 8.3 does not tell it
    "Script.timestamp",  # PHP does not tell it with validate_timestamps=0
}
"""Where None says something. Everywhere else it says: not observed."""
ALWAYS_THERE = {
    HostFacts: {
        "now": "when it was looked",
        "slow_at": "when it was looked",
        "login": "only told",
        "layout": "what is asked at all",
        "release": "taken apart by its own fields",
        "caches": "one that is not listed is unknown (test_layer_rules.py)",
        "inputs": "a layer that is not listed is unknown (test_layer_rules.py)",
        "views": "taken apart by its own fields",
        "packages": "taken apart by its own fields",
        "queue_workers": "hidden says that they may not be seen",
        "log_lines": "only told",
        "logs": "only told",
        "watchers": "only told",
        "other_apps": "without them more scripts concern this app",
        "problems": "what was not seen",
        "hidden": "what was not seen",
        "contained": "what was not seen",
        "more_caches": "only counted",
        "asks": "only named",
        "route_asks": "only named",
    },
    RuntimeFacts: {
        "asked_at": "when it was looked",
        "via": "only told",
        "ini": "it only adds to the files that the host lists",
        "php_version": "only told",
        "user": "only told",
        "own_requests": "only counted",
        "realpath_cache_ttl": "PHP always tells it",
        "relay": "only told",
        "reused": "without it the answer is taken for one of now, and more is asked of it",
        "extension_dir": "only where to look",
        "extensions": "only what a reload may lose",
        "remembered": "only what a reload may end",
        "sapi": "PHP always tells it",
        "told_by": "only says which app tells of the counters",
    },
}
"""Fields of facts that are not taken away, and why that can make no layer wrong."""


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**64))
def test_what_was_not_observed_makes_no_layer_fresh(seed: int) -> None:
    *earlier, last = Anything(seed).story()
    memory = Memory()
    for each in earlier:
        memory, _ = diagnose(memory, each, Thresholds())
    whole = _judged(memory, last)
    for fact, lacking in _without(last):
        if fact not in A_VALUE:
            report = _judged(memory, lacking)
            fresh = [layer for layer, verdict in report.layers.items() if verdict is Verdict.FRESH is not whole.layers[layer]]
            greener = set(fresh) - not_asked(whole, report, fact)
            assert not greener, (fact, greener)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(16500164496813903773, id="an entry link that a finding breaks, and other links that were not seen"),
        pytest.param(11429077781952741477, id="a cache that is switched off"),
        pytest.param(504, id="a pool's environment with another value than the cached configuration"),
        pytest.param(7988187908329217599, id="the binary of a worker"),
        pytest.param(15452703791134311767, id="the binary of a worker of an unknown name"),
        pytest.param(3446088872734627819, id="a worker whose PHP was replaced"),
        pytest.param(71, id="what APCu holds"),
        pytest.param(1116371332463, id="what APCu holds, beside other findings"),
        pytest.param(9355517048702435175, id="what APCu holds, and nothing else"),
        pytest.param(2771527639396894374, id="the status page, where the link was switched"),
        pytest.param(18008987644016701417, id="the status page, and a release in another one"),
        pytest.param(10993152794949501014, id="the status page, of an application that is not Laravel"),
        pytest.param(4812421354011317950, id="OPcache, which tells what Symfony serves"),
        pytest.param(13982589384933628372, id="the list that tells which of two environments is served"),
        pytest.param(390040, id="a binary that was replaced"),
        pytest.param(3976225106773534398, id="the places by which two trees are told apart"),
        pytest.param(6329198206283726302, id="when an ini file was changed"),
        pytest.param(6059864294363237276, id="the pool, which alone tells of an ini file that is gone"),
        pytest.param(16676430749096572588, id="the pool, of which only an earlier look shows that it serves the app"),
        pytest.param(15463237804091351248, id="what APCu holds where no autoloader is Composer's"),
        pytest.param(6735947257966143520, id="what was compiled through a link that was switched"),
        pytest.param(7130719987099995674, id="the host"),
        pytest.param(5596161367516773877, id="whether services.php is whole"),
        pytest.param(467022, id="which directory the cached configuration was made for"),
        pytest.param(3761550278082692774, id="the lines of cron"),
        pytest.param(10038698541984751703, id="the folders of the autoloader"),
        pytest.param(12510135404841499815, id="what Composer made"),
    ],
)
def test_nor_on_servers_where_it_once_did(seed: int) -> None:
    *earlier, last = Anything(seed).story()
    memory = Memory()
    for each in earlier:
        memory, _ = diagnose(memory, each, Thresholds())
    whole = _judged(memory, last)
    for fact, lacking in _without(last):
        if fact in A_VALUE:
            continue
        report = _judged(memory, lacking)
        fresh = {layer for layer, verdict in report.layers.items() if verdict is Verdict.FRESH is not whole.layers[layer]}
        assert fresh <= not_asked(whole, report, fact), (fact, fresh)


@pytest.mark.parametrize("facts", list(ALWAYS_THERE), ids=lambda facts: facts.__name__)
def test_every_field_of_the_facts_is_taken_away_or_named(facts: type) -> None:
    taken = {fact for seed in range(60) for fact, _ in _without(Anything(seed).snapshot())}
    fields = {field.name for field in msgspec.structs.fields(facts)}
    away = {name for name in fields if f"{facts.__name__}.{name}" in taken}
    assert away.isdisjoint(ALWAYS_THERE[facts])
    assert fields == away | set(ALWAYS_THERE[facts])


def _judged(memory: Memory, snapshot: Snapshot) -> Report:
    return diagnose(memory, snapshot, Thresholds())[1]


def _without(value: Any) -> Iterator[tuple[str, Any]]:
    """*value* with one fact less, for every fact in it that may be missing: ``Struct.field``, and the rest."""
    if isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value))
        for field in msgspec.structs.fields(type(value)):
            now, hint = getattr(value, field.name), hints[field.name]
            either = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()
            if now is not None and not isinstance(now, Unseen) and {Unseen, types.NoneType} & set(either):
                nothing = NO if Unseen in either else None
                yield f"{type(value).__name__}.{field.name}", msgspec.structs.replace(value, **{field.name: nothing})
            for fact, less in _without(now):
                yield fact, msgspec.structs.replace(value, **{field.name: less})
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            for fact, less in _without(each):
                yield fact, (*value[:index], less, *value[index + 1 :])
    elif isinstance(value, dict):
        for key, each in value.items():
            for fact, less in _without(each):
                yield fact, {**value, key: less}
