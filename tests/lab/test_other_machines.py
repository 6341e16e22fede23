"""The lab on machines that are not like this one: other users, and other rules of who may enter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lab import Host, Lab, etc_files

pytestmark = pytest.mark.lab

PASSWD = """deploy:x:1000:1000:Somebody else:/srv/deploy:/usr/sbin/nologin
somebody:x:7001:1001::/home/somebody:/bin/sh
"""
GROUP = """deploy:x:1000:
others:x:7002:
sudo:x:27:deploy
www-data:x:33:somebody
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The /etc of a machine that has a user `deploy` and takes the lab's first numbers."""
    for name, theirs in (("passwd", PASSWD), ("group", GROUP)):
        names = [line.partition(":")[0] for line in theirs.splitlines()]
        ours = [line for line in (Path("/etc") / name).read_text().splitlines(keepends=True) if line.partition(":")[0] not in names]
        (tmp_path / name).write_text(theirs + "".join(ours))
    return tmp_path


def test_a_machine_that_has_a_user_deploy(lab: Lab, elsewhere: Path) -> None:
    with Lab(1, elsewhere) as other:
        host = other["web1"]
        argv = [
            "ssh",
            "-F",
            str(other.ssh_config),
            "web1",
            "id -u; id -Gn; echo $HOME; sudo -n /usr/sbin/php-fpm8.2 -t 2>/dev/null && echo may",
        ]
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout
        assert answer.splitlines() == ["7003", "deploy www-data", "/home/deploy", "may"]
        host.deploy_git("fix")
        assert host.file(".git/logs/HEAD").stat().st_uid == 7003


def test_whom_this_machine_lets_in_or_keeps_out_is_nothing_to_the_host(web1: Host) -> None:
    assert web1.read("/etc/sudoers") == etc_files.SUDOERS
    assert all(not web1.exists(path) or web1.read(path) == "" for path in ("/etc/hosts.allow", "/etc/hosts.deny"))
