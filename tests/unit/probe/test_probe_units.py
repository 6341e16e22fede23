"""Whose main process is asked for, where stalewatch.toml names the unit to reload."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FpmFacts, Pool
from stalewatch.model.text import safe
from stalewatch.probe.host.fpm_facts import FpmSeen, FpmView, fpm_facts
from stalewatch.probe.host.host_probe import TickFacts
from stalewatch.probe.host.machine import Master
from stalewatch.probe.host.parsers.records import ProcessRecord, SocketRecord
from stalewatch.probe.host.parsers.unit import UnitFacts, read


@pytest.mark.parametrize(
    ("named", "main"),
    [("", 7), ("supervisor", 7), ("supervisor.service", 7), ("php8.2-fpm", None)],
)
def test_the_main_process_is_told_of_the_unit_that_would_be_reloaded(named: str, main: int | None) -> None:
    """What was asked of one unit says nothing of another."""
    master = Master(config_path="/etc/php/8.2/fpm/php-fpm.conf", unit="supervisor.service", unit_facts=UnitFacts(main_pid=7))
    seen = fpm_facts(FpmSeen(master, None, "", hz=100, unit=named), TickFacts())
    assert isinstance(seen, FpmFacts)
    assert seen.unit_pid == main


def test_what_is_known_of_fpm_is_made_again_when_anything_that_it_is_made_of_is_another() -> None:
    running = ProcessRecord(7, "php-fpm8.2", "S", 1, 100)
    master = Master(config_path="/etc/php-fpm.conf", record=running, title="php-fpm: master process")
    pool = Pool(name=safe("www"), listen=safe("/s"))
    worker = (ProcessRecord(8, "php-fpm8.2", "S", 7, 200), "php-fpm: pool www")
    first = TickFacts(boot=1000.0, children={7: (8,)}, processes={8: worker}, sockets={"/s": SocketRecord("/s", True, True, True)})
    view = FpmView()

    def seen(tick: TickFacts, **more: object) -> FpmFacts:
        asked: dict[str, Any] = {"master": master, "pool": pool, "address": "/s", "hz": 100, "unit": "", "pools": 1, "hidden": None} | more
        found = view.facts("/srv/app", FpmSeen(**asked), tick)
        assert isinstance(found, FpmFacts)
        assert found == fpm_facts(FpmSeen(**asked), tick)
        return found

    kept = seen(first)
    assert seen(replace(first, now=9.0, files={})) is kept, "what it is not made of"
    for other in (
        replace(first, children={7: None}),
        replace(first, processes={}),
        replace(first, sockets={"/s": SocketRecord("/s", False, False, False)}),
        replace(first, boot=1001.0),
    ):
        assert seen(other) != kept
        assert seen(first) == kept
    assert seen(first, pool=None) != kept
    assert seen(first, master=replace(master, unit="php.service")) != kept
    assert seen(first, unit="other") != kept
    assert seen(first, pools=2) != kept


DEBIAN = """MainPID=412
ExecStart={ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf ; \
ignore_errors=no ; start_time=[n/a] ; pid=412 ; code=(null) ; status=0/0 }
ExecReload={ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
StatusText=Processes active: 0
"""
START = "ExecStart={{ path=/x ; argv[]={} ; ignore_errors=no ; pid=0 }}\n"


def test_what_systemd_says_of_fpms_unit() -> None:
    told = read(DEBIAN)
    assert told == UnitFacts(status="Processes active: 0", main_pid=412, reloads=("/bin/kill -USR2 $MAINPID",), options=())
    assert read("") == UnitFacts()
    assert read(START.format("/usr/sbin/php-fpm8.2 -F")).reloads == (), "its unit was told, and has no ExecReload"
    two = "ExecReload={ path=/bin/a ; argv[]=/bin/a 1 ; ignore_errors=no }\nExecReload={ path=/bin/b ; argv[]=/bin/b ; ignore_errors=no }\n"
    assert read(two).reloads == ("/bin/a 1", "/bin/b")


LONG = "/opt/php/sbin/php-fpm --php-ini=/etc/a.ini --prefix /opt/php -d a=b -dc=d -n"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("/usr/sbin/php-fpm8.2 -F -y /etc/x.conf -R", ()),
        ("/usr/sbin/php-fpm8.2 -c /etc/shop.ini --nodaemonize", ("-c", "/etc/shop.ini")),
        (LONG, ("-c", "/etc/a.ini", "-p", "/opt/php", "-d", "a=b", "-d", "c=d", "-n")),
        ("/usr/sbin/php-fpm8.2 -c", ()),
        ("/bin/sh -c exec", ()),
    ],
)
def test_the_options_that_change_what_a_configuration_means(words: str, options: tuple[str, ...]) -> None:
    assert read(START.format(words)).options == options
    assert read(START.format(words) * 2).options == (), "which of the two is the master's is not known"
