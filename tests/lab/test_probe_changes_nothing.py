"""A look changes nothing of what it looks at."""

from __future__ import annotations

from tests.lab import Host, Lab
from tests.lab.probing import probing

MADE = """
mkdir -p /srv/flip/1 /srv/flip/2
echo '<?php echo "v1 ", getmypid();' >/srv/flip/1/index.php
echo '<?php echo "v2 ", getmypid();' >/srv/flip/2/index.php
ln -s 1 /srv/flip/current
"""
SWITCHED = "ln -s 2 /srv/flip/new && mv -T /srv/flip/new /srv/flip/current"


def answers(host: Host, count: int = 12) -> dict[str, set[str]]:
    """Pid of each worker that answered -> the versions that it answered."""
    found: dict[str, set[str]] = {}
    for _ in range(count):
        version, pid = host.request("/", script="/srv/flip/current/index.php").body.split()
        found.setdefault(pid, set()).add(version)
    return found


async def test_after_a_link_was_switched_no_worker_forgets_the_old_release_because_of_a_look(lab: Lab, web1: Host) -> None:
    """PHP's own realpath cache keeps what the link led to, each worker for itself."""
    web1.run(["sh", "-c", MADE])
    try:
        web1.ini(realpath_cache_ttl=600, opcache__revalidate_path=1, opcache__revalidate_freq=0)
        web1.pool(pm="static", pm__max_children="1")
        before = answers(web1)
        assert list(before.values()) == [{"v1"}]
        async with probing(lab, web1) as (probe, _):
            await probe.tick(full=True)
            web1.run(["sh", "-c", SWITCHED])
            await probe.tick(full=True)
            await probe.tick()
            assert answers(web1) == before
    finally:
        web1.run(["rm", "-rf", "/srv/flip"])
