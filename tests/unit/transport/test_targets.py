from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.errors import UsageError
from stalewatch.transport.targets import Target, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("web1", Target("web1")),
        ("deploy@web1", Target("web1", "deploy")),
        ("deploy@10.0.0.5:2222", Target("10.0.0.5", "deploy", 2222)),
        ("web1:22", Target("web1", "", 22)),
        ("[::1]:2201", Target("::1", "", 2201)),
        ("root@[fe80::1%eth0]", Target("fe80::1%eth0", "root")),
        ("::1", Target("::1")),
        ("first.last+x@web-1.example.org", Target("web-1.example.org", "first.last+x")),
    ],
)
def test_accepted(text: str, target: Target) -> None:
    assert parse_target(text) == target
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "", "-oProxyCommand=id", "user@-oProxyCommand=id", "-l@web1", "@web1", "web 1", " web1", "web1 ", "web1\n", "we\x1bb", "web1:",
        "web1:0",
        "web1:65536", "web1:22x", "web1:٢٢", "web1:-1", "[::1", "[]:22", "[::1]x", "[-x]:1",
        "a@b@c", "web1;id", "a;id@web1", "$(id)@web1", "$(id)", "`id`",
        "web1|x", "a/b", "'web1'", "x" * 600, "we\u202eb1",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert caught.value.message.isprintable()


@given(st.text())
def test_whatever_is_accepted_cannot_be_an_option_or_hold_a_blank(text: str) -> None:
    try:
        target = parse_target(text)
    except UsageError:
        return
    for word in (target.host, target.user):
        assert not word.startswith("-")
        assert not any(char.isspace() or not char.isprintable() for char in word)
