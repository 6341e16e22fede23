"""The board between the engine and the screens: newest value wins, nobody is told twice, panes keep their place."""

from __future__ import annotations

from stalewatch.engine.board import MAX_EVENTS, Board, Pane
from stalewatch.model.text import safe
from stalewatch.timeline import Event, EventKind


def pane(server: str, app: str = "", **changes: object) -> Pane:
    return Pane(server=server, app=safe(app), **changes)  # type: ignore[arg-type]


def event(key: str, at: float, count: int = 1) -> Event:
    return Event(
        at=at, server="web1", app=safe("/srv/app"), kind=EventKind.RELOAD, source="fpm", what=safe("reloaded"), key=key, count=count
    )


def test_a_listener_is_told_once_until_it_takes() -> None:
    board, told = Board(), []
    board.listen(lambda: told.append(board.snapshot().version))
    board.put(pane("web1"))
    board.put(pane("web2"))
    assert len(told) == 1
    assert [shown.server for shown in board.consume().panes] == ["web1", "web2"]
    board.put(pane("web1", step="tcp"))
    assert len(told) == 2


def test_who_was_told_of_figures_is_told_again_when_something_happens() -> None:
    board, told = Board(), []
    board.listen(lambda: told.append(board.significant_change))
    board.put(pane("web1", received_at=1.0))
    board.consume()
    board.put(pane("web1", received_at=2.0))
    board.put(pane("web1", received_at=3.0))
    assert told == [True, False]
    board.put(pane("web1", received_at=4.0, step="tcp"))
    board.add([event("a", 1.0)])
    assert told == [True, False, True]
    board.consume()
    assert not board.significant_change
    board.add([event("b", 2.0)])
    assert told == [True, False, True, True]


def test_an_equal_value_is_no_change() -> None:
    board = Board()
    board.put(pane("web1"))
    version = board.consume().version
    board.put(pane("web1"))
    board.add([])
    assert board.consume().version == version


def test_a_discovered_app_takes_the_place_of_its_place_holder() -> None:
    board = Board()
    for name in ("web1", "web2"):
        board.put(pane(name))
    board.put(pane("web1", "/srv/app"), replaces=("web1", ""))
    assert [shown.key for shown in board.consume().panes] == [("web1", "/srv/app"), ("web2", "")]


def test_events_are_sorted_and_one_with_a_known_key_replaces() -> None:
    board = Board()
    board.add([event("b", 20.0), event("a", 10.0)])
    board.add([event("b", 20.0, count=3)])
    assert [(shown.key, shown.count) for shown in board.consume().events] == [("a", 1), ("b", 3)]


def test_repeats_of_a_log_line_add_up_over_the_ticks() -> None:
    board = Board()
    for at, count in ((10.0, 2), (12.0, 3)):
        error = Event(
            at=at,
            server="web1",
            app=safe("/srv/app"),
            kind=EventKind.ERROR,
            source="laravel.log",
            what=safe("Call context not found"),
            key="same",
            count=count,
        )
        board.add([error])
    (shown,) = board.consume().events
    assert (shown.at, shown.until, shown.count) == (10.0, 12.0, 5)


def test_the_oldest_events_go_first_when_there_are_too_many() -> None:
    board = Board()
    board.add([event(str(number), float(number)) for number in range(MAX_EVENTS + 5)])
    events = board.consume().events
    assert len(events) == MAX_EVENTS
    assert events[0].at == 5.0


def test_a_look_that_told_nothing_new_is_taken_with_the_next_change() -> None:
    board, told = Board(), []
    board.put(pane("web1", received_at=1.0))
    board.listen(lambda: told.append(board.looked_at))
    version = board.consume().version
    board.put_again(pane("web1", received_at=2.0))
    assert told == [1.0]
    assert (board.snapshot().version, board.snapshot().panes[0].received_at, board.looked_at) == (version, 2.0, 2.0)
