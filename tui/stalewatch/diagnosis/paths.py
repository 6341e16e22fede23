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
