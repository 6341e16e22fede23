"""What a deploy.php of Deployer says of hosts, as far as it is written out. PHP is not run: what it computes is not known. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|\#(?!\[)[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<word>\$?\w+)|(?P<sign>->|=>|::|\S)""",
    re.DOTALL,
)
_SETTERS = {
    "user": "remote_user",
    "stage": "stage",
    "port": "port",
    "hostname": "hostname",
    "setremoteuser": "remote_user",
    "setport": "port",
    "sethostname": "hostname",
    "setdeploypath": "deploy_path",
}
"""Methods of a host, and the setting that each one makes."""


class Call(NamedTuple):
    """A call on *line*: *function* with *arguments*, None for one that is no text or number."""

    function: str
    arguments: tuple[str | None, ...]
    line: int


class PhpHost(NamedTuple):
    """``host(…)`` or ``localhost(…)`` on *line*, and the settings that are called on it; *names* None: they are computed."""

    names: tuple[str, ...] | None
    settings: dict[str, str | None]
    line: int
    local: bool = False


def statements(php: str) -> Iterator[list[Call]]:
    """The chains of calls that begin statements: ``host('a')->set('b', 'c');`` is two calls."""
    tokens = [
        (match.lastgroup or "", match[0], php.count("\n", 0, match.start()) + 1)
        for match in _TOKEN.finditer(php)
        if match.lastgroup != "comment"
    ]
    at = 0
    while at < len(tokens):
        chain, at = _chain(tokens, at)
        if chain:
            yield chain


def _chain(tokens: list[tuple[str, str, int]], at: int) -> tuple[list[Call], int]:
    """The calls that begin at *at*, and where to go on. A method (``->host()``) or a definition begins none."""
    calls: list[Call] = []
    before = tokens[at - 1][1] if at else ""
    while at + 1 < len(tokens) and tokens[at][0] == "word" and tokens[at + 1][1] == "(" and before not in ("::", "function", "new"):
        if before == "->" and not calls:
            break
        name, line = tokens[at][1], tokens[at][2]
        arguments, at = _arguments(tokens, at + 2)
        calls.append(Call(name, arguments, line))
        if at + 1 >= len(tokens) or tokens[at][1] != "->":
            return calls, at
        before, at = "->", at + 1
    return calls, at + 1


def _arguments(tokens: list[tuple[str, str, int]], at: int) -> tuple[tuple[str | None, ...], int]:
    """The arguments up to the closing bracket, and what comes after it."""
    found: list[list[tuple[str, str, int]]] = [[]]
    depth = 0
    while at < len(tokens):
        sign = tokens[at][1] if tokens[at][0] == "sign" else ""
        if sign in (")", "]", "}"):
            if depth == 0:
                break
            depth -= 1
        depth += sign in ("(", "[", "{")
        if sign == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(tokens[at])
        at += 1
    return tuple(_value(part) for part in found if part), at + 1


def _value(part: list[tuple[str, str, int]]) -> str | None:
    """A text or number as it is; of ``['stage' => 'x']`` the stage; None for what PHP computes."""
    if len(part) == 1:
        kind, word, _ = part[0]
        if kind == "text":
            inner = word[1:-1]
            return None if word[0] == '"' and "$" in inner else re.sub(r"\\([\\'\"])", r"\1", inner)
        return word if word.isdecimal() else None
    for at, (kind, word, _) in enumerate(part[:-2]):
        if kind == "text" and word[1:-1] == "stage" and part[at + 1][1] == "=>":
            return _value([part[at + 2]])
    return None


def hosts_in(php: str) -> tuple[dict[str, str | None], list[PhpHost], list[Call]]:
    """What holds for all hosts, the hosts, and calls that name another file (``import``, ``inventory``)."""
    common: dict[str, str | None] = {}
    hosts, elsewhere = [], []
    for first, *rest in statements(php):
        if first.function in ("host", "localhost"):
            names = tuple(name for name in first.arguments if name is not None)
            computed = len(names) < len(first.arguments) or (not names and first.function == "host")
            settings = {key: value for call in rest for key, value in [_setting(call)] if key}
            names = names or ("localhost",)
            hosts.append(PhpHost(None if computed else names, settings, first.line, local=first.function == "localhost"))
        elif first.function == "set" and len(first.arguments) == 2 and first.arguments[0]:
            common[first.arguments[0]] = first.arguments[1]
        elif first.function in ("import", "inventory"):
            elsewhere.append(first)
    return common, hosts, elsewhere


def _setting(call: Call) -> tuple[str, str | None]:
    method, arguments = call.function.lower(), call.arguments
    if method == "set" and len(arguments) == 2 and arguments[0]:
        return ("stage" if arguments[0] == "labels" else arguments[0]), arguments[1]
    if method in ("setlabels", "addlabels") and arguments:
        return "stage", arguments[0]
    return (_SETTERS[method], arguments[0]) if method in _SETTERS and len(arguments) == 1 else ("", None)
