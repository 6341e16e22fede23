"""A copy of a value with some fields changed. mypy checks the fields' names and types, which it does not for msgspec's own function."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace
else:
    from msgspec.structs import replace

__all__ = ["replace"]
