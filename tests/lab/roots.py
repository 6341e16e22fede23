"""Another Debian for the hosts of the lab, where the machine's own has not the PHP that was asked for.

A root is a directory with that Debian's packages, made by mmdebstrap from the archive that the machine's own apt uses. It is made once
(about two minutes, half a gigabyte) and stays below BASE; the hosts have its /usr and /etc mounted over the machine's.
"""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.unavailable import Unavailable

BASE = Path("/var/lib/stalewatch-lab-roots")
STAMP = "stalewatch-lab-packages"
"""A file in the root that lists what it was made of."""
MOUNTED = ("hosts", "hostname", "machine-id")
"""Files in /etc that a host has its own mounted over, and that no package brings."""
MERGED = ("bin", "lib", "lib64", "sbin")


def make(root: Path, packages: Sequence[str]) -> None:
    """Make *root*, whose name is Debian's name for that release, with *packages*, unless it is there. Raises `Unavailable` with the
    reason."""
    if not all(Path("/", name).is_symlink() for name in MERGED if Path("/", name).exists()):
        raise Unavailable(f"the hosts cannot have the /usr of Debian {root.name}: on this machine /bin and /lib are not in /usr")
    BASE.mkdir(mode=0o755, exist_ok=True)
    with (BASE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = "\n".join(sorted(packages))
        stamp = root / STAMP
        if stamp.exists() and stamp.read_text() == wanted:
            return
        shutil.rmtree(root, ignore_errors=True)
        bootstrap(root, packages)
        stamp.write_text(wanted)


def bootstrap(root: Path, packages: Sequence[str]) -> None:
    """Fill *root*. None of its services is started: there is nothing in it that could start one."""
    command = ["mmdebstrap", "--quiet", "--variant=apt", "--include", ",".join(packages), root.name, str(root), archive()]
    done = subprocess.run(
        [*command[:2], "--aptopt=APT::Install-Recommends false", *command[2:]], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        raise Unavailable(f"Debian {root.name} could not be installed into {root}: " + " ".join(done.stderr.split())[-400:])
    for name in MOUNTED:
        (root / "etc" / name).touch()


def archive() -> str:
    """Where the machine's own apt has Debian from."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    asked = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    found = next((line.split()[2] for line in lines if line.startswith(f"{release} main ")), "")
    if not found:
        raise Unavailable(f"apt has no source for Debian {release} main, so nothing tells where to have another Debian from")
    return found
