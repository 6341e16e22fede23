"""A host's own /etc: the machine's accounts with `deploy` added, its name, its sshd, its sudoers, its units."""

from __future__ import annotations

import pwd
import shutil
import subprocess
import uuid
from pathlib import Path

FILES = Path(__file__).parent / "files"
USER = "deploy"
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
"""Private host key, in the host's directory of the lab."""


def deploy_uid() -> int:
    """A uid and gid that nobody has on this machine."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(7001, 7999) if uid not in taken)


def write(state: Path, name: str, neighbours: dict[str, str], port: int, uid: int, public_key: str) -> None:
    """Write STATE/etc, STATE/home and STATE/units. `neighbours` is every host's name and address, its own included."""
    etc = state / "etc"
    for directory in ("ssh", "sudoers.d", "systemd/system"):
        (etc / directory).mkdir(parents=True)
    (state / "dev").mkdir()
    accounts(etc, uid)
    (etc / "hostname").write_text(name + "\n")
    (etc / "machine-id").write_text(uuid.uuid4().hex + "\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{address} {host}\n" for host, address in neighbours.items()))
    shutil.copy(FILES / "etc" / "journald.conf", etc / "systemd")
    sudoers = etc / "sudoers.d" / "deploy"
    shutil.copy(FILES / "etc" / "sudoers", sudoers)
    sudoers.chmod(0o440)
    config = (FILES / "etc" / "sshd_config").read_text()
    (etc / "ssh" / "sshd_config").write_text(config.replace("@PORT@", str(port)).replace("@ADDRESS@", neighbours[name]))
    new_host_key(state)
    shutil.copytree(FILES / "units", state / "units")
    home(state / "home" / USER, uid, public_key)


def accounts(etc: Path, uid: int) -> None:
    """passwd, group and shadow: the machine's own, without its passwords, with `deploy` (key only) in www-data's group."""
    passwd = Path("/etc/passwd").read_text()
    (etc / "passwd").write_text(passwd + f"{USER}:x:{uid}:{uid}:Dora Deploy:/home/{USER}:/bin/sh\n")
    groups = [line + USER if line.startswith("www-data:") else line for line in Path("/etc/group").read_text().splitlines()]
    (etc / "group").write_text("\n".join([*groups, f"{USER}:x:{uid}:", ""]))
    names = [line.partition(":")[0] for line in passwd.splitlines()]
    (etc / "shadow").write_text("".join(f"{name}:*:19000:0:99999:7:::\n" for name in [*names, USER]))
    (etc / "shadow").chmod(0o600)


def new_host_key(state: Path) -> None:
    """A new ed25519 host key, in place of the old one if there is one."""
    new_key(state / HOST_KEY, "")


def new_key(path: Path, comment: str) -> str:
    """Make a key pair without passphrase and return its public line."""
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True, capture_output=True)
    return public(path)


def public(path: Path) -> str:
    """The public line of a key, without its newline."""
    return path.with_name(path.name + ".pub").read_text().strip()


def home(directory: Path, uid: int, public_key: str) -> None:
    ssh = directory / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "authorized_keys").write_text(public_key + "\n")
    for path, mode in ((directory, 0o755), (ssh, 0o700), (ssh / "authorized_keys", 0o600)):
        path.chmod(mode)
        shutil.chown(path, uid, uid)
