"""Bytecode that PHP keeps on the disk is taken away for the application that is fixed, and nothing else of that folder is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.harm.seen import Page
from tests.lab.heal.run import all_rights, usual_rights
from tests.lab.truth import changes as do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab import Host
    from tests.lab.harm.never_worse import NeverWorse

OTHERS = ("backup.bin", "uploads/photo.bin", "srv/app/app/photo.php.bin")


@pytest.fixture
def host(web1: Host) -> Iterator[Host]:
    """A host whose login may do everything."""
    all_rights(web1)
    yield web1
    usual_rights(web1)


def test_a_rebuild_compiles_what_is_on_the_disk_whatever_the_command_line_keeps(host: Host, never_worse: NeverWorse) -> None:
    """Artisan alone would write the old values into a new file."""
    folder, ini = "/var/tmp/lab-cli", "opcache.enable_cli=1\\nopcache.file_cache=/var/tmp/lab-cli\\nopcache.validate_timestamps=0\\n"
    try:
        host.run(["sh", "-ec", f"install -d -o www-data {folder}; printf '{ini}' | tee $(echo /etc/php/*/cli/conf.d)/99-lab.ini"])
        do.pause(2.1)(host)
        host.cache()
        host.reload()
        never_worse.asks(Page("/config"))
        do.then(do.pause(1.1), do.AGENT, do.pause(2.2))(host)
        ran = never_worse.fix(host.name)
        assert host.get("/config") == "v1 agent-v2", ran.stdout + ran.stderr
        assert ran.code == 1, "what is kept there is old still, and the next artisan runs it"
        assert f"in {folder}" in ran.stdout
    finally:
        host.run(["sh", "-c", f"rm -rf {folder} /etc/php/*/cli/conf.d/99-lab.ini"])


def test_a_folder_that_holds_other_files_too_keeps_them(host: Host, never_worse: NeverWorse) -> None:
    folder = "/srv/shared"
    for name in OTHERS:
        host.run(["install", "-D", "-o", "www-data", "/dev/null", f"{folder}/{name}"])
    host.run(["chown", "-R", "www-data:", folder])
    host.ini(opcache__file_cache=folder, opcache__validate_timestamps=0)
    never_worse.asks(Page(), Page("/config"))
    assert (host.get("/"), host.get("/config")) == ("home v1", "v1 agent-v1")
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    host.release("v2")
    ran = never_worse.fix(host.name)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert (host.get("/"), host.get("/config")) == ("home v2", "v1 agent-v2")
    assert not [name for name in OTHERS if not host.exists(f"{folder}/{name}")]
    again = never_worse.fix(host.name)
    assert again.code == 0, again.stdout + again.stderr
    assert "nothing to do" in again.stdout, "it wipes and reloads once"
