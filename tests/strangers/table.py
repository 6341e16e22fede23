"""All layouts."""

from __future__ import annotations

from tests.strangers import applications, front, pools
from tests.strangers.layout import Layout

LAYOUTS: tuple[Layout, ...] = (*front.LAYOUTS, *pools.LAYOUTS, *applications.LAYOUTS)
