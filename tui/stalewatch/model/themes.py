"""What the dashboard's themes are called. The command line names them before it loads anything else."""

from __future__ import annotations

THEMES = ("dark", "light", "high-contrast", "colour-blind", "ansi", "ansi-light")
"""In the order in which the key takes them."""
