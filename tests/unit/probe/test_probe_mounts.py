"""What is mounted below an application, for us or for PHP-FPM: by the kernel's own lines."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.mounts import below, request
from tests.unit.probe.test_probe_host_sh import one

LINE = "36 35 98:0 {} {} rw,noatime master:1 - ext3 /dev/root rw,errors=continue"


@pytest.mark.parametrize(
    ("root", "point", "path"),
    [
        ("/srv/app", "/srv/app/app/Home.php", "/srv/app/app/Home.php"),
        ("/srv/my app", "/srv/my\\040app/a\\011b.php", "/srv/my app/a\tb.php"),
        ("/srv/a\\b", "/srv/a\\134b/config", "/srv/a\\b/config"),
        ("/srv/app", "/srv/app", ""),
        ("/srv/app", "/srv/application/x.php", ""),
        ("/srv/app", "/srv/app/one\\012newline", ""),
    ],
)
def test_a_mount_is_told_by_its_own_path(root: str, point: str, path: str) -> None:
    told = "\n".join((LINE.format("/", "/"), LINE.format("/srv/app/app", "/mnt"), LINE.format("/", point), "", "36 35"))
    assert below(root, told) == ((path,) if path else ())


def test_what_both_have_is_named_once() -> None:
    assert below("/srv/app", f"{LINE.format('/x', '/srv/app/x')}\n{LINE.format('/y', '/srv/app/x')}") == ("/srv/app/x",)


async def test_it_is_read_where_another_process_is(coprocess: Coprocess, tmp_path: Path) -> None:
    file = tmp_path / "my app" / "config.php"
    file.parent.mkdir()
    file.touch()
    mount = f"mount --bind '{file}' '{file}' && echo ready && exec sleep 60"
    with subprocess.Popen(["unshare", "-m", "sh", "-c", mount], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"ready\n"
            root = str(file.parent)
            alone = await one(coprocess, *request(root, None))
            told = await one(coprocess, *request(root, other.pid))
        finally:
            other.kill()
    assert below(root, alone["mounts"].decode()) == ()
    assert below(root, told["mounts"].decode()) == (str(file),)
