"""What a clear has emptied is known to the next rebuild, also after a restart of the program."""

from __future__ import annotations

from pathlib import Path

from stalewatch.model.report import Layer
from stalewatch.runbook.audit_log import AuditEntry, AuditLog
from stalewatch.runbook.cleared_layers import cleared_layers
from stalewatch.runbook.plan import Choice, Request
from tests.builders.runbook import APP, host, plan, report


def entry(step: str, status: str = "done", event: str = "outcome", server: str = "web1") -> AuditEntry:
    return AuditEntry(at=1.0, who="alice", server=server, address=server, app=APP, event=event, step=step, status=status)


def test_cleared_and_not_put_back(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.log")
    for one in (
        entry("config:clear"),
        entry("route:clear"),
        entry("event:clear", "failed"),
        entry("view:clear", event="send", status=""),
        entry("route:cache"),
        entry("config:clear", server="web2"),
        entry("config:cache", "failed", server="web2"),
    ):
        audit.record(one)
    with audit.path.open("ab") as log:
        log.write(b"damaged {\n")
    known = cleared_layers(audit.path)
    assert known == {("web1", APP): frozenset({Layer.CONFIG}), ("web2", APP): frozenset({Layer.CONFIG})}
    made = plan([report(host_facts=host(caches=()))], Request(choice=Choice.REBUILD), cleared=known)
    assert "config:cache" in [step.id for step in made.servers[0].steps]


def test_no_log_is_nothing_remembered(tmp_path: Path) -> None:
    assert cleared_layers(tmp_path / "none") == {}
