"""Every state of the matrix: the verdict, the layers, the codes, and what the application really served. 0 wrong, 0 false alarms."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.lab import Lab, Unavailable
from tests.lab.truth import STATES, Kind
from tests.lab.truth.run import HOSTS, run

if TYPE_CHECKING:
    from tests.lab.truth.run import Outcome

pytestmark = [pytest.mark.lab, pytest.mark.timeout(720)]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """All states that were selected, made and looked at once, side by side."""
    wanted = {
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
    }
    states = [state for state in STATES if state.name in wanted]
    try:
        with Lab(min(HOSTS, len(states))) as lab:
            return {outcome.state.name: outcome for outcome in asyncio.run(run(lab, states))}
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", [state.name for state in STATES])
def test_it_is_judged_as_it_is(outcomes: dict[str, Outcome], name: str) -> None:
    assert outcomes[name].wrong == ()


def test_the_matrix_is_as_large_as_promised() -> None:
    kinds = [state.kind for state in STATES]
    assert kinds.count(Kind.STALE) >= 30
    assert kinds.count(Kind.HEALTHY) >= 20
    assert len({state.name for state in STATES}) == len(STATES)
