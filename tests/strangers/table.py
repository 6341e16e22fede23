"""All layouts: those of Debian 12, and those of Debian 13, which need `PHP=8.4`."""

from __future__ import annotations

from tests.lab import php
from tests.strangers import applications, front, pools, two_phps
from tests.strangers.layout import Layout

DEBIAN_12: tuple[Layout, ...] = (*front.LAYOUTS, *pools.LAYOUTS, *applications.LAYOUTS)
DEBIAN_13: tuple[Layout, ...] = two_phps.LAYOUTS
LAYOUTS = DEBIAN_12 if php.VERSION == "8.2" else DEBIAN_13
