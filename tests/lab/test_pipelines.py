"""The snippets of ``examples/pipelines``, run as a pipeline would: a deploy that needs a reload is not done before the reload."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.lab.etc_files import USER
from tests.lab.program import ours, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab import Host, Lab

PIPELINES = Path(__file__).parents[2] / "examples" / "pipelines"
STAND_IN = Path(__file__).parent / "files" / "deployer.php"
CONTROLLER = "/srv/app/app/Http/Controllers/HomeController.php"
GATE = "sh ci/deploy-gate.sh $SERVERS -- ./deploy.sh"


class Pipeline:
    """A checkout with a ``deploy.sh`` that puts v2 on the disk of *host*, and an environment that has only what a snippet names."""

    def __init__(self, lab: Lab, host: Host, folder: Path) -> None:
        self.lab, self.host, self.folder = lab, host, folder
        for name in ("bin", "ci", "home", "tmp"):
            (folder / name).mkdir()
        shutil.copy(PIPELINES / "deploy-gate.sh", folder / "ci")
        self.script("bin/stalewatch", f'exec {shlex.quote(sys.executable)} -m stalewatch "$@"')
        self.script("deploy.sh", f"sed -i 's/home v1/home v2/' {shlex.quote(str(host.file(CONTROLLER)))}")
        self.env = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "SERVERS": f"{USER}@{host.address}:{host.port}",
            "GATE_WAIT": "0.1",
        }

    def script(self, name: str, line: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (self.folder / name).chmod(0o755)

    def run(self, *argv: str, **env: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        done = subprocess.run(
            argv, cwd=self.folder, env=self.env | env, text=True, timeout=60, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert "Traceback" not in done.stdout, done.stdout
        return done.returncode, done.stdout

    def keys(self) -> dict[str, str]:
        """As secrets of a CI system."""
        return {"SSH_PRIVATE_KEY": self.lab.key.read_text().strip(), "SSH_KNOWN_HOSTS": self.lab.known_hosts.read_text()}

    def key_files(self) -> dict[str, str]:
        """As files that everybody may read."""
        copies = {"SSH_PRIVATE_KEY_FILE": self.folder / "a key", "SSH_KNOWN_HOSTS_FILE": self.folder / "the hosts"}
        for copy, original in zip(copies.values(), (self.lab.key, self.lab.known_hosts), strict=True):
            copy.write_bytes(original.read_bytes())
            copy.chmod(0o644)
        return {name: str(copy) for name, copy in copies.items()}


def by_shell(pipeline: Pipeline) -> tuple[int, str]:
    return pipeline.run("sh", "ci/deploy-gate.sh", pipeline.env["SERVERS"], "--", "./deploy.sh", **pipeline.key_files())


def by_github(pipeline: Pipeline) -> tuple[int, str]:
    """Its steps' ``run`` with their ``env``; secrets are replaced by those of the lab, and what it installs is here already."""
    workflow = yaml.safe_load((PIPELINES / "github-actions.yml").read_text())
    *_, step = workflow["jobs"]["deploy"]["steps"]
    assert step["run"] == GATE
    assert set(re.findall(r"secrets\.(\w+)", json.dumps(step))) == set(pipeline.keys()) <= set(step["env"])
    env = step["env"] | pipeline.keys() | pipeline.env | {"GITHUB_STEP_SUMMARY": str(pipeline.folder / "summary.md")}
    code, said = pipeline.run("bash", "-e", "-c", step["run"], **env)
    assert "### stalewatch" in (pipeline.folder / "summary.md").read_text()
    assert ("::error " in said) == (code == 1)
    return code, said


def by_gitlab(pipeline: Pipeline) -> tuple[int, str]:
    """Its ``script`` with its ``variables``."""
    job: dict[str, Any] = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())["deploy"]
    code, said = pipeline.run("sh", "-ec", "\n".join(job["script"]), **(job["variables"] | pipeline.key_files() | pipeline.env))
    issues = json.loads((pipeline.folder / job["artifacts"]["reports"]["codequality"]).read_text())
    assert any(issue["severity"] == "blocker" for issue in issues) == (code == 1)
    return code, said + json.dumps(issues)


def by_hook(pipeline: Pipeline) -> tuple[int, str]:
    """The two calls around a deployment, from a machine that has the server in its ssh_config."""
    hook, targets = str(PIPELINES / "forge-envoyer-hook.sh"), f"-F {pipeline.lab.ssh_config} {pipeline.host.name}"
    code, said = pipeline.run("sh", hook, "before", TARGETS=targets)
    assert code == 0, said
    assert pipeline.run("./deploy.sh") == (0, "")
    return pipeline.run("sh", hook, "after", TARGETS=targets)


def by_deployer(pipeline: Pipeline) -> tuple[int, str]:
    place = {"LAB_USER": USER, "LAB_HOST": pipeline.host.address, "LAB_PORT": str(pipeline.host.port), "GATE_WAIT": "1"}
    return pipeline.run("php", str(STAND_IN), str(PIPELINES / "deployer.php"), **place, **pipeline.keys())


@pytest.mark.parametrize("deploy", [by_shell, by_github, by_gitlab, by_hook, by_deployer])
def test_a_deploy_that_needs_a_reload_is_not_done_before_it(
    lab: Lab, web1: Host, tmp_path: Path, deploy: Callable[[Pipeline], tuple[int, str]]
) -> None:
    web1.fpm(validate_timestamps=0)
    assert serving(web1) == "home v1"
    pipeline = Pipeline(lab, web1, tmp_path)
    code, said = deploy(pipeline)
    assert code == 1, said
    assert "HomeController.php" in said
    assert serving(web1) == "home v1"
    web1.reload()
    code, said = deploy(pipeline)
    assert code == 0, said
    assert serving(web1) == "home v2"
    assert list((tmp_path / "tmp").iterdir()) == [], "no key stays"
    assert ours(web1) == []
