"""``python -m stalewatch.dashboard.actions`` prints README's table of keys."""

from __future__ import annotations

import sys

from stalewatch.dashboard.actions.readme import markdown_table

sys.stdout.write(markdown_table())
