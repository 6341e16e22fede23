"""``report`` of a real server: while old code runs, and after the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.program import serving, stalewatch

if TYPE_CHECKING:
    from tests.lab import Host, Lab


def test_it_tells_the_cause_the_times_and_what_was_done(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    assert serving(web1) == "home v1"
    assert stalewatch(lab, "mark", "web1").code == 0
    web1.release("v2")
    assert serving(web1) == "home v1"
    stale = stalewatch(lab, "report", "web1", "web2")
    assert stale.code == 0, stale.stderr
    assert "`web1` runs other code than is on the disk." in stale.stdout
    assert "Status: **not resolved**" in stale.stdout
    assert "(`opcache.stale-bytecode`)" in stale.stdout
    assert "- `web2` app: ✓ fresh" in stale.stdout
    assert "stalewatch fix web1" in stale.stdout
    assert stalewatch(lab, "fix", "--yes", "web1").code == 0
    assert serving(web1) == "home v2"
    fixed = stalewatch(lab, "report", "web1")
    assert fixed.code == 0, fixed.stderr
    assert "All that was looked at is fresh." in fixed.stdout
    assert "- result: **done**: web1 ran old code" in fixed.stdout, "the audit log of this machine knows"
    assert "disk-free" not in fixed.stdout, "what was only checked was not done"
