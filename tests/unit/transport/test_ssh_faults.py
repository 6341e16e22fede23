"""One fault per server: what the person is told, how fast, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import asyncssh
import pytest

from stalewatch.model.errors import AuthRefused, HostKeyRefused, LinkError, LinkLost, LinkTimeout, NotPermitted, Unreachable, UsageError
from stalewatch.transport.ssh.link import SshLink
from tests.unit.transport.ssh_server import HOST, Server, Shell, SshLab, until


async def refused(lab: SshLab, kind: type[LinkError], target: str = "web1", timeout: float = 5.0) -> LinkError:
    with pytest.raises(kind) as caught:
        await lab.connect(target, timeout)
    return caught.value


async def test_the_steps_are_told_in_order(lab: SshLab) -> None:
    await lab.start()
    await lab.connect()
    assert lab.steps == ["name", "name", "tcp", "host key", "auth"]


async def test_an_unknown_host_key_names_fingerprint_and_what_to_run(lab: SshLab) -> None:
    port = await lab.start(trust=False)
    error = await refused(lab, HostKeyRefused)
    assert error.code == "link.host-key-unknown"
    assert not error.retry
    assert lab.host_key.get_fingerprint() in error.message
    assert f"ssh -F {lab.config} -p {port} deploy@web1" in error.grant
    assert lab.steps[-1] == "host key"


async def test_a_changed_host_key_names_the_line_and_how_to_remove_it(lab: SshLab) -> None:
    port = await lab.start(trust=False)
    lab.trust(f"[{HOST}]:{port}", asyncssh.generate_private_key("ssh-ed25519"))
    error = await refused(lab, HostKeyRefused)
    assert error.code == "link.host-key-changed"
    assert f"{lab.known_hosts} line 1" in error.message
    assert f"ssh-keygen -R '[{HOST}]:{port}' -f {lab.known_hosts}" in error.grant


async def test_the_command_that_is_advised_makes_the_changed_key_unknown(lab: SshLab) -> None:
    port = await lab.start(trust=False)
    lab.trust(f"[{HOST}]:{port}", asyncssh.generate_private_key("ssh-ed25519"))
    advice = (await refused(lab, HostKeyRefused)).grant
    command = advice.partition("If you know why: ")[2].partition(";")[0]
    process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    assert (await refused(lab, HostKeyRefused)).code == "link.host-key-unknown"


async def test_a_revoked_host_key_is_refused_though_it_is_also_trusted(lab: SshLab) -> None:
    await lab.start()
    lab.trust("*", lab.host_key, "@revoked")
    error = await refused(lab, HostKeyRefused)
    assert error.code == "link.host-key-revoked"
    assert f"{lab.known_hosts} line 2" in error.message


async def test_revoked_host_keys_file(lab: SshLab) -> None:
    port = await lab.start()
    revoked = lab.folder / "revoked"
    lab.alias("strict", port, f"RevokedHostKeys {revoked}")
    assert (await refused(lab, HostKeyRefused, "strict")).code == "link.host-key-revoked"  # missing: nobody may be trusted
    revoked.write_text(asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode())
    await lab.connect("strict")
    revoked.write_text(lab.host_key.export_public_key().decode())
    assert (await refused(lab, HostKeyRefused, "strict")).code == "link.host-key-revoked"


@pytest.mark.parametrize("setting", ["no", "accept-new"])
async def test_no_setting_turns_verification_off(lab: SshLab, setting: str) -> None:
    port = await lab.start(trust=False)
    lab.known_hosts = Path("none")
    lab.alias("loose", port, f"StrictHostKeyChecking {setting}")
    error = await refused(lab, HostKeyRefused, "loose")
    assert error.code == "link.host-key-unknown"
    assert "is ignored: host keys are always verified" in error.message
    assert "UserKnownHostsFile" in error.grant


async def test_only_another_type_of_key_is_known_and_the_server_has_both(lab: SshLab) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    port = await lab.start(trust=False, server_host_keys=[lab.host_key, other])
    lab.trust(f"[{HOST}]:{port}", other)
    await lab.connect()


async def test_bad_lines_and_missing_files_do_not_stop_a_known_host(lab: SshLab) -> None:
    lab.known_hosts.write_text("rubbish\n@what is this line\nhost ssh-ed25519 not-base64!\n\0\n")
    port = await lab.start()
    lab.alias("twofiles", port, f"UserKnownHostsFile {lab.folder}/missing {lab.known_hosts}")
    await lab.connect("twofiles")


async def test_a_host_certificate_of_a_trusted_authority(lab: SshLab) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_host_certificate(lab.host_key, "web1", principals=["web1.test"])
    port = await lab.start(trust=False, server_host_keys=[(lab.host_key, certificate)])
    lab.alias("named", port, "HostKeyAlias web1.test")
    assert (await refused(lab, HostKeyRefused, "named")).code == "link.host-key-unknown"
    lab.trust("*.test", authority, "@cert-authority")
    await lab.connect("named")
    lab.alias("wrong", port, "HostKeyAlias other.test")
    assert "certificate" in (await refused(lab, HostKeyRefused, "wrong")).message
    lab.trust("*.test", lab.host_key, "@revoked")
    assert (await refused(lab, HostKeyRefused, "named")).code == "link.host-key-revoked"


async def test_no_key_of_ours_is_taken(lab: SshLab) -> None:
    nobody = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    await lab.start(authorized_client_keys=asyncssh.import_authorized_keys(nobody))
    error = await refused(lab, AuthRefused)
    assert not error.retry
    assert "offered 1 key" in error.grant


async def test_a_locked_key_is_skipped_and_named(lab: SshLab) -> None:
    await lab.start()
    await command("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", lab.folder / "id")
    error = await refused(lab, AuthRefused)
    assert f"{lab.folder / 'id'} is locked by a passphrase and not in the agent" in error.grant


async def test_a_locked_key_in_the_agent_opens_and_the_agent_is_not_forwarded(lab: SshLab) -> None:
    agent = lab.folder / "agent"
    lab.config.write_text(f"Host web1\n  IdentityAgent {agent}\n  IdentitiesOnly yes\n  ForwardAgent yes\n")
    await lab.start(agent_forwarding=True)
    process = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", str(agent), stdout=asyncio.subprocess.DEVNULL)
    try:
        await until(agent.exists)
        await command("ssh-add", "-q", lab.folder / "id", SSH_AUTH_SOCK=str(agent))
        await command("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", lab.folder / "id")
        link = await lab.connect()
        assert (await link.run("echo in")).stdout == b"in\n"
        assert lab.connections[0].get_agent_path() is None
    finally:
        process.terminate()
        await process.wait()


async def command(*argv: object, **environ: str) -> None:
    process = await asyncio.create_subprocess_exec(*map(str, argv), env={**os.environ, **environ})
    assert await process.wait() == 0


async def test_nobody_listens(lab: SshLab) -> None:
    lab.alias("gone", 1)
    error = await refused(lab, Unreachable, "gone")
    assert "gone (127.0.0.1:1): Connection refused" in error.message
    assert error.retry


async def test_a_name_that_does_not_exist(lab: SshLab) -> None:
    error = await refused(lab, Unreachable, "no-such-host.invalid")
    assert error.code == "link.name"


async def test_a_server_that_says_nothing_is_given_up_with_the_step(lab: SshLab) -> None:
    accepted: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    server = await asyncio.start_server(silent, HOST, 0)
    async with server:
        lab.alias("silent", server.sockets[0].getsockname()[1])
        error = await refused(lab, Unreachable, "silent", timeout=0.5)
        assert "host key, 0.5 s" in error.message
        for writer in accepted:
            writer.close()


async def test_a_server_that_is_no_sshd(lab: SshLab) -> None:
    async def http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b]0;owned\x07" * 5)
        writer.close()

    server = await asyncio.start_server(http, HOST, 0)
    async with server:
        lab.alias("web", server.sockets[0].getsockname()[1])
        error = await refused(lab, Unreachable, "web")
        assert error.message.isprintable()


class HangsAtAuth(Server):
    async def begin_auth(self, username: str) -> bool:
        await asyncio.Event().wait()
        return True


async def test_a_server_that_hangs_at_auth(lab: SshLab) -> None:
    await lab.start(factory=HangsAtAuth)
    error = await refused(lab, Unreachable, timeout=2.5)  # by then it is there, also on a slow machine
    assert "auth, 2.5 s" in error.message
    await until(lambda: not lab.connections)


async def test_cancelling_a_connect_leaves_no_connection(lab: SshLab) -> None:
    await lab.start(factory=HangsAtAuth)
    task = asyncio.create_task(lab.connect())
    await until(lambda: "auth" in lab.steps)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not lab.connections)


async def test_a_burst_that_sshd_drops_at_random_is_tried_again(lab: SshLab) -> None:
    port, dropped = await lab.start(), 0

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dropped
        if dropped < 2:
            dropped += 1
            writer.close()
            return
        there, back = await asyncio.open_connection(HOST, port)
        await asyncio.gather(forward(reader, back), forward(there, writer), return_exceptions=True)

    server = await asyncio.start_server(door, HOST, 0)
    async with server:
        via = server.sockets[0].getsockname()[1]
        lab.alias("busy", via)
        lab.trust(f"[{HOST}]:{via}", lab.host_key)
        link = await lab.connect("busy")
        assert lab.steps.count("waiting") == 2
        await link.close()
        dropped = -10
        error = await refused(lab, Unreachable, "busy")
        assert "MaxStartups" in error.grant
        assert dropped == -7


class HangsUpAtAuth(Server):
    def begin_auth(self, username: str) -> bool:
        self.conn.abort()
        return True


async def test_a_server_that_hangs_up_at_auth_may_be_tried_again(lab: SshLab) -> None:
    await lab.start(factory=HangsUpAtAuth)
    error = await refused(lab, Unreachable)
    assert "closed the connection during the login" in error.message
    assert error.retry


class BannerInLatin1(Server):
    def begin_auth(self, username: str) -> bool:
        from asyncssh.constants import MSG_USERAUTH_BANNER
        from asyncssh.packet import String

        self.conn.send_packet(MSG_USERAUTH_BANNER, String(b"Willkommen in K\xf6ln"), String(b""))
        return True


async def test_a_banner_that_is_not_utf8_does_not_end_the_connection(lab: SshLab) -> None:
    await lab.start(factory=BannerInLatin1)
    assert (await (await lab.connect()).run("echo in")).stdout == b"in\n"


class OpensNoChannel(Server):
    def session_requested(self) -> bool:  # type: ignore[override]
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return False

    def unix_connection_requested(self, dest_path: str) -> bool:
        return False


async def test_channels_refused_are_not_permitted_and_the_link_lives(lab: SshLab) -> None:
    await lab.start(factory=OpensNoChannel)
    link = await lab.connect()
    for _ in range(10):  # more than there are slots: a refusal gives its slot back
        with pytest.raises(NotPermitted):
            await link.run("true")
        with pytest.raises(NotPermitted):
            await link.open_unix("/run/x.sock")
        with pytest.raises(NotPermitted):
            await link.coprocess("cat")
    assert link.alive


class SlowToOpen(Server):
    """Answers a request for a session only when the test says so."""

    async def _session(self) -> Shell:
        await self.lab.gate.wait()  # type: ignore[attr-defined]
        return Shell(self.lab.running)

    def session_requested(self):  # type: ignore[no-untyped-def]
        return self._session()


async def test_an_opening_that_was_cancelled_leaves_no_channel_and_no_process(lab: SshLab) -> None:
    lab.gate = asyncio.Event()  # type: ignore[attr-defined]
    await lab.start(factory=SlowToOpen)
    link = await lab.connect()
    tasks = [asyncio.create_task(link.coprocess("sleep 60")) for _ in range(12)]
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    assert all(isinstance(result, asyncio.CancelledError) for result in await asyncio.gather(*tasks, return_exceptions=True))
    lab.gate.set()  # type: ignore[attr-defined]
    assert (await link.run("echo free again")).stdout == b"free again\n"
    await until(lambda: not lab.running)


AT_ONCE = 10.0
"""Seconds: a fifth of what is waited for, however busy the machine is."""


async def test_a_connection_that_dies_mid_run_is_lost_at_once(lab: SshLab) -> None:
    await lab.start()
    link = await lab.connect()
    coprocess = await link.coprocess("exec cat")
    socket = await asyncio.start_unix_server(lambda _reader, _writer: asyncio.sleep(60), str(lab.folder / "s"))
    async with socket:
        stream = await link.open_unix(str(lab.folder / "s"))
        waiting = [
            *(asyncio.create_task(link.run("sleep 60", timeout=50)) for _ in range(10)),  # two more wait for a channel
            asyncio.create_task(coprocess.read()),
            asyncio.create_task(stream.read()),
        ]
        await until(lambda: len(lab.running) == 7)
        lab.connections[0].abort()
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), AT_ONCE)
        assert all(isinstance(result, LinkLost) for result in results), results
    await asyncio.wait_for(link.wait_closed(), AT_ONCE)
    assert not link.alive
    for call in (link.run("true"), link.coprocess("cat"), link.open_unix("/x"), link.open_tcp("x", 1)):
        with pytest.raises(LinkLost):
            await call


async def test_a_connection_that_is_closed_in_order_mid_run_is_lost_too(lab: SshLab) -> None:
    await lab.start()
    link = await lab.connect()
    running = asyncio.create_task(link.run("echo half; sleep 60", timeout=50))
    await until(lambda: len(lab.running) == 1)
    lab.connections[0].close()
    with pytest.raises(LinkLost):
        await asyncio.wait_for(running, AT_ONCE)


async def test_silence_is_noticed_by_keepalive(lab: SshLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalewatch.transport.ssh.dial.KEEPALIVE_INTERVAL", 0.1)
    port = await lab.start()
    cut = asyncio.Event()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not cut.is_set():
                writer.write(data)

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, port)
        await asyncio.gather(forward(reader, back), forward(there, writer), return_exceptions=True)

    server = await asyncio.start_server(proxy, HOST, 0)
    async with server:
        via = server.sockets[0].getsockname()[1]
        lab.alias("dead", via)
        lab.trust(f"[{HOST}]:{via}", lab.host_key)
        link = await lab.connect("dead")
        running = asyncio.create_task(link.run("sleep 60", timeout=50))
        await until(lambda: len(lab.running) == 1)
        cut.set()
        with pytest.raises(LinkLost):
            await asyncio.wait_for(running, AT_ONCE)


async def test_a_run_waiting_for_a_channel_times_out_by_its_own_clock(lab: SshLab) -> None:
    await lab.start()
    link = await lab.connect()
    streams = [await link.coprocess("exec cat") for _ in range(8)]
    with pytest.raises(LinkTimeout):
        await link.run("true", timeout=0.2)
    await streams[0].close()
    assert (await link.run("echo ok")).stdout == b"ok\n"


async def test_through_jump_hosts_each_verified(lab: SshLab) -> None:
    await lab.start("jump1")
    await lab.start("jump2")
    port = await lab.start("inner")
    lab.alias("far", port, "ProxyJump jump1,jump2")
    link = await lab.connect("far")
    assert (await link.run("echo far")).stdout == b"far\n"
    assert lab.steps.count("host key") == 3
    await link.close()
    await until(lambda: not lab.connections)


async def test_a_jump_host_whose_key_is_unknown_is_named(lab: SshLab) -> None:
    await lab.start("jump", trust=False)
    port = await lab.start("inner")
    lab.alias("far", port, "ProxyJump jump")
    error = await refused(lab, HostKeyRefused, "far")
    assert "of jump " in error.message
    await until(lambda: not lab.connections)


async def test_a_jump_host_that_does_not_reach_it(lab: SshLab) -> None:
    await lab.start("jump")
    lab.alias("far", 1, "ProxyJump jump")
    error = await refused(lab, Unreachable, "far")
    assert "jump host does not reach far" in error.message
    await until(lambda: not lab.connections)


async def test_a_jump_host_that_dies_takes_the_link_with_it(lab: SshLab) -> None:
    await lab.start("jump")
    port = await lab.start("inner")
    lab.alias("far", port, "ProxyJump jump")
    link = await lab.connect("far")
    running = asyncio.create_task(link.run("sleep 60", timeout=50))
    await until(lambda: len(lab.running) == 1)
    lab.connections[0].abort()
    with pytest.raises(LinkLost):
        await asyncio.wait_for(running, AT_ONCE)


async def test_jump_hosts_in_a_circle(lab: SshLab) -> None:
    lab.alias("a", 1, "ProxyJump b")
    lab.alias("b", 1, "ProxyJump a")
    with pytest.raises(UsageError, match="form a loop"):
        await lab.connect("a")


PROXY = """import os, socket, sys, threading
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def send():
    while data := os.read(0, 65536):
        there.sendall(data)
