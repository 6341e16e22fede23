"""What goes wrong between us and a server: one clear line in that pane, the others live on, recovery by itself where possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.program import check, dashboard, explain, stalewatch

if TYPE_CHECKING:
    from tests.lab import Host, Lab


def test_fpm_stopped_is_unknown_and_critical(lab: Lab, hosts: list[Host]) -> None:
    hosts[0].stop_fpm()
    code, entries = check(lab)
    assert code == 3
    assert entries["web1"]["layers"]["fpm"] == "unknown", explain(entries["web1"])
    assert "critical" in {finding["severity"] for finding in entries["web1"]["findings"] if finding["layer"] == "fpm"}
    assert [entries[name]["verdict"] for name in ("web2", "web3")] == ["fresh", "fresh"]


def test_a_socket_that_is_not_permitted_says_what_to_grant(lab: Lab, hosts: list[Host]) -> None:
    hosts[0].deny_socket()
    code, entries = check(lab)
    assert code == 3
    assert entries["web1"]["layers"]["opcache"] == "unknown", explain(entries["web1"])
    assert any(error["grant"] for error in entries["web1"]["errors"]), explain(entries["web1"])
    assert [entries[name]["verdict"] for name in ("web2", "web3")] == ["fresh", "fresh"]


def test_a_changed_host_key_is_refused_and_named(lab: Lab, hosts: list[Host]) -> None:
    hosts[0].change_host_key()
    code, entries = check(lab)
    assert code == 3
    (error,) = entries["web1"]["errors"]
    assert error["code"] == "link.host-key-changed", error
    assert "ssh-keygen -R" in error["grant"], error
    assert entries["web1"]["observed_at"] is None
    assert [entries[name]["verdict"] for name in ("web2", "web3")] == ["fresh", "fresh"]


def test_an_unknown_host_and_a_missing_app_are_entries_and_bad_arguments_are_exit_2(lab: Lab, hosts: list[Host]) -> None:
    code, entries = check(lab, "web2", "no-such-host.invalid")
    assert code == 3
    assert entries["no-such-host.invalid"]["errors"]
    assert entries["web2"]["verdict"] == "fresh"
    code, entries = check(lab, "web2", "--app", "/srv/not-there")
    assert code == 3
    assert set(entries["web2"]["layers"].values()) == {"unknown"}
    assert "/srv/not-there" in entries["web2"]["errors"][0]["message"]
    ran = stalewatch(lab, "check", "--fromat", "json", "web2")
    assert ran.code == 2
    assert "--format" in ran.stderr
    assert ran.stdout == ""


def test_sshd_killed_and_back_recovers_by_itself(lab: Lab, hosts: list[Host]) -> None:
    for host in hosts:
        host.get("/")
    with dashboard(lab) as terminal:
        terminal.wait_for(lambda text: text.count("FRESH") >= 3)
        hosts[0].kill_sshd()
        terminal.wait_for("UNKNOWN", timeout=25)
        assert terminal.text.count("FRESH") >= 2
        hosts[0].start_sshd()
        terminal.wait_for(lambda text: "UNKNOWN" not in text and text.count("FRESH") >= 3, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
