"""Two applications on one server, one of them deployed as releases behind a symlink."""

from __future__ import annotations

from stalewatch.model.snapshot import FpmFacts
from tests.lab import Host, Lab
from tests.lab.probing import host_of, probing


async def test_a_second_app_behind_a_release_link_and_its_flip(lab: Lab, web1: Host) -> None:
    script = (
        "mkdir -p /srv/shop/releases /srv/shop/.dep && cp -a /srv/app /srv/shop/releases/1 && cp -a /srv/app /srv/shop/releases/2"
        " && rm -rf /srv/shop/releases/*/.git && ln -s releases/1 /srv/shop/current && touch /srv/shop/.dep/deploy.lock"
        ' && echo \'{"created_at":"2026-11-24T10:00:00+0000","release_name":"1","user":"dora"}\' >/srv/shop/.dep/releases_log'
    )
    web1.run(["sh", "-c", script])
    try:
        web1.pool("shop", chdir="/srv/shop/current")
        async with probing(lab, web1) as (probe, _):
            app, shop = await probe.tick(full=True)
            assert [app.app, shop.app] == ["/srv/app", "/srv/shop/current"]
            assert [host_of(each).release.root for each in (app, shop)] == ["/srv/app", "/srv/shop/releases/1"]
            assert host_of(shop).release.link == "/srv/shop/current"
            assert host_of(app).other_apps == ("/srv/shop/releases/1",)
            (deploy,) = host_of(shop).release.deploys
            assert (deploy.source, deploy.who) == ("deployer", "dora")
            under_way = host_of(shop).release.under_way
            assert under_way is not None
            assert under_way.sign == ".dep/deploy.lock"
            pools = []
            for each in (app, shop):
                fpm = host_of(each).fpm
                assert isinstance(fpm, FpmFacts)
                assert fpm.pool is not None
                pools.append((fpm.pool.name, len({worker.pid for worker in fpm.workers}) > 0))
            assert pools == [("www", True), ("shop", True)]
            web1.run(["sh", "-c", "ln -s releases/2 /srv/shop/new && mv -T /srv/shop/new /srv/shop/current"])
            _, shop = await probe.tick()
            assert host_of(shop).release.root == "/srv/shop/releases/2"
            assert host_of(shop).inputs["config"].direct
    finally:
        web1.run(["rm", "-rf", "/srv/shop"])
