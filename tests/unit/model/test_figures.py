"""Spans, ages, sizes, counts and shares have one form each, and one module that makes it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model import figures

PACKAGE = Path(figures.__file__).parents[1]
MINUTE, HOUR, DAY = 60, 3_600, 86_400

OF_THEIR_OWN = {
    "a unit spelled out": re.compile(
        r"""(?<!:g)\}\s(min|h|d|seconds?|minutes?|hours?|days?|KiB|MiB|GiB|[kKMG]B|[Bb]ytes)\b|["'] (min|h|d)["']"""
    ),
    "a span in seconds": re.compile(r"(?<!:g)(?<!_freq)(?<!_protection)\}\ss\b"),
    "a plural": re.compile(r"""(["'])e?s\1 if [^"']+ else|else (["'])e?s\2"""),
    "a word that goes with a number": re.compile(r"""["'](is|are|has|have|was|were|does|do)["'] if [^"']+ else ["']"""),
    "a share": re.compile(r":\.?\d*%\}|\* 100\b.*%"),
    "thousands": re.compile(r"\{[^{}]+:,\}"),
    "humanize": re.compile(r"\b(import|from) humanize\b"),
    "a size": re.compile(r"// ?1024\b|/ ?1024\b|1024 ?\*\* ?\d\b.*f[\"']"),
}
"""What a module has that says a figure in its own way. A limit (``{timeout:g} s``) and a setting of PHP stay in their own unit."""
ELSEWHERE = {
    "probe/host/parsers/framing.py": "a unit spelled out",
    "transport/fastcgi/codec.py": "a unit spelled out",
}
"""The size of a message that was cut or breaks the protocol: an exact number of bytes, for whoever debugs it."""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.2, "<1 s"),
        (1, "1 s"),
        (45, "45 s"),
        (59.9, "59 s"),
        (MINUTE, "1 min"),
        (119, "1 min"),
        (24 * MINUTE, "24 min"),
        (HOUR - 1, "59 min"),
        (HOUR, "1 h"),
        (5_400, "1 h 30 min"),
        (2 * HOUR, "2 h"),
        (DAY - 1, "23 h 59 min"),
        (DAY, "1 d"),
        (90_000, "1 d 1 h"),
        (DAY + HOUR + 59 * MINUTE, "1 d 1 h"),
        (3 * DAY + 4 * HOUR, "3 d 4 h"),
        (400 * DAY, "400 d"),
        (-90, "1 min"),
        (-0.2, "<1 s"),
        (math.inf, "an unknown time"),
        (-math.inf, "an unknown time"),
        (math.nan, "an unknown time"),
        (1e300, "an unknown time"),
    ],
)
def test_a_span_has_two_units_at_most(seconds: float, words: str) -> None:
    assert figures.span(seconds) == words


@given(st.floats(1, figures.LONGEST - 1))
def test_a_span_is_never_told_longer_than_it_is_and_short_by_less_than_its_last_unit(seconds: float) -> None:
    worth = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY}
    parts = figures.span(seconds).split()
    told = sum(int(number) * worth[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert len(parts) in (2, 4)
    assert told <= seconds < told + (1 if seconds < MINUTE else MINUTE if seconds < DAY else HOUR)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (0.9, "now"), (-1, "now"), (1, "1 s ago"), (1_440, "24 min ago"), (-2, "in 2 s"), (-5_400, "in 1 h 30 min")],
)
def test_an_age_says_in_which_direction(seconds: float, words: str) -> None:
    assert figures.ago(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(3, "+3 s"), (-120, "-2 min"), (0, "0 s"), (0.5, "+<1 s")])
def test_a_difference_has_a_sign(seconds: float, words: str) -> None:
    assert figures.signed(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 Bytes"), (1, "1 Byte"), (1_536, "1.5 KiB"), (134_217_728, "128.0 MiB"), (2**80, "?"), (-1, "?"), (math.nan, "?")],
)
def test_a_size_is_binary(count: float, words: str) -> None:
    assert figures.size(count) == words


@pytest.mark.parametrize(("share", "digits", "words"), [(0.713, 1, "71.3 %"), (0.85, 0, "85 %"), (1, 1, "100.0 %"), (0, 1, "0.0 %")])
def test_a_share_is_a_percentage(share: float, digits: int, words: str) -> None:
    assert figures.percent(share, digits) == words


@pytest.mark.parametrize(
    ("number", "plural", "words"),
    [(0, "", "0 scripts"), (1, "", "1 script"), (2, "", "2 scripts"), (16_229, "", "16,229 scripts"), (2, "pieces", "2 pieces")],
)
def test_a_count_takes_its_noun_along(number: int, plural: str, words: str) -> None:
    assert figures.count(number, "script", plural) == words


def test_a_verb_goes_with_its_number() -> None:
    assert [figures.agree(number, "runs", "run") for number in (0, 1, 2)] == ["run", "runs", "run"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "nothing"),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        ([*"abc", *("x" * 1_234)], "a, b, c and 1,234 more"),
    ],
)
def test_several_names_are_a_list_that_ends(names: list[str], words: str) -> None:
    assert figures.several(names) == words


def modules() -> dict[str, str]:
    """Every module but the one that makes figures, and what the embedded servers say of themselves (as PHP and systemd say it)."""
    named = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    return {name: path.read_text() for name, path in named.items() if name != "model/figures.py" and not name.startswith("demo/")}


@pytest.mark.parametrize("kind", OF_THEIR_OWN)
def test_no_other_module_says_a_figure_in_its_own_way(kind: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, code in modules().items()
        for number, line in enumerate(code.splitlines(), 1)
        if OF_THEIR_OWN[kind].search(line) and ELSEWHERE.get(name) != kind
    ]
    assert not found


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("a unit spelled out", 'return f"{int(seconds // 60)} min"'),
        ("a unit spelled out", 'f"{free} MiB free"'),
        ("a span in seconds", 'f"heals within {remaining:.0f} s"'),
        ("a plural", "f\"{many} script{'s' if many > 1 else ''}\""),
        ("a plural", "f\"{many} key{'' if many == 1 else 's'}\""),
        ("a word that goes with a number", 'verb = "has" if len(old) == 1 else "have"'),
        ("a share", 'f"below {rate:.0%}"'),
        ("a share", 'f"below {rate * 100:.0f} %"'),
        ("thousands", 'f"{older:,} older"'),
        ("humanize", "import humanize"),
        ("a size", 'f"{free // 1024**2} MiB"'),
    ],
)
def test_the_search_finds_what_it_is_for(kind: str, line: str) -> None:
    assert OF_THEIR_OWN[kind].search(line)


def test_the_search_is_not_blind() -> None:
    assert len(modules()) > 100
    assert set(ELSEWHERE) <= set(modules())
