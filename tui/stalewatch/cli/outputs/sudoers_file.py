"""What ``init --sudoers`` prints: a file for each kind of server, ready for /etc/sudoers.d."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stalewatch.runbook.rights import Rights

_HEAD = """\
# For /etc/sudoers.d/stalewatch, mode 0440. Check it with visudo -cf FILE before you install it.
# What `stalewatch fix` needs, and no more: looking needs none of it. Whoever may write to an artisan, or to the code that
# it loads, can run any code as the user in brackets by these lines.
"""


def text(rights: Sequence[Rights]) -> str:
    """One file for all servers that need the same; for another server another one, with its own heading."""
    files: dict[tuple[Rights, ...], list[str]] = {}
    for server, apps in groupby(rights, key=lambda each: str(each.server)):
        files.setdefault(tuple(replace(each, server=safe("")) for each in apps), []).append(server)
    return "\n".join("".join(f"{line}\n" for line in _file(servers, apps)) for apps, servers in files.items())


def _file(servers: list[str], apps: tuple[Rights, ...]) -> Iterator[str]:
    yield _comment(f"{', '.join(servers)}:")
    yield from _HEAD.splitlines()
    seen: set[str] = set()
    for each in apps:
        yield ""
        yield _comment(f"{each.app or 'no application'}: {_what(each)}")
        yield from (_comment(f"not complete: {line}") for line in each.missing)
        yield from (line for line in each.lines if line not in seen)
        seen |= {*each.lines}


def _what(rights: Rights) -> str:
    if not rights.login:
        return "was not seen"
    if not rights.lines and rights.complete:
        return f"{rights.login} needs no sudo"
    return f"served as {rights.user}, fixed by {rights.login}" if rights.user else f"fixed by {rights.login}"


def _comment(line: str) -> str:
    """A line that ends in a backslash would go on in the next one."""
    return f"# {safe(line)}".rstrip("\\")
