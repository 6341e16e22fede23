"""How often a server is looked at. A file of its own: what a link needs is imported after the first frame."""

LOOK_INTERVAL = 2.0
"""Seconds from the beginning of a look to that of the next, where nobody asked for others."""
