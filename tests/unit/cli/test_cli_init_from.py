"""``init --from``: the servers of another inventory are looked at and written down like any others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stalewatch.config.inventories import inventory_file
from stalewatch.config.load import load
from stalewatch.model.inventory import AppEntry
from tests.builders import outputs
from tests.builders import runbook as examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from stalewatch.model.inventory import Server
    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]


def written(folder: Path) -> list[Server]:
    return list(load([], folder=folder).servers)


@pytest.mark.parametrize(
    ("patterns", "names"), [((), ["web1", "web2", "db1"]), (("web*",), ["web1", "web2"]), (("db1", "web1"), ["db1", "web1"])]
)
def test_the_aliases_of_ssh_config(
    stalewatch: Stalewatch, seams: Seams, tmp_path: Path, patterns: tuple[str, ...], names: list[str]
) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host web1 web2\nHost db1 !x\nHost *.example.com *\n  User deploy\n")
    seams.looks = [tuple(examples.report(server=name) for name in names)]
    result = stalewatch("init", "--from", "ssh", "-F", str(config), *patterns)
    assert result.exit_code == 0, result.output
    assert [server.target for server in written(tmp_path)] == names


def test_an_inventory_of_ansible(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(
        "[shop]\nweb1 ansible_host=10.0.0.1 ansible_user=deploy\nweb2 ansible_host=10.0.0.1 ansible_user=deploy\n[prod:children]\nshop\n"
    )
    seams.looks = [(examples.report(server="web1"),)]
    result = stalewatch("init", "--from", "ansible", str(hosts))
    assert result.exit_code == 0, result.output
    assert "web2: is web1 by another name (deploy@10.0.0.1)" in result.stderr
    assert [server.target for server in seams.fleets[0].servers] == ["deploy@10.0.0.1"]
    only = written(tmp_path)[0]
    assert (only.name, only.target, only.group, only.production) == ("web1", "deploy@10.0.0.1", "shop", True)


def test_the_application_of_deployer_is_written(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    (tmp_path / "deploy.php").write_text("<?php host('web1')->set('deploy_path', '/srv/shop');\nhost($x);\n")
    seams.looks = [(examples.report(server="web1", app="/srv/shop/current"),)]
    result = stalewatch("init", "--from", "deployer", "deploy.php")
    assert result.exit_code == 3, "a host could not be read"
    assert "deploy.php:2: a host whose name is not written out" in result.stderr
    assert seams.fleets[0].servers[0].apps == (AppEntry(path="/srv/shop/current"),)
    assert written(tmp_path)[0].apps == (AppEntry(path="/srv/shop/current"),)
    assert "# path" not in (tmp_path / "stalewatch.toml").read_text()


def test_what_is_configured_already_stays_as_it_is(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    own = '[[server]]\ntarget = "ann@10.0.0.1"\nname = "web1"\n'
    (tmp_path / "stalewatch.toml").write_text(own)
    (tmp_path / "hosts").write_text("web1 ansible_host=10.0.0.1 ansible_user=deploy\n")
    seams.looks = [(examples.report(server="web1"),)]
    result = stalewatch("init", "--from", "ansible", "hosts")
    assert "web1: is in" in result.stderr
    assert (tmp_path / "stalewatch.toml").read_text() == own


def test_one_that_is_away_does_not_keep_the_others_out(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web1\nweb3\n")
    seams.looks = [(examples.report(server="web1"), outputs.unreachable())]
    result = stalewatch("init", "--from", "ansible", "hosts")
    assert result.exit_code == 3
    assert "left out, for the reasons above: web3\n" in result.stderr
    assert [server.name for server in written(tmp_path)] == ["web1"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("ansible",), "say which file: stalewatch init --from ansible FILE"),
        (("ansible", "nothing"), "nothing: cannot be read: No such file or directory"),
        (("ansible", "empty"), "empty: no host is named there"),
        (("deployer", "empty"), "empty: no host is named there"),
        (("deployer", "wrong.yaml"), "wrong.yaml: is not YAML (line 2)"),
        (("ssh", "-F", "empty"), "no Host line of empty names a host"),
        (("ssh", "-F", "empty", "web*"), "no Host of empty matches web*"),
        (("ansible", "one", "two"), "two servers are named 'web1': give one of them another name"),
        (("puppet", "empty"), "'puppet' is not one of"),
    ],
)
def test_where_there_is_no_server_it_is_one_line(
    stalewatch: Stalewatch, seams: Seams, tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "wrong.yaml").write_text("hosts: [\n")
    (tmp_path / "one").write_text("web1 ansible_host=10.0.0.1\n")
    (tmp_path / "two").write_text("web1 ansible_host=10.0.0.2\n")
    result = stalewatch("init", "--from", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert line in result.stderr
    assert result.stderr.count("\n") == 1
    assert seams.fleets == []


@pytest.mark.parametrize("source", ["ansible", "deployer"])
@pytest.mark.parametrize("kind", ["pipe", "device", "too large"])
def test_what_is_no_inventory_is_one_line_and_is_not_waited_for(
    stalewatch: Stalewatch, seams: Seams, tmp_path: Path, source: str, kind: str
) -> None:
    odd = tmp_path / "odd"
    match kind:
        case "pipe":
            os.mkfifo(odd)
        case "device":
            odd.symlink_to("/dev/zero")
        case _:
            odd.write_bytes(b"#" * (inventory_file.MAX_BYTES + 1))
    result = stalewatch("init", "--from", source, str(odd))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"stalewatch: {odd}: ")
    assert seams.fleets == []


def test_a_pipe_in_the_folder_of_an_inventory_is_not_waited_for(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    os.mkfifo(tmp_path / "inventory/hosts")
    result = stalewatch("init", "--from", "ansible", "inventory")
    assert (result.exit_code, result.stderr) == (2, "stalewatch: inventory/hosts: cannot be read: it is not a file\n")
