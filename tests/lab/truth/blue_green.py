"""Links whose targets have names without a number, or anywhere on the disk."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import APP, INDEX, Ask, healthy, stale, warm

_OLD = {Layer.RELEASE: ("stale", "release.old-served"), Layer.OPCACHE: ("absent",)}
_LIKELY = {Layer.RELEASE: ("suspect", "release.link-passed"), Layer.OPCACHE: ("absent",)}
_ASK = Ask(script=INDEX)


def linked(first: str, second: str, also: str = "") -> do.Change:
    """The application at *first*, a fixed copy of it at *second*, and its usual path a link to the first."""
    script = f"""
mkdir -p $(dirname {first}) $(dirname {second})
mv {APP} {first}
cp -a {first} {second}
sed -i 's/home v1/home v2/' {second}/app/Http/Controllers/HomeController.php
ln -s {first} {APP}
{also}
"""

    def arrange(host: Host) -> None:
        host.run(["sh", "-ec", script])
        do.pause(1.1)(host)
        host.restart()
        warm(host)

    return arrange


def switch(target: str) -> do.Change:
    """The link leads to *target* now."""
    return do.shell(f"cd /srv; ln -s {target} next; mv -T next {APP}")


_SHOP = "cp -a /srv/blue /srv/shop; sed -i 's/home v1/shop/' /srv/shop/app/Http/Controllers/HomeController.php"
_shop = do.get(script="/srv/shop/public/index.php", times=20)

STATES = (
    stale(
        name="release: blue and green behind a link, in use",
        expect=_OLD,
        arrange=linked("/srv/blue", "/srv/green"),
        act=do.then(do.pause(1.1), switch("green"), do.pause(2.5), do.get()),
        ask=_ASK,
    ),
    stale(
        name="release: blue and green behind a link, in use, seen before",
        expect=_OLD,
        arrange=linked("/srv/blue", "/srv/green"),
        act=do.then(do.pause(1.1), switch("green"), do.pause(2.5), do.get()),
        ask=_ASK,
        remembered=True,
    ),
    stale(
        name="release: link switched to another folder altogether, in use",
        expect=_OLD,
        arrange=linked("/srv/data/old/site", "/srv/code/new"),
        act=do.then(do.pause(1.1), switch("/srv/code/new"), do.pause(2.5), do.get()),
        ask=_ASK,
    ),
    stale(
        name="release: blue and green behind a link, not requested since",
        expect=_LIKELY,
        arrange=linked("/srv/blue", "/srv/green"),
        act=do.then(do.pause(1.1), switch("green")),
        ask=_ASK,
    ),
    healthy(
        name="release: blue and green behind a link, then reload",
        arrange=linked("/srv/blue", "/srv/green"),
        act=do.then(do.pause(1.1), switch("green"), lambda host: host.reload(), do.get()),
        ask=_ASK,
    ),
    healthy(
        name="release: two applications side by side, one link switched",
        arrange=do.then(linked("/srv/blue", "/srv/green", _SHOP), _shop),
        act=do.then(do.pause(1.1), switch("green"), lambda host: host.reload(), do.get(times=20), _shop),
        ask=_ASK,
    ),
    healthy(
        name="release: two applications side by side, the web server resolves a link that was switched",
        arrange=do.then(
            linked("/srv/blue", "/srv/green", _SHOP),
            lambda host: host.restart(),
            do.get(script="/srv/blue/public/index.php", times=20),
            _shop,
        ),
        act=do.then(do.pause(1.1), switch("green"), do.get(script="/srv/green/public/index.php", times=20), _shop),
        ask=Ask(script="/srv/green/public/index.php"),
    ),
)
