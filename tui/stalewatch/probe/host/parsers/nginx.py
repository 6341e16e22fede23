"""Which root goes to which FPM socket, by nginx's configuration. Pure and forgiving: a hint for discovery, never evidence."""

from __future__ import annotations

import re

import msgspec

from stalewatch.probe.host.parsers.fpm_config import listen_address

_TOKEN = re.compile(r"""[{};]|"[^"\n]*"|'[^'\n]*'|[^\s{};]+""")


class Site(msgspec.Struct, frozen=True):
    """One ``server`` block: its first ``root`` and the address it passes PHP to (a socket path or ``host:port``; "" none)."""

    root: str
    passes_to: str


def parse_sites(content: str) -> tuple[Site, ...]:
    """Every server block with a root that is a plain path (no variables)."""
    without_comments = re.sub(r"(?m)(^|\s)#.*$", "", content)
    sites = []
    path: list[str] = []
    words: list[str] = []
    root = passes_to = ""
    for token in _TOKEN.findall(without_comments):
        if token == "{":
            path.append(words[0] if words else "")
            if path[-1] == "server" and "upstream" not in path:
                root = passes_to = ""
            words = []
        elif token == "}":
            if path and path.pop() == "server" and root:
                sites.append(Site(root, passes_to))
            words = []
        elif token == ";":
            if words[:1] == ["root"] and len(words) == 2 and not root:
                root = _plain(words[1])
            elif words[:1] == ["fastcgi_pass"] and len(words) == 2:
                passes_to = passes_to or _address(words[1])
            words = []
        elif len(words) < 16:
            words.append(token)
    return tuple(sites)


def _plain(value: str) -> str:
    path = value.strip("\"'").rstrip("/")
    return path if path.startswith("/") and "$" not in path else ""


def _address(value: str) -> str:
    plain = value.strip("\"'")
    if plain.startswith("unix:"):
        return plain.removeprefix("unix:")
    return listen_address(plain) if re.fullmatch(r"[\w.\[\]:-]+:\d+", plain) else ""
