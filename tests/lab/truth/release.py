"""Which release runs: symlink deploys, workers in old releases, deploys under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, State, healthy, stale, unsettled, warm
from tests.lab.waiting import until

SHOP = "/srv/shop"
CURRENT = f"{SHOP}/current"
_INDEX = "public/index.php"
_LINKED = f"{CURRENT}/{_INDEX}"
_LIVE = f"{SHOP}/live/{_INDEX}"
_PID = "/tmp/lab-worker.pid"
_LOOP = "/tmp/lab-worker-supervisor.pid"

_TREES = """
mkdir -p /srv/shop/releases
mv /srv/app /srv/shop/releases/1
cd /srv/shop
rm -rf releases/1/.git releases/1/bootstrap/cache/*.php releases/1/storage/framework/views/*.php
chmod -R g+w releases/1/storage releases/1/database releases/1/bootstrap/cache
cp -a releases/1 releases/2
sed -i 's/home v1/home v2/' releases/2/app/Http/Controllers/HomeController.php
sed -i 's/job v1/job v2/' releases/2/app/Jobs/WriteVersion.php
ln -s releases/1 current
chown -h deploy:deploy . releases current
"""
CACHE = """
for release in {}; do
    setpriv --reuid=www-data --regid=www-data --init-groups php -r '
        require "/srv/shop/releases/$argv[1]/vendor/autoload.php";
        $app = require "/srv/shop/releases/$argv[1]/bootstrap/app.php";
        $kernel = $app->make(Illuminate\\Contracts\\Console\\Kernel::class);
        foreach (["config:cache", "route:cache", "event:cache", "view:cache"] as $command) {{
            $kernel->call($command) === 0 || exit(1);
        }}
    ' $release
done
"""
BUILD = _TREES + CACHE.format("1 2")
FLIP = "ln -s releases/2 /srv/shop/next; mv -T /srv/shop/next /srv/shop/current"
_UNCACHED = dict.fromkeys((Layer.PACKAGES, Layer.CONFIG, Layer.ROUTES, Layer.EVENTS), ("absent",))
_FOLDER = "cd /srv/shop; rm current releases/2/bootstrap/cache/*.php; cp -a releases/2 current"
SERVED = Ask(script=_LINKED)
RESOLVED = Ask(script=f"{SHOP}/releases/2/{_INDEX}")
_WORKER = {Layer.WORKERS: ("fresh",)}


def layout(script: str = _LINKED, directives: Mapping[str, object] | None = None) -> do.Change:
    """The application as two releases and a link to the first; requests come through *script*."""

    def arrange(host: Host) -> None:
        host.run(["sh", "-ec", BUILD])
        do.pause(1.1)(host)
        host.pool("www", **(directives or {}))
        do.get(script=script)(host)

    return arrange


flip = do.shell(FLIP)
_ADMIN = "php_admin_value[{}]"


def start_worker(directory: str, user: str = "deploy") -> do.Change:
    """A queue worker as a supervisor starts it that resolved *directory* before; it waits for a job for a minute. When it ends, it is
    started again in the current release."""

    def change(host: Host) -> None:
        run = f"echo $$ >{_PID}; exec php artisan queue:work --sleep=60 --tries=1 </dev/null >/dev/null 2>&1"
        loop = f"echo $$ >{_LOOP}; cd {directory}; while :; do sh -c '{run}' || :; cd /; cd {CURRENT}; sleep 0.2; done"
        host.start(["sh", "-ec", loop], user=user)
        until(lambda: host.exists(_PID) and bool(host.read(_PID).strip()), f"a worker on {host.name}")
        until(lambda: idle(host, host.read(_PID).strip()), f"a worker on {host.name} that waits for jobs", patience=20, pause=0.1)

    return change


def idle(host: Host, pid: str) -> bool:
    """Whether a process is PHP that sleeps and uses no time: it has started, and found no job."""

    def used() -> list[str]:
        fields = host.read(f"/proc/{pid}/stat")
        return fields[fields.index("(") :].replace(") ", " ").split()

    before = used()
    do.pause(0.4)(host)
    after = used()
    # Name, state, then user and system time.
    return before[0] == "(php" and before[1] == after[1] == "S" and before[12:14] == after[12:14] != ["0", "0"]


def stop_worker(host: Host) -> None:
    """End it."""
    host.run(["sh", "-c", f"[ ! -f {_LOOP} ] || kill -9 $(cat {_LOOP}); [ ! -f {_PID} ] || kill -9 $(cat {_PID}); rm -f {_PID} {_LOOP}"])


def in_release_1(host: Host) -> str:
    """Where the worker runs, by /proc as root sees it."""
    return "old" if f"{SHOP}/releases/1" in host.run(["readlink", f"/proc/{host.read(_PID).strip()}/cwd"]).stdout else "new"


_NOWHERE = dict.fromkeys(Layer, ("unknown",))


def _leads_nowhere(name: str, command: str, **more: Any) -> State:
    """The link beside the releases leads to none, or is gone; for two minutes PHP remembers where it led."""
    return unsettled(
        name=f"release: the link {name}",
        expect=_NOWHERE,
        errors=frozenset({"app.link-nowhere"}),
        arrange=layout(),
        act=do.shell(command),
        app=CURRENT,
        **more,
    )


def _leads_to_nothing(name: str, **more: Any) -> State:
    """The application's own path is a link, beside no releases."""
    return unsettled(
        name=f"release: the application's path leads to nothing, {name}",
        expect=_NOWHERE,
        errors=frozenset({"app.link-nowhere"}),
        arrange=do.then(do.shell("mv /srv/app /srv/code; ln -s code /srv/app"), warm),
        act=do.shell("ln -sfn gone /srv/app; ln -s gone /srv/unused"),
        apps=frozenset({"/srv/app"} if more.get("named") else {"/srv/app", "/srv/code"}),
        undo=do.shell("rm /srv/app /srv/unused; mv /srv/code /srv/app"),
        **more,
    )


_REMEMBERED = Ask(old="(none)", new="home v1", script=_LINKED)
NOWHERE = (
    _leads_nowhere("leads to itself, and PHP answers", f"ln -sfn current {CURRENT}", ask=_REMEMBERED),
    _leads_nowhere("leads to a release that is gone, and PHP answers", f"ln -sfn releases/9 {CURRENT}", ask=_REMEMBERED),
    _leads_nowhere("leads nowhere, seen before", f"ln -sfn releases/9 {CURRENT}", ask=_REMEMBERED, remembered=True),
    _leads_nowhere(
        "leads nowhere, and PHP has forgotten it", f"ln -sfn releases/9 {CURRENT}; systemctl reload {php.FPM}", ask=SERVED, really="broken"
    ),
    _leads_nowhere("leads nowhere, and it is asked for by its path", f"ln -sfn releases/9 {CURRENT}", ask=_REMEMBERED, named=True),
    _leads_nowhere("is gone, and PHP answers", f"rm {CURRENT}", ask=_REMEMBERED),
    _leads_nowhere("is gone, seen before", f"rm {CURRENT}", ask=_REMEMBERED, remembered=True),
    _leads_nowhere("is gone, and it is asked for by its path", f"rm {CURRENT}", ask=_REMEMBERED, named=True),
    _leads_to_nothing("and PHP answers"),
    _leads_to_nothing("seen before", remembered=True),
    _leads_to_nothing("asked for by its path", named=True),
    healthy(
        name="release: a link of another name",
        arrange=do.then(layout(), do.shell(f"mv {CURRENT} {SHOP}/live; systemctl reload {php.FPM}")),
        act=do.get(script=_LIVE),
        ask=Ask(old="(none)", new="home v1", script=_LIVE),
        app=f"{SHOP}/live",
        apps=frozenset({f"{SHOP}/live"}),
    ),
)
STATES = (
    *NOWHERE,
    stale(
        name="release: link switched, revalidate_path=0, in use",
        expect={Layer.RELEASE: ("stale", "release.old-served")},
        arrange=layout(),
        act=do.then(flip, do.pause(2.5), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    stale(
        name="release: the same, seen before",
        expect={Layer.RELEASE: ("stale", "release.old-served")},
        arrange=layout(),
        act=do.then(flip, do.pause(2.5), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
        remembered=True,
    ),
    stale(
        name="release: link switched, not requested since",
        expect={Layer.RELEASE: ("suspect", "release.link-passed")},
        arrange=layout(),
        act=flip,
        ask=SERVED,
        app=CURRENT,
    ),
    stale(
        name="release: a folder in the place of the link, vt=0",
        expect={**_UNCACHED, Layer.OPCACHE: ("stale", "opcache.link-switched")},
        arrange=layout(directives={"php_admin_value[opcache.validate_timestamps]": 0}),
        act=do.then(do.pause(1.1), do.shell(_FOLDER), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    stale(
        name="workers: young, in an old release",
        expect={Layer.WORKERS: ("stale", "workers.old-release")},
        arrange=layout(RESOLVED.script),
        act=do.then(flip, do.get(script=RESOLVED.script), start_worker(f"{SHOP}/releases/1")),
        ask=in_release_1,
        app=CURRENT,
        undo=stop_worker,
    ),
    stale(
        name="workers: in a release that was removed",
        expect={Layer.WORKERS: ("stale", "workers.deleted-directory")},
        arrange=do.then(layout(RESOLVED.script), start_worker(f"{SHOP}/releases/1")),
        act=do.then(flip, do.get(script=RESOLVED.script), do.shell("rm -rf /srv/shop/releases/1")),
        ask=in_release_1,
        app=CURRENT,
        undo=stop_worker,
    ),
    stale(
        name="workers: older than the switch, directory not shown",
        expect={Layer.WORKERS: ("stale", "workers.old-release")},
        arrange=do.then(layout(RESOLVED.script), start_worker(f"{SHOP}/releases/1", user="www-data")),
        act=do.then(flip, do.get(script=RESOLVED.script)),
        ask=in_release_1,
        app=CURRENT,
        undo=stop_worker,
    ),
    healthy(
        name="release: link switched, web server resolves it",
        arrange=layout(f"{SHOP}/releases/1/{_INDEX}"),
        act=do.then(flip, do.get(script=RESOLVED.script)),
        ask=RESOLVED,
        app=CURRENT,
    ),
    healthy(
        name="release: the same, old release removed",
        arrange=layout(f"{SHOP}/releases/1/{_INDEX}"),
        act=do.then(
            do.pause(1.1), flip, do.get(script=RESOLVED.script), do.shell("rm -rf /srv/shop/releases/1"), do.get(script=RESOLVED.script)
        ),
        ask=RESOLVED,
        app=CURRENT,
        remembered=True,
    ),
    healthy(
        name="release: link switched, revalidate_path=1, ttl over",
        arrange=layout(directives={_ADMIN.format("opcache.revalidate_path"): 1, _ADMIN.format("realpath_cache_ttl"): 1}),
        act=do.then(flip, do.pause(3.5), do.get(script=_LINKED), do.pause(1.1), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    stale(
        name="release: link switched, OPcache off, realpath cache not over",
        expect={Layer.OPCACHE: ("pending", "opcache.link-switched")},
        arrange=do.then(layout(directives={_ADMIN.format("realpath_cache_ttl"): 600}), do.ini(opcache__enable="0"), do.get(script=_LINKED)),
        act=do.then(flip, do.pause(1.1), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    healthy(
        name="release: link switched, OPcache off, then reload",
        expect={Layer.OPCACHE: ("absent",)},
        arrange=do.then(layout(directives={_ADMIN.format("realpath_cache_ttl"): 600}), do.ini(opcache__enable="0"), do.get(script=_LINKED)),
        act=do.then(flip, do.pause(1.1), lambda host: host.reload(), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    healthy(
        name="release: link switched, then reload",
        arrange=layout(),
        act=do.then(flip, lambda host: host.reload(), do.get(script=_LINKED)),
        ask=SERVED,
        app=CURRENT,
    ),
    healthy(
        name="workers: started in the new release",
        expect=_WORKER,
        arrange=layout(RESOLVED.script),
        act=do.then(flip, do.get(script=RESOLVED.script), start_worker(CURRENT)),
        ask=RESOLVED,
        app=CURRENT,
        undo=stop_worker,
    ),
    unsettled(
        name="workers: in which release may not be seen",
        expect={Layer.WORKERS: ("unknown", "workers.release-unseen")},
        arrange=layout(RESOLVED.script),
        act=do.then(flip, do.pause(1.1), do.get(script=RESOLVED.script), start_worker(CURRENT, user="www-data")),
        ask=RESOLVED,
        app=CURRENT,
        undo=stop_worker,
    ),
    unsettled(
        name="release: a deploy is under way",
        expect={Layer.RELEASE: ("pending", "release.deploy-under-way")},
        act=do.shell("touch .git/index.lock", user="deploy"),
    ),
)
