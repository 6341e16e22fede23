"""Steps of a runbook that no plan lists, as progress, audit log and timeline call them."""

from __future__ import annotations

LOCK = "lock"
"""The lock of a server is taken, or somebody else has it."""
RESULT = "result"
"""How a server ended."""
