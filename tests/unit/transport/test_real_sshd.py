"""The link against OpenSSH's own sshd: MaxSessions, refused forwarding, signals, and what happens when it is killed.

A sshd on a free loopback port, in a mount namespace with account files of its own, so that there is a user ``deploy``, whatever users
the machine has, and these are not touched. Needs root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from stalewatch.model.errors import AuthRefused, HostKeyRefused, LinkLost, LinkTimeout, NotPermitted
from stalewatch.transport.link import Link
from tests import accounts
from tests.accounts import Account
from tests.unit.transport.ssh_server import SshLab, ssh_lab, until
from tests.unit.transport.test_link_contract import alive, read_exactly

SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))
UID = 48211

CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/hostkey
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {folder}/authorized_keys
PermitRootLogin prohibit-password
LogLevel VERBOSE
{lines}
"""

# In its own mount namespace: the accounts of the test, and nobody whom the machine keeps out.
OWN_ETC = """
for file in passwd group shadow nsswitch.conf; do [ ! -e /etc/$file ] || mount --bind {folder}/etc/$file /etc/$file || exit; done
for file in hosts.allow hosts.deny; do [ ! -e /etc/$file ] || mount --bind /dev/null /etc/$file || exit; done
"""


def missing() -> str:
    if SSHD is None:
        return "there is no sshd (apt-get install openssh-server)"
    if os.geteuid() != 0:
        return "sshd as another user needs root"
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"unshare -m is not permitted: {done.stderr.strip()}"


class Sshd:
    """One sshd and the lab whose ssh_config leads to it under the name ``real``."""

    def __init__(self, lab: SshLab, lines: str = "", shell: str = "/bin/sh", machine: Path = Path("/etc")) -> None:
        self.lab, self.folder, self.machine = lab, lab.folder, machine
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        Path("/run/sshd").mkdir(exist_ok=True)
        home = self.folder / "home"
        home.mkdir(mode=0o755)
        os.chown(home, UID, UID)
        self.folder.chmod(0o755)
        self._write_accounts(Account("deploy", UID, str(home), shell))
        lab.host_key.write_private_key(self.folder / "hostkey")
        (self.folder / "hostkey").chmod(0o600)
        (self.folder / "authorized_keys").write_bytes(lab.client_key.export_public_key())
        (self.folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=self.folder, lines=lines))
        self.process = self._start()
        lab.alias("real", self.port)
        lab.trust(f"[127.0.0.1]:{self.port}", lab.host_key)

    def _write_accounts(self, deploy: Account) -> None:
        etc = self.folder / "etc"
        etc.mkdir()
        passwd = accounts.passwd((self.machine / "passwd").read_text(), deploy)
        group = accounts.group((self.machine / "group").read_text(), deploy)
        files = {"passwd": passwd, "group": group, "shadow": accounts.shadow(passwd), "nsswitch.conf": accounts.NSSWITCH}
        for name, text in files.items():
            (etc / name).write_text(text)

    def _start(self) -> subprocess.Popen[bytes]:
        script = OWN_ETC.format(folder=self.folder) + f"exec {SSHD} -D -e -f {self.folder}/sshd_config"
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return process
            assert process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def family(self) -> list[int]:
        """The sshd and all that descends from it."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def sessions(self) -> list[int]:
        """The processes that serve connections (not the listener, not what users run)."""
        names = {pid: name for pid in self.family()[1:] if (name := comm(pid)).startswith("sshd")}
        return list(names)

    def kill_sessions(self) -> None:
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        for pid in reversed(self.family()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@pytest.fixture(autouse=True, scope="module")
def _needs_sshd() -> None:
    if why := missing():
        pytest.skip(why)


@pytest.fixture
async def lab() -> AsyncIterator[SshLab]:
    """In a folder that another user may enter: pytest's own is closed to others, and TMPDIR may be."""
    with tempfile.TemporaryDirectory(prefix="stalewatch-sshd-", dir="/tmp") as folder:
        async with ssh_lab(Path(folder)) as made:
            yield made


@pytest.fixture
def sshd(lab: SshLab, request: pytest.FixtureRequest) -> Iterator[Sshd]:
    made = Sshd(lab, **getattr(request, "param", {}))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
