"""The first five minutes on real servers: look around, write the file, watch by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.config.load import load
from tests.lab.program import stalewatch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab


def test_what_init_writes_is_what_check_reads(lab: Lab, hosts: list[Host], tmp_path: Path) -> None:
    ran = stalewatch(lab, "init", "web1", "web2", cwd=tmp_path)
    assert ran.code == 0, ran.stdout + ran.stderr
    for words in ("Laravel 8.", "www at /run/php/php8.2-fpm.sock, sshd forwards to it", "reload php8.2-fpm.service"):
        assert ran.stdout.count(words) == 2, ran.stdout
    assert [server.target for server in load([], folder=tmp_path).servers] == ["web1", "web2"]
    checked = stalewatch(lab, "check", "--format", "json", cwd=tmp_path)
    assert checked.code == 0, checked.stdout
    assert [(server["name"], server["app"]) for server in checked.data["servers"]] == [("web1", "/srv/app"), ("web2", "/srv/app")]


def test_the_aliases_of_ssh_config_are_an_inventory(lab: Lab, hosts: list[Host], tmp_path: Path) -> None:
    lab.hosts[2].kill_sshd()
    ran = stalewatch(lab, "init", "--from", "ssh", cwd=tmp_path)
    assert ran.code == 3, ran.stdout + ran.stderr
    assert "left out, for the reasons above: web3\n" in ran.stderr
    assert [server.target for server in load([], folder=tmp_path).servers] == ["web1", "web2"]
