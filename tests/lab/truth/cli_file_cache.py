"""Code that PHP's command line keeps compiled in files and never checks: workers and artisan run it, however late they start."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.servers import HEAL_JOB, JOB, job
from tests.lab.truth.state import Ask, healthy, stale, unsettled

FOLDER = "/var/tmp/lab-cli"
_INI = "/etc/php/*/cli/conf.d"
_CONFIG = Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2")
_MADE = {Layer.CONFIG: ("suspect", "config.file-cache")}
_RUN = {Layer.WORKERS: ("stale", "workers.file-cache")}
_UNSEEN = {
    Layer.CONFIG: ("unknown", "config.sources-unseen"),
    Layer.ROUTES: ("unknown", "routes.sources-unseen"),
    Layer.EVENTS: ("unknown", "events.sources-unseen"),
    Layer.WORKERS: ("unknown", "workers.code-unseen"),
}


def keeps(validate_timestamps: int = 0, mode: str = "0755") -> do.Change:
    """The command line keeps what it compiles; then everything is cached by it."""
    values = f"opcache.enable_cli=1\\nopcache.file_cache={FOLDER}\\nopcache.validate_timestamps={validate_timestamps}\\n"
    ini = do.shell(f"install -d -m {mode} -o www-data {FOLDER}; printf '{values}' | tee $(echo {_INI})/99-lab.ini >/dev/null")
    return do.then(ini, do.pause(2.1), do.cache(), do.pause(1.1), lambda host: host.restart(), do.get("/config"))


_GONE = do.shell(f"rm -rf {FOLDER} {_INI}/99-lab.ini")
_WIPED = do.shell(f"rm -rf {FOLDER}/*")
_WORKER = do.then(do.get("/job"), lambda host: host.start_worker(), lambda host: job(host), lambda host: host.stop_worker())
"""A worker has run, so that its code is kept."""
_CACHED_AGAIN = do.then(do.AGENT, do.pause(2.2), do.cache("config"), do.pause(4.1), do.get("/config"))


def _again(host: Host) -> None:
    """The job comes, and a worker starts after the deploy."""
    do.then(JOB, do.pause(2.2), do.get("/job"), lambda one: one.start_worker())(host)


def _end(host: Host) -> None:
    do.then(lambda one: one.stop_worker(), _GONE)(host)


STATES = (
    stale(
        name="CLI with opcache.file_cache, vt=0: the configuration is cached after the deploy",
        expect=_MADE,
        arrange=keeps(),
        act=_CACHED_AGAIN,
        ask=_CONFIG,
        undo=_GONE,
    ),
    stale(
        name="CLI with opcache.file_cache, vt=0: a worker that starts after the deploy",
        expect=_RUN,
        arrange=do.then(keeps(), _WORKER),
        act=do.then(_again, HEAL_JOB),
        ask=job,
        undo=_end,
    ),
    unsettled(
        name="CLI with opcache.file_cache, vt=0: in a folder that may not be read",
        expect=_UNSEEN,
        arrange=do.then(keeps(mode="0711"), _WORKER),
        act=do.then(_again, HEAL_JOB),
        ask=job,
        really="old",
        undo=_end,
    ),
    healthy(
        name="CLI with opcache.file_cache, vt=0: wiped by the deploy",
        expect={Layer.WORKERS: ("fresh",)},
        arrange=do.then(keeps(), _WORKER),
        act=do.then(_WIPED, _again, HEAL_JOB),
        ask=job,
        undo=_end,
    ),
    healthy(
        name="CLI with opcache.file_cache, vt=0: wiped by the deploy, then cached",
        arrange=keeps(),
        act=do.then(_WIPED, _CACHED_AGAIN),
        ask=_CONFIG,
        undo=_GONE,
    ),
    healthy(
        name="CLI with opcache.file_cache, vt=1: the configuration is cached after the deploy",
        arrange=keeps(1),
        act=_CACHED_AGAIN,
        ask=_CONFIG,
        undo=_GONE,
    ),
)
