"""Preloaded code of another release than the one that is served."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.release import CURRENT, SHOP, flip, layout
from tests.lab.truth.state import Ask, healthy, stale

_VERSION = "public/version.php"
_SCRIPTS = (
    f"cd {SHOP}; for n in 1 2; do"
    " echo \"<?php function lab_version() { return 'home v$n'; }\" >releases/$n/app/preloaded.php;"
    f" echo '<?php echo lab_version();' >releases/$n/{_VERSION};"
    " echo '<?php opcache_compile_file(__DIR__.\"/app/preloaded.php\");' >releases/$n/preload.php; done;"
    f" mkdir shared; echo '<?php require \"{CURRENT}/preload.php\";' >shared/preload.php"
)
_ELSEWHERE = {Layer.OPCACHE: ("stale", "opcache.preload-other-release")}
_ASK = Ask(script=f"{SHOP}/releases/2/{_VERSION}")
_served = do.then(do.get(script=f"{SHOP}/releases/2/public/index.php"), do.get(script=f"{SHOP}/releases/2/{_VERSION}"))


def preloading(script: str) -> do.Change:
    """Two releases, the first is served, and PHP preloads *script*."""

    def arrange(host: Host) -> None:
        layout(f"{SHOP}/releases/1/public/index.php")(host)
        do.shell(_SCRIPTS)(host)
        do.pause(1.1)(host)
        host.ini(opcache__preload=script, opcache__preload_user="www-data")
        do.get(script=f"{SHOP}/releases/1/public/index.php")(host)
        do.get(script=f"{SHOP}/releases/1/{_VERSION}")(host)

    return arrange


_reloaded = do.then(do.pause(1.1), flip, lambda host: host.reload(), _served)
_switched = do.then(do.pause(1.1), flip, _served)

STATES = (
    stale(
        name="preload of another release, reloaded since",
        expect=_ELSEWHERE,
        arrange=preloading(f"{SHOP}/releases/1/preload.php"),
        act=_reloaded,
        ask=_ASK,
        app=CURRENT,
    ),
    stale(
        name="preload of another release, restarted since, seen before",
        expect=_ELSEWHERE,
        arrange=preloading(f"{SHOP}/releases/1/preload.php"),
        act=do.then(flip, lambda host: host.restart(), _served),
        ask=_ASK,
        app=CURRENT,
        remembered=True,
    ),
    stale(
        name="preload through the link, switched since",
        expect=_ELSEWHERE,
        arrange=preloading(f"{CURRENT}/preload.php"),
        act=_switched,
        ask=_ASK,
        app=CURRENT,
    ),
    stale(
        name="preload by a shared file through the link, switched since",
        expect=_ELSEWHERE,
        arrange=preloading(f"{SHOP}/shared/preload.php"),
        act=_switched,
        ask=_ASK,
        app=CURRENT,
    ),
    healthy(
        name="preload through the link, switched and reloaded",
        arrange=preloading(f"{CURRENT}/preload.php"),
        act=_reloaded,
        ask=_ASK,
        app=CURRENT,
    ),
    healthy(
        name="preload by a shared file, switched and reloaded",
        arrange=preloading(f"{SHOP}/shared/preload.php"),
        act=_reloaded,
        ask=_ASK,
        app=CURRENT,
    ),
)
