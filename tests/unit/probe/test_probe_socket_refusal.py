"""What opens a pool's socket to a login: its group where that opens one pool, else FPM's own list for this pool alone."""

from __future__ import annotations

import pytest

from stalewatch.model.snapshot import Pool
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.records import FileRecord
from stalewatch.probe.host.socket_refusal import beside, denied


def socket(name: str, inode: int, owner: str = "www-data", group: str = "www-data", mode: int = 0o660, kind: int = 0o140000) -> FileRecord:
    return FileRecord(f"/run/php/{name}.sock", 1.0, 1.0, 0, inode, kind | mode, owner, group)


def pool(user: str, group: str = "") -> Pool:
    return Pool(name=safe("p"), user=safe(user), group=safe(group), listen=safe("/run/php/p.sock"))


OWN = socket("p", 7)
OTHER, LINK, PID, CLOSED = socket("q", 8), socket("p2", 7), socket("x", 9, kind=0o100000), socket("r", 10, mode=0o600)
ALONE = "add u07 to group www-data: sudo usermod -aG www-data u07"
RELOAD = "in this pool (they replace listen.owner and listen.group), then reload FPM"
ACL = f"listen.acl_users = www-data,u07 and listen.acl_groups = www-data {RELOAD}"


@pytest.mark.parametrize(
    ("record", "runs_as", "beside", "grant"),
    [
        (OWN, pool("www-data"), (OWN, LINK, PID, CLOSED), ALONE),
        (OWN, pool("www-data"), (OWN, OTHER), f"{ACL}; group www-data would open 1 other pool too"),
        (OWN, pool("u07"), (OWN, OTHER, socket("s", 11)), f"{ACL}; group www-data would open 2 other pools too"),
        (OWN, pool("u07"), (OWN,), ACL),
        (OWN, None, (OWN,), ALONE),
        (
            socket("p", 7, owner="root", group="root", mode=0o600),
            pool("www-data"),
            (),
            "listen.group = www-data and listen.mode = 0660 in the pool, and: sudo usermod -aG www-data u07",
        ),
        (
            socket("p", 7, owner="nginx", group="root", mode=0o600),
            pool("u07", "customers"),
            (),
            f"listen.acl_users = nginx,u07 {RELOAD}",
        ),
        (None, pool("www-data"), (), "listen.group = www-data and listen.mode = 0660 in the pool, and: sudo usermod -aG www-data u07"),
    ],
)
def test_nobody_is_told_to_open_the_pools_of_others(
    record: FileRecord | None, runs_as: Pool | None, beside: tuple[FileRecord, ...], grant: str
) -> None:
    told = denied("u07", "/run/php/p.sock", record, runs_as, beside)
    assert (told.code, told.grant) == ("fpm.socket-denied", grant)


@pytest.mark.parametrize(
    ("address", "patterns"),
    [
        ("/run/php/p.sock", ("/run/php/*", "/run/*/*.sock")),
        ("/srv/u07/run/php.sock", ("/srv/u07/run/*", "/srv/*/run/*.sock", "/srv/u07/*/*.sock")),
        ("/p.sock", ()),
    ],
)
def test_the_pools_of_other_customers_are_looked_for_where_they_lie(address: str, patterns: tuple[str, ...]) -> None:
    assert beside(address) == patterns
