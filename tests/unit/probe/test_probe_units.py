"""Whose main process is asked for, where stalewatch.toml names the unit to reload."""

from __future__ import annotations

import pytest

from stalewatch.model.snapshot import FpmFacts
from stalewatch.probe.host.fpm_facts import fpm_facts
from stalewatch.probe.host.host_probe import TickFacts
from stalewatch.probe.host.machine import Master


@pytest.mark.parametrize(
    ("named", "main"),
    [("", 7), ("supervisor", 7), ("supervisor.service", 7), ("php8.2-fpm", None)],
)
def test_the_main_process_is_told_of_the_unit_that_would_be_reloaded(named: str, main: int | None) -> None:
    """What was asked of one unit says nothing of another."""
    master = Master(config_path="/etc/php/8.2/fpm/php-fpm.conf", unit="supervisor.service", main_pid=7)
    seen = fpm_facts(master, None, "", TickFacts(), hz=100, unit=named)
    assert isinstance(seen, FpmFacts)
    assert seen.unit_pid == main
