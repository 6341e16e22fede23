"""What things are called on the screen and in the question that asks to type a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.engine.board import Pane

_PLACES = {"current", "public", "www", "html", "htdocs", "app", "src", "httpdocs", "public_html", "web", "site", "webroot", "laravel"}


def app_name(path: str) -> str:
    """The name of an app by its root: ``/var/www/api-gateway/current`` is ``api-gateway``."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return path or "?"
    for part in reversed(parts):
        if part not in _PLACES and part not in {"srv", "var", "home", "opt", "releases"}:
            return part
    return parts[-1]


def group_of(pane: Pane) -> tuple[str, str]:
    """What a pane belongs to: its group, else its app; and its environment."""
    return (pane.group or (app_name(pane.app) if pane.app else "not known yet"), "production" if pane.production else "")
