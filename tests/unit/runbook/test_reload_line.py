"""The line that reloads FPM: what it tests first, whom it reaches, and what is said where that is not sure."""

from __future__ import annotations

import pytest

from stalewatch.model.report import Layer, Report
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request, ServerPlan
from stalewatch.runbook.planner import PlanInputs, server_plan
from tests.builders.runbook import finding, fpm, host, plan, report


def planned(seen: Report) -> ServerPlan:
    return plan([seen], Request(choice=Choice.FIX)).servers[0]


@pytest.mark.parametrize(("unit", "main"), [("supervisor.service", 7), ("session-3.scope", 0), ("session-3.scope", None)])
def test_a_unit_whose_main_process_is_not_the_master_is_never_reloaded(unit: str, main: int | None) -> None:
    """Debian's supervisor restarts every program that it has when it is reloaded."""
    server = planned(report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit=safe(unit), unit_pid=main))))
    (step,) = [step for step in server.steps if step.kind == "reload"]
    assert step.command == (
        "grep -qaF 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)' /proc/100/cmdline"
        " && sudo -n /usr/sbin/php-fpm8.2 -t && sudo -n /usr/bin/kill -USR2 100"
    )
    assert any("supervisorctl signal USR2" in line for line in server.warnings), server.warnings
    own = planned(report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit_pid=100))))
    assert "systemctl reload php8.2-fpm" in own.steps[-2].command


def test_a_unit_that_the_configuration_names_is_looked_at_too() -> None:
    """Whoever wrote it may not know what its reload does. Of another unit than the master's nothing was asked."""
    foreign = report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit=safe("supervisor"), unit_pid=7)))
    assert "systemctl reload" not in reload_of(foreign, "supervisor")
    assert "kill -USR2 100" in reload_of(foreign, "supervisor")
    elsewhere = report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit=safe("pool-of-containers"), unit_pid=None)))
    assert "systemctl reload pool-of-containers" in reload_of(elsewhere, "pool-of-containers")


def reload_of(seen: Report, unit: str) -> str:
    server = server_plan(seen, Request(choice=Choice.FIX), PlanInputs(unit=unit))
    (step,) = [step for step in server.steps if step.kind == "reload"]
    return step.command


def test_a_signal_goes_to_no_other_master_that_has_the_pid_by_now() -> None:
    """Where the path can't stand in a command, any FPM master has to do."""
    seen = report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit_pid=7, config_path=safe("relative.conf"))))
    assert "grep -qaF 'php-fpm: master process' /proc/100/cmdline && " in reload_of(seen, "")


def test_the_configuration_that_is_tested_is_the_masters_own() -> None:
    other = fpm(config_path=safe("/opt/shop/fpm.conf"), binary=safe("/usr/sbin/php-fpm8.2"))
    commands = {step.id: step.command for step in planned(report(finding(Layer.FPM), host_facts=host(fpm=other))).steps}
    assert commands["fpm-test"] == "sudo -n /usr/sbin/php-fpm8.2 -t -y /opt/shop/fpm.conf"
    assert commands["fpm-test"] in commands["reload"]


def test_with_what_else_the_master_was_started() -> None:
    other = fpm(config_path=safe("/opt/shop/fpm.conf"), options=(safe("-c"), safe("/opt/shop/php.ini"), safe("-d"), safe("a=b")))
    commands = {step.id: step.command for step in planned(report(finding(Layer.FPM), host_facts=host(fpm=other))).steps}
    assert commands["fpm-test"] == "sudo -n /usr/sbin/php-fpm8.2 -t -y /opt/shop/fpm.conf -c /opt/shop/php.ini -d a=b"
    assert commands["fpm-test"] in commands["reload"]
    odd = fpm(options=(safe("-d"), safe("a=$(x)")))
    commands = {step.id: step.command for step in planned(report(finding(Layer.FPM), host_facts=host(fpm=odd))).steps}
    assert commands["fpm-test"] == "sudo -n /usr/sbin/php-fpm8.2 -t"


def test_that_the_unit_is_the_masters_is_asked_again_in_the_line_that_reloads_it() -> None:
    seen = report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit_pid=100)))
    assert reload_of(seen, "") == (
        "systemctl show -p MainPID php8.2-fpm | grep -qx MainPID=100 && "
        "sudo -n /usr/sbin/php-fpm8.2 -t && sudo -n /usr/bin/systemctl reload php8.2-fpm"
    )


def test_a_unit_whose_name_cannot_stand_in_a_command_is_not_reloaded() -> None:
    server = planned(report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit=safe("-x y.service")))))
    assert "a reload is needed and the unit of the FPM master is not known" in server.blocked
    assert not any("''" in step.command for step in server.steps)


@pytest.mark.parametrize(
    ("reloads", "said"),
    [
        (None, ""),
        (("/bin/kill -USR2 $MAINPID",), ""),
        (("/usr/bin/kill -s USR2 ${MAINPID}",), ""),
        (("/usr/local/bin/restart-all",), "runs /usr/local/bin/restart-all: whether that reloads this FPM master is not known"),
        (("/bin/kill -USR2 $MAINPID", "/bin/x"), "runs /bin/kill -USR2 $MAINPID; /bin/x: whether"),
        (("/bin/kill -HUP $MAINPID",), "runs /bin/kill -HUP $MAINPID"),
    ],
)
def test_what_a_reload_of_the_unit_runs_is_said_where_it_is_not_fpms_signal(reloads: tuple[str, ...] | None, said: str) -> None:
    told = tuple(map(safe, reloads)) if reloads is not None else None
    server = planned(report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit_pid=100, unit_reloads=told))))
    lines = [line for line in server.warnings if "systemctl reload php8.2-fpm runs" in line]
    assert len(lines) == bool(said)
    assert all(said in line for line in lines)


def test_a_unit_that_has_no_reload_is_not_asked_for_one() -> None:
    seen = report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit_pid=100, unit_reloads=())))
    assert "kill -USR2 100" in reload_of(seen, "")
    assert any("php8.2-fpm.service cannot be reloaded" in line for line in planned(seen).warnings)
