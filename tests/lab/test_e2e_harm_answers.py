"""An app that answered keeps answering, or the fix says that it does not: asked for real, before, after each step and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.harm.never_worse import NeverWorse
from tests.lab.harm.seen import Page
from tests.lab.program import check, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab import Host, Lab

CONTROLLER = "app/Http/Controllers/HomeController.php"


def test_new_code_that_parses_and_throws_is_not_called_verified(web1: Host, never_worse: NeverWorse) -> None:
    """Old code answers 200 from the cache; what lies on the disk is sound PHP that ends in an exception at every request."""
    web1.fpm(validate_timestamps=0)
    assert serving(web1) == "home v1"
    web1.edit(CONTROLLER, replace=("return ", "throw new \\Exception('no such tenant'); return "))
    said = "the app answered before this and does not now: GET / answers 500"
    ran = never_worse.fix("web1", told=said)
    assert ran.code == 1, ran.stdout
    assert said in ran.stdout, ran.stdout
    assert "0 of 1 verified" in ran.stdout, ran.stdout


def test_an_app_that_was_broken_before_is_named_at_the_end(web1: Host, never_worse: NeverWorse) -> None:
    web1.fpm(validate_timestamps=0)
    web1.edit(CONTROLLER, replace=("return ", "throw new \\Exception('no such tenant'); return "))
    web1.restart()
    assert serving(web1) != "home v1"
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    ran = never_worse.fix("web1")
    assert ran.code == 1, ran.stdout
    assert "the layers are fresh, and GET / answers 500" in ran.stdout, ran.stdout


def test_the_configured_request_must_be_answered_as_configured(web1: Host, tmp_path: Path, never_worse: NeverWorse) -> None:
    """Any answer below 500 would do for /, but the API is what customers use."""
    web1.fpm(validate_timestamps=0)
    never_worse.asks(Page("/config"))
    assert serving(web1, "/config") == "v1 agent-v1"
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    inventory = tmp_path / "stalewatch.toml"
    inventory.write_text(
        '[[server]]\ntarget = "web1"\n[[server.app]]\npath = "/srv/app"\nsmoke = { path = "/config", status = 200, text = "agent-v1" }\n'
    )
    ran = never_worse.fix("web1", "--config", str(inventory))
    assert ran.code == 1, ran.stdout
    assert "answers 200 without 'agent-v1'" in ran.stdout, ran.stdout
    inventory.write_text(inventory.read_text().replace("agent-v1", "agent-v2"))
    ran = never_worse.fix("web1", "--config", str(inventory))
    assert ran.code == 0, ran.stdout


def test_check_tells_an_app_that_is_fresh_and_broken_when_it_is_asked_to(lab: Lab, web1: Host) -> None:
    web1.edit(CONTROLLER, replace=("return ", "throw new \\Exception('no such tenant'); return "))
    web1.restart()
    assert serving(web1) != "home v1"
    code, servers = check(lab, "web1")
    assert (code, servers["web1"]["verdict"]) == (0, "fresh")
    code, servers = check(lab, "web1", "--smoke")
    assert (code, servers["web1"]["verdict"]) == (1, "fresh")
    assert servers["web1"]["findings"][0]["code"] == "health.app-error"
    web1.edit(CONTROLLER, replace=("throw new \\Exception('no such tenant'); ", ""))
    web1.restart()
    code, _ = check(lab, "web1", "--smoke")
    assert code == 0
