"""Of which scripts a digest is asked for: once, and again where another file lies."""

from __future__ import annotations

from typing import Any

from stalewatch.probe.runtime.answer import Answer, OpcacheAnswer, Row
from stalewatch.probe.runtime.package_digests import MAX_SIZE, PackageDigests

ONE, TWO = "/srv/app/vendor/acme/one.php", "/srv/app/vendor/acme/two.php"


def row(path: str, **more: Any) -> Row:
    return Row(path, **{"mtime": 5.0, "ctime": 6.0, "inode": 7, "dev": 1, **more})


def listing(*rows: Row, since: int = 100, told: tuple[Any, ...] = ()) -> Answer:
    facts = OpcacheAnswer(start_time=since)
    return Answer(stalewatch=1, verb="scripts", sapi="fpm-fcgi", php="8.2", now=0.0, opcache=facts, scripts=list(rows), digests=list(told))


def test_what_was_told_is_not_asked_for_again_until_another_file_lies_there() -> None:
    digests = PackageDigests()
    both = listing(row(ONE), row(TWO))
    assert digests.missing(both) == [ONE, TWO]
    merged = digests.merged(both, listing(told=((ONE, 1, 7, 5, 6, "abc"),)))
    assert [one.digest for one in merged.scripts] == ["abc", ""]
    assert digests.missing(both) == [TWO]
    assert digests.missing(listing(row(ONE, dev=2), row(TWO, digest="def"))) == [ONE]
    assert digests.missing(both) == []
    assert digests.missing(listing(row(ONE, inode=8))) == [ONE]


def test_another_cache_asks_for_all_of_them() -> None:
    digests = PackageDigests()
    digests.missing(listing(row(ONE, digest="abc")))
    assert digests.missing(listing(row(ONE))) == []
    assert digests.missing(listing(row(ONE), since=200)) == [ONE]


def test_a_file_that_changed_in_between_gets_no_digest_and_one_that_cannot_be_read_is_not_asked_for_for_ever() -> None:
    digests = PackageDigests()
    both = listing(row(ONE), row(TWO))
    digests.missing(both)
    merged = digests.merged(both, listing(told=((ONE, 1, 7, 5, 9, "abc"), (TWO, 1, 7, 5, 6, ""))))
    assert [one.digest for one in merged.scripts] == ["", ""]
    assert digests.missing(both) == [ONE]


def test_what_php_takes_no_digest_of_is_not_asked_for() -> None:
    assert PackageDigests().missing(listing(row(ONE, mtime=None), row(TWO, size=MAX_SIZE + 1))) == []
