"""A host's own /etc: the machine's accounts with a `deploy` of the lab's, its name, its sshd, its sudoers, its units."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path

from tests import accounts
from tests.accounts import Account
from tests.lab import php

FILES = Path(__file__).parent / "files"
USER = "deploy"
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
"""Private host key, in the host's directory of the lab."""
SUDOERS = """Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""
"""Debian's, without what this machine may allow to others."""


MACHINE = php.ROOT / "etc"
"""Where the passwd and group are that those of the hosts are made of."""


def deploy_uid(machine: Path = MACHINE) -> int:
    """A uid and gid that nobody has on this machine."""
    return accounts.free_id((machine / "passwd").read_text(), (machine / "group").read_text(), range(7001, 7999))


def write(state: Path, name: str, neighbours: dict[str, str], port: int, uid: int, public_key: str, machine: Path = MACHINE) -> None:
    """Write STATE/etc, STATE/home and STATE/units. `neighbours` is every host's name and address, its own included."""
    etc = state / "etc"
    for directory in ("ssh", "sudoers.d", "systemd/system"):
        (etc / directory).mkdir(parents=True)
    (state / "dev").mkdir()
    write_accounts(etc, machine, uid)
    (etc / "hostname").write_text(name + "\n")
    (etc / "machine-id").write_text(uuid.uuid4().hex + "\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{address} {host}\n" for host, address in neighbours.items()))
    shutil.copy(FILES / "etc" / "journald.conf", etc / "systemd")
    (etc / "sudoers").write_text(SUDOERS)
    (etc / "sudoers.d" / "deploy").write_text(php.filled(FILES / "etc" / "sudoers"))
    for sudoers in (etc / "sudoers", etc / "sudoers.d" / "deploy"):
        sudoers.chmod(0o440)
    config = (FILES / "etc" / "sshd_config").read_text()
    (etc / "ssh" / "sshd_config").write_text(config.replace("@PORT@", str(port)).replace("@ADDRESS@", neighbours[name]))
    new_host_key(state)
    shutil.copytree(FILES / "units", state / "units")
    fpm = state / "units" / "fpm.service"
    fpm.with_name(f"{php.FPM}.service").write_text(php.filled(fpm))
    fpm.unlink()
    subprocess.run(["chmod", "-R", "u=rwX,go=rX", str(state / "units")], check=True)
    home(state / "home" / USER, uid, public_key)


def write_accounts(etc: Path, machine: Path, uid: int) -> None:
    """passwd, group and shadow: the machine's own, without its passwords, with `deploy` (key only) in www-data's group."""
    deploy = Account(USER, uid, f"/home/{USER}", comment="Dora Deploy")
    passwd = accounts.passwd((machine / "passwd").read_text(), deploy)
    (etc / "passwd").write_text(passwd)
    (etc / "group").write_text(accounts.group((machine / "group").read_text(), deploy, "www-data"))
    (etc / "shadow").write_text(accounts.shadow(passwd))
    (etc / "shadow").chmod(0o600)
    (etc / "nsswitch.conf").write_text(accounts.NSSWITCH)


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
