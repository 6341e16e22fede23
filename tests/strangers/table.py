"""All layouts."""

from __future__ import annotations

from tests.strangers import front, pools
from tests.strangers.layout import Layout

LAYOUTS: tuple[Layout, ...] = (*front.LAYOUTS, *pools.LAYOUTS)
