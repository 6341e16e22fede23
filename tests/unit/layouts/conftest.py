"""The real host probe on a tree."""

from tests.builders.tree_probe import looking

__all__ = ["looking"]
