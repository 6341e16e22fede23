"""The least privilege that the runbook needs, for sudoers(5): what the steps grant, so that it can't drift apart from the plans. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.runbook import steps
from stalewatch.runbook.commands import permit

if TYPE_CHECKING:
    from stalewatch.runbook.commands import Access


def sudoers(access: Access) -> str:
    """Exact lines, each ending in a newline. A login that is the pool's user or root needs none."""
    if access.login == "root":
        return ""
    commands = [command for spec in steps.STEPS for command in spec.grants(access)]
    return "".join(f"{permit(access.text(command), access.login)}\n" for command in commands if command.user not in ("", access.login))
