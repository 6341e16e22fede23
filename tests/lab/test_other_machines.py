"""The lab on machines that are not like this one: other users, closed files; and what is said where nobody can log in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Host, Lab, etc_files, php, trees
from tests.lab.login import LoginFailed, log_in

pytestmark = pytest.mark.lab
ROOT = Path(__file__).parents[2]

PASSWD = """deploy:x:1000:1000:Somebody else:/srv/deploy:/usr/sbin/nologin
somebody:x:7001:1001::/home/somebody:/bin/sh
"""
GROUP = """deploy:x:1000:
others:x:7002:
sudo:x:27:deploy
www-data:x:33:somebody
"""


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


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
        log_in(other.ssh_config, host)
        argv = [
            "ssh",
            "-F",
            str(other.ssh_config),
            "web1",
            f"id -u; id -Gn; echo $HOME; sudo -n {php.BINARY} -t 2>/dev/null && echo may",
        ]
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout
        assert answer.splitlines() == ["7003", "deploy www-data", "/home/deploy", "may"]
        host.deploy_git("fix")
        assert host.file(".git/logs/HEAD").stat().st_uid == 7003


def test_a_hook_of_git_in_a_checkout_that_only_its_owner_reads(
    lab: Lab, umask: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    files = tmp_path / "files"
    shutil.copytree(etc_files.FILES, files)
    subprocess.run(["chmod", "-R", "go=", str(files)], check=True)
    monkeypatch.setattr(etc_files, "FILES", files)
    monkeypatch.setattr(trees, "FILES", files)
    with Lab(1) as other:
        host = other["web1"]
        log_in(other.ssh_config, host)
        assert host.get() == "home v1"
        host.edit("routes/new.php", "<?php\n")
        for path in ("/etc/passwd", "/etc/hosts", php.POOL, "/srv/app/routes/new.php"):
            host.run(["cat", path], user="deploy")
        host.run(["systemctl", "cat", php.FPM], user="deploy")


def test_whom_this_machine_lets_in_or_keeps_out_is_nothing_to_the_host(web1: Host) -> None:
    assert web1.read("/etc/sudoers") == etc_files.SUDOERS
    assert all(not web1.exists(path) or web1.read(path) == "" for path in ("/etc/hosts.allow", "/etc/hosts.deny"))


def test_a_login_that_fails_is_one_line_with_the_reasons(lab: Lab, web1: Host) -> None:
    log_in(lab.ssh_config, web1)
    home = web1.state / "home" / etc_files.USER
    home.chmod(0o777)
    try:
        with pytest.raises(LoginFailed) as caught:
            log_in(lab.ssh_config, web1)
    finally:
        home.chmod(0o755)
    assert str(caught.value) == (
        "deploy cannot log in on web1: deploy@127.0.1.1: Permission denied (publickey); "
        "its sshd says: Authentication refused: bad ownership or modes for directory /home/deploy"
    )
    web1.kill_sshd()
    with pytest.raises(LoginFailed, match=r"^deploy cannot log in on web1: ssh: connect to host .* Connection refused$"):
        log_in(lab.ssh_config, web1)


@pytest.mark.parametrize(
    ("ssh", "said"),
    [
        ("echo 'something before' >&2; echo 'no such luck.' >&2; exit 255", "deploy cannot log in on web1: no such luck"),
        ("exit 3", "deploy cannot log in on web1: ssh ended with 3"),
        ("echo elsewhere; echo nobody", "ssh to web1 leads to elsewhere nobody instead of web1 deploy"),
    ],
)
def test_up_is_not_said_before_somebody_could_log_in(lab: Lab, tmp_path: Path, ssh: str, said: str) -> None:
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{ssh}\n")
    (tmp_path / "ssh").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = [sys.executable, "-m", "tests.lab", "up", "--hosts", "1"]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"The lab did not come up: {said}\n")
