"""What the pool's user can't write is refused before anything runs, with the line that lets him."""

from __future__ import annotations

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy
from stalewatch.model.snapshot import CompiledView, FileStat, Unseen, ViewFacts
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request, Status
from stalewatch.runbook.steps.writable import refusals
from stalewatch.runbook.verify import judge
from tests.builders.runbook import APP, CACHED, finding, host, plan, report

FILE = f"{APP}/bootstrap/cache/config.php"
FOLDER = f"{APP}/bootstrap/cache"
VIEWS = f"{APP}/storage/framework/views/"


@pytest.mark.parametrize(
    ("path", "why", "said", "line"),
    [
        (FILE, "missing", f"there is no folder {FOLDER}", f"sudo install -d -o www-data {FOLDER}"),
        (FILE, "read-only /srv", "/srv is mounted read-only", "sudo mount -o remount,rw /srv"),
        (FILE, "immutable", f"{FOLDER} is immutable", f"sudo chattr -i {FOLDER}"),
        (FILE, "no-file", "it is a pipe, a folder or a device and no file", f"sudo mv {FILE} {FILE}.away"),
        (FILE, "immutable-file", "it is immutable", f"sudo chattr -i {FILE}"),
        (FILE, "denied root 0755", f"www-data may not write into {FOLDER} (root, 0755)", f"sudo setfacl -m u:www-data:rwx {FOLDER}"),
        (FILE, "kept root", f"it belongs to root, and {FOLDER} lets nobody else replace it (sticky)", f"sudo chown www-data {FILE}"),
        (
            VIEWS,
            "denied root 0755",
            f"www-data may not write into {VIEWS[:-1]} (root, 0755)",
            f"sudo setfacl -m u:www-data:rwx {VIEWS[:-1]}",
        ),
        ("/srv/my app/x.php", "immutable", "/srv/my app is immutable", "sudo chattr -i '/srv/my app'"),
    ],
)
def test_each_refusal_has_its_line(path: str, why: str, said: str, line: str) -> None:
    assert refusals({path: why}, "www-data") == {path: said, "grant": line}


def test_nothing_is_refused_where_nothing_is_said_and_a_line_is_told_once() -> None:
    assert refusals({}, "www-data") == refusals({FILE: "", VIEWS: "what is this"}, "www-data") == {}
    both = refusals({FILE: "immutable", f"{FOLDER}/events.php": "immutable", VIEWS: ""}, "a\\b")
    assert both["grant"] == f"sudo chattr -i {FOLDER}"
    assert refusals({FILE: "kept root"}, "a b")["grant"] == f"sudo chown USER {FILE}"


def test_a_plan_asks_for_every_place_that_its_steps_write() -> None:
    asked = report(finding(Layer.CONFIG), finding(Layer.VIEWS))
    (server,) = plan([asked], Request(choice=Choice.FIX)).servers
    (disk,) = [step for step in server.steps if step.kind == "disk-free"]
    assert disk.writes == (f"{APP}/{CACHED['config']}", VIEWS)
    refused = judge(disk, server, asked, "", 0, unwritable={FILE: "kept root", VIEWS: ""})
    assert refused.status is Status.FAILED
    assert set(refused.evidence) == {FILE, "grant"}
    assert judge(disk, server, asked, "", 0, unwritable={FILE: "", VIEWS: ""}).status is Status.DONE


def test_views_that_are_compiled_elsewhere_are_asked_for_there() -> None:
    compiled = CompiledView(compiled=FileStat(safe("/var/views/a.php"), 1.0, 1.0, 1))
    asked = report(finding(Layer.VIEWS), host_facts=replace(host(), views=ViewFacts(views=(compiled,))))
    (server,) = plan([asked], Request(choice=Choice.FIX)).servers
    (disk,) = [step for step in server.steps if step.kind == "disk-free"]
    assert disk.writes == ("/var/views/",)
    assert "/var/views" in disk.command


def test_a_pool_that_cannot_be_asked_is_not_asked() -> None:
    denied = report(finding(Layer.CONFIG), runtime_facts=Unseen(code="fpm.socket-denied", message=safe("no")))
    (server,) = plan([denied], Request(choice=Choice.FIX)).servers
    assert [step.writes for step in server.steps if step.kind == "disk-free"] == [()]


def test_a_reload_writes_nothing() -> None:
    (server,) = plan([report(finding(Layer.FPM, remedy=(Remedy.RELOAD,)))], Request(choice=Choice.FIX)).servers
    assert [step.writes for step in server.steps if step.writes] == []
