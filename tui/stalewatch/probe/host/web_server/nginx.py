"""nginx: ``root``, ``alias``, ``fastcgi_pass``, ``upstream``, ``map``, ``set`` and the script that is passed. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.probe.host.web_server.site import Site, address, statements, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.probe.host.web_server.site import Files, Statement

MAINS = (
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/usr/local/openresty/nginx/conf/nginx.conf",
    "/usr/local/etc/nginx/nginx.conf",
    "/opt/nginx/conf/nginx.conf",
)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_UNREAD = "unread "
_DOCROOT = ("$document_root", "$realpath_root", "${document_root}", "${realpath_root}", "$request_filename")


def main_of(title: str) -> str:
    """The file that a running nginx was started with, by its title ("" the one that it was built with)."""
    words = title.split()
    return words[words.index("-c") + 1] if "-c" in words[:-1] else ""


def pattern_of(word: str, main: str, _texts: Mapping[str, str]) -> str:
    """An include's word as an absolute pattern."""
    return word if word.startswith("/") else f"{main.rpartition('/')[0]}/{word}"


def parse(files: Files) -> tuple[Site, ...]:
    """Every place that passes PHP requests on."""
    found = statements(files, files.main, lambda word: pattern_of(word, files.main, files.texts))
    known = _Known(found)
    sites: list[Site] = []
    scopes: list[_Scope] = [_Scope("", None)]
    for statement in found:
        words, scope = statement.words, scopes[-1]
        if statement.mark == "{":
            scopes.append(_Scope(" ".join(words), scope))
        elif statement.mark == "}":
            if len(scopes) > 1:
                scopes.pop()
            if scope.name.startswith("server"):
                sites += scope.sites(known)
        elif len(words) >= 2:
            scope.take(statement)
    return tuple(dict.fromkeys(sites))


class _Known:
    """What names stand for: the servers of each upstream, the values of each variable."""

    def __init__(self, found: list[Statement]) -> None:
        self.upstreams: dict[str, list[str]] = {}
        self.values: dict[str, list[str]] = {}
        block: list[tuple[str, ...]] = []
        for statement in found:
            words = statement.words
            if statement.mark == "{":
                block.append(words)
            elif statement.mark == "}":
                block[-1:] = []
            elif block and block[-1][:1] == ("upstream",) and words[:1] == ("server",) and "down" not in words[2:]:
                self.upstreams.setdefault(block[-1][-1], []).append(words[1])
            elif block and block[-1][:1] == ("map",) and words[:1] == ("value",):
                self.values.setdefault(block[-1][1].strip("${}"), []).append(words[1])
            elif words[:1] == ("set",) and len(words) == 3:
                self.values.setdefault(words[1].strip("${}"), []).append(words[2])

    def addresses(self, value: str) -> tuple[tuple[str, ...], str]:
        """Every address that *value* of ``fastcgi_pass`` can mean, and why that is not all ("" it is)."""
        if value.startswith(_UNREAD):
            return (), unreadable(value.removeprefix(_UNREAD))
        if value in self.upstreams:
            ways = [self.addresses(each) if each not in self.upstreams else ((), each) for each in self.upstreams[value]]
            return tuple(dict.fromkeys(one for some, _ in ways for one in some)), next((why for _, why in ways if why), "")
        if "$" not in value:
            plain = address(value)
            return ((plain,), "") if plain else ((), f"fastcgi_pass {value}: no such upstream in the files that were read")
        whole = self.expand(value)
        known = [each for each in whole if "?" not in each and "$" not in each]
        ways = [self.addresses(each) for each in known]
        every = tuple(dict.fromkeys(one for some, _ in ways for one in some))
        unknown = not whole or len(known) < len(whole)
        return every, f"fastcgi_pass {value}: its value is decided at each request" if unknown or not every else ""

    def expand(self, value: str) -> tuple[str, ...]:
        """*value* with its first variables replaced by each of their values; one that is not known stays."""
        done = [value]
        for name in dict.fromkeys(_VARIABLE.findall(value)[:3]):
            options = list(dict.fromkeys(self.values.get(name, ())))
            if options:
                pattern = re.compile(rf"\$(?:{name}\b|\{{{name}\}})")
                done = [pattern.sub(lambda _match, option=option: option, each) for each in done for option in options]  # type: ignore[misc]
        return tuple(done)


