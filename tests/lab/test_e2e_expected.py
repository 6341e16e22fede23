"""What whoever deploys expects on the disk, and a wait that is ended: by the real program on a real server."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from typing import TYPE_CHECKING

from tests.lab.program import check, codes, explain, ours
from tests.lab.waiting import until
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from tests.lab import Host, Lab

OTHER = "0" * 64


def test_a_file_is_compared_with_the_rights_of_the_login_or_of_the_pool(lab: Lab, web1: Host) -> None:
    secret, name = web1.file("storage/it's -here"), "storage/it's -here"
    secret.write_text("deployed")
    sha256 = hashlib.sha256(b"deployed").hexdigest()
    for owner in ("deploy", "www-data", "root"):
        web1.run(["chown", f"{owner}:root", f"/srv/app/{name}"])
        web1.run(["chmod", "0600", f"/srv/app/{name}"])
        code, entries = check(lab, "web1", "--expect-file", f"{name}={sha256}", "--expect-file", f"/srv/app/{name}={sha256}")
        told = [error["code"] for error in entries["web1"]["errors"]]
        assert (code, told) == ((3, ["release.file-unread"] * 2) if owner == "root" else (0, [])), explain(entries["web1"])
    web1.run(["chown", "www-data", f"/srv/app/{name}"])
    code, entries = check(lab, "web1", "--expect-file", f"{name}={OTHER}", "--expect-file", f"none={sha256}")
    assert code == 1
    assert codes(entries["web1"]) == {"release.other-file"}
    assert sha256 not in explain(entries["web1"]).replace(f'"expected": "{sha256}"', ""), "no sum of what lies there"


def test_a_wait_that_is_ended_leaves_nothing_on_the_server(lab: Lab, web1: Host) -> None:
    argv = [*STALEWATCH, "check", "web1", "-F", str(lab.ssh_config), "--wait", "600", "--expect-file", f"artisan={OTHER}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("stalewatch: waiting up to 600 s: web1 app (release stale")
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=20)
    assert (process.returncode, out, said) == (143, "", "stalewatch: stopped by SIGTERM before there was an answer\n")
    until(lambda: ours(web1) == [], "a clean host", 5)
