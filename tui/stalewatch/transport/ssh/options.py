"""What ``ssh -G`` prints -> a value. Pure; asking is :mod:`stalewatch.transport.ssh.route`.

Only ``ssh`` itself knows what its configuration means (Match, Include, canonical names, times like ``1m``), so ssh is asked,
and every option is then passed to asyncssh explicitly.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_PORT: Final = 22
_NONE: Final = ("", "none")


class SshOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The resolved options of one hop, by their ssh_config names; absent is empty. Paths have ``~`` and ``%`` tokens expanded.

    *alias* is the host as it was asked for. *connecttimeout* is in seconds, 0 where none is set. *identityagent* is a path, ``none``
    or empty (ask ``SSH_AUTH_SOCK``). The algorithm lists are in order of preference; empty means the library's own.
    """

    alias: str
    hostname: str
    port: int = DEFAULT_PORT
    user: str
    identityfiles: tuple[str, ...] = ()
    certificatefiles: tuple[str, ...] = ()
    identitiesonly: bool = False
    identityagent: str = ""
    userknownhostsfile: tuple[str, ...] = ()
    globalknownhostsfile: tuple[str, ...] = ()
    revokedhostkeys: str = ""
    hostkeyalias: str = ""
    stricthostkeychecking: str = "ask"
    proxyjump: str = ""
    proxycommand: str = ""
    connecttimeout: float = 0.0
    addressfamily: str = "any"
    hostkeyalgorithms: tuple[str, ...] = ()
    kexalgorithms: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """``host:port`` as a person would write it: what limits and messages speak of."""
        return f"[{self.hostname}]:{self.port}" if ":" in self.hostname else f"{self.hostname}:{self.port}"


def parse(output: str, alias: str, environ: Mapping[str, str], home: str) -> SshOptions:
    """The options in *output* of ``ssh -G``; *environ* and *home* are what ``$NAME`` and ``~`` stand for.

    Raises UsageError when it has no host name or user, or a port or time that is not a number.
    """
    first: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    for line in output.splitlines():
        word, _, value = line.strip().partition(" ")
        first.setdefault(word.lower(), value.strip())
        every.setdefault(word.lower(), []).append(value.strip())
    hostname, user = first.get("hostname", ""), first.get("user", "")
    if not hostname or not user:
        raise UsageError(f"ssh -G {alias} names no host or user")
    port = _number(first.get("port", str(DEFAULT_PORT)), alias)
    expand = expander(alias=alias, hostname=hostname, port=port, user=user, environ=environ, home=home, first=first)
    return SshOptions(
        alias=alias,
        hostname=hostname,
        port=port,
        user=user,
        identityfiles=_paths(every.get("identityfile", []), expand),
        certificatefiles=_paths(every.get("certificatefile", []), expand),
        identitiesonly=first.get("identitiesonly", "no") in ("yes", "true"),
        identityagent=_agent(first.get("identityagent", ""), expand, environ),
        userknownhostsfile=_paths(_files(first.get("userknownhostsfile", "")), _expanded),
        globalknownhostsfile=_paths(_files(first.get("globalknownhostsfile", "")), _expanded),
        revokedhostkeys=next(iter(_paths([first.get("revokedhostkeys", "")], expand)), ""),
        hostkeyalias=first.get("hostkeyalias", ""),
        stricthostkeychecking=first.get("stricthostkeychecking", "ask"),
        proxyjump=_unless_none(first.get("proxyjump", "")),
        proxycommand=expand(_unless_none(first.get("proxycommand", ""))),
        connecttimeout=float(_number(_unless_none(first.get("connecttimeout", "")) or "0", alias)),
        addressfamily=first.get("addressfamily", "any"),
        hostkeyalgorithms=_list(first.get("hostkeyalgorithms", "")),
        kexalgorithms=_list(first.get("kexalgorithms", "")),
        ciphers=_list(first.get("ciphers", "")),
        macs=_list(first.get("macs", "")),
    )


def expander(
    *, alias: str, hostname: str, port: int, user: str, environ: Mapping[str, str], home: str, first: Mapping[str, str]
) -> Callable[[str], str]:
    """A function that expands the ``%`` tokens of ssh_config(5) that name a connection, and leaves the others as they are."""
    tokens = {
        "%": "%",
        "h": hostname,
        "p": str(port),
        "r": user,
        "n": alias,
        "d": home,
        "u": environ.get("USER", environ.get("LOGNAME", "")),
        "k": first.get("hostkeyalias") or alias,
        "j": _unless_none(first.get("proxyjump", "")),
    }
    return lambda value: re.sub(r"%(.)", lambda match: tokens.get(match[1], match[0]), value)


def _paths(values: list[str], expand: Callable[[str], str]) -> tuple[str, ...]:
    wanted = dict.fromkeys(value for value in values if value not in _NONE)
    return tuple(_home(expand(value)) for value in wanted)


def _expanded(value: str) -> str:
    """*value*, whose tokens ``ssh -G`` has expanded already (or which may have none): another ``%`` is part of the file's name."""
    return value


def _files(value: str) -> list[str]:
    """The file names of a list that ssh prints unquoted: a blank separates only before what begins a path (``/``, ``~``) or is ``none``."""
    return re.split(r" (?=/|~|none$)", value)


def _home(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:  # no such user: leave it, the file will be missing
        return path


def _agent(value: str, expand: Callable[[str], str], environ: Mapping[str, str]) -> str:
    if value in ("", "none"):
        return value
    if value == "SSH_AUTH_SOCK":
        return ""
    if value.startswith("$"):
        return environ.get(value[1:].strip("{}"), "none") or "none"
    return _home(expand(value))


def _unless_none(value: str) -> str:
    return "" if value in _NONE else value


def _list(value: str) -> tuple[str, ...]:
    return tuple(item for item in value.split(",") if item)


def _number(value: str, alias: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise UsageError(f"ssh -G {alias} prints something that is not a number: {value[:80]!r}")
    return int(value)
