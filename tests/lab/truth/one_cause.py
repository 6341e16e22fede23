"""One cause that touches many files: it is told once, with the directory, the count and the most used scripts."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE, RENAMED, SUSPECT
from tests.lab.truth.state import APP, HOME, healthy, stale, unsettled, warm

_OVERLAY = f"""
mkdir -p /run/lab-upper
mount -t tmpfs tmpfs /run/lab-upper
mkdir /run/lab-upper/up /run/lab-upper/work
mount -t overlay overlay -o lowerdir={APP},upperdir=/run/lab-upper/up,workdir=/run/lab-upper/work {APP}
"""
_CLASSES = "app/Http/Middleware/Extra"
_MANY = f"""
mkdir -p {_CLASSES}
for each in $(seq 40); do echo "<?php return $each;" >{_CLASSES}/Extra$each.php; done
echo "<?php foreach (glob(__DIR__.'/../{_CLASSES}/*.php') as \\$one) require \\$one; echo 'all';" >public/all.php
find {_CLASSES} public/all.php -exec touch -d '-2 hours' {{}} +
"""
_ALL = f"{APP}/public/all.php"


def overlay(host: Host) -> None:
    """The application is the lower layer of an overlay, as in an image of a container; nothing was written yet."""
    host.run(["sh", "-ec", _OVERLAY])
    do.pause(1.1)(host)
    host.restart()
    warm(host)


def no_overlay(host: Host) -> None:
    """The plain tree again."""
    host.run(["sh", "-c", f"umount -l {APP}; umount -l /run/lab-upper; rmdir /run/lab-upper"], check=False)


_many = do.then(do.shell(_MANY), do.pause(1.1), do.VT0, do.get(script=_ALL))
_first_line = do.then(do.pause(1.1), do.shell("echo line >>storage/logs/other.log", user="www-data"), do.get())

STATES = (
    unsettled(
        name="overlayfs: the first log line below the application, one look",
        expect=RENAMED,
        arrange=overlay,
        act=_first_line,
        undo=no_overlay,
        causes=1,
    ),
    healthy(
        name="overlayfs: the same, seen before",
        arrange=overlay,
        act=_first_line,
        undo=no_overlay,
        remembered=True,
        causes=0,
    ),
    stale(
        name="vt=0: forty scripts edited, in use, seen before",
        expect=BYTECODE,
        arrange=_many,
        act=do.then(do.edit, do.shell(f"for each in {_CLASSES}/*.php; do echo '<?php return 0;' >$each; done"), do.get(script=_ALL)),
        ask=HOME,
        remembered=True,
        causes=1,
    ),
    stale(
        name="vt=0: forty scripts edited, half of them asked for since, one look",
        expect=BYTECODE,
        arrange=_many,
        act=do.then(do.edit, do.shell(f"for each in {_CLASSES}/*.php; do echo '<?php return 0;' >$each; done"), do.get()),
        ask=HOME,
        causes=1,
    ),
    unsettled(
        name="vt=0: forty scripts change their owner, one look",
        expect=SUSPECT,
        arrange=_many,
        act=do.then(do.pause(1.1), do.shell(f"chown -R www-data {_CLASSES}"), do.get(script=_ALL)),
        causes=1,
    ),
    unsettled(
        name="vt=0: only directories change their mode, one look",
        expect={Layer.OPCACHE: RENAMED[Layer.OPCACHE]},
        arrange=_many,
        act=do.then(do.pause(1.1), do.shell("find app/Http vendor config -type d -exec chmod g+w {} +"), do.get(script=_ALL)),
        causes=1,
    ),
)
