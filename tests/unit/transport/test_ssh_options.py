"""What the installed ssh says of a configuration, as options."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stalewatch.model.errors import Unreachable, UsageError
from stalewatch.transport.ssh.algorithms import connection_algorithms
from stalewatch.transport.ssh.options import SshOptions, parse
from stalewatch.transport.ssh.route import Route, resolve_route


async def route(folder: Path, config: str, target: str = "web1") -> Route:
    path = folder / "config"
    path.write_text(config)
    return await resolve_route(target, str(path))


async def options(folder: Path, config: str, target: str = "web1") -> SshOptions:
    return (await route(folder, config, target)).destination


async def test_what_ssh_understands_is_understood(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host web1\n  Port 2201\n")
    told = await options(
        tmp_path,
        f"""Include {tmp_path}/more
Host web*
  HostName 10.0.0.%h
  ConnectTimeout 1m
  IdentityFile "/keys/with space/%r"
  IdentityFile ~/.ssh/id_%h
  IdentitiesOnly yes
  UserKnownHostsFile "/known/with space/hosts" ~/other
  StrictHostKeyChecking accept-new
  AddressFamily inet
  HostKeyAlias alias
Match host 10.0.0.web1 exec "test 1 = 1"
  User matched
""",
    )
    assert (told.alias, told.hostname, told.port, told.user) == ("web1", "10.0.0.web1", 2201, "matched")
    assert told.connecttimeout == 60
    assert told.identityfiles == ("/keys/with space/matched", str(Path("~/.ssh/id_10.0.0.web1").expanduser()))
    assert told.userknownhostsfile == ("/known/with space/hosts", str(Path("~/other").expanduser()))
    assert (told.identitiesonly, told.stricthostkeychecking, told.addressfamily, told.hostkeyalias) == (True, "accept-new", "inet", "alias")


async def test_a_percent_sign_in_the_name_of_a_known_hosts_file_stays_one(tmp_path: Path) -> None:
    """ssh -G prints this option with its tokens expanded, unlike IdentityFile."""
    told = await options(tmp_path, 'Host web1\n  UserKnownHostsFile "/known/100 %%d/%h"\n  IdentityFile "/keys/100 %%d/%h"\n')
    assert (told.userknownhostsfile, told.identityfiles) == (("/known/100 %d/web1",), ("/keys/100 %d/web1",))


async def test_the_target_goes_before_the_configuration(tmp_path: Path) -> None:
    config = "Host *\n  User other\n  Port 1\n"
    told = await options(tmp_path, config, "me@web1:2222")
    assert (told.user, told.port, told.address) == ("me", 2222, "web1:2222")
    assert (await options(tmp_path, config, "[::1]:2222")).address == "[::1]:2222"


@pytest.mark.parametrize(
    ("line", "expected"),
    [("none", "none"), ("SSH_AUTH_SOCK", ""), ("/run/a%r", "/run/ame"), ("$MY_AGENT", "/run/mine"), ("$NOT_SET_AT_ALL", "none")],
)
async def test_identity_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, expected: str) -> None:
    monkeypatch.setenv("MY_AGENT", "/run/mine")
    assert (await options(tmp_path, f"Host web1\n  User me\n  IdentityAgent {line}\n")).identityagent == expected


async def test_none_means_none(tmp_path: Path) -> None:
    told = await options(
        tmp_path,
        "Host web1\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n  ProxyJump none\n  ProxyCommand none\n  IdentityFile none\n",
    )
    assert (told.userknownhostsfile, told.globalknownhostsfile, told.proxyjump, told.proxycommand, told.identityfiles) == (
        (),
        (),
        "",
        "",
        (),
    )


async def test_a_proxy_command_has_its_tokens_expanded(tmp_path: Path) -> None:
    told = await options(tmp_path, "Host web1\n  HostName h\n  Port 7\n  User u\n  ProxyCommand nc %h %p %r %n 100%%\n")
    assert told.proxycommand == "nc h 7 u web1 100%"


async def test_jump_hosts_have_options_of_their_own(tmp_path: Path) -> None:
    made = await route(
        tmp_path,
        "Host web1\n  ProxyJump a@one:2200,two\nHost one\n  HostName 1.1.1.1\nHost two\n  User b\n  ProxyJump ignored\n",
    )
    assert [(hop.hostname, hop.user, hop.port) for hop in made.hops][:2] == [("1.1.1.1", "a", 2200), ("two", "b", 22)]
    assert made.destination.alias == "web1"


async def test_a_first_jump_host_may_itself_need_one(tmp_path: Path) -> None:
    made = await route(tmp_path, "Host web1\n  ProxyJump one\nHost one\n  ProxyJump zero\n")
    assert [hop.alias for hop in made.hops] == ["zero", "one", "web1"]


@pytest.mark.parametrize("config", ["Host web1\n  NoSuchOption yes\n", "Host web1\n  Port x\n"])
async def test_a_configuration_that_ssh_refuses_is_a_usage_error_in_its_words(tmp_path: Path, config: str) -> None:
    with pytest.raises(UsageError, match="line 2") as caught:
        await options(tmp_path, config)
    assert "Pseudo-terminal" not in caught.value.message


async def test_a_missing_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        await resolve_route("web1", str(tmp_path / "missing"))


async def test_without_the_ssh_client_it_is_asked_for_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unreachable) as raised:
        await route(tmp_path, "Host web1\n")
    error = raised.value
    assert (error.message, error.grant) == ("the ssh client is not installed", "install openssh-client")
    assert (error.code, error.retry) == ("ssh.not-installed", False)


async def test_a_match_exec_that_hangs_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stalewatch.model.errors import Unreachable

    monkeypatch.setattr("stalewatch.transport.ssh.route.ASK_TIMEOUT", 0.3)
    with pytest.raises(Unreachable, match="does not answer"):
        await options(tmp_path, 'Match exec "exec sleep 3"\n  User x\n')


@pytest.mark.parametrize("output", ["", "hostname x", "user x", "hostname x\nuser y\nport many", "hostname x\nuser y\nconnecttimeout -3"])
def test_nonsense_is_a_usage_error(output: str) -> None:
    with pytest.raises(UsageError):
        parse(output, "web1", os.environ, "/home/me")


async def test_no_cipher_is_offered_that_ssh_would_not_take_and_the_cheap_ones_come_first(tmp_path: Path) -> None:
    ciphers = "chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,3des-cbc"
    told = connection_algorithms(await options(tmp_path, f"Ciphers {ciphers}\n"))
    assert told["encryption_algs"][0] == "aes128-gcm@openssh.com"
    assert set(told["encryption_algs"]) <= set(ciphers.split(","))
    alone = connection_algorithms(await options(tmp_path, "Ciphers chacha20-poly1305@openssh.com\n"))
    assert alone["encryption_algs"] == ["chacha20-poly1305@openssh.com"]
