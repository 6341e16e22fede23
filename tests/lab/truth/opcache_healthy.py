"""Bytecode that is new, although something looks otherwise; and an OPcache that cannot be asked, or is just restarting."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import FILE_CACHE, FILE_CACHE_CHECKED, NO_FILE_CACHE, SUSPECT
from tests.lab.truth.state import HOME, Ask, healthy, nothing, unsettled

_FOLDERS = "app config routes resources"
_CHMOD = do.then(do.shell(f"chmod -R g+w {_FOLDERS}"), do.get())
_CHOWN = do.then(do.shell(f"chown -R www-data {_FOLDERS}"), do.get())
_ALL_TOUCHED = {
    Layer.CONFIG: ("suspect", "config.suspect"),
    Layer.ROUTES: ("suspect", "routes.suspect"),
    Layer.EVENTS: ("suspect", "events.suspect"),
    Layer.VIEWS: ("suspect", "views.suspect"),
    **SUSPECT,
}
_ABSENT = {Layer.OPCACHE: ("absent",)}
_UNKNOWN = {Layer.OPCACHE: ("unknown",)}

HEALTHY = (
    healthy(
        name="vt=0, file_cache: reloaded, nothing changed",
        arrange=FILE_CACHE,
        act=do.then(lambda host: host.reload(), do.get()),
        undo=do.shell("rm -rf /run/lab-file-cache"),
    ),
    healthy(
        name="vt=0, file_cache: edited, wiped, reloaded",
        arrange=FILE_CACHE,
        act=do.then(do.edit, do.shell("find /run/lab-file-cache -name '*.bin' -delete"), lambda host: host.reload(), do.healed()),
        undo=do.shell("rm -rf /run/lab-file-cache"),
        ask=HOME,
    ),
    healthy(
        name="vt=1, file_cache: edited, then reload",
        arrange=FILE_CACHE_CHECKED,
        act=do.then(do.edit, do.pause(2.5), do.get(), do.pause(2.1), lambda host: host.reload(), do.get()),
        ask=HOME,
        undo=NO_FILE_CACHE,
    ),
    healthy(
        name="vt=0, file_update_protection=0: nothing changed, seen before",
        arrange=do.opcache(validate_timestamps=0, file_update_protection=0),
        act=do.get(),
        remembered=True,
    ),
    healthy(name="known good, cold", arrange=nothing, expect={Layer.OPCACHE: ("absent",)}),
    healthy(name="known good, warm"),
    healthy(name="known good, vt=0", arrange=do.VT0, remembered=True, act=do.get()),
    healthy(name="vt=1, freq=2: ordinary deploy without reload", act=do.then(do.edit, do.healed()), ask=HOME),
    healthy(name="vt=1, freq=2: the same, seen before", act=do.then(do.edit, do.healed()), ask=HOME, remembered=True),
    healthy(
        name="vt=1, freq=2: older mtime, healed, seen before",
        act=do.then(do.rewrite(back=do.HOUR), do.healed()),
        ask=HOME,
        remembered=True,
    ),
    healthy(name="vt=1: touched, same content", act=do.then(do.touch(), do.pause(2.5), do.get(), do.pause(2.2), do.get())),
    healthy(name="vt=0: touched, same content, seen before", arrange=do.VT0, act=do.then(do.touch(), do.get()), remembered=True),
    healthy(
        name="vt=0: edited and reverted, seen before",
        arrange=do.VT0,
        act=do.then(do.edit, do.change_text(do.CONTROLLER, "home v2", "home v1"), do.get()),
        remembered=True,
    ),
    healthy(name="vt=1: chmod -R, seen before", act=_CHMOD, remembered=True),
    healthy(name="vt=0: chown -R, seen before", arrange=do.VT0, act=_CHOWN, remembered=True),
    healthy(
        name="vt=0: edited, then systemctl reload",
        arrange=do.VT0,
        act=do.then(do.edit, lambda host: host.reload(), do.get()),
        ask=HOME,
    ),
    healthy(
        name="vt=0: edited, then opcache_reset() in the pool",
        arrange=do.VT0,
        act=do.then(do.edit, do.pause(2.1), do.run_in_pool("opcache_reset();"), do.get()),
        ask=HOME,
    ),
    healthy(
        name="vt=0: edited, then invalidated by stalewatch",
        arrange=do.VT0,
        act=do.then(do.edit, do.pause(2.1)),
        remembered=True,
        invalidate=(f"/srv/app/{do.CONTROLLER}",),
        meanwhile=do.get(),
        ask=HOME,
    ),
    healthy(
        name="vt=0: configuration cleared and not used since, one look",
        expect={Layer.CONFIG: ("absent",)},
        arrange=do.then(do.VT0, do.get("/config")),
        act=do.then(do.pause(1.1), do.clear("config"), do.get("/config")),
    ),
    healthy(name="workers killed, nothing changed", act=do.then(do.kill_workers, do.get())),
    healthy(name="OPcache off", expect=_ABSENT, arrange=do.ini(opcache__enable="0"), act=do.then(do.edit, do.get()), ask=HOME),
    healthy(name="OPcache off in the pool", expect=_ABSENT, arrange=do.opcache(enable=0), act=do.then(do.edit, do.get()), ask=HOME),
    healthy(
        name="vt=0, cache full: the edited script is not in it",
        arrange=do.ini(opcache__validate_timestamps="0", opcache__max_accelerated_files="200"),
        act=do.then(do.edit, do.get()),
        ask=HOME,
        health=frozenset({"health.opcache-keys"}),
    ),
    healthy(
        name="vt=0: views compiled at their first render",
        expect={Layer.VIEWS: ("fresh",)},
        arrange=do.then(do.clear("view"), do.pause(1.1), do.VT0),
        act=do.then(do.get("/view"), do.pause(2.2), do.get("/view")),
        ask=Ask(uri="/view", old="(none)", new="<!doctype html>\n<title>lab</title>\n<p>view v1"),
    ),
)
UNSETTLED = (
    unsettled(
        name="vt=0: rebuilt and invalidated by somebody else, used no less than before, seen before",
        expect=SUSPECT,
        arrange=do.then(do.VT0, lambda host: host.restart(), do.pause(2.1), do.get("/config", times=1)),
        act=do.then(
            do.AGENT,
            do.pause(1.1),
            do.cache("config"),
            do.pause(2.1),
            do.run_in_pool("opcache_invalidate('/srv/app/bootstrap/cache/config.php', true);"),
            do.get("/config", times=2),
        ),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2"),
        really="new",
        remembered=True,
    ),
    unsettled(
        name="vt=1, freq=2: older mtime, healed, one look",
        expect=SUSPECT,
        act=do.then(do.rewrite(back=do.HOUR), do.healed()),
        ask=HOME,
    ),
    unsettled(name="vt=1: chmod -R, one look", expect=_ALL_TOUCHED, act=_CHMOD),
    unsettled(
        name="vt=0: touched, same content, one look", expect=SUSPECT, arrange=do.VT0, act=do.then(do.touch(), do.pause(3.1), do.get())
    ),
    unsettled(
        name="opcache.restrict_api",
        expect=_UNKNOWN,
        arrange=do.ini(opcache__restrict_api="/srv/app/admin"),
        errors=frozenset({"opcache.restricted"}),
    ),
    unsettled(
        name="disable_functions holds opcache_get_status",
        expect=_UNKNOWN,
        arrange=do.ini(disable_functions="opcache_get_status"),
        errors=frozenset({"opcache.functions-disabled"}),
    ),
    unsettled(
        name="a reset waits for a running request",
        expect={Layer.OPCACHE: ("pending", "opcache.restart-pending")},
        act=do.then(do.busy, do.run_in_pool("opcache_reset();")),
    ),
)
STATES = (*HEALTHY, *UNSETTLED)
