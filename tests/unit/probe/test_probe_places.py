"""Which pool serves which application."""

from __future__ import annotations

import pytest

from stalewatch.model.inventory import AppEntry
from stalewatch.model.snapshot import Pool
from stalewatch.model.text import safe
from stalewatch.probe.host.discovery import AppLocation, choose_pool, left_out, pools_not_asked
from stalewatch.probe.host.machine import Machine, Master
from stalewatch.probe.host.parsers.records import ProcessRecord


def pool(name: str, listen: str = "", **settings: str) -> Pool:
    values = {key: safe(value) for key, value in settings.items()}
    return Pool(name=safe(name), listen=safe(listen or f"/run/php/{name}.sock"), settings=values)


def machine(*pools: Pool) -> Machine:
    record = ProcessRecord(7, "php-fpm8.2", "S", 1, 100)
    return Machine(masters=(Master(config_path="/etc/php/8.2/fpm/php-fpm.conf", record=record, pools=pools),))


SHOP = pool("shop", chdir="/srv/shop/current")
WWW = pool("www")


@pytest.mark.parametrize(
    ("place", "chosen"),
    [
        (AppLocation(path="/srv/shop/current", root="/srv/shop/releases/3"), "shop"),
        (AppLocation(path="/srv/blog", root="/srv/blog"), "www"),
        (AppLocation(path="/srv/blog", root="/srv/blog", passes_to="/run/php/shop.sock"), "shop"),
        (
            AppLocation(path="/srv/blog", root="/srv/blog", entry=AppEntry(socket="/run/php/shop.sock"), passes_to="/run/php/www.sock"),
            "shop",
        ),
        (AppLocation(path="/srv/blog", root="/srv/blog", entry=AppEntry(socket="/run/other.sock")), None),
        (AppLocation(path="/srv/not-there"), "www"),
        (AppLocation(path="/srv/www", root="/srv/www"), "www"),
    ],
)
def test_the_inventory_then_nginx_then_chdir_then_a_pool_that_nobody_claims(place: AppLocation, chosen: str | None) -> None:
    _, found = choose_pool(place, machine(SHOP, WWW))
    assert (found.name if found else None) == chosen


def test_without_fpm_there_is_no_pool() -> None:
    assert choose_pool(AppLocation(path="/srv/app", root="/srv/app"), Machine()) == (None, None)


def test_what_is_not_watched_is_counted_and_named() -> None:
    assert left_out(()) == ()
    (told,) = left_out(("/srv/a", "/srv/b"))
    assert (told.code, told.message) == ("app.left-out", "2 applications are not looked at: /srv/a and /srv/b")


def test_a_pool_of_every_master_is_asked_and_the_logins_own_first() -> None:
    def runs(version: str, *pools: Pool) -> Master:
        return Master(config_path=f"/etc/php/{version}", record=ProcessRecord(7, "php-fpm", "S", 1, 100), pools=pools)

    def of(user: str) -> Pool:
        return Pool(name=safe(user), user=safe(user), listen=safe(f"/run/{user}.sock"))

    here = Machine(
        masters=(runs("8.2", of("u01"), of("u07")), runs("8.4", of("u09")), Master(config_path="/etc/php/7.4", pools=(of("u03"),)))
    )
    assert pools_not_asked(here, {}, "u07") == [of("u07"), of("u09")]
    assert pools_not_asked(here, {"/run/u01.sock"}, "u07") == [of("u09")]
