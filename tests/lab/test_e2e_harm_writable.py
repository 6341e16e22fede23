"""What the steps write is looked at as the pool's user before the first of them: where one could not write, nothing is begun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.lab.program import Ran, footprint, moved, stalewatch

if TYPE_CHECKING:
    from tests.lab import Host, Lab

CACHE = "/srv/app/bootstrap/cache"


def stale(host: Host) -> None:
    host.fpm(validate_timestamps=0)
    assert (host.get("/"), host.get("/config")) == ("home v1", "v1 agent-v1")
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    host.edit("routes/web.php", replace=("<?php", "<?php // changed"))


def failed(ran: Ran) -> dict[str, dict[str, str]]:
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return {line["step"]: line["evidence"] for line in lines if line["status"] == "failed"}


REFUSED = {
    "read-only": (
        f"mount --bind {CACHE} {CACHE}; mount -o remount,bind,ro {CACHE}",
        "is mounted read-only",
        f"sudo mount -o remount,rw {CACHE}",
    ),
    "another's": (f"chown root:root {CACHE}; chmod 755 {CACHE}", "(root, 0755)", f"sudo setfacl -m u:www-data:rwx {CACHE}"),
    "sticky": (
        f"chown root:root {CACHE} {CACHE}/config.php; chmod 1777 {CACHE}",
        "it belongs to root",
        f"sudo chown www-data {CACHE}/config.php",
    ),
    "immutable": (f"chattr +i {CACHE}/config.php", "it is immutable", f"sudo chattr -i {CACHE}/config.php"),
}


def test_where_a_step_could_not_write_nothing_is_begun_and_the_line_to_type_is_told(lab: Lab, web1: Host) -> None:
    stale(web1)
    before = footprint(web1)
    for name, (make, why, line) in REFUSED.items():
        if web1.run(["sh", "-ec", make], check=False).returncode != 0:
            assert name == "immutable", "the file system knows no immutable files"
            continue
        ran = stalewatch(lab, "fix", "--yes", "--format", "json", "web1")
        refused = failed(ran)
        assert (ran.code, sorted(refused)) == (1, ["disk-free", "result"]), ran.stdout
        assert why in str(refused["disk-free"]), refused
        assert line in refused["disk-free"]["grant"], refused
        if name != "another's":  # the lab has no setfacl
            web1.run(["sh", "-ec", line.removeprefix("sudo ")])
        else:
            web1.run(["chown", "www-data:www-data", CACHE])
    assert moved(before, footprint(web1)).keys() <= {"caches", "syslog"}
    assert web1.get("/config") == "v1 agent-v1"


def test_a_plan_of_which_a_later_step_is_not_permitted_begins_nothing(lab: Lab, web1: Host) -> None:
    stale(web1)
    sudoers = web1.root("/etc/sudoers.d/deploy")
    lines = sudoers.read_text()
    sudoers.write_text("".join(line for line in lines.splitlines(keepends=True) if "route\\:cache" not in line))
    try:
        before = footprint(web1)
        ran = stalewatch(lab, "fix", "--yes", "--format", "json", "web1")
        after = footprint(web1)
    finally:
        sudoers.write_text(lines)
    refused = failed(ran)
    assert (ran.code, sorted(refused)) == (1, ["result", "rights"]), ran.stdout
    assert "route:cache" in refused["rights"]["not permitted"]
    assert "deploy ALL=(www-data) NOPASSWD: " in refused["rights"]["grant"]
    assert before.caches == after.caches
    assert web1.get("/config") == "v1 agent-v1"
