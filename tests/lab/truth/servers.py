"""FPM, its configuration, queue workers, other applications, and what is beside the verdict."""

from __future__ import annotations

import os
import time

from stalewatch.model.report import Layer
from tests.lab import Host, php
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.state import Ask, healthy, stale, unsettled, warm
from tests.lab.waiting import until

_INI = f"{php.ETC_FPM}/conf.d/99-lab.ini"
_POOL = php.POOL
_BINARY = php.BINARY
_EXTENSIONS = php.EXTENSIONS
_CONFIG_NEWER = {Layer.FPM: ("stale", "fpm.config-newer")}
_WORKING = {Layer.WORKERS: ("fresh",)}
_OLDER = {Layer.WORKERS: ("stale", "workers.older-than-code")}
_BLOG = "/srv/blog"
_BLOG_INDEX = f"{_BLOG}/index.php"
_BLOG_ASK = Ask(script=_BLOG_INDEX, old="blog v1", new="blog v2")
_API = "/srv/api"
_API_ASK = Ask(script=f"{_API}/public/index.php", old="api v1", new="api v2")
NOT_LARAVEL = dict.fromkeys((Layer.RELEASE, Layer.PACKAGES, Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.VIEWS), ("absent",))
JOB = do.change_text("app/Jobs/WriteVersion.php", "job v1", "job v2")


def write_ini(host: Host) -> None:
    """Somebody changes php.ini and does not reload."""
    host.root(_INI).write_text("memory_limit=64M\n")


def memory_limit(host: Host) -> str:
    """Whether the pool runs with that."""
    do.run_in_pool("file_put_contents('/tmp/lab-limit', ini_get('memory_limit'));")(host)
    return "new" if host.read("/tmp/lab-limit") == "64M" else "old"


def max_children(host: Host) -> str:
    """Whether the pool runs with the seven workers of its file: static, so they are all there."""
    return "new" if host.status()["total processes"] == 7 else "old"


def write_pool(host: Host) -> None:
    """Somebody changes the pool and does not reload."""
    file = host.root(_POOL)
    text = file.read_text().replace("pm = dynamic", "pm = static").replace("pm.max_children = 5", "pm.max_children = 7")
    file.write_text(text)


def upgrade(host: Host) -> None:
    """apt puts another php-fpm in place, and nothing restarts it."""
    host.run(["sh", "-ec", f"cp {_BINARY} /run/lab-php-fpm; touch /run/lab-php-fpm; mount --bind /run/lab-php-fpm {_BINARY}"])


def downgrade(host: Host) -> None:
    """The machine's own binary again, also where FPM was started from the other one meanwhile."""
    host.run(["sh", "-c", f"umount -l {_BINARY}; rm -f /run/lab-php-fpm"], check=False)


def own_copy(folder: str) -> do.Change:
    """This host gets a copy of a folder that it shares with the whole machine; FPM runs from that."""
    mount = f"mkdir /run/lab-copy; cp -a {folder}/. /run/lab-copy/; mount --bind /run/lab-copy {folder}"
    return do.then(do.shell(mount), do.pause(1.1), lambda host: host.systemctl("restart", php.FPM), do.get(), warm)


def replace_file(path: str) -> do.Change:
    """As dpkg does: another file in its place, with its old modification time."""
    return do.shell(f"mountpoint -q {os.path.dirname(path)}; cp -p {path} {path}.new; mv {path}.new {path}")


def no_copy(folder: str) -> do.Change:
    """The machine's own files again."""
    return lambda host: host.run(["sh", "-c", f"umount -l {folder}; rm -rf /run/lab-copy"], check=False)


def job(host: Host) -> str:
    """What the queue worker runs: a job is queued and writes its version."""
    out = host.file("storage/app/job.txt")
    out.unlink(missing_ok=True)
    host.get("/job")
    try:
        until(lambda: out.exists() and bool(out.read_text().strip()), "a job", patience=5)
    except TimeoutError:
        return "down"
    return version(out.read_text().splitlines()[0])


