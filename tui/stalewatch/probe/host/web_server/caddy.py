"""Caddy: site blocks, ``import``, ``root``, ``php_fastcgi``, ``reverse_proxy`` over FastCGI, and the PHP in FrankenPHP. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.probe.host.web_server.site import MAX_DEPTH, Site, address, statements, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.probe.host.web_server.site import Files, Statement

MAINS = ("/etc/caddy/Caddyfile", "/etc/frankenphp/Caddyfile", "/usr/local/etc/Caddyfile")
_CONFIG = re.compile(r"--config[= ]?(/\S+?)(?=--|\s|$)")
_FOLDERS = ("root", "php_fastcgi", "reverse_proxy", "to", "php_server", "php", "transport", "unread")


def main_of(title: str) -> str:
    """The file that a running Caddy was started with, by its arguments ("" the one that is customary)."""
    found = _CONFIG.search(title)
    return found[1] if found else ""


def pattern_of(word: str, main: str, _texts: Mapping[str, str]) -> str:
    """An import's word as an absolute pattern; the name of a snippet matches no file."""
    return word if word.startswith("/") else f"{main.rpartition('/')[0]}/{word}"


def parse(files: Files) -> tuple[Site, ...]:
    """Every site block that serves scripts."""
    found = statements(files, files.main, lambda word: pattern_of(word, files.main, files.texts))
    snippets = _snippets(found)
    sites: list[Site] = []
    for head, body in _blocks(found):
        if head and head != ("options",) and not head[0].startswith("("):
            sites += _sites(head, _whole(body, snippets))
    return tuple(dict.fromkeys(sites))


def _blocks(found: list[Statement]) -> list[tuple[tuple[str, ...], list[Statement]]]:
    """The outermost blocks; what stands in none is one (a Caddyfile with one site needs no braces)."""
    blocks: list[tuple[tuple[str, ...], list[Statement]]] = []
    bare: list[Statement] = []
    depth = 0
    for statement in found:
        if statement.mark == "{" and not depth:
            blocks.append((statement.words, []))
        elif depth and not (statement.mark == "}" and depth == 1):
            blocks[-1][1].append(statement)
        elif not depth and statement.mark == ";":
            bare.append(statement)
        depth += {"{": 1, "}": -1}.get(statement.mark, 0)
        depth = max(depth, 0)
    used = [each for each in bare if each.words[0] in _FOLDERS]
    return [*blocks, (("localhost",), bare)] if used else blocks


def _snippets(found: list[Statement]) -> dict[str, list[Statement]]:
    return {head[0].strip("()"): body for head, body in _blocks(found) if head and head[0].startswith("(")}


def _whole(body: list[Statement], snippets: Mapping[str, list[Statement]], depth: int = 0) -> list[Statement]:
    """*body* with its snippets in place of their names."""
    whole: list[Statement] = []
    for statement in body:
        if statement.words[:1] == ("use",) and depth < MAX_DEPTH:
            whole += _whole(snippets.get(statement.words[1], []), snippets, depth + 1)
        else:
            whole.append(statement)
    return whole


def _sites(head: tuple[str, ...], body: list[Statement]) -> list[Site]:
    """One site, or one for each root that PHP requests are passed for."""
    roots = [""]
    by_root: dict[str, list[str]] = {}
    proxies: list[list[str]] = []
    runs, unread, file = False, "", ""
    for statement in body:
        words = statement.words
        if statement.mark == "{":
            roots.append(roots[-1])
        if statement.mark == "}":
            roots[1:] = roots[1:-1]
        elif words[:1] == ("root",):
            roots[-1] = words[-1]
            if len(roots) > 1 and roots[-2] == "":
                roots[-2] = words[-1]
        elif words[:1] == ("php_fastcgi",):
            by_root.setdefault(roots[-1], []).extend(_upstreams(words[1:]))
            file = statement.file
        elif words[:1] == ("reverse_proxy",):
            proxies.append(_upstreams(words[1:]))
        elif words[:1] == ("to",) and proxies:
            proxies[-1] += words[1:]
        elif words[:2] == ("transport", "fastcgi") and proxies:
            by_root.setdefault(roots[-1], []).extend(proxies[-1])
            file = statement.file
        elif words[:1] in (("php_server",), ("php",)):
            runs = True
            by_root.setdefault(roots[-1], [])
        elif words[:1] == ("unread",):
            unread = words[1]
    if not by_root:
        by_root[roots[0]] = []
    names = tuple(name.rstrip(",").partition("://")[2] or name.rstrip(",") for name in head)
    last = roots[0]
    return [_site(root or last, passes, names, file, runs, unread) for root, passes in by_root.items()]


def _site(root: str, passes: list[str], names: tuple[str, ...], file: str, runs: bool, unread: str) -> Site:
    ways = [_address(each) for each in passes]
    unknown = next((each for each, one in zip(passes, ways, strict=True) if not one), "")
    why = f"php_fastcgi {unknown}: its value is not known" if unknown else "" if passes or runs else unreadable(unread)
    plain = root if root.startswith("/") and "{" not in root else ""
    return Site(
        server="caddy",
        root=plain.rstrip("/") or plain,
        names=names,
        passes_to=tuple(dict.fromkeys(filter(None, ways))),
        undecided=why,
        runs_php=runs,
        file=file,
    )


def _upstreams(words: tuple[str, ...]) -> list[str]:
    """Without the matcher of requests that can stand first: ``/path*``, ``@name``, ``*``."""
    some = list(words)
    if some and (some[0].startswith("@") or some[0] == "*" or (some[0].startswith("/") and len(some) > 1)):
        some = some[1:]
    return some


def _address(value: str) -> str:
    """``unix//run/a.sock`` or ``host:port``, with or without ``php://`` before it."""
    plain = value.removeprefix("php://").removeprefix("fcgi://")
    if plain.startswith("unix/"):
        return address(f"unix:{plain.removeprefix('unix/')}")
    return address(plain) if "{" not in plain else ""
