"""On which line of a file something stands."""

from __future__ import annotations

import time

import pytest

from stalewatch.config.lines import line_of

TEXT = """\
# [ui.keys]
ui = { zone = "UTC", keys = { help = "h" } }

[[server]]
target = "a"
name = '''
[[server]]
target = "no"
'''

[[server]]  # the second
target = "b"
group = [
  "x",
  # target

  "y",
]
production = true
[[server.app]]
path = "/srv/a"
[[server.app]]

smoke.path = "/up"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("ui",), 2),
        (("ui", "keys", "help"), 2),
        (("server",), 4),
        (("server", 0), 4),
        (("server", 0, "name"), 6),
        (("server", 1), 11),
        (("server", 1, "target"), 12),
        (("server", 1, "group"), 13),
        (("server", 1, "group", 1), 13),
        (("server", 1, "production"), 19),
        (("server", 1, "app", 1), 22),
        (("server", 1, "app", 1, "smoke", "path"), 24),
        (("server", 2), 0),
        (("server", 0, "target", "x"), 0),
        (("server", "target"), 0),
        ((), 0),
    ],
)
def test_where_it_begins(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


def test_the_last_line_and_no_line_at_all() -> None:
    assert line_of("a = 1\nb = 2", ("b",)) == 2
    assert line_of("", ("b",)) == 0


def test_a_long_file_is_read_a_few_times_only() -> None:
    text = "".join(f'[[server]]\ntarget = "web{number}"\n' for number in range(2500))
    begun = time.process_time()
    assert line_of(text, ("server", 1249, "target")) == 2500
    assert time.process_time() - begun < 5
    assert line_of(text * 3, ("server", 0)) == 0
