"""Cache files that another user wrote: whether PHP may read them decides, not to whom they belong."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, healthy, stale

_CONFIG = {Layer.CONFIG: ("stale", "config.broken")}
_BY_ROOT = "umask {}; php artisan {} --no-interaction"
_AGENT = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")


def _by_root(command: str, umask: str = "077") -> do.Change:
    """What root caches, long enough ago for OPcache to have looked at it."""
    return do.then(do.shell(_BY_ROOT.format(umask, command)), do.pause(4.1), do.get("/config"))


STATES = (
    stale(name="config: cached by root, whose umask closed it", expect=_CONFIG, act=_by_root("config:cache"), ask=_AGENT, really="broken"),
    stale(
        name="vt=0: config cached by root, whose umask closed it",
        expect=_CONFIG | {Layer.OPCACHE: ("stale", "opcache.stale-config-cache")},
        arrange=do.then(do.VT0, do.get("/config")),
        act=do.then(do.AGENT, _by_root("config:cache")),
        ask=_AGENT,
        remembered=True,
    ),
    stale(
        name="packages: discovered by root, whose umask closed the manifests",
        expect={Layer.PACKAGES: ("stale", "packages.broken")},
        act=do.then(do.shell("rm bootstrap/cache/packages.php bootstrap/cache/services.php"), _by_root("package:discover")),
        really="broken",
    ),
    healthy(
        name="config: cached by root, and open to all",
        act=do.then(do.AGENT, _by_root("config:cache", "022")),
        ask=_AGENT,
    ),
)
