"""The lines of logs, look after look: nothing twice, nothing lost in silence; and the line that an event of the timeline tells of."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.dashboard import log_book
from stalewatch.dashboard.log_book import LogBook, place_of, shared
from stalewatch.dashboard.render.log_rows import LogLook, LogRows, entry_rows, level_of, matching, names_width
from stalewatch.dashboard.render.searching import pattern_of
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.engine.board import Pane
from stalewatch.model.inventory import LogWatch
from stalewatch.model.snapshot import LogFacts, LogLine
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.log_lines import MAX_FRAME, MAX_TRACE, parse_log
from stalewatch.timeline import EventKind
from tests.builders import incident as build

APP_LOG, FPM_LOG = "/srv/app/storage/logs/laravel.log", "/var/log/php8.3-fpm.log"


def said(at: float, text: str = "production.INFO: x", **more: object) -> LogLine:
    return msgspec.structs.replace(LogLine(log=safe("x.log"), at=at, text=safe(text)), **more)


def pane(*logs: LogFacts) -> Pane:
    report = build.stale("web1")
    assert report.host is not None
    host = msgspec.structs.replace(report.host, logs=logs)
    return build.pane(msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, host=host)))


def app_log(*lines: LogLine) -> LogFacts:
    return LogFacts(path=safe(APP_LOG), tail=lines)


def texts(book: LogBook, shown: Pane) -> list[str]:
    return [f"{'…' if entry.gap else ''}{entry.line.text}" for entry in book.entries(shown)]


@pytest.mark.parametrize(
    ("first", "second", "all_of_it"),
    [
        ("abc", "abcd", "abcd"),
        ("abc", "bcde", "abcde"),
        ("abc", "abc", "abc"),
        ("aaa", "aaaa", "aaaa"),
        ("abc", "xyz", "abc…xyz"),
        ("", "ab", "ab"),
    ],
)
def test_what_a_look_tells_again_is_there_once_and_a_gap_is_marked(first: str, second: str, all_of_it: str) -> None:
    order = {char: float(number) for number, char in enumerate("abcdexyz")}
    book, shown = LogBook(), pane()
    for tail in (first, second):
        shown = pane(app_log(*(said(order[char], char) for char in tail)))
        book.take([shown])
    assert "".join(texts(book, shown)) == all_of_it
    assert [entry.number for entry in book.entries(shown)] == sorted(entry.number for entry in book.entries(shown))


def test_a_log_that_goes_back_in_time_begins_anew() -> None:
    book, early = LogBook(), pane(app_log(said(1.0, "early")))
    book.take([pane(app_log(said(50.0, "late")))])
    book.take([early])
    assert texts(book, early) == ["early"]


def test_the_newest_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_book, "KEPT", 3)
    book, shown = LogBook(), pane(app_log(*(said(float(n), str(n)) for n in range(5))))
    book.take([shown])
    assert texts(book, shown) == ["2", "3", "4"]
    assert book.is_cut(shown)


def test_many_logs_share_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_book, "ALL_KEPT", 8)
    monkeypatch.setattr(log_book, "LEAST_KEPT", 3)
    book = LogBook()
    few = pane(app_log(*(said(float(n), str(n)) for n in range(6))))
    book.take([few])
    assert not book.is_cut(few)
    logs = [LogFacts(path=safe(f"/{name}.log"), tail=tuple(said(float(n)) for n in range(6))) for name in "abcdef"]
    many = pane(*logs)
    book.take([many])
    assert len(book.entries(many)[-18:]) == 18
    assert book.is_cut(many)


def test_several_logs_are_one_by_time_and_it_is_made_again_only_where_a_line_came() -> None:
    book = LogBook()
    shown = pane(app_log(said(1.0, "a"), said(3.0, "c")), LogFacts(path=safe(FPM_LOG), tail=(said(2.0, "b"),), fpm=True))
    book.take([shown])
    assert texts(book, shown) == ["a", "b", "c"]
    assert [entry.name for entry in book.entries(shown)] == ["laravel.log", "php8.3-fpm.log", "laravel.log"]
    assert book.entries(shown) is book.entries(shown)


def test_how_much_two_looks_share() -> None:
    one, two, three = said(1.0), said(2.0), said(3.0)
    assert shared([one, two], [two, three]) == 1
    assert shared([one, two], [one, two, three]) == 2
    assert shared([one], [three]) == 0
    assert shared([], [one]) == 0


@pytest.mark.parametrize(
    ("text", "role", "word"),
    [
        ("production.ERROR: boom", "error", "ERROR"),
        ("local.EMERGENCY: boom", "error", "EMERGENCY"),
        ("production.WARNING: slow", "warning", "WARNING"),
        ("NOTICE: ready to handle connections", "accent", "NOTICE"),
        ("production.INFO: ok", "strong", "INFO"),
        ("production.DEBUG: sql", "muted", "DEBUG"),
        ("PHP Fatal error:  Uncaught TypeError", "error", "Fatal error"),
        ("PHP Deprecated:  each()", "accent", "Deprecated"),
        ("a sentence about an ERROR", "", ""),
    ],
)
def test_a_level_is_a_word_before_it_is_a_colour(text: str, role: str, word: str) -> None:
    found, begin, end = level_of(text)
    assert (found, text[begin:end]) == (role, word)


CLOCK = Clock(build.NOW, Zone.UTC)


def entries(*lines: LogLine) -> list[log_book.LogEntry]:
    book = LogBook()
    shown = pane(app_log(*lines))
    book.take([shown])
    return book.entries(shown)


def test_a_trace_is_folded_under_its_line_and_says_how_long_it_is() -> None:
    alarm = said(build.at("12:50"), "production.ERROR: boom", alarm=True, trace=(safe("#0 a.php(1)"), safe("#1 b.php(2)")), trace_lines=9)
    (entry,) = entries(alarm)
    folded = [row.text for row in entry_rows(entry, LogLook(CLOCK, 80))]
    assert folded == [" 10:50:00 ! production.ERROR: boom ▸ 9 lines"]
    unfolded = [row.text for row in entry_rows(entry, LogLook(CLOCK, 80, unfolded=True))]
    assert [row.strip() for row in unfolded[1:]] == ["│ #0 a.php(1)", "│ #1 b.php(2)", "│ … and 7 lines more: read them on the server"]


def test_a_long_line_is_cut_with_a_sign_or_wrapped_whole() -> None:
    (entry,) = entries(said(build.at("12:50"), "production.INFO: " + "word " * 40))
    (cut,) = entry_rows(entry, LogLook(CLOCK, 60))
    assert cut.width == 60
    assert cut.text.endswith("…")
    rows = entry_rows(entry, LogLook(CLOCK, 60, wrapped=True))
    assert max(row.width for row in rows) <= 60
    assert sum(row.text.count("word") for row in rows) == 40


def test_the_rows_of_ten_thousand_lines_are_made_only_where_they_are_seen() -> None:
    some = entries(*(said(float(n), f"production.INFO: line {n}") for n in range(300)))
    rows = LogRows(some, LogLook(CLOCK, 60), {})
    assert len(rows) == 300
    assert "line 299" in rows[299].text
    assert rows.entry_at(299) == 299
    assert len(rows._made) == 1


def test_lines_of_which_only_the_trace_or_the_file_matches_match() -> None:
    some = entries(said(1.0, "boom", trace=(safe("#0 Handler.php(7)"),), trace_lines=1), said(2.0, "calm"))
    assert [entry.line.text for entry in matching(some, pattern_of("handler"), CLOCK)] == ["boom"]
    assert len(matching(some, pattern_of("laravel.log"), CLOCK)) == 2
    assert len(matching(some, None, CLOCK)) == 2
    at_noon = entries(said(build.at("12:50"), "boom"), said(build.at("12:51"), "boom"))
    assert len(matching(at_noon, pattern_of("10:50"), CLOCK)) == 1, "the time as it is shown"
    assert names_width(some) == 0, "of one file only: it is not repeated in every row"


def test_the_line_an_event_tells_of_is_found_else_the_next_one() -> None:
    some = entries(
        said(build.at("12:40"), "production.INFO: early"),
        said(build.at("12:50"), 'production.ERROR: Call context not found {"id":1}', alarm=True),
        said(build.at("12:55"), "production.INFO: late"),
    )
    event = build.event("12:50", "web1", EventKind.ERROR, "laravel.log", '"Call context not found"', 14, "12:51")
    found = place_of(event, some)
    assert found is not None
    assert (found[0].line.text[:16], found[1]) == ("production.ERROR", True)
    gone = place_of(msgspec.structs.replace(event, at=build.at("12:51")), some)
    assert gone is not None
    assert (gone[0].line.text, gone[1]) == ("production.INFO: late", False)
    last = place_of(msgspec.structs.replace(event, at=build.at("12:58")), some)
    assert last is not None
    assert last[0].line.text == "production.INFO: late"
    assert place_of(msgspec.structs.replace(event, source=safe("other.log")), some) is None


def test_a_stack_trace_is_kept_with_its_line_as_far_as_it_is_worth() -> None:
    frames = "\n".join(f"#{n} /srv/app/{'x' * 300}.php({n})" for n in range(MAX_TRACE + 15))
    content = f"no stamp, no line above\n[2025-10-24 10:00:00] production.ERROR: boom\n[stacktrace]\n{frames}\n\n"
    content += "[2025-10-24 10:00:01] production.INFO: fine\n"
    boom, fine = parse_log(content, LogWatch(path="x.log"), read_at=build.NOW, offset=0.0)
    assert (boom.trace_lines, len(boom.trace)) == (MAX_TRACE + 16, MAX_TRACE)
    assert boom.trace[0] == "[stacktrace]"
    assert max(map(len, boom.trace)) <= MAX_FRAME
    assert (fine.trace, fine.trace_lines) == ((), 0)
