"""When a web server last read its configuration, by its processes and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.probe.host.parsers.records import FileRecord
from stalewatch.probe.host.web_server.loads import Loads, newer
from stalewatch.probe.host.web_server.reading import WebServers
from stalewatch.probe.host.web_server.site import Site

if TYPE_CHECKING:
    from stalewatch.probe.host.web_server.site import Kind

MAIN, OURS, OTHERS, SNIPPET, TYPES = (f"/etc/nginx/{name}" for name in ("nginx.conf", "ours", "others", "snippet", "mime.types"))
FILES: dict[str, Kind] = dict.fromkeys((MAIN, OURS, OTHERS, SNIPPET, TYPES), "nginx")
SITE = Site(server="nginx", root="/srv/app/public", file=OURS)
STARTED = 1000.0


def file(path: str, mtime: float, ctime: float) -> FileRecord:
    return FileRecord(path, mtime, ctime, 10, 1, 0o100644, "root", "root")


def servers(**late: float) -> WebServers:
    stats = {path: file(path, 10.0, late.get(path.rpartition("/")[2].partition(".")[0], 10.0)) for path in FILES}
    other = Site(server="nginx", root="/srv/other/public", file=OTHERS)
    return WebServers(stats=stats, sites=(SITE, other), mains={"nginx": MAIN}, loaded=FILES)


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ({}, []),
        ({"ours": 1005.0}, [OURS]),
        ({"ours": 1005.0, "snippet": 1006.0}, [SNIPPET, OURS]),
        ({"nginx": 1005.0}, [MAIN]),
        ({"others": 1005.0}, []),
        ({"mime": 1005.0}, []),
        ({"ours": 1000.05}, []),
    ],
)
def test_files_that_came_after_the_workers(late: dict[str, float], told: list[str]) -> None:
    assert list(newer(servers(**late), Loads({"nginx": STARTED}), (SITE,))) == told


def test_a_link_is_as_young_as_itself() -> None:
    assert newer(servers(), Loads({"nginx": STARTED}, {OURS: 1005.0}), (SITE,)) == {OURS: 1005.0}


def test_nothing_is_said_of_a_web_server_that_is_not_seen() -> None:
    assert newer(servers(ours=1005.0), Loads(), (SITE,)) == {}
    assert newer(servers(ours=1005.0), Loads({"apache": STARTED}), (SITE,)) == {}
