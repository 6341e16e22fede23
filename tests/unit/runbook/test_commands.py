"""Commands and the sudoers lines that permit exactly them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer
from stalewatch.model.text import safe
from stalewatch.runbook.commands import Access, code_folder, fpm_binary, may_run, usable
from stalewatch.runbook.plan import Choice, Request
from stalewatch.runbook.steps.artisan import ARTISAN
from stalewatch.runbook.steps.file_cache import WIPE_FILE_CACHE
from stalewatch.runbook.sudoers import sudoers
from tests.builders.runbook import bytecode, finding, plan, report, runtime, vt0
from tests.lab.php import BINARY, FPM, filled

ACCESS = Access(login="deploy", user="www-data", root="/srv/app", unit=f"{FPM}.service", fpm_binary=BINARY)
SYMFONY = Access(login="deploy", user="www-data", root="/srv/api", environment="prod")
LAB = Path(__file__).parents[2] / "lab" / "files" / "etc" / "sudoers"


def test_the_lab_permits_exactly_what_we_print() -> None:
    lab = {line for line in filled(LAB).splitlines() if line and not line.startswith("#")}
    other = {line for line in sudoers(SYMFONY).splitlines() if "bin/console" in line}
    assert len(other) == 1
    assert {*sudoers(ACCESS).splitlines(), *other} == lab


@pytest.mark.skipif(shutil.which("visudo") is None, reason="no visudo on this machine")
@pytest.mark.parametrize(
    "root", ["/srv/app", "/srv/my app", "/srv/a:b=c,d", "/srv/a*b?c[d]!", "/srv/#1000", '/srv/a"b', "/srv/a'b", "/srv/ünï"]
)
def test_visudo_takes_the_lines(tmp_path: Path, root: str) -> None:
    file = tmp_path / "sudoers"
    access = replace(ACCESS, root=root, unit="php8.2-fpm", file_cache="/var/cache/op*cache", workers=True)
    file.write_text(sudoers(access))
    checked = subprocess.run(["visudo", "-cf", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_wildcard_is_never_printed_bare() -> None:
    lines = sudoers(replace(ACCESS, file_cache="/var/cache/opcache"))
    assert "-path /var/cache/opcache/" + "\\?" * 32 + "/srv/app/\\*.bin" in lines
    assert " *" not in lines


@pytest.mark.parametrize(
    ("path", "real", "folder"),
    [
        ("/srv/app", "/srv/app", "/srv/app"),
        ("/srv/shop/current", "/srv/shop/releases/2", "/srv/shop"),
        ("/srv/app", "/srv/green", "/srv/green"),
        ("/app", "/opt/releases/2", "/opt/releases/2"),
    ],
)
def test_the_folder_of_an_apps_code(path: str, real: str, folder: str) -> None:
    assert code_folder(path, real) == folder


@pytest.mark.parametrize("app", ["/srv/app", "/srv/my app [2]", "/srv/a+b.c$d*?"])
def test_the_wipe_takes_what_php_wrote_for_this_app_and_nothing_else(tmp_path: Path, app: str) -> None:
    cache, system = tmp_path / "cache", "cc9877054b5a4523e00bd8efaa3b9660"
    ours = [f"{system}{app}/index.php.bin", f"{system}{app}/vendor/a b/c.php.bin"]
    others = [
        "backup.bin",
        "uploads/photo.bin",
        f"uploads{app}/photo.bin",
        f"{system}/srv/other/index.php.bin",
        f"{system}{app}2/index.php.bin",
        f"{system}{app}/readme.txt",
        f"{app.lstrip('/')}/x.bin",
    ]
    for name in (*ours, *others):
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_text("x")
    (tmp_path / "link").symlink_to(cache)
    access = Access(login="www-data", user="www-data", root=app, file_cache=str(tmp_path / "link"))
    for command in WIPE_FILE_CACHE.grants(access):
        subprocess.run(command.argv, check=True)
    assert sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()) == sorted(others)


@pytest.mark.parametrize("login", ["root", "www-data"])
def test_who_needs_no_sudo_for_artisan_gets_no_line_for_it(login: str) -> None:
    access = Access(login=login, user="www-data", root="/srv/app", unit="php8.2-fpm")
    assert "artisan" not in sudoers(access)


PATHS = st.text(min_size=1, max_size=30).map(lambda text: f"/{text}")


@given(root=PATHS, script=PATHS)
def test_no_name_reaches_a_shell_unquoted(root: str, script: str) -> None:
    """Whatever a server calls its directories: either nothing is planned, or the shell sees that name as one word, as it is."""
    shown = safe(root)
    seen = report(finding(Layer.CONFIG), bytecode(safe(script)), app=shown, runtime_facts=runtime(opcache=vt0(file_cache=shown)))
    server = plan([seen], Request(choice=Choice.FIX, everything=True)).servers[0]
    if not usable(shown):
        assert server.blocked
        assert server.steps == ()
        return
    for step in server.steps:
        if step.via != "shell":
            continue
        assert step.command.isprintable()
        words = shlex.split(step.command)
        if step.kind in ARTISAN:
            assert words[:6] == ["sudo", "-n", "-u", "www-data", "/usr/bin/php", f"{root}/artisan"]
            assert len(words) == 9
        if step.kind == "wipe-file-cache":
            assert words[5:7] == ["-H", root]
    assert all(usable(path) for step in server.steps for path in step.paths)


def test_may_run_asks_for_the_very_command() -> None:
    text = ACCESS.text(ACCESS.artisan("config:cache"))
    assert may_run(text) == text.replace("sudo -n", "sudo -n -l", 1)
    assert may_run("/usr/bin/php x") == ""


@pytest.mark.parametrize(
    ("seen", "config", "unit", "binary"),
    [
        ("/usr/sbin/php-fpm8.3", "/etc/php/8.2/fpm/php-fpm.conf", "php8.2-fpm", "/usr/sbin/php-fpm8.3"),
        ("php-fpm8.2", "", "", "/usr/sbin/php-fpm8.2"),
        ("", "/etc/php/8.2/fpm/php-fpm.conf", "", "/usr/sbin/php-fpm8.2"),
        ("", "", "php8.4-fpm.service", "/usr/sbin/php-fpm8.4"),
        ("php-fpm; rm", "/opt/php.conf", "app.service", ""),
    ],
)
def test_the_binary_of_a_master_whose_exe_we_may_not_read(seen: str, config: str, unit: str, binary: str) -> None:
    assert fpm_binary(seen, config, unit) == binary
