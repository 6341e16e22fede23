"""What artisan caches is what the pool would make of it, or the old cache is served on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab import php, sshd
from tests.lab.test_e2e_harm_rebuild import fix, kept, step
from tests.lab.truth.web_servers import no_nginx, site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab import Host
    from tests.lab.harm.never_worse import NeverWorse

ASKED = ("'agent' => 'agent-v1'", "'agent' => ini_get('user_agent').' agent-v1'")

ASKED_AT_RANDOM = ("'agent' => 'agent-v1'", "'agent' => 'agent-v2', 'build' => uniqid(), 'host' => $_SERVER['HTTP_HOST'] ?? 'none'")
PROVIDER = "public function register()\n    {\n        config(['app.locale' => 'de', 'package.of' => 'a provider']);"


def stale_by_the_pools_ini(host: Host) -> None:
    """A value of the configuration is of php.ini; the pool's is another one than that of the command line, and in the cache."""
    host.pool(**{"php_admin_value[user_agent]": "the-pool", "php_admin_value[opcache.validate_timestamps]": 0})
    host.edit("config/services.php", replace=ASKED)
    host.run(["php", "-d", "user_agent=the-pool", "/srv/app/artisan", "config:cache"], user="www-data")
    assert host.get("/config") == "v1 the-pool agent-v1"
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))


def test_another_php_ini_of_the_command_line_is_not_baked_in(web1: Host, never_worse: NeverWorse) -> None:
    stale_by_the_pools_ini(web1)
    before = kept(web1)
    ran = fix(never_worse)
    failed = step(ran, "config:cache")
    assert (ran.code, failed["status"]) == (1, "failed"), ran.stdout + ran.stderr
    assert "the pool would make another value of: services.retell.agent" in str(failed["evidence"])
    assert "the-pool" not in ran.stdout + ran.stderr, "no value leaves the server"
    assert (kept(web1), web1.get("/config")) == (before, "v1 the-pool agent-v1")


@pytest.fixture
def staging_login(web1: Host) -> Iterator[Host]:
    """The login has APP_ENV of its own, and sudo keeps it."""
    sshd.configure(web1, "SetEnv APP_ENV=staging")
    sshd.permit(web1, 'Defaults env_keep += "APP_ENV"')
    yield web1
    sshd.undo(web1)


def test_a_variable_of_the_login_is_not_artisans_even_where_sudo_keeps_it(staging_login: Host, never_worse: NeverWorse) -> None:
    for other in ("routes-v7.php", "events.php"):
        staging_login.remove(f"bootstrap/cache/{other}")  # the provider is one of their sources, too
    staging_login.edit("app/Providers/AppServiceProvider.php", replace=("public function register()\n    {", PROVIDER))
    staging_login.cache("config")
    staging_login.edit("config/services.php", replace=ASKED_AT_RANDOM)
    ran = fix(never_worse)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "'env' => 'production'" in staging_login.read("/srv/app/bootstrap/cache/config.php")
    assert staging_login.get("/config") == "v1 agent-v2"
    assert not {"why", "not compared"} & set(dict(step(ran, "config:cache")["evidence"])), "the pool would make the same"  # type: ignore[call-overload]


def test_what_the_web_server_passes_is_a_part_of_what_the_pool_would_make(web1: Host, never_worse: NeverWorse) -> None:
    site(f"unix:{php.SOCKET}; fastcgi_param APP_ENV staging")(web1)
    try:
        web1.run(["env", "APP_ENV=staging", "php", "/srv/app/artisan", "config:cache"], user="www-data")
        web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
        before = kept(web1)
        ran = fix(never_worse)
        assert (ran.code, step(ran, "config:cache")["status"]) == (1, "failed"), ran.stdout + ran.stderr
        assert "another value of: app.env (" in str(step(ran, "config:cache")["evidence"])
        assert kept(web1) == before
    finally:
        no_nginx(web1)
