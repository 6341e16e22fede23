"""A Symfony application with an old container: found, compiled again by the command, proven by what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.program import stalewatch
from tests.lab.truth import changes as do
from tests.lab.truth.symfony import API, INDEX, api, symfony

if TYPE_CHECKING:
    from tests.lab import Host, Lab


@pytest.mark.parametrize("validates", [True, False], ids=["vt=1", "vt=0"])
def test_fix_compiles_the_container_again_as_the_pools_user(lab: Lab, hosts: list[Host], validates: bool) -> None:
    host = hosts[0]
    symfony()(host)
    if not validates:
        do.then(do.VT0, do.get(script=INDEX))(host)
    api("config/services.yaml", "parameter v1", "parameter v2")(host)
    arguments = (host.name, "--app", API)
    assert stalewatch(lab, "check", *arguments).code == 1
    planned = stalewatch(lab, "fix", "--dry-run", *arguments)
    assert "bin/console cache:clear --env=prod" in planned.stdout
    assert "artisan" not in planned.stdout
    ran = stalewatch(lab, "fix", "--yes", *arguments, timeout=120)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "parameter v2" in host.request("/", script=INDEX).body
    assert stalewatch(lab, "check", *arguments).code == 0
    host.remove(API)
