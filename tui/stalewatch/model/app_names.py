"""What people call an app, by its root on the server. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_PLACES = {"current", "public", "www", "html", "htdocs", "app", "src", "httpdocs", "public_html", "web", "site", "webroot", "laravel"}
_SYSTEM = {"srv", "var", "home", "opt", "releases"}


def app_name(root: str) -> str:
    """The directory of *root* that says most: ``/var/www/api-gateway/current`` is ``api-gateway``."""
    parts = _parts(root)
    return parts[_telling(parts)] if parts else root or "?"


def names_apart(roots: Collection[str]) -> dict[str, str]:
    """root -> name, for the apps of one server: those with the same name get as much of their path as tells them apart (``blue/shop``)."""
    twins: dict[str, list[str]] = {}
    for root in roots:
        twins.setdefault(app_name(root), []).append(root)
    found = {}
    for those in twins.values():
        longer = {root: _longer(root) for root in those}
        for root in those:
            taken = {name for other, names in longer.items() if other != root for name in names}
            found[root] = next((name for name in longer[root] if name not in taken), root)
    return found


def _longer(root: str) -> list[str]:
    """Names of *root*, the shortest first: more of the path before the telling directory, then what comes behind it."""
    parts = _parts(root)
    if not parts:
        return [root or "?"]
    at = _telling(parts)
    before = [parts[begin : at + 1] for begin in range(at, -1, -1)]
    behind = [parts[at : end + 1] for end in range(at + 1, len(parts))]
    return ["/".join(some) for some in (*before, *behind)]


def _telling(parts: list[str]) -> int:
    last = len(parts) - 1
    return next((at for at in range(last, -1, -1) if parts[at] not in _PLACES | _SYSTEM), last)


def _parts(root: str) -> list[str]:
    return [part for part in root.split("/") if part]
