"""What the steps write, whether the pool's user may write it, and the line that lets him where he may not. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.runbook.commands import usable, usable_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.runbook.draft import Draft


def written(draft: Draft) -> tuple[str, ...]:
    """The files that the steps make again, and the folders that they fill, which end in a slash. Each is the work of the pool's user."""
    paths = [path for step in draft.of_kind("clear", "rebuild") for path in step.keeps]
    paths += [f"{draft.access.root}/var/cache/"] if draft.of_kind("compile") else []
    return tuple(dict.fromkeys(path for path in paths if usable(path)))


def refusals(told: Mapping[str, str], user: str) -> dict[str, str]:
    """Path -> why *user* can't write there, and ``grant``: what to type. *told*: as the pool says it (see ``verbs.php``)."""
    who = user if usable_name(user) else "USER"
    refused = {path: said for path, why in told.items() if (said := _refusal(path, why, who)) is not None}
    if not refused:
        return {}
    lines = dict.fromkeys(f"sudo {shlex.join(line)}" for _, line in refused.values())
    return {**{path: words for path, (words, _) in refused.items()}, "grant": "; ".join(lines)}


def _refusal(path: str, why: str, user: str) -> tuple[str, tuple[str, ...]] | None:
    folder = path.rpartition("/")[0]
    word, _, about = why.partition(" ")
    match word:
        case "missing":
            return f"there is no folder {folder}", ("install", "-d", "-o", user, folder)
        case "read-only":
            return f"{about} is mounted read-only", ("mount", "-o", "remount,rw", about)
        case "immutable":
            return f"{folder} is immutable", ("chattr", "-i", folder)
        case "no-file":
            return "it is a pipe, a folder or a device and no file", ("mv", path, f"{path}.away")
        case "immutable-file":
            return "it is immutable", ("chattr", "-i", path)
        case "denied":
            owner, _, mode = about.partition(" ")
            return f"{user} may not write into {folder} ({owner}, {mode})", ("setfacl", "-m", f"u:{user}:rwx", folder)
        case "kept":
            return f"it belongs to {about}, and {folder} lets nobody else replace it (sticky)", ("chown", user, path)
        case _:
            return None
