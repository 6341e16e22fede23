"""What was not read because there is more of it than is read, and what is not fresh then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.context import Ruling
from stalewatch.model import reasons
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.unseen import Unseen

RESTS: dict[str, tuple[Layer, ...]] = {
    reasons.WEB_LEFT_OUT.code: (Layer.OPCACHE, Layer.FPM),
    reasons.FPM_CONFIG_LEFT_OUT.code: (Layer.OPCACHE, Layer.FPM),
    reasons.APP_LINKS_LEFT_OUT.code: (Layer.OPCACHE,),
    reasons.APP_CRON_LEFT_OUT.code: (Layer.WORKERS,),
    reasons.APP_FILES_LEFT_OUT.code: (Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.VIEWS, Layer.PACKAGES),
}
"""By the code of what is left out: the layers that what was left out could make wrong."""
_UNLESS_SEEN = frozenset({reasons.WEB_LEFT_OUT.code, reasons.FPM_CONFIG_LEFT_OUT.code})
"""These say which pool serves the app; a pool that is seen to serve it is a witness of its own."""


def without(rulings: Mapping[Layer, Ruling], told: Iterable[Unseen], *, shown: bool) -> dict[Layer, Ruling]:
    """*rulings*, with no layer fresh that what *told* leaves out could make wrong. *shown*: the app is seen in the pool."""
    lacking = {layer for one in told if not (shown and one.code in _UNLESS_SEEN) for layer in RESTS.get(one.code, ())}
    return {layer: _unknown(layer, ruling) if layer in lacking else ruling for layer, ruling in rulings.items()}


def _unknown(layer: Layer, ruling: Ruling) -> Ruling:
    """A cache that is not there is not there, whatever was not read; a pool or a line of cron may be."""
    absent = ruling.verdict is Verdict.ABSENT and layer in (Layer.OPCACHE, Layer.WORKERS)
    rests = ruling.verdict is Verdict.FRESH or absent
    return Ruling(Verdict.UNKNOWN, ruling.findings) if rests else ruling
