"""`s`: a shell by the real ssh on a real sshd, in the dashboard's terminal, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.program import dashboard

if TYPE_CHECKING:
    from tests.lab import Host, Lab


def test_a_shell_on_the_server_and_the_dashboard_after_it(lab: Lab, web1: Host) -> None:
    with dashboard(lab, "web1") as terminal:
        terminal.wait_for("✓ FRESH", timeout=60)
        terminal.type("s")
        terminal.wait_for(r"stalewatch: ssh -F \S+ -- web1")
        terminal.wait_for(r"(?m)^\S*\$ *$", timeout=40)
        terminal.type("echo $((6 * 7)) on $(tty); exit 3\r")
        terminal.wait_for(r"shell on web1: exit code 3", timeout=40)
        terminal.wait_for("✓ FRESH", timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []
        assert b"42 on /dev/pts/" in terminal.raw


def test_where_the_host_key_changed_ssh_is_read_before_the_dashboard_is_back(lab: Lab, web1: Host) -> None:
    web1.change_host_key()
    with dashboard(lab, "web1") as terminal:
        terminal.wait_for("HOST KEY CHANGED", timeout=60)
        terminal.type("s")
        said = terminal.wait_for("ssh ended with 255", timeout=40)
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in said
        assert "SHA256:" in said
        terminal.read_on(0.5)
        assert "shell on web1" not in terminal.text
        terminal.type("\r")
        terminal.wait_for(r"shell on web1: exit code 255", timeout=40)
        terminal.wait_for("HOST KEY CHANGED")
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert terminal.insane() == []
