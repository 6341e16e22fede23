"""Releases that were unpacked with old modification times, and switched to while the cache lived."""

from __future__ import annotations

from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import SUSPECT
from tests.lab.truth.release import CACHE, CURRENT, SERVED, SHOP, layout
from tests.lab.truth.state import Ask, healthy, stale

_THIRD = f"{SHOP}/releases/3/public/index.php"
_FIRST = f"{SHOP}/releases/1/public/index.php"
_ADMIN = "php_admin_value[{}]"
_VT0 = {_ADMIN.format("opcache.validate_timestamps"): 0}
_PATHS = {_ADMIN.format("opcache.revalidate_path"): 1, _ADMIN.format("realpath_cache_ttl"): 1}
_WAYS = {
    "cp -a": "cp -a releases/2 releases/3",
    "rsync -a": "mkdir releases/3; rsync -a releases/2/ releases/3/",
    "tar": "mkdir releases/3; tar -C releases/2 -cf - . | tar -C releases/3 -xpf -",
}
_OWN = "rm -rf releases/3/bootstrap/cache/*.php releases/3/storage/framework/views/*.php"
_SWITCH = "ln -s releases/3 /srv/shop/next; mv -T /srv/shop/next /srv/shop/current"


def unpack(way: str) -> do.Change:
    """Release 3, by *way*, a little later; the link is switched to it in the second in which it is ready."""
    return do.then(do.pause(1.1), do.shell(f"cd {SHOP}; {_WAYS[way]}; {_OWN}; {CACHE.format(3).strip()}; {_SWITCH}"))


_ASK = Ask(script=_THIRD)
_served = do.get(script=_THIRD)
_slot = do.shell(
    f"cd {SHOP}; mkdir /run/lab-slot; cp -a releases/1/. /run/lab-slot/;"
    "sed -i 's/home v1/home v2/' /run/lab-slot/app/Http/Controllers/HomeController.php;"
    "touch -r releases/1/app/Http/Controllers/HomeController.php /run/lab-slot/app/Http/Controllers/HomeController.php;"
    "rsync -a --checksum /run/lab-slot/ releases/1/"
)
_switch_back = do.shell("ln -s releases/1 /srv/shop/next; mv -T /srv/shop/next /srv/shop/current")
_switch = do.shell("ln -s releases/2 /srv/shop/next; mv -T /srv/shop/next /srv/shop/current")

STATES = (
    *(
        healthy(
            name=f"release: unpacked by {way}, then switched to and served, vt={vt}",
            arrange=layout(_FIRST, _VT0 if not vt else None),
            act=do.then(unpack(way), _served),
            ask=_ASK,
            app=CURRENT,
            causes=0,
        )
        for way, vt in (("cp -a", 1), ("rsync -a", 0), ("tar", 0))
    ),
    healthy(
        name="release: unpacked by cp -a, then switched to, revalidate_path=1",
        arrange=layout(directives=_PATHS),
        act=do.then(unpack("cp -a"), do.pause(3.5), do.get(script=SERVED.script), do.pause(1.1), do.get(script=SERVED.script)),
        ask=SERVED,
        app=CURRENT,
        causes=0,
    ),
    stale(
        name="release: a slot that was served before, written again with old times and switched to, vt=0",
        expect=SUSPECT,
        arrange=layout(_FIRST, _VT0),
        act=do.then(
            do.pause(1.1), _switch, do.get(script=f"{SHOP}/releases/2/public/index.php"), _slot, _switch_back, do.get(script=_FIRST)
        ),
        ask=Ask(script=_FIRST),
        app=CURRENT,
        undo=do.shell("rm -rf /run/lab-slot"),
    ),
)
