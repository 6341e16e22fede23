"""Debian's packages in one host only: unpacked beside it and laid over its directories. The machine itself gets none of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lab import Host, Unavailable
from tests.lab.install import apt

OVER = """
name=$(echo "$1" | tr / _)
own=/run/lab-own/$name
mkdir -p $own/up $own/work $own/below
mount --rbind "$1" $own/below
mount -t overlay overlay -o "lowerdir=@LOWER@,upperdir=$own/up,workdir=$own/work" "$1"
echo "$1" >>/run/lab-own/list
findmnt -rno TARGET | sed -n "s|^$own/below/||p" | while read -r mount; do mount --bind "$own/below/$mount" "$1/$mount"; done
"""
"""`sh -ec OVER sh DIRECTORY`: a writable DIRECTORY of this host's own, with @LOWER@ over the machine's. What is mounted below it stays
visible."""
AWAY = """
[ -e /run/lab-own/list ] || exit 0
tac /run/lab-own/list | while read -r directory; do umount -l "$directory"; done
for below in /run/lab-own/*/below; do umount -l "$below"; done
rm -rf /run/lab-own
"""


def own(host: Host, *directories: str, packages: tuple[str, ...] = ()) -> None:
    """Make these directories the host's own, with what these packages bring for them. Raises `Unavailable` with apt's last words."""
    unpacked = unpack(host.state / "debs", packages)
    for directory in directories:
        if directory in owned(host):
            continue
        lower = "".join(f"{root}{directory}:" for root in unpacked if (root / directory.lstrip("/")).is_dir())
        host.run(["sh", "-ec", OVER.replace("@LOWER@", f"{lower}{directory}"), "sh", directory])


def owned(host: Host) -> list[str]:
    """The directories that are the host's own by now."""
    return host.read("/run/lab-own/list").split() if host.exists("/run/lab-own/list") else []


def unpack(where: Path, packages: tuple[str, ...]) -> list[Path]:
    """The files of each package, below a folder of its own."""
    where.mkdir(exist_ok=True)
    missing = [package for package in packages if not (where / package).is_dir()]
    if missing:
        download(where, missing)
    for package in missing:
        (deb,) = where.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", str(deb), str(where / package)], check=True)
        deb.unlink()
    return [where / package for package in packages]


def download(where: Path, packages: list[str]) -> None:
    """The newest version of each, as a file."""
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        apt("update")
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable("apt-get download failed: " + " ".join(done.stderr.split())[-400:])


def give_back(host: Host) -> None:
    """The machine's own directories again."""
    host.run(["sh", "-c", AWAY], check=False)
