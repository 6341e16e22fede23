"""Code in a pool's cache that no application claims: which directories are code roots, and which are parts of one or nobody's."""

from __future__ import annotations

import pytest

from stalewatch.model.snapshot import Opcache, PoolStatus, PoolWorker, RuntimeFacts, Script
from stalewatch.model.text import safe
from stalewatch.probe.host.code_roots import MOST, CodeInCaches, Requested, candidates, roots
from stalewatch.probe.host.discovery import AppLocation, choose_pool
from stalewatch.probe.host.machine import Machine, Master
from stalewatch.probe.host.parsers.records import ProcessRecord
from tests.unit.probe.test_probe_places import pool

ADDRESS = "/run/php/www.sock"


def cache(*paths: str, ran: tuple[str, ...] = (), used: int = 5) -> RuntimeFacts:
    workers = tuple(PoolWorker(pid=7, state=safe("Idle"), started=1.0, script=safe(path)) for path in ran)
    scripts = tuple(Script(path=safe(path), last_used=used) for path in paths)
    status = PoolStatus(pool=safe("www"), started=1.0, workers=workers)
    opcache = Opcache(enabled=True, scripts=scripts)
    return RuntimeFacts(asked_at=9.0, via="tunnel", php_version=safe("8.2"), opcache=opcache, status=status)


def seen(runtime: RuntimeFacts, *claimed: str) -> list[str]:
    code = CodeInCaches()
    code.take({ADDRESS: runtime}, claimed)
    return sorted(code.folders)


@pytest.mark.parametrize(
    ("scripts", "ran", "folders"),
    [
        (("/opt/portal/index.php", "/opt/portal/lib/a.php"), (), ["/opt/portal"]),
        (("/home/kim/x/htdocs/front.php",), (), ["/home/kim/x/htdocs"]),
        (("/opt/old/web/app.php", "/opt/yii/framework/web/CController.php"), (), ["/opt/old/web"]),
        (("/srv/app/public/index.php", "/srv/app/vendor/x/index.php"), (), []),
        (("/opt/kit/src/kit.php", "/usr/share/php/Twig/index.php"), (), []),
        (("/opt/portal/vendor/acme/index.php",), (), []),
        (("/tmp/index.php", "/dev/shm/index.php", "/tmp/stalewatch-0-1/index.php"), (), []),
        (("/opt/agent/prepend.php", "/opt/agent/more.php"), (), []),
        (("/opt/tool/run.php", "/opt/tool/inc/a.php"), ("/opt/tool/run.php",), ["/opt/tool"]),
        (("/opt/check/ping.php",), ("/opt/check/ping.php",), []),
        ((), ("/opt/live/public/index.php", "/status", "-"), ["/opt/live/public"]),
        (("/var/www/html/index.php",), (), ["/var/www/html"]),
        (("/var/www/html/ping.php",), (), []),
    ],
)
def test_what_was_requested_and_nobody_claims(scripts: tuple[str, ...], ran: tuple[str, ...], folders: list[str]) -> None:
    assert seen(cache(*scripts, ran=ran), "/srv/app") == folders


def found(folders: tuple[str, ...], **signs: str) -> list[str]:
    """*signs*: by path, ``__`` for ``/``."""
    paths = {f"/{name.replace('__', '/')}": sign for name, sign in signs.items()}
    asked = candidates(folders)
    return sorted(
        roots({folder: Requested(ADDRESS, at) for at, folder in enumerate(folders)}, {path: paths[path] for path in asked if path in paths})
    )


def test_the_root_is_that_of_the_framework_of_the_project_or_where_scripts_are() -> None:
    assert found(("/opt/portal",), opt__portal="index.php") == ["/opt/portal"]
    assert found(("/opt/shop/web",), opt__shop="composer.json", opt__shop__web="index.php") == ["/opt/shop"]
    assert found(("/home/kim/a/b/public",), home__kim__a__b="artisan", home__kim__a="composer.json") == ["/home/kim/a/b"]
    assert found(("/home/kim/public_html",), home__kim__public_html="index.php", home__kim="composer.json") == ["/home/kim/public_html"]
    assert found(("/data/x/pub",), data__x="public/index.php") == ["/data/x"]
    assert found(("/opt/hidden/site",)) == ["/opt/hidden/site"]


def beside(*paths: str) -> list[str]:
    code = CodeInCaches()
    code.take({ADDRESS: cache(*paths)}, ())
    return sorted(roots(code.folders, {}))


def test_a_document_root_that_loads_what_lies_beside_it_is_a_part_of_what_is_above() -> None:
    assert beside("/mnt/u1/web/index.php", "/mnt/u1/lib/a.php") == ["/mnt/u1"]
    assert beside("/mnt/u1/web/index.php", "/mnt/u1/shop/index.php") == ["/mnt/u1/shop", "/mnt/u1/web"]
    assert beside("/mnt/u1/web/index.php", "/mnt/u2/lib/a.php") == ["/mnt/u1/web"]
    assert beside("/opt/portal/index.php", "/opt/kit/a.php") == ["/opt/portal"]
    assert beside("/var/www/html/index.php", "/var/www/lib/a.php") == ["/var/www/html"]
    assert beside("/home/kim/public_html/index.php", "/home/kim/lib/a.php") == ["/home/kim"]


def test_a_part_of_an_application_is_none_of_its_own() -> None:
    wordpress = {"opt__blog": "wp-config.php", "opt__blog__wp_admin": "index.php"}
    assert found(("/opt/blog", "/opt/blog/wp_admin"), **wordpress) == ["/opt/blog"]
    assert found(("/opt/blog/wp_admin",), **wordpress) == ["/opt/blog"]
    assert found(("/usr/share/pma", "/usr/share/pma/setup"), usr__share__pma="index.php", usr__share__pma__setup="index.php") == [
        "/usr/share/pma"
    ]
    assert found(("/opt/mono", "/opt/mono/shop/public"), opt__mono="index.php", opt__mono__shop="artisan") == [
        "/opt/mono",
        "/opt/mono/shop",
    ]


