"""mod_php with validate_timestamps=0: no socket can be asked, and the health file tells what Apache's own PHP runs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stalewatch.probe.health.key import health_file
from tests.lab.program import codes, explain, stalewatch
from tests.lab.waiting import until
from tests.strangers import debian
from tests.strangers.web_servers import apache, end, http, port, vhost, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab import Host, Lab

CONTROLLER = "/srv/app/app/Http/Controllers/HomeController.php"
FILE = "stalewatch-health.php"


@pytest.fixture
def mod_php(web1: Host) -> Iterator[Host]:
    """web1, where Apache runs PHP itself, and no FPM does."""
    web1.stop_fpm()
    debian.own(web1, "/etc", "/usr/lib/apache2/modules", packages=("libapache2-mod-php8.2",))
    web1.run(["sh", "-ec", "cd /etc/php/8.2; mkdir -p apache2; cp -a fpm/php.ini fpm/conf.d apache2/"])
    write(web1, "/etc/php/8.2/apache2/conf.d/99-local.ini", "opcache.validate_timestamps=0\n")
    apache(web1, {"sites-enabled/shop.conf": vhost(web1, "")}, enable="mpm_prefork php8.2", disable="mpm_event")
    yield web1
    end(web1)


def config(folder: Path, host: Host, key: bytes, name: str = FILE) -> str:
    """A stalewatch.toml that names the health file of *host*, and its *key*."""
    (folder / "health.key").write_bytes(key)
    (folder / "health.key").chmod(0o600)
    url = f"http://{host.address}:{port(host)}/{name}"
    server = f'[[server]]\ntarget = "{host.name}"\nhealth_url = "{url}"\nhealth_key_file = "{folder}/health.key"\n'
    (folder / "stalewatch.toml").write_text(server)
    return str(folder / "stalewatch.toml")


def look(lab: Lab, file: str) -> tuple[int, dict[str, Any]]:
    ran = stalewatch(lab, "check", "--format", "json", "--config", file)
    assert ran.data is not None, ran.stdout + ran.stderr
    (entry,) = ran.data["servers"]
    return ran.code, entry


def test_stale_bytecode_under_mod_php_is_proven_over_health_url_and_gone_after_a_reload(lab: Lab, mod_php: Host, tmp_path: Path) -> None:
    key = secrets.token_hex(32).encode()
    write(mod_php, f"/srv/app/public/{FILE}", health_file(key).decode())
    file = config(tmp_path, mod_php, key)
    asked = [http(mod_php) for _ in range(3)]
    assert asked == ["home v1"] * 3
    code, entry = look(lab, file)
    assert code == 0, explain(entry)
    assert (entry["layers"]["opcache"], entry["layers"]["fpm"]) == ("fresh", "absent")
    mod_php.release("v2")
    assert http(mod_php) == "home v1"
    code, entry = look(lab, file)
    assert code == 1, explain(entry)
    assert entry["layers"]["opcache"] == "stale", explain(entry)
    assert "opcache.stale-bytecode" in codes(entry)
    pool = next(link for link in entry["chain"] if link["link"] == "pool")
    assert pool["evidence"]["asked through"] == "health_url (apache2handler)"
    assert entry["findings"][0]["remedy"] == ["reload-web-server"]
    mod_php.systemctl("reload", "apache2")
    until(lambda: http(mod_php) == "home v2", "Apache with the new code")
    code, entry = look(lab, file)
    assert code == 0, explain(entry)
    code, entry = look(lab, config(tmp_path, mod_php, b"0a" * 32))
    assert (code, entry["layers"]["opcache"]) == (3, "unknown"), explain(entry)
    assert "health-url.refused" in [error["code"] for error in entry["errors"]]
    check = "<?php header('Content-Type: application/json'); echo json_encode(['opcache_hit_rate' => '71.3%', 'cached_files' => 382]);\n"
    write(mod_php, "/srv/app/public/health-check.php", check)
    signed = Path(config(tmp_path, mod_php, key, "health-check.php"))
    plain = tmp_path / "plain.toml"
    plain.write_text("".join(line for line in signed.read_text().splitlines(keepends=True) if "key" not in line))
    code, entry = look(lab, str(plain))
    assert (code, entry["layers"]["opcache"]) == (3, "unknown"), explain(entry)
    assert {"health-url.least", "fpm.not-used"} <= {error["code"] for error in entry["errors"]}
    assert [finding["severity"] for finding in entry["findings"] if finding["code"] == "health.check"] == ["warning"]
