"""What the web servers of a server are told about one app: where they pass its PHP requests."""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.text import SafeText


class WebSite(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a web server's configuration that runs PHP. *root*: the directory of its scripts. *passes_to*: every address that its
    requests can go to. *undecided*: why that cannot be told ("" it can). *runs_php*: the web server itself is PHP. *variables*: names and
    values that PHP is passed with a request; only ``APP_ENV`` and ``APP_DEBUG`` are told."""

    server: Literal["nginx", "apache", "caddy"]
    root: SafeText
    names: tuple[SafeText, ...] = ()
    passes_to: tuple[SafeText, ...] = ()
    undecided: SafeText = SafeText("")
    runs_php: bool = False
    file: SafeText = SafeText("")
    variables: tuple[tuple[SafeText, SafeText], ...] = ()


class WebFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The sites of one app. *passes_to*: the one pool that its requests go to ("" none is named). *asked*: the address of the pool that was
    asked for it. *undecided*: why the configuration does not name one pool. *runs_php*: a web server itself runs this app's PHP. *denied*:
    files of the configuration that this login may not read, where nothing else of it names the app. *newer*: those that changed after the
    web server last read them, which was at *loaded* (0.0 not seen), the newest at *changed*."""

    sites: tuple[WebSite, ...]
    passes_to: SafeText = SafeText("")
    asked: SafeText = SafeText("")
    undecided: SafeText = SafeText("")
    runs_php: bool = False
    denied: tuple[SafeText, ...] = ()
    newer: tuple[SafeText, ...] = ()
    changed: float = 0.0
    loaded: float = 0.0
