"""Paths on a server, for people and for commands."""

from __future__ import annotations


def name_of(path: str) -> str:
    """The last part of *path*: what a person calls the file."""
    return path.rsplit("/", 1)[-1] or path


def short(path: str, root: str) -> str:
    """*path* below *root* without it, else as it is."""
    return path[len(root) + 1 :] if root and path.startswith(root + "/") else path


def absolute(path: str, root: str) -> str:
    """*path* as it can be used in a shell on the server."""
    return path if path.startswith("/") or not root else f"{root}/{path}"


def release_called(path: str) -> str:
    """``release 42`` of ``/srv/app/releases/42/public/index.php``; ``blue`` of ``/srv/app/blue``."""
    parts = path.strip("/").split("/")
    if "releases" in parts[:-1]:
        return f"release {parts[parts.index('releases') + 1]}"
    folders = [part for part in parts if not part.endswith(".php") and part != "public"]
    return folders[-1] if folders else path