threading.Thread(target=send, daemon=True).start()
while data := there.recv(65536):
    os.write(1, data)
"""


async def test_a_proxy_command_is_the_way_and_ends_with_the_link(lab: SshLab) -> None:
    port = await lab.start()
    script, pid = lab.folder / "proxy.py", lab.folder / "pid"
    script.write_text(f"open({str(pid)!r}, 'w').write(str(__import__('os').getpid()))\n{PROXY}")
    lab.alias("proxied", port, f"ProxyCommand {sys.executable} {script} %h %p")
    link = await lab.connect("proxied")
    assert (await link.run("echo ok")).stdout == b"ok\n"
    await link.close()
    await until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


async def test_a_proxy_command_that_fails_is_quoted(lab: SshLab) -> None:
    lab.alias("proxied", 1, "ProxyCommand sh -c 'echo no route to the bastion >&2; exit 1'")
    error = await refused(lab, Unreachable, "proxied")
    assert "no route to the bastion" in error.message


async def test_request_tty_and_remote_command_do_not_reach_our_channels(lab: SshLab) -> None:
    port = await lab.start()
    lab.alias("odd", port, "RequestTTY force", "RemoteCommand echo hijacked", "SendEnv LANG", "SetEnv A=b", "ForwardX11 yes")
    link = await lab.connect("odd")
    assert isinstance(link, SshLink)
    assert (await link.run("test -t 0; echo $?")).stdout == b"1\n"


async def test_a_password_prompt_is_never_answered(lab: SshLab) -> None:
    class Password(Server):
        def password_auth_supported(self) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return False

        def validate_password(self, username: str, password: str) -> bool:
            raise AssertionError("a password was sent")

    await lab.start(factory=Password, authorized_client_keys=None)
    await refused(lab, AuthRefused)
