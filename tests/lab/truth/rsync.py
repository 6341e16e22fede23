"""Deploys by the real rsync, which brings the times that the files had where they came from."""

from __future__ import annotations

from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import SUSPECT
from tests.lab.truth.state import APP, HOME, healthy, stale

_FROM = "/srv/incoming"


def rsync(*options: str, back: float = 0.0) -> do.Change:
    """The fix to the controller, with the modification time that the file has, or one *back* seconds earlier."""

    def change(host: Host) -> None:
        at = host.file(do.CONTROLLER).stat().st_mtime - back
        host.run(["sh", "-ec", f"mkdir -p {_FROM}; sed 's/home v1/home v2/' {APP}/{do.CONTROLLER} >{_FROM}/HomeController.php"])
        host.run(["touch", "-d", f"@{at:.6f}", f"{_FROM}/HomeController.php"])
        host.run(["rsync", "-t", *options, f"{_FROM}/HomeController.php", f"{APP}/{do.CONTROLLER}"])

    return change


_LEFT = do.shell(f"rm -rf {_FROM}")
_OLDER = rsync(back=do.HOUR)

# Seen once, the first of them looks like the last: the mtime that was compiled, and a ctime after the cache began. It stays suspect then.
STATES = (
    healthy(
        name="rsync -t, vt=1, freq=2: older mtime, seen before",
        act=do.then(_OLDER, do.healed()),
        ask=HOME,
        remembered=True,
        undo=_LEFT,
    ),
    stale(name="rsync -t, vt=0: older mtime, one look", expect=SUSPECT, arrange=do.VT0, act=do.then(_OLDER, do.get()), undo=_LEFT),
    stale(
        name="rsync -t --checksum, vt=1: same mtime and size, one look",
        expect=SUSPECT,
        act=do.then(rsync("--checksum"), do.pause(2.1), do.get()),
        undo=_LEFT,
    ),
)