class _Scope:
    """One block: what it says of PHP, and what it inherits."""

    def __init__(self, name: str, outer: _Scope | None) -> None:
        self.name = name
        self.outer = outer
        self.root = ""
        self.names: tuple[str, ...] = ()
        self.params: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.unread = ""
        self.passes: list[tuple[_Scope, str, str]] = outer.passes if outer is not None and not name.startswith("server") else []

    def take(self, statement: Statement) -> None:
        word, value = statement.words[:2]
        if word in ("root", "alias"):
            self.root = value
        elif word == "unread":
            self.unread = self.unread or value
            if self.name.startswith("location") and "php" in self.name and not self.is_narrow():
                self.passes.append((self, f"{_UNREAD}{value}", statement.file))
        elif word == "server_name":
            self.names = statement.words[1:]
        elif word == "fastcgi_param" and len(statement.words) == 3:
            own = self.params if value in ("SCRIPT_FILENAME", "DOCUMENT_ROOT") else self.variables
            own[value] = statement.words[2]
        elif word == "fastcgi_pass":
            self.passes.append((self, value, statement.file))

    def sites(self, known: _Known) -> list[Site]:
        """The sites of this server block, one for each directory that PHP requests are passed for."""
        told = {scope for scope, value, _ in self.passes if not value.startswith(_UNREAD)}
        passes = [each for each in self.passes if not each[1].startswith(_UNREAD) or each[0] not in told]
        wide = [each for each in passes if not each[0].is_narrow()] or passes
        by_root: dict[str, list[tuple[_Scope, str, str]]] = {}
        for each in wide:
            for root in each[0].scripts(known):
                by_root.setdefault(root, []).append(each)
        why = unreadable(next((scope.unread for scope in self._outwards() if scope.unread), ""))
        own = [Site(server="nginx", root=root, names=self.names, undecided=why) for root in self.scripts(known)] if not self.passes else []
        return own or [self._site(root, some, known) for root, some in by_root.items()]

    def _site(self, root: str, passes: list[tuple[_Scope, str, str]], known: _Known) -> Site:
        ways = [known.addresses(value) for _, value, _ in passes]
        first, _, file = passes[0]
        return Site(
            server="nginx",
            root=root,
            names=self.names,
            passes_to=tuple(dict.fromkeys(one for some, _ in ways for one in some)),
            undecided=next((why for _, why in ways if why), ""),
            file=file,
            variables=tuple(first.variables.items()),
        )

    def is_narrow(self) -> bool:
        """A location for one address that is no script, such as FPM's status page."""
        words = self.name.split(" ")
        if self.params.get("SCRIPT_FILENAME", "").endswith(".php"):
            return False
        if words[0] != "location" or len(words) < 3 or "php" in words[-1].partition("fpm")[0]:
            return False
        return words[1] == "=" or (
            words[1].startswith("~") and words[2].startswith("^") and words[2].endswith("$") and ".*" not in words[2]
        )

    def scripts(self, known: _Known) -> tuple[str, ...]:
        """The directories of the scripts that are passed from here, plain paths only."""
        root = next((scope.root for scope in self._outwards() if scope.root), "")
        params = next((scope.params for scope in self._outwards() if scope.params), {})
        script = params.get("SCRIPT_FILENAME", "")
        if script and not script.startswith(_DOCROOT):
            folder = script.partition("$fastcgi_script_name")[0]
            root = folder.rpartition("/")[0] if folder.endswith(".php") else folder
            root = params.get("DOCUMENT_ROOT", root) if "$" in root and root.startswith("$") else root
        return tuple(dict.fromkeys(path.rstrip("/") or "/" for path in known.expand(root) if path.startswith("/") and "$" not in path))

    def _outwards(self) -> list[_Scope]:
        scope: _Scope | None = self
        chain = []
        while scope is not None:
            chain.append(scope)
            scope = scope.outer
        return chain
