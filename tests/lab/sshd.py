"""What a host's sshd permits, and what programs the host has. A restore takes none of it back: `undo` does."""

from __future__ import annotations

from tests.lab import Host

CONFIG = "/etc/ssh/sshd_config"
SUDOERS = "/etc/sudoers.d/relay"
NO_FORWARDING = "AllowTcpForwarding no"
_MARK = "\n# for one test\n"


def configure(host: Host, *lines: str) -> None:
    """Add *lines* to sshd_config and restart sshd."""
    file = host.root(CONFIG)
    file.write_text(file.read_text().partition(_MARK)[0] + _MARK + "".join(f"{line}\n" for line in lines))
    host.start_sshd()


def hide(host: Host, *programs: str) -> None:
    """The host has none of *programs*, though it shares the machine's."""
    hidden = 'for p; do f=$(readlink -f "$(command -v "$p")") && mount --bind /dev/null "$f" && echo "$f" >>/run/lab-hidden; done'
    host.run(["sh", "-ec", hidden, "sh", *programs])


def permit(host: Host, *lines: str) -> None:
    """More lines of sudoers."""
    file = host.root(SUDOERS)
    file.write_text("".join(f"{line}\n" for line in lines))
    file.chmod(0o440)
    host.run(["visudo", "-c", "-q", "-f", SUDOERS])


def undo(host: Host) -> None:
    """As a host is without these."""
    host.run(["sh", "-c", f'while read -r f; do umount "$f"; done </run/lab-hidden; rm -f /run/lab-hidden {SUDOERS}'], check=False)
    configure(host)
