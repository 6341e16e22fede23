"""Every limit of what is read on a server: whoever reaches it hears of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stalewatch.model import reasons
from stalewatch.probe.host import machine, php_processes
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.file_contents import FileContents
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.host.machine import Machine, Master
from stalewatch.probe.host.parsers import records
from stalewatch.probe.host.parsers.framing import Block, BlockSection
from stalewatch.probe.host.parsers.records import FileRecord
from stalewatch.probe.host.php_processes import CronPath
from stalewatch.probe.host.web_server import reading
from stalewatch.probe.host.web_server.reading import WebServers

HOST = Path(machine.__file__).parent


async def web(host: HostProbe, main: Path) -> WebServers:
    return await reading.read(host, (f"nginx nginx: master process nginx -c {main}",), WebServers())


def nginx(folder: Path, includes: int) -> Path:
    main = folder / "nginx.conf"
    main.write_text("http {\n" + "".join(f"include {folder}/{number}.conf;\n" for number in range(includes)) + "}\n")
    return main


@pytest.mark.asyncio
async def test_more_includes_than_are_followed(host: HostProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = nginx(tmp_path, 6)
    assert (await web(host, main)).left_out == ()
    monkeypatch.setattr(reading, "MAX_PATTERNS", 4)
    found = await web(host, main)
    assert found.left_out == tuple(f"{tmp_path}/{number}.conf" for number in (3, 4, 5))
    (told,) = Machine(web=found).left_out
    assert (told.code, "3 left out" in told.message, f"{tmp_path}/3.conf" in told.message) == (reasons.WEB_LEFT_OUT.code, True, True)


@pytest.mark.asyncio
async def test_includes_deeper_than_are_followed(host: HostProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        (tmp_path / f"{number}.conf").write_text(f"include {tmp_path}/{number + 1}.conf;\n")
    monkeypatch.setattr(reading, "MAX_DEPTH", 3)
    assert (await web(host, nginx(tmp_path, 1))).left_out == (f"{tmp_path}/2.conf",)
    (tmp_path / "0.conf").write_text(f"include {tmp_path}/0.conf;\n")
    assert (await web(host, nginx(tmp_path, 1))).left_out == ()


@pytest.mark.asyncio
async def test_a_file_of_the_web_server_that_is_too_long(host: HostProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = nginx(tmp_path, 1)
    monkeypatch.setattr(reading, "MAX_FILE", main.stat().st_size)
    assert (await web(host, main)).left_out == ()
    monkeypatch.setattr(reading, "MAX_FILE", main.stat().st_size - 1)
    assert (await web(host, main)).left_out == (str(main),)


def test_the_shell_reads_as_much_as_is_said() -> None:
    assert (HOST / "web_verbs.sh").read_text().count(f"head -c {reading.MAX_FILE} <") == 3
    verbs = (HOST / "process_verbs.sh").read_text()
    assert (f"-gt {php_processes.MAX_CRON} ]" in verbs, verbs.count(f"head -n {php_processes.MAX_CRON + 1})")) == (True, 2)


@pytest.mark.parametrize(("lines", "cut"), [(2000, False), (2001, True)])
def test_more_lines_of_cron_than_are_read(tmp_path: Path, lines: int, cut: bool) -> None:
    verbs = HOST / "process_verbs.sh"
    listed = "\n".join(f"{number}:* * * * * root php /srv/a" for number in range(1, lines + 1))
    script = f"out='' nl='\n'; . {verbs}; cron_paths /etc/cron.d/a \"$1\"; printf %s \"$out\""
    said = subprocess.run(["sh", "-c", script, "sh", listed], check=True, capture_output=True, text=True, timeout=20).stdout
    told = said.splitlines()
    assert (told[0], len(told), told[-1] == "more /etc/cron.d/a") == ("/etc/cron.d/a:1 /srv/a", 2000 + cut, cut)


def test_cron_that_is_not_read_whole_is_said() -> None:
    text = "/etc/cron.d/a:1 /srv/a\nmore /etc/cron.d/a\n"
    assert list(php_processes.cron_paths(text)) == [CronPath("/etc/cron.d/a:1", "/srv/a")]
    (told,) = Machine(cron_left_out=php_processes.cron_left_out(text)).left_out
    assert (told.code, "/etc/cron.d/a" in told.message) == (reasons.APP_CRON_LEFT_OUT.code, True)


def test_settings_of_fpm_that_are_too_many_are_said() -> None:
    (told,) = Machine(masters=(Master(config_path="/etc/fpm.conf", left_out=("/etc/pool.d/all.conf",)),)).left_out
    assert (told.code, "/etc/pool.d/all.conf" in told.message) == (reasons.FPM_CONFIG_LEFT_OUT.code, True)


@pytest.mark.asyncio
async def test_a_file_of_pools_that_is_too_long(host: HostProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fpm.conf").write_text("[a]\nlisten = /run/a.sock\n[b]\nlisten = /run/b.sock\n")
    master = Master(config_path=str(tmp_path / "fpm.conf"))
    assert (await machine.read_config(host, master)).left_out == ()
    monkeypatch.setattr(machine, "CONF_LIMIT", 26)
    found = await machine.read_config(host, master)
    assert ([str(pool.listen) for pool in found.pools], found.left_out) == (["/run/a.sock"], (master.config_path,))


def record(path: str, size: int) -> FileRecord:
    return FileRecord(path=path, mode=0o100644, mtime=1.0, ctime=1.0, size=size, inode=1, owner="a", group="a", dev=1)


@pytest.mark.parametrize(("size", "verb", "cut"), [(10, "text", False), (11, "text", True), (11, "gz", True), (11, "tail", False)])
def test_a_file_of_the_app_that_is_too_long(size: int, verb: str, cut: bool) -> None:
    contents = FileContents()
    contents.want("/srv/app/composer.json", 10, verb)
    contents.requests({"/srv/app/composer.json": record("/srv/app/composer.json", size)})
    told = contents.problems("/srv/app")
    assert [(one.code, one.message) for one in told] == (
        [(reasons.APP_FILES_LEFT_OUT.code, "only the beginning of composer.json was read")] if cut else []
    )


def test_what_was_made_of_a_file_is_made_again_when_it_was_read_again() -> None:
    path, asked = "/srv/app/.git/logs/HEAD", []

    def parse(text: str) -> str:
        asked.append(text)
        return text.upper()

    def read(content: bytes) -> None:
        contents.take([Block(1, (BlockSection("text", path, content),))])

    contents = FileContents()
    contents.want(path, 10)
    assert contents.parsed(path, parse) == ""
    read(b"one")
    assert (contents.parsed(path, parse), contents.parsed(path, parse)) == ("ONE", "ONE")
    read(b"two")
    assert contents.parsed(path, parse) == "TWO"
    contents.requests({})
    assert contents.parsed(path, parse) == "", "it is gone"
    assert asked == ["", "one", "two", ""]


async def answer(coprocess: Coprocess, *request: str) -> dict[str, str]:
    (block,) = await coprocess.ask(request, timeout=30)
    return {section.name: records.text(section.payload) for section in block.sections}


@pytest.mark.asyncio
async def test_what_composer_and_laravel_wrote_is_read_whole(coprocess: Coprocess, tmp_path: Path) -> None:
    composer = tmp_path / "vendor" / "composer"
    composer.mkdir(parents=True)
    (composer / "autoload_real.php").write_text("<?php\n")
    (composer / "autoload_static.php").write_text("<?php // autoload_static.php @generated by Composer\n")
    names = [f"    'N{number}\\\\' => array($baseDir . '/src/{number}')," for number in range(1200)]
    (composer / "autoload_psr4.php").write_text("\n".join(names))
    assert (await answer(coprocess, "autoload", str(tmp_path), "5"))["namespaces"].count("\n") == 1199
    classes = tmp_path / "classes.php"
    classes.write_text("<?php\n" + "".join(f"class C{number} {{}}\n" for number in range(2100)))
    assert (await answer(coprocess, "declares", str(classes)))["declares"].count("class C") == 2100
    config = tmp_path / "config.php"
    config.write_text("<?php return [\n" + "".join(f"'/srv/{number}/storage/logs/a',\n" for number in range(150)) + "];")
    assert (await answer(coprocess, "named", str(tmp_path), str(config)))["named"].count("missing storage") == 150