def version(line: str) -> str:
    """Which code wrote *line*."""
    return {"job v1": "old", "job v2": "new"}.get(line.partition("-")[0], "broken")


def unchanged_job(host: Host) -> str:
    """The same, where nothing was deployed."""
    return {"old": "new"}.get(job(host), "broken")


_WITH_WORKER = do.then(do.get(), do.get("/job"), lambda host: host.start_worker(), lambda host: job(host))
HEAL_JOB = do.then(do.pause(2.5), do.get("/job"), do.pause(2.2), do.get("/job"))


def blog(host: Host) -> None:
    """Another application (WordPress, by its looks) in the same pool, with vt=0."""
    host.run(
        [
            "sh",
            "-ec",
            f"mkdir {_BLOG}; echo '<?php' >{_BLOG}/wp-config.php; echo \"<?php echo 'blog v1';\" >{_BLOG_INDEX}; chown -R deploy {_BLOG}",
        ]
    )
    old = time.time() - 2 * do.HOUR
    for name in ("wp-config.php", "index.php"):
        os.utime(host.root(f"{_BLOG}/{name}"), (old, old))
    do.pause(1.1)(host)
    do.VT0(host)
    do.get(script=_BLOG_INDEX)(host)


def api(host: Host) -> None:
    """A Symfony application by its layout, that the same pool serves, with vt=0."""
    files = {"bin/console": "", "src/Kernel.php": "echo 'api v1';", "public/index.php": "require __DIR__.'/../src/Kernel.php';"}
    old = time.time() - 2 * do.HOUR
    for name, code in files.items():
        path = host.root(f"{_API}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<?php {code}")
        os.utime(path, (old, old))
    do.pause(1.1)(host)
    do.VT0(host)
    do.get(script=_API_ASK.script)(host)


EDIT_BLOG = do.then(lambda host: host.edit(_BLOG_INDEX, replace=("blog v1", "blog v2")), do.pause(2.1), do.get(script=_BLOG_INDEX))