async def link(sshd: Sshd) -> AsyncIterator[Link]:
    made = await sshd.lab.connect("real")
    yield made
    await made.close()


SHELLS = [{"shell": path} for path in ("/bin/sh", "/bin/bash", "/usr/bin/fish", "/bin/tcsh", "/bin/zsh") if Path(path).exists()]


@pytest.mark.parametrize("sshd", SHELLS, indirect=True, ids=lambda made: made["shell"])
async def test_any_login_shell_runs_the_command_as_it_is(link: Link) -> None:
    text = 'it\'s "two\\n\nlines" $HOME `id` 100% !! \\\\ ü'
    done = await link.run(f"id -un; printf %s {shlex.quote(text)}; exit 7")
    assert done.stdout.decode() == f"deploy\n{text}"
    assert done.code == 7


OTHERS = {
    "has a deploy": "deploy:x:1000:1000::/home/deploy:/usr/sbin/nologin\n",
    "has our uid": f"somebody:x:{UID}:{UID}::/home/somebody:/usr/sbin/nologin\n",
}


@pytest.fixture
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The /etc of a machine whose passwd begins with other users than this one's."""
    shutil.copy("/etc/group", tmp_path)
    (tmp_path / "passwd").write_text(request.param + Path("/etc/passwd").read_text())
    return tmp_path


@pytest.mark.parametrize("machine", OTHERS.values(), ids=OTHERS, indirect=True)
async def test_the_users_that_the_machine_has_do_not_matter(lab: SshLab, machine: Path) -> None:
    sshd = Sshd(lab, machine=machine)
    try:
        link = await lab.connect("real")
        assert (await link.run("id -un; id -u")).stdout == f"deploy\n{UID}\n".encode()
    finally:
        sshd.stop()


async def test_binary_both_ways_and_a_coprocess_whose_trap_runs(link: Link, sshd: Sshd) -> None:
    data = bytes(range(256)) * 4096
    assert (await link.run("cat", data=data)).stdout == data
    mark = sshd.folder / "home/mark"
    stream = await link.coprocess(f"trap 'rm {mark}' EXIT; : >{mark}; exec 3>&1; cat >&3; exit 0")
    writing = asyncio.create_task(stream.write(data))
    assert await read_exactly(stream, len(data)) == data
    await writing
    assert mark.exists()
    await stream.close()
    assert not mark.exists()


async def test_thirty_runs_at_once_never_meet_max_sessions(link: Link) -> None:
    done = await asyncio.gather(*(link.run(f"sleep 0.1; echo {number}") for number in range(30)))
    assert [int(result.stdout) for result in done] == list(range(30))


async def test_runs_that_were_given_up_do_not_eat_up_max_sessions(link: Link, sshd: Sshd) -> None:
    """A channel counts for sshd until its process has ended: TERM is sent, and a slot is free only when the channel is closed."""
    for _ in range(3):
        results = await asyncio.gather(*(link.run("sleep 55", timeout=0.3) for _ in range(8)), return_exceptions=True)
        assert all(isinstance(result, LinkTimeout) for result in results)
    assert (await link.run("echo ok")).stdout == b"ok\n"
    await until(lambda: not any(comm(pid) == "sleep" for pid in sshd.family()))


async def test_a_given_up_run_that_ignores_term_is_killed(link: Link, sshd: Sshd) -> None:
    pid_file = sshd.folder / "home/pid"
    with pytest.raises(LinkTimeout):
        await link.run(f"trap '' TERM; echo $$ >{pid_file}; while :; do sleep 1; done", timeout=2.0)
    pid = int(pid_file.read_text())
    await until(lambda: not alive(pid), seconds=20)


async def test_a_coprocess_that_waits_for_what_never_comes_ends_with_the_link(sshd: Sshd) -> None:
    """It does not see the end of its input: a disk does not answer, for which a pipe stands here."""
    link = await sshd.lab.connect("real")
    pipe, pid_file = sshd.folder / "home/pipe", sshd.folder / "home/pid"
    os.mkfifo(pipe)
    waiting = await link.coprocess(f"sh -c 'echo $$ >{pid_file}; exec 3<{pipe}'; cat")
    await until(lambda: pid_file.exists() and pid_file.read_text())
    await waiting.close()
    await link.close()
    await until(lambda: not alive(int(pid_file.read_text())))


