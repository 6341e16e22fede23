"""``examples/pipelines`` without servers: the options that they use exist, and keys are private and gone at the end, however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.test_docs import GATE, commands_in, unknown_options

SNIPPETS = sorted(GATE.parent.iterdir())
KEY = "-----BEGIN KEY-----\nabc\n-----END KEY-----"


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.name)
def test_every_option_of_a_snippet_exists(snippet: Path) -> None:
    words = commands_in(snippet.read_text().replace("{{stalewatch}}", "stalewatch"))
    assert [bad for each in words if each and each[0] in ("mark", "check", "fix") and (bad := unknown_options(each))] == []


@pytest.mark.parametrize("snippet", [path for path in SNIPPETS if path.suffix == ".sh"], ids=lambda path: path.name)
def test_a_shell_can_read_it(snippet: Path) -> None:
    assert subprocess.run(["sh", "-n", str(snippet)], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("php") is None, reason="no php on this machine")
def test_php_can_read_the_recipe() -> None:
    assert subprocess.run(["php", "-l", str(GATE.parent / "deployer.php")], capture_output=True, check=False).returncode == 0


def test_the_options_that_a_pipeline_hands_over_exist() -> None:
    github = yaml.safe_load((GATE.parent / "github-actions.yml").read_text())["jobs"]["deploy"]["steps"][-1]["env"]
    gitlab = yaml.safe_load((GATE.parent / "gitlab-ci.yml").read_text())["deploy"]["variables"]
    assert [unknown_options(["check", *each["GATE_CHECK"].split()]) for each in (github, gitlab)] == [[], []]
    told = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", GATE.read_text().partition("set -eu")[0]))
    assert {*github, *gitlab} - {"SERVERS"} <= told, "what the gate takes from the environment"


def start(folder: Path, deploy: str, **env: str) -> subprocess.Popen[str]:
    """The gate with a stalewatch that shows which ssh_config it is given, and what lies beside that."""
    (folder / "tmp").mkdir()
    (folder / "home" / ".ssh").mkdir(parents=True)
    (folder / "home" / ".ssh" / "config").write_text("Host old\n")
    (folder / "stalewatch").write_text(
        '#!/bin/sh\nfor word in "$@"; do [ ! -f "$word" ] || stat -c "%a %n" "${word%/*}"/*; [ ! -f "$word" ] || cat "$word"; done\n'
    )
    (folder / "stalewatch").chmod(0o755)
    given = {"PATH": f"{folder}:{os.environ['PATH']}", "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home"), **env}
    argv = ["sh", str(GATE), "web1", "--", "sh", "-c", deploy]
    return subprocess.Popen(argv, env=given, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def test_a_key_of_the_environment_lies_in_a_private_file_and_is_gone_at_the_end(tmp_path: Path) -> None:
    usual = subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True).stdout
    with start(tmp_path, "umask", SSH_PRIVATE_KEY=KEY.replace("\n", "\r\n"), SSH_KNOWN_HOSTS="web1 ssh-ed25519 AAAA") as gate:
        said, _ = gate.communicate(timeout=20)
    assert gate.returncode == 0, said
    modes = {line.split()[0] for line in said.splitlines() if line.endswith(("/key", "/known_hosts", "/ssh_config"))}
    assert modes == {"600"}
    assert "StrictHostKeyChecking yes" in said
    assert 'IdentityFile "' in said
    assert 'UserKnownHostsFile "' in said
    assert f'Include "{tmp_path}/home/.ssh/config"' in said
    assert f"\n{usual}" in said, "the deploy has the umask that it had"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_key_is_as_it_was_given_and_files_may_have_blanks(tmp_path: Path) -> None:
    key = tmp_path / "a key"
    key.write_text(KEY + "\n")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    deploy = f'cmp "$TMPDIR"/*/key "{key}" && echo alike'
    with start(tmp_path, deploy, SSH_PRIVATE_KEY_FILE=str(key)) as gate:
        said, _ = gate.communicate(timeout=20)
    assert "alike" in said
    assert gate.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_pipeline_that_is_cancelled_leaves_no_key(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with start(tmp_path, "echo deploying; exec sleep 60", SSH_PRIVATE_KEY=KEY) as gate:
        assert gate.stdout is not None
        assert any("deploying" in line for line in gate.stdout)
        os.killpg(gate.pid, number)
        gate.communicate(timeout=20)
    assert gate.returncode == code
    assert list((tmp_path / "tmp").iterdir()) == []