STALE = (
    stale(name="fpm: ini newer, no reload", expect=_CONFIG_NEWER, act=write_ini, ask=memory_limit),
    stale(name="fpm: pool file newer, no reload", expect=_CONFIG_NEWER, act=write_pool, ask=max_children),
    stale(
        name="fpm: binary newer, not restarted",
        expect={Layer.FPM: ("stale", "fpm.binary-newer")},
        act=upgrade,
        ask=lambda _host: "old",
        undo=downgrade,
    ),
    stale(
        name="fpm: binary replaced as a package manager does, not restarted",
        expect={Layer.FPM: ("stale", "fpm.binary-replaced")},
        arrange=own_copy("/usr/sbin"),
        act=replace_file(_BINARY),
        ask=lambda _host: "old",
        undo=no_copy("/usr/sbin"),
    ),
    stale(
        name="fpm: extension replaced, not restarted",
        expect={Layer.FPM: ("stale", "fpm.extension-replaced")},
        arrange=own_copy(_EXTENSIONS),
        act=replace_file(f"{_EXTENSIONS}/ctype.so"),
        ask=lambda _host: "old",
        undo=no_copy(_EXTENSIONS),
    ),
    stale(name="workers: older than the deploy", expect=_OLDER, arrange=_WITH_WORKER, act=do.then(JOB, HEAL_JOB), ask=job),
    stale(
        name="workers: other content with its old mtime, seen before",
        expect={Layer.WORKERS: ("stale", "workers.older-than-code")},
        arrange=_WITH_WORKER,
        act=do.then(do.rewrite("app/Jobs/WriteVersion.php", "job v1", "job v2-new", back=10.0), HEAL_JOB),
        ask=job,
        really="old",
        remembered=True,
    ),
    stale(
        name="two apps: the other one is stale",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=blog,
        act=EDIT_BLOG,
        ask=_BLOG_ASK,
        app=_BLOG,
        remembered=True,
    ),
    stale(
        name="Symfony root: a source edited, vt=0",
        expect={**NOT_LARAVEL, **BYTECODE},
        arrange=api,
        act=do.then(
            lambda host: host.edit(f"{_API}/src/Kernel.php", replace=("api v1", "api v2")), do.pause(2.1), do.get(script=_API_ASK.script)
        ),
        ask=_API_ASK,
        app=_API,
        remembered=True,
    ),
)
HEALTHY = (
    healthy(name="two apps: the other one is stale, not this", arrange=blog, act=EDIT_BLOG, remembered=True),
    healthy(
        name="plain PHP root",
        expect=NOT_LARAVEL,
        arrange=do.then(do.shell("rm wp-config.php 2>/dev/null || :"), blog, do.shell(f"rm {_BLOG}/wp-config.php")),
        ask=Ask(script=_BLOG_INDEX, old="(none)", new="blog v1"),
        app=_BLOG,
        named=True,
    ),
    healthy(
        name="fpm: ini newer, then reload",
        act=do.then(write_ini, lambda host: host.reload(), do.get()),
        ask=lambda host: memory_limit(host),
    ),
    healthy(name="fpm: pool file chmod", act=lambda host: host.run(["chmod", "0664", _POOL])),
    healthy(name="workers: running, nothing changed", expect=_WORKING, arrange=_WITH_WORKER, ask=unchanged_job),
    healthy(
        name="workers: restarted after the deploy",
        expect=_WORKING,
        arrange=_WITH_WORKER,
        act=do.then(JOB, HEAL_JOB, lambda host: host.systemctl("restart", "laravel-worker"), do.pause(0.5)),
        ask=job,
    ),
    healthy(name="maintenance mode", act=lambda host: host.artisan("down"), health=frozenset({"health.maintenance"})),
    healthy(
        name="ondemand pool, idle",
        expect={Layer.OPCACHE: ("absent",)},
        arrange=lambda host: host.pool(pm="ondemand", pm__process_idle_timeout="1s"),
        act=do.pause(4.5),
    ),
    healthy(name="one of two workers busy", act=do.busy),
    healthy(
        name="a log grows, a session is written",
        act=do.shell("echo x >>storage/logs/laravel.log; echo y >storage/framework/sessions/s", user="www-data"),
    ),
)
UNSETTLED = (
    unsettled(
        name="FPM stopped",
        expect={Layer.FPM: ("unknown", "fpm.not-running"), Layer.OPCACHE: ("unknown",)},
        act=lambda host: host.stop_fpm(),
        really="down",
        errors=frozenset({"fpm.not-running"}),
    ),
    unsettled(
        name="socket not permitted",
        expect={Layer.OPCACHE: ("unknown",), Layer.FPM: ("unknown",)},
        act=lambda host: host.deny_socket(),
        undo=lambda host: host.allow_socket(),
        errors=frozenset({"fpm.socket-denied"}),
    ),
    unsettled(
        name="pool file not readable",
        expect={Layer.OPCACHE: ("unknown",), Layer.FPM: ("unknown",)},
        act=lambda host: host.run(["chmod", "0600", _POOL]),
        errors=frozenset({"fpm.config-denied"}),
    ),
    unsettled(
        name="every worker busy",
        expect={Layer.OPCACHE: ("unknown",), Layer.FPM: ("unknown",)},
        arrange=lambda host: host.pool(pm="static", pm__max_children="1"),
        act=do.jam,
        errors=frozenset({"fpm.status-hangs"}),
        perhaps=frozenset({"fpm.all-busy"}),  # systemd tells it every ten seconds
        ask=Ask(old="(none)", new="home v1", patience=1.0),
        really="down",
    ),
)
STATES = (*STALE, *HEALTHY, *UNSETTLED)
