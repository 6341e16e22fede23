"""What is sent when something changes: only the cells that differ, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from stalewatch.dashboard.render.lines import Line, Span
from stalewatch.dashboard.widgets.content import strip
from stalewatch.dashboard.widgets.lines_view import changed_cells
from stalewatch.dashboard.widgets.theme import palette
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, settle

if TYPE_CHECKING:
    from textual.geometry import Region

WIDTH = 30
SPANS = st.lists(st.builds(Span, st.text("ab─世 ", max_size=6), st.sampled_from(["text", "muted", "stale"])), max_size=5)
LINES = st.builds(Line, SPANS.map(tuple), st.sampled_from(["", "cursor"]))


def cells(row: Line) -> list[tuple[str, object]]:
    """Each cell of *row* as it is seen; a wide character fills two."""
    made = strip(row, palette("dark"), WIDTH)
    parts = [part for at in range(WIDTH) for part in made.crop(at, at + 1) if part.style and part.text]
    return [(part.text, part.style if part.text.strip() else (part.style.bgcolor, part.style.reverse)) for part in parts if part.style]


@given(LINES, LINES)
@example(Line(()), Line((Span("aaa世世"), Span("aaaa世世"), Span("aaaa世世"), Span("aaa世世", "text", "0"), Span(""))))
def test_cells_outside_of_what_is_sent_did_not_change(before: Line, after: Line) -> None:
    region = changed_cells(before, after, 0, WIDTH)
    old, new = cells(before), cells(after)
    assert len(old) == len(new) == WIDTH
    assert (old[: region.x], old[region.right :]) == (new[: region.x], new[region.right :])


async def test_a_move_of_the_cursor_repaints_a_few_cells() -> None:
    """The rest of a wide screen stays: a slow line would feel it."""
    board = build.incident()
    for number in range(4, 60):
        board.put(build.pane(build.fresh(f"web{number}")))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
        sent: list[Region] = []
        for widget in app.screen.walk_children():
            widget.refresh = lambda *regions, its=widget, **more: sent.extend(regions) or its  # type: ignore[method-assign, assignment]
        await pilot.press("down")
    assert 0 < sum(region.area for region in sent) < 700


async def test_a_rate_that_changed_sends_its_cells_only() -> None:
    engine = FakeEngine(build.incident())
    app = app_of(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        sent: list[Region] = []
        for widget in app.screen.walk_children():
            widget.refresh = lambda *regions, its=widget, **more: sent.extend(regions) or its  # type: ignore[method-assign, assignment]
        engine.board.put(build.pane(build.fresh("web2", hit_rate=0.95)))
        app.flush()
    assert [region.height for region in sent] == [1]
    assert sent[0].width < 30
