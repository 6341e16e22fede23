"""The verb ``parse`` against a real php-fpm: what would go live is parsed, and neither executed nor cached."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stalewatch.model.parsing import Parsed, Scripts
from stalewatch.probe.host.host_probe import HostProbe
from tests.unit.probe.fpm import probe

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.transport.local import LocalLink
    from tests.unit.probe.fpm import Fpm

NEVER = "php_admin_value[opcache.validate_timestamps]=0"
BAD = "<?php\nfunction broken( { return 1; }\n"


def told(parsed: Parsed) -> dict[str, tuple[str, int]]:
    assert (parsed.left, parsed.why) == (0, ""), parsed
    return {str(each.path): (each.kind, each.line) for each in parsed.trouble}


async def test_what_changed_is_parsed_and_neither_executed_nor_cached(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    ran = fpm.root / "ran"
    home, same = fpm.script("home.php", "echo 'v1';"), fpm.script("same.php", "echo 'same';")
    fpm.start(NEVER)
    assert (fpm.get(home), fpm.get(same)) == ("v1", "same")
    pool = probe(link, host, fpm)
    assert told(await pool.parse(Scripts(changed=True))) == {}
    home.write_text(f"<?php\nfile_put_contents('{ran}', 'x');\n")
    new = fpm.script("app/Deep/New.php", f"touch('{ran}');")
    parsed = await pool.parse(Scripts(changed=True, folders=(str(fpm.root / "app"),)))
    assert told(parsed) == {}
    assert parsed.count == 2
    assert not ran.exists()
    assert fpm.get(home) == "v1", "a look changes nothing"
    home.write_text(BAD)
    new.write_text(BAD)
    parsed = await pool.parse(Scripts(changed=True, folders=(str(fpm.root / "app"),)))
    assert told(parsed) == {str(home): ("syntax", 2), str(new): ("syntax", 2)}
    assert all("syntax error" in each.said for each in parsed.trouble)
    assert told(await pool.parse(Scripts(paths=(str(home),), without=(str(home),)))) == {}
    assert told(await pool.parse(Scripts(changed=True, without=(str(fpm.root),)))) == {}
    assert fpm.get(home) == "v1"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (BAD.encode(), ("syntax", 2)),
        ("<?php return 1;".encode("utf-16"), ("utf-16", 0)),
        ("<?php return 1;".encode("utf-16-le"), ("utf-16", 0)),
        (b" \n", ("empty", 0)),
        (b"<?php return [\n  'a' => array (\n    'b' => ", ("syntax", 3)),
        (b"<?php\nclass A {\n  const int X = 1;\n  public function f() {}\n", ("syntax", 3)),
        (b"<?php\n" + b"$a = 1;\n" * 600_000, None),
        (b"<?php\n" + b"$a = 1;\n" * 600_000 + b"}", ("syntax", 600_002)),
        (b"<?php\n#" + b" " * 2**24, ("big", 0)),
        (b"<?php declare(strict_types=1);\nreturn 1;\n?>\n<p>\n", None),
        (b"\xef\xbb\xbf<?php declare(strict_types=1);\nreturn 1;\n", ("syntax", 1)),
        (b"<?php\nclass A {\n  function merged() {}\n  function merged() {}\n}\n", ("syntax", 4)),
        (b"<?php\nuse A\\B;\nuse C\\B;\n", ("syntax", 3)),
        (b"<?php\nfunction twice() {}\nfunction twice() {}\n", ("syntax", 3)),
        (b"<?php\nclass A extends NotThere implements Nor { use This; }\n", None),
        (b"<?php\nnamespace Stalewatch;\nfunction main() {}\nfinal class Parsing {}\n", None),
        (b"<h1>no PHP at all</h1>\n", None),
        (b"<?php\n__halt_compiler();\x00\xff<?php (", None),
        (b"<?php /* \xff\xfe latin \xe9 */ return '\xe9';\n", None),
    ],
)
async def test_what_parses(link: LocalLink, host: HostProbe, fpm: Fpm, content: bytes, kind: tuple[str, int] | None) -> None:
    fpm.start(NEVER)
    script = fpm.root / "script.php"
    script.write_bytes(content)
    assert told(await probe(link, host, fpm).parse(Scripts(paths=(str(script), f"{script}.gone")))) == ({str(script): kind} if kind else {})


async def test_a_pipe_and_a_folder_are_no_scripts(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(NEVER)
    pipe, folder = fpm.root / "pipe.php", fpm.root / "folder.php"
    os.mkfifo(pipe)
    folder.mkdir()
    found = told(await probe(link, host, fpm).parse(Scripts(paths=(str(pipe), str(folder)))))
    assert found == {str(pipe): ("irregular", 0), str(folder): ("irregular", 0)}
    assert told(await probe(link, host, fpm).parse(Scripts(folders=(str(fpm.root),)))) == {}


async def test_blade_sources_and_links_in_folders_are_left_alone(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(NEVER)
    home = fpm.script("home.php", "echo 1;")
    for name in ("app/x.blade.php", "app/stub.txt", "elsewhere/bad.php"):
        path: Path = fpm.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BAD)
    (fpm.root / "app/loop").symlink_to(fpm.root)
    (fpm.root / "app/bad.php").symlink_to(fpm.root / "elsewhere/bad.php")
    fpm.get(home)
    assert told(await probe(link, host, fpm).parse(Scripts(folders=(str(fpm.root / "app"), "/nowhere")))) == {}


async def test_of_another_release_everything_is_parsed_that_is_not_cached(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    bad = fpm.script("releases/2/app/Bad.php", "echo (;")
    fpm.start(NEVER)
    app = (str(fpm.root / "releases/2/app"),)
    assert told(await probe(link, host, fpm).parse(Scripts(folders=app))) == {}, "it was there before: nothing of it is new"
    assert told(await probe(link, host, fpm).parse(Scripts(folders=app, older=True))) == {str(bad): ("syntax", 1)}


async def test_it_takes_as_many_requests_as_it_needs(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start(NEVER)
    scripts = []
    for number in range(12):
        script = fpm.root / f"s{number}.php"
        script.write_text("<?php\n" + "$a[] = 'some text';\n" * 20_000 + (")" if number in (0, 11) else ""))
        scripts.append(str(script))
    parsed = await probe(link, host, fpm).parse(Scripts(paths=tuple(scripts)))
    assert parsed.count == 12
    assert told(parsed) == {scripts[number]: ("syntax", 20_002) for number in (0, 11)}


async def test_a_pool_that_may_not_read_a_script_says_so(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    fpm.start("php_admin_value[open_basedir]=/tmp:/var/tmp:/dev/shm")
    assert told(await probe(link, host, fpm).parse(Scripts(paths=("/etc/passwd",)))) == {}, "hidden: whether it is there is not known"


async def test_what_two_files_declare_is_no_error(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    same = "function helper() { return 1; }\nclass Helper {}\nfinal class Other extends Helper {}\n"
    one, two, bad = fpm.script("one.php", same), fpm.script("two.php", same), fpm.script("bad.php", f"{same} function (")
    fpm.start(NEVER)
    parsed = await probe(link, host, fpm).parse(Scripts(paths=tuple(map(str, (one, two, bad)))))
    assert (parsed.count, told(parsed)) == (3, {str(bad): ("syntax", 5)})


@pytest.mark.parametrize("disabled", ["stream_wrapper_register", "opcache_compile_file,ini_set"])
async def test_where_it_may_not_compile_it_parses(link: LocalLink, host: HostProbe, fpm: Fpm, disabled: str) -> None:
    good, bad = fpm.script("good.php", "echo 1;"), fpm.script("bad.php", "echo (;")
    fpm.start(NEVER, f"php_admin_value[disable_functions]={disabled}")
    assert told(await probe(link, host, fpm).parse(Scripts(paths=(str(good), str(bad))))) == {str(bad): ("syntax", 1)}


async def test_the_log_says_nothing_of_it(link: LocalLink, host: HostProbe, fpm: Fpm) -> None:
    bad = fpm.script("bad.php", "class A { function f() {} function f() {} }")
    fpm.start(NEVER, "catch_workers_output=yes", "php_flag[log_errors]=on")
    assert told(await probe(link, host, fpm).parse(Scripts(paths=(str(bad),)))) == {str(bad): ("syntax", 1)}
    assert "redeclare" not in (fpm.base / "error.log").read_text()


async def test_a_deleted_script_that_every_request_begins_with_is_trouble_and_no_other_is(
    link: LocalLink, host: HostProbe, fpm: Fpm
) -> None:
    front = fpm.script("public/index.php", "require __DIR__.'/../bootstrap/app.php'; require __DIR__.'/../app/Gone.php';")
    begins, gone = fpm.script("bootstrap/app.php", "echo 'v1';"), fpm.script("app/Gone.php", "")
    fpm.start(NEVER)
    assert fpm.get(front) == "v1"
    begins.unlink()
    gone.unlink()
    pool = probe(link, host, fpm)
    assert told(await pool.parse(Scripts(changed=True))) == {str(begins): ("gone", 0)}
    front.unlink()
    assert told(await pool.parse(Scripts(changed=True))) == {}, "the application begins elsewhere now"
