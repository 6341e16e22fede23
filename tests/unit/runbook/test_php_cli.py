"""artisan runs as the PHP that the pool is."""

from __future__ import annotations

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer
from stalewatch.model.text import safe
from stalewatch.runbook.php_cli import CommandLine, command_line
from stalewatch.runbook.plan import Choice, Request
from tests.builders.runbook import finding, host, plan, report, runtime

BOTH = {"/usr/bin/php": "1:84", "/usr/bin/php8.4": "1:84", "/usr/bin/php8.2": "1:82"}
DEBIAN = "/usr/sbin/php-fpm8.2"


@pytest.mark.parametrize(
    ("there", "binary", "expected"),
    [
        (None, DEBIAN, CommandLine("/usr/bin/php")),
        ({"/usr/bin/php": "1:82", "/usr/bin/php8.2": "1:82"}, DEBIAN, CommandLine("/usr/bin/php")),
        (BOTH, DEBIAN, CommandLine("/usr/bin/php8.2")),
        (BOTH, "", CommandLine("/usr/bin/php8.2")),
        ({"/usr/bin/php": "1:84", "/usr/bin/php8.4": "1:84"}, DEBIAN, CommandLine("/usr/bin/php8.2", "8.2")),
        ({"/usr/bin/php8.4": "1:84"}, DEBIAN, CommandLine("/usr/bin/php8.2", "8.2")),
        ({"/usr/bin/php": "1:1"}, "/usr/sbin/php-fpm", CommandLine("/usr/bin/php")),  # one PHP, no version in its name
        ({"/opt/php82/bin/php": "1:2", **BOTH}, "/opt/php82/sbin/php-fpm", CommandLine("/usr/bin/php8.2")),
        ({"/opt/php82/bin/php": "1:2", "/usr/bin/php": "1:84"}, "/opt/php82/sbin/php-fpm", CommandLine("/opt/php82/bin/php")),
        ({"/usr/local/bin/php": "1:2"}, "/usr/local/sbin/php-fpm", CommandLine("/usr/local/bin/php")),
    ],
)
def test_the_program_is_the_one_of_the_pools_version(there: dict[str, str] | None, binary: str, expected: CommandLine) -> None:
    assert command_line("8.2.36", binary, there) == expected


def test_a_plan_has_that_program_or_is_blocked_with_the_reason() -> None:
    stale = finding(Layer.CONFIG)
    two = {path: safe(file) for path, file in BOTH.items()}
    seen = report(stale, host_facts=replace(host(), command_lines=two), runtime_facts=runtime())
    (server,) = plan([seen], Request(choice=Choice.FIX)).servers
    (rebuild,) = [step for step in server.steps if step.kind == "rebuild"]
    assert "/usr/bin/php8.2 " in rebuild.command
    assert server.blocked == ()
    del two["/usr/bin/php8.2"]
    seen = report(stale, host_facts=replace(host(), command_lines=two), runtime_facts=runtime())
    (server,) = plan([seen], Request(choice=Choice.FIX)).servers
    assert any("the pool runs PHP 8.2, and the server has no /usr/bin/php8.2" in line for line in server.blocked)
