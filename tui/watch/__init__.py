"""The loop per server: connect, probe, diagnose, publish; back off; never block another server. Knows nothing of screens."""

from tui.watch.once import look_once, open_sites

__all__ = ["look_once", "open_sites"]
