"""Symbolic links below the application's root, on the way to code: switched while the cache lives, or switched and then reloaded."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab.truth import changes as do
from tests.lab.truth.servers import job, unchanged_job
from tests.lab.truth.state import APP, HOME, UNCHANGED, Ask, healthy, stale, warm

_CODE = "/srv/code"
_FIXED = "sed -i 's/home v1/home v2/' {}/Http/Controllers/HomeController.php"
_SWITCHED = {Layer.OPCACHE: ("stale", "opcache.link-switched")}


def behind(path: str, fixed: str = _FIXED, vt: int = 0, place: str = _CODE) -> do.Change:
    """The folder *path* of the application is a link to a first copy of it in *place*; *fixed* is done in the second. Then it is served."""
    copy = f"mkdir -p {place}; mv {APP}/{path} {place}/v1; cp -a {place}/v1 {place}/v2; {fixed.format(place + '/v2')}"
    return do.then(do.shell(f"{copy}; ln -s {place}/v1 {APP}/{path}"), do.pause(1.1), do.opcache(validate_timestamps=vt), do.get())


def switch(path: str, target: str = f"{_CODE}/v2") -> do.Change:
    """The link leads to *target* now, and requests go on."""
    return do.then(do.pause(1.1), do.shell(f"ln -s {target} /srv/next; mv -T /srv/next {APP}/{path}"), do.pause(1.1), do.get())


_INDEX = "sed -i 's/^<?php/<?php echo \"new \";/' {}/index.php"
_MIDDLE = do.shell(f"ln -s v1 {_CODE}/current; ln -s {_CODE}/current /srv/next; mv -T /srv/next {APP}/app")
_switch_middle = do.shell(f"ln -s v2 {_CODE}/next; mv -T {_CODE}/next {_CODE}/current")
_ONE_SCRIPT = (
    f"mkdir {_CODE}; mv {do.CONTROLLER} {_CODE}/v1.php; sed 's/home v1/home v2/' {_CODE}/v1.php >{_CODE}/v2.php;"
    f" touch -r {_CODE}/v1.php {_CODE}/v2.php; ln -s {_CODE}/v1.php {do.CONTROLLER}"
)

_SHARED = "mkdir -p /srv/shared; mv config routes /srv/shared; ln -s ../shared/config config; ln -s ../shared/routes routes"
_TWO_ENV = (
    "mkdir /srv/env; mv .env /srv/env/v1; sed s/VERSION=v1/VERSION=v2/ /srv/env/v1 >/srv/env/v2;"
    " touch -d '3 hours ago' /srv/env/*; chmod a+r /srv/env/*; ln -s /srv/env/v1 .env"
)
_SHARE = do.then(do.pause(1.1), do.shell(_SHARED), do.pause(1.1), do.cache(), do.pause(2.1), lambda host: host.restart(), warm)
_EDITED = do.shell("sed -i s/agent-v1/agent-v2/ /srv/shared/config/services.php")

_OLDER_WORKER = {Layer.WORKERS: ("stale", "workers.older-than-code")}
_SUSPECT_WORKER = {Layer.WORKERS: ("suspect", "workers.suspect")}
_JOBS = f"{_CODE}/jobs"
_JOB_EDITED = do.shell(f"sed -i 's/job v1/job v2/' {_JOBS}/WriteVersion.php")
_OTHER_JOBS = f"cp -a {_JOBS} {_JOBS}.2; sed -i 's/job v1/job v2/' {_JOBS}.2/WriteVersion.php; touch -d '2 hours ago' {_JOBS}.2/*"
_WORKER = do.then(
    do.pause(1.1), lambda host: host.restart(), do.get(), do.get("/job"), lambda host: host.start_worker(), lambda host: job(host)
)


def _behind_jobs(path: str) -> do.Change:
    """The folder *path* with the jobs is a link to one outside of the application."""
    return do.shell(f"mkdir -p {_CODE}; mv {path} {_JOBS}; ln -s {_JOBS} {path}")


STATES = (
    stale(
        name="a link below the root: config, a source edited behind it",
        expect={Layer.CONFIG: ("stale", "config.stale")},
        arrange=_SHARE,
        act=do.then(do.pause(1.1), _EDITED, do.get()),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2"),
    ),
    stale(
        name="a link below the root: .env, switched to a file with old times, one look",
        expect={Layer.CONFIG: ("suspect", "config.suspect")},
        arrange=do.then(
            do.shell(_TWO_ENV), do.pause(1.1), do.cache("config"), do.pause(1.1), lambda host: host.restart(), do.get("/config")
        ),
        act=do.then(do.pause(1.1), do.shell("ln -s /srv/env/v2 next; mv -T next .env"), do.get("/config")),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v2 agent-v1"),
    ),
    healthy(name="a link below the root: config and routes, cached and reloaded", arrange=_SHARE, act=do.get(), ask=UNCHANGED),
    stale(name="a link below the root: app switched, vt=0", expect=_SWITCHED, arrange=behind("app"), act=switch("app"), causes=1),
    stale(
        name="a link below the root: a link that it leads to was switched, vt=0",
        expect=_SWITCHED,
        arrange=do.then(behind("app"), _MIDDLE, do.pause(1.1), lambda host: host.reload(), do.get()),
        act=do.then(do.pause(1.1), _switch_middle, do.pause(1.1), do.get()),
    ),
    stale(
        name="a link below the root: public switched, vt=0",
        expect=_SWITCHED,
        arrange=behind("public", _INDEX, place="/srv/app"),
        act=switch("public", "/srv/app/v2"),
        ask=Ask(old="home v1", new="new home v1"),
    ),
    stale(
        name="a link below the root: of one script, switched, vt=0",
        expect=_SWITCHED,
        arrange=do.then(do.shell(_ONE_SCRIPT), do.pause(1.1), do.opcache(validate_timestamps=0)),
        act=switch(do.CONTROLLER, f"{_CODE}/v2.php"),
        causes=1,
    ),
    stale(
        name="a link below the root: app is a folder now, vt=0",
        expect={**_SWITCHED, **dict.fromkeys((Layer.CONFIG, Layer.ROUTES, Layer.EVENTS), ("absent",))},
        arrange=do.then(do.shell(f"cd {APP}/bootstrap/cache; rm config.php routes-v7.php events.php"), behind("app")),
        act=do.then(do.pause(1.1), do.shell(f"rm {APP}/app; cp -a {_CODE}/v2 {APP}/app"), do.get()),
        remembered=True,
    ),
    healthy(
        name="a link below the root: app switched, vt=1, ttl over",
        arrange=do.then(do.ini(realpath_cache_ttl=1), behind("app", vt=1)),
        act=do.then(switch("app"), do.pause(3.5), do.get()),
        ask=HOME,
    ),
    healthy(
        name="a link below the root: app switched, then reload",
        arrange=behind("app"),
        act=do.then(switch("app"), lambda host: host.reload(), do.get()),
        ask=HOME,
    ),
    healthy(
        name="a link below the root: shared storage switched, vt=0",
        arrange=behind("storage", "true"),
        act=do.then(switch("storage"), do.get("/view")),
    ),
    stale(
        name="a link below the root: a queue worker, and a file behind a link in app edited",
        expect=_OLDER_WORKER,
        arrange=do.then(_behind_jobs("app/Jobs"), _WORKER),
        act=do.then(do.pause(1.1), _JOB_EDITED, do.pause(2.1), lambda host: host.reload(), do.get()),
        ask=job,
    ),
    stale(
        name="a link below the root: a queue worker, and a package that is a link edited",
        expect=_OLDER_WORKER,
        arrange=do.then(
            do.shell("mkdir vendor/acme/jobs; mv app/Jobs/* vendor/acme/jobs"),
            do.shell(
                "echo '<?php require __DIR__.\"/../../vendor/acme/jobs/WriteVersion.php\";' >app/Jobs/WriteVersion.php", user="deploy"
            ),
            _behind_jobs("vendor/acme/jobs"),
            _WORKER,
        ),
        act=do.then(do.pause(1.1), _JOB_EDITED, do.pause(2.1), lambda host: host.reload(), do.get()),
        ask=job,
    ),
    stale(
        name="a link below the root: a queue worker, and a link in app switched to a folder with old times",
        expect=_SUSPECT_WORKER,
        arrange=do.then(_behind_jobs("app/Jobs"), do.shell(_OTHER_JOBS), _WORKER),
        act=do.then(switch("app/Jobs", f"{_JOBS}.2"), lambda host: host.reload(), do.get()),
        ask=job,
    ),
    stale(
        name="a link below the root: a queue worker, and a job that is a link switched to a file with old times",
        expect=_SUSPECT_WORKER,
        arrange=do.then(
            do.shell(f"mkdir -p {_JOBS}; cp -a app/Jobs/. {_JOBS}/; {_OTHER_JOBS}"),
            do.shell(f"ln -sf {_JOBS}/WriteVersion.php app/Jobs/WriteVersion.php"),
            _WORKER,
        ),
        act=do.then(switch("app/Jobs/WriteVersion.php", f"{_JOBS}.2/WriteVersion.php"), lambda host: host.reload(), do.get()),
        ask=job,
    ),
    healthy(
        name="a link below the root: a queue worker, and jobs behind a link",
        expect={Layer.WORKERS: ("fresh",)},
        arrange=do.then(_behind_jobs("app/Jobs"), _WORKER),
        ask=unchanged_job,
    ),
)
