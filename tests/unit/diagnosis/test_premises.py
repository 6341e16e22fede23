"""The table of docs/PREMISES.md, premise by premise: without it, the layers that rest on it are not fresh, and no other one changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.chain.document import document
from stalewatch.diagnosis.chain.premises import PREMISES
from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.chain import LinkName, LinkState
from stalewatch.model.layers import Layer
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, ReleaseFacts, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from tests.builders.anything import Anything
from tests.builders.snapshots import NOT_PERMITTED, ROOT, host, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.chain import ChainLink

replace = msgspec.structs.replace
SITE = WebSite(server="nginx", root=safe(ROOT), file=safe("/etc/nginx/nginx.conf"))
"""A site of which the configuration does not tell the pool."""
PAIRS = [(layer, link) for layer, links in PREMISES.items() for link in links]


def _host(seen: Snapshot, **less: Any) -> Snapshot:
    return replace(seen, host=replace(seen.host, **less)) if isinstance(seen.host, HostFacts) else seen


def _runtime(seen: Snapshot, **less: Any) -> Snapshot:
    return replace(seen, runtime=replace(seen.runtime, **less)) if isinstance(seen.runtime, RuntimeFacts) else seen


def _opcache(seen: Snapshot, **less: Any) -> Snapshot:
    cache = seen.seen_opcache
    return _runtime(seen, opcache=replace(cache, **less)) if cache is not None else seen


def nobody_shows_the_pool(seen: Snapshot) -> Snapshot:
    """No script of the app is in the pool that was asked, and there is another pool."""
    fpm = seen.seen_fpm
    less = _host(seen, web=None, fpm=replace(fpm, pools_on_server=2) if fpm is not None else NOT_PERMITTED)
    return _runtime(_opcache(less, scripts=(), changed=(), entry_points=()), status=NOT_PERMITTED)


TAKEN: dict[LinkName, Callable[[Snapshot], Snapshot]] = {
    LinkName.WEB_SERVER: lambda seen: _host(seen, web=WebFacts(sites=(SITE,), undecided=safe("a map decides"))),
    LinkName.POOL: nobody_shows_the_pool,
    LinkName.PHP: lambda seen: _host(_runtime(seen, replaced=None), fpm=_without_times(seen)),
    LinkName.DISK: lambda seen: _host(seen, places=None),
    LinkName.ENTRY: lambda seen: _opcache(seen, links=None),
}
"""Each premise of the table, and how it is not observed."""


def _without_times(seen: Snapshot) -> FpmFacts | Unseen:
    """FPM without what else shows that the PHP that runs is the one on the disk."""
    fpm = seen.seen_fpm
    return replace(fpm, extensions=None) if fpm is not None else NOT_PERMITTED


def judged(seen: Snapshot) -> Report:
    return diagnose(Memory(), seen)[1]


def link_of(report: Report, name: LinkName) -> ChainLink | None:
    return next((link for link in report.chain if link.name is name), None)


def healthy() -> Snapshot:
    """Every layer that rests on a link is fresh."""
    seen = snapshot(host=host(release=ReleaseFacts(root=safe(ROOT))))
    fresh = {layer for layer, verdict in judged(seen).layers.items() if verdict is Verdict.FRESH}
    assert {layer for layer, _ in PAIRS} <= fresh
    return seen


def test_every_premise_of_the_table_is_taken_away() -> None:
    assert {link for _, link in PAIRS} == set(TAKEN)
    rows = dict(line.split("|")[1:3] for line in document().splitlines() if line.startswith("| ") and "●" in line)
    assert {name.strip() for name in rows} == {str(layer) for layer, _ in PAIRS}


@pytest.mark.parametrize("link", TAKEN)
def test_without_a_premise_what_rests_on_it_is_unknown_and_nothing_else_changes(link: LinkName) -> None:
    whole = judged(healthy())
    less = judged(TAKEN[link](healthy()))
    taken = link_of(less, link)
    assert taken is not None
    assert taken.state is LinkState.UNSEEN
    assert taken.missing is not None
    assert taken.missing in less.errors, "it is said why"
    for layer in Layer:
        rests = link in PREMISES[layer]
        assert less.layers[layer] is (Verdict.UNKNOWN if rests else whole.layers[layer]), layer


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**64))
def test_without_a_premise_nothing_that_rests_on_it_is_fresh_on_any_server(seed: int) -> None:
    seen = Anything(seed).snapshot()
    whole = judged(seen)
    for name, take in TAKEN.items():
        less = judged(take(seen))
        link = link_of(less, name)
        if link_of(whole, name) is not None and _both_sides(seen, name):
            assert link is not None, name
            assert link.state is not LinkState.OK, (name, link)
        if link is not None:
            fresh = {layer for layer, links in PREMISES.items() if name in links and less.layers[layer] is Verdict.FRESH}
            assert link.state is LinkState.OK or not fresh, (name, fresh)


def _both_sides(seen: Snapshot, name: LinkName) -> bool:
    """Whether there is something of which *name* can be asked, also without its witness."""
    return name is not LinkName.ENTRY or isinstance(seen.seen_opcache, Opcache)
