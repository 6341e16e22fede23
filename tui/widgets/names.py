"""What things are called on the screen and in the question that asks to type a name."""

from __future__ import annotations

_PLACES = {"current", "public", "www", "html", "htdocs", "app", "src", "httpdocs"}


def app_name(path: str) -> str:
    """The name of an app by its root: ``/var/www/api-gateway/current`` is ``api-gateway``."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return path or "?"
    for part in reversed(parts):
        if part not in _PLACES and part not in {"srv", "var", "home", "opt", "releases"}:
            return part
    return parts[-1]
