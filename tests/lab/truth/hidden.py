"""/proc that hides the processes of other users: nothing that is not seen is called absent, or down."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.servers import HEAL_JOB, JOB, job
from tests.lab.truth.state import healthy, stale, unsettled

_WORKERS = {Layer.WORKERS: ("unknown",)}
_HIDDEN = frozenset({"host.processes-hidden"})
_WORKER = do.then(do.get(), do.get("/job"), lambda host: host.start_worker(), lambda host: job(host))
_SHOWN = do.shell("mount -o remount,hidepid=0 /proc")


def hide(options: str) -> do.Change:
    """/proc is mounted as a distribution's hardening guide says."""
    return do.shell(f"mount -o remount,{options} /proc")


def not_for(host: Host) -> None:
    """Only what this login sees of /proc is another one, as with ProtectProc= and ProcSubset= in the unit of sshd."""
    unit = host.root("/run/systemd/system/ssh.service.d/lab.conf")
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nProtectProc=invisible\nProcSubset=pid\n")
    host.systemctl("daemon-reload")
    host.start_sshd()


def for_all(host: Host) -> None:
    """As before."""
    host.run(["sh", "-c", "rm -r /run/systemd/system/ssh.service.d; systemctl daemon-reload"], check=False)
    host.start_sshd()


STATES = (
    stale(
        name="hidepid=2: a queue worker older than the deploy",
        expect=_WORKERS,
        arrange=_WORKER,
        act=do.then(JOB, HEAL_JOB, hide("hidepid=2")),
        ask=job,
        errors=_HIDDEN,
        undo=_SHOWN,
    ),
    stale(
        name="hidepid=2: edited, vt=0",
        expect={**_WORKERS, **BYTECODE},
        arrange=do.then(do.VT0, hide("hidepid=2")),
        act=do.then(do.edit, do.pause(2.1), do.get()),
        remembered=True,
        errors=_HIDDEN,
        undo=_SHOWN,
    ),
    stale(
        name="sshd's own /proc: a queue worker older than the deploy",
        expect=_WORKERS,
        arrange=_WORKER,
        act=do.then(JOB, HEAL_JOB, not_for),
        ask=job,
        errors=_HIDDEN,
        undo=for_all,
    ),
    unsettled(name="hidepid=1: nothing changed", expect=_WORKERS, act=hide("hidepid=1"), errors=_HIDDEN, undo=_SHOWN),
    unsettled(
        name="hidepid=2: FPM stopped",
        expect={**_WORKERS, Layer.FPM: ("unknown", "fpm.socket-missing"), Layer.OPCACHE: ("unknown",)},
        act=do.then(hide("hidepid=2"), lambda host: host.stop_fpm()),
        errors=_HIDDEN | {"fpm.socket-missing"},
        really="down",
        undo=_SHOWN,
    ),
    healthy(
        name="hidepid=2, but not for the login's group",
        act=do.shell("mount -o remount,hidepid=2,gid=$(id -g deploy) /proc"),
        undo=do.shell("mount -o remount,hidepid=0,gid=0 /proc"),
    ),
)