def test_sites_beside_each_other_are_each_their_own() -> None:
    signs = dict.fromkeys(("var__www__html", "var__www__html__a", "var__www__html__b"), "index.php")
    assert found(("/var/www/html/a", "/var/www/html/b"), **signs) == ["/var/www/html/a", "/var/www/html/b"]
    assert found(("/var/www/html", "/var/www/html/a"), **signs) == ["/var/www/html", "/var/www/html/a"]


def test_of_several_releases_the_link_is_the_application_else_the_one_used_last() -> None:
    folders = ("/opt/x/releases/8/public", "/opt/x/releases/9/public", "/opt/x/releases/7/public")
    signs = dict.fromkeys(("opt__x__releases__7", "opt__x__releases__8", "opt__x__releases__9"), "artisan")
    assert found(folders, **signs) == ["/opt/x/releases/7"]
    assert found(folders, **signs, opt__x__current="artisan") == ["/opt/x/current"]
    assert found((*folders, "/opt/x/current/public"), **signs, opt__x__current="gone") == ["/opt/x/current"]


def test_what_is_beyond_the_most_that_is_kept_is_named() -> None:
    code = CodeInCaches()
    assert code.take({ADDRESS: cache(*(f"/opt/{number}/index.php" for number in range(MOST + 2)))}, ())
    assert (len(code.folders), list(code.beyond)) == (MOST, [f"/opt/{MOST}", f"/opt/{MOST + 1}"])
    assert not code.take({}, ())


def test_it_stays_known_and_the_pool_that_used_it_last_is_its_own() -> None:
    code = CodeInCaches()
    first, other = cache("/opt/a/index.php", used=5), cache("/opt/a/index.php", used=9)
    assert code.take({"/run/1.sock": first, "/run/2.sock": other}, ())
    assert code.folders == {"/opt/a": Requested("/run/2.sock", 9.0)}
    assert not code.take({"/run/2.sock": cache()}, ())
    assert code.folders == {"/opt/a": Requested("/run/2.sock", 9.0)}


def test_the_pool_is_one_of_the_master_whose_cache_told() -> None:
    old, new = (
        Master(config_path=f"/etc/php/{name}/php-fpm.conf", record=ProcessRecord(7, "php-fpm", "S", 1, 100), pools=tuple(map(pool, pools)))
        for name, pools in (("8.2", ("www",)), ("8.4", ("one", "two")))
    )
    place = AppLocation(path="/opt/a", root="/opt/a", cached_by="/run/php/two.sock")
    assert choose_pool(place, Machine(masters=(old, new))) == (new, new.pools[1])
    named = AppLocation(path="/opt/one", root="/opt/one", cached_by="/run/php/two.sock")
    assert choose_pool(named, Machine(masters=(old, new))) == (new, new.pools[0])


def test_who_uses_an_application_is_told_only_where_it_is_one_master() -> None:
    code, masters = CodeInCaches(), {"/run/1.sock": "8.2", "/run/2.sock": "8.4", "/run/3.sock": "8.4"}
    ours, none, app = cache("/srv/app/public/index.php"), cache("/srv/apple/index.php"), {"/srv/app": ""}
    assert not code.note_users({"/run/1.sock": none}, app, masters, 0.0)
    assert code.note_users({"/run/2.sock": ours, "/run/3.sock": ours}, app, masters, 0.0)
    assert code.users == {"/srv/app": "/run/3.sock"}
    assert not code.note_users({"/run/2.sock": none, "/run/3.sock": none}, app, masters, 0.0)
    assert not code.note_users({"/run/2.sock": ours, "/run/3.sock": ours}, app, masters, 0.0)
    assert code.note_users({"/run/1.sock": ours}, app, masters, 0.0)
    assert code.users == {}
    assert code.note_users({"/run/1.sock": none}, app, masters, 0.0)
    assert code.users == {"/srv/app": "/run/3.sock"}


@pytest.mark.parametrize(
    ("named", "first", "second", "changed", "disputed"),
    [
        ("/run/2.sock", 100, None, 50.0, True),
        ("/run/2.sock", 100, None, 99.5, False),
        ("/run/2.sock", 100, 90, 50.0, True),
        ("/run/2.sock", 100, 110, 50.0, False),
        ("/run/1.sock", 100, None, 50.0, False),
        ("/run/gone.sock", 100, None, 50.0, False),
        ("", 100, None, 50.0, False),
    ],
)
def test_a_configuration_that_is_not_what_runs_is_disputed(
    named: str, first: int, second: int | None, changed: float, disputed: bool
) -> None:
    code, masters = CodeInCaches(), {"/run/1.sock": "8.2", "/run/2.sock": "8.4"}
    other = cache("/srv/app/index.php", used=second) if second is not None else cache("/srv/else/index.php")
    code.note_users({"/run/1.sock": cache("/srv/app/index.php", used=first), "/run/2.sock": other}, {"/srv/app": named}, masters, changed)
    assert code.disputed == ({"/srv/app": "/run/1.sock"} if disputed else {})


def test_an_application_within_another_one_is_not_the_outer_ones() -> None:
    code = CodeInCaches()
    code.note_users({ADDRESS: cache("/srv/app/blog/index.php")}, {"/srv/app": "", "/srv/app/blog": ""}, {}, 0.0)
    assert code.users == {"/srv/app/blog": ADDRESS}