async def test_what_root_started_is_ended_too_though_sshd_passes_no_signals_on(sshd: Sshd) -> None:
    link = await sshd.lab.connect("root@real")
    with pytest.raises(LinkTimeout):
        await link.run("sleep 55; echo 'two\nlines!'", timeout=0.5)
    await until(lambda: not any(comm(pid) == "sleep" for pid in sshd.family()), seconds=20)
    assert (await link.run("echo ok")).stdout == b"ok\n"


async def test_a_killed_session_is_lost_at_once(link: Link, sshd: Sshd) -> None:
    coprocess = await link.coprocess("exec cat")
    tasks = [*(asyncio.create_task(link.run("sleep 55", timeout=50)) for _ in range(9)), asyncio.create_task(coprocess.read())]
    await until(lambda: sum(comm(pid) == "sleep" for pid in sshd.family()) == 7)
    sleeping = [pid for pid in sshd.family() if comm(pid) == "sleep"]
    sshd.kill_sessions()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert all(isinstance(result, LinkLost) for result in results), results
    assert not link.alive
    for pid in sleeping:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_open_unix_with_and_without_the_right(link: Link, sshd: Sshd) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(65536))
        writer.close()

    path = sshd.folder / "home/s"
    server = await asyncio.start_unix_server(echo, str(path))
    async with server:
        path.chmod(0o600)  # root's
        with pytest.raises(NotPermitted):
            await link.open_unix(str(path))
        with pytest.raises(NotPermitted):
            await link.open_unix(str(path) + ".missing")
        path.chmod(0o666)
        for _ in range(20):  # each closed socket gives its channel back
            stream = await link.open_unix(str(path))
            await stream.write(b"hello")
            assert await read_exactly(stream, 5) == b"hello"
            await stream.close()
    assert link.alive


@pytest.mark.parametrize("sshd", [{"lines": "AllowStreamLocalForwarding no\nAllowTcpForwarding no"}], indirect=True)
async def test_forwarding_that_is_off_is_not_permitted_and_run_still_works(link: Link) -> None:
    with pytest.raises(NotPermitted):
        await link.open_unix("/run/php/php8.2-fpm.sock")
    with pytest.raises(NotPermitted):
        await link.open_tcp("127.0.0.1", 9000)
    assert (await link.run("echo ok")).code == 0


async def test_thirty_connects_at_once_to_one_stock_sshd(sshd: Sshd) -> None:
    links = await asyncio.gather(*(sshd.lab.connect("real", 20.0) for _ in range(30)))
    assert all([(await link.run("true")).code == 0 for link in links])


async def test_wrong_host_key_and_wrong_user_key(sshd: Sshd) -> None:
    (sshd.folder / "authorized_keys").write_text("")
    with pytest.raises(AuthRefused):
        await sshd.lab.connect("real")
    sshd.lab.known_hosts.write_text("")
    with pytest.raises(HostKeyRefused) as caught:
        await sshd.lab.connect("real")
    assert caught.value.code == "link.host-key-unknown"


async def test_the_command_that_is_advised_makes_it_known(sshd: Sshd) -> None:
    """What the message says is what helps: the ssh of the advice, answered as a person would, then we connect."""
    sshd.lab.known_hosts.write_text("")
    with pytest.raises(HostKeyRefused) as caught:
        await sshd.lab.connect("real")
    command = caught.value.grant.rpartition("accept it once: ")[2]
    accepting = command.replace("ssh ", "ssh -o StrictHostKeyChecking=accept-new -o BatchMode=yes ", 1) + " true"
    assert (await asyncio.to_thread(subprocess.run, accepting, shell=True, capture_output=True)).returncode == 0
    await sshd.lab.connect("real")


async def test_root_may_log_in_and_run(sshd: Sshd) -> None:
    link = await sshd.lab.connect("root@real")
    assert (await link.run("id -u")).stdout == b"0\n"
