"""What a server says, in every shape that real ones and hostile ones give it."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.disk import MAX_INPUTS
from stalewatch.model.inventory import LogWatch
from stalewatch.model.snapshot import FpmFacts, Pool, PoolStatus, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.app_facts import writable_by
from stalewatch.probe.host.app_files import MOST_FOLDERS, app_files, code_folders, wanted_contents
from stalewatch.probe.host.deploys import Deploys
from stalewatch.probe.host.discovery import AppLocation
from stalewatch.probe.host.parsers import composer, deploy_logs, fpm_config, log_lines, records
from stalewatch.probe.host.parsers.cache_inputs import group, layer_files
from stalewatch.probe.host.parsers.framing import Block, BlockSection
from stalewatch.probe.host.parsers.records import FileRecord
from stalewatch.probe.host.web_server import nginx
from stalewatch.probe.host.web_server.site import Files
from stalewatch.probe.runtime.fpm_status import from_mapping, parse_page

ROOT = "/srv/app"


def record(path: str, mtime: float = 1000.0) -> FileRecord:
    return FileRecord(f"{ROOT}/{path}", mtime, mtime, 1, 1, 0o100644, "deploy", "deploy")


# --------------------------------------------------------------------------------------------------------------------- records


@given(st.binary(max_size=300))
def test_no_bytes_make_a_file_parser_fail(data: bytes) -> None:
    for found in records.parse_files(data).values():
        assert 0 <= found.mtime <= records.FAR_FUTURE
        assert found.stat().path.isprintable()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1 2 3",
        "nan 1 1 1 81a4 5 a b /x",
        "x 1 1 1 81a4 5 a b /x",
        "1 1 1 1 zz 5 a b /x",
        "1 1 1 1 81a4 5 a b ",
        "1 1 1.5 1 81a4 5 a b /x",
        "1 1 1 1 81a4 x a b /x",
        "1 1 1 1 81a4 a b /x",
    ],
)
def test_what_is_no_file_is_none(line: str) -> None:
    assert records.parse_file(line) is None


def test_a_file_name_may_hold_spaces_and_bytes_that_are_not_utf8() -> None:
    files = records.parse_files(b"1700000000.5 1700000001 12 7 81a4 65024 www-data www-data /srv/app/a b \xff.php")
    (found,) = files.values()
    assert (found.mtime, found.ctime, found.size, found.inode, found.dev) == (1_700_000_000.5, 1_700_000_001.0, 12, 7, 65024)
    assert found.stat(ROOT).path == "a b \\xff.php"


def test_a_process_name_cannot_move_the_fields() -> None:
    rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
    found = records.parse_process(f"77 (evil) S 9 (x) ) {rest}")
    assert found is not None
    assert (found.pid, found.state, found.parent, found.ticks) == (77, "S", 1, 4711)
    assert records.parse_process(f"77 (gone) {rest.replace('S', 'Z', 1)}") is None


# -------------------------------------------------------------------------------------------------------------------------- fpm

POOL_FILE = """
; comment
[www]
user = www-data
group = www-data
listen = /run/php/$pool.sock ; where
pm = dynamic
pm.max_children = 5
pm.status_path = /status
php_admin_value[opcache.validate_timestamps] = 0
chdir = "/srv/app"
[tcp]
listen = 9001
[star]
listen = *:9002
[nothing]
user = x
"""


def test_pools_of_a_configuration() -> None:
    config = fpm_config.parse_config(
        "[global]\npid = /run/x\nprocess_control_timeout = 10s\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n", POOL_FILE
    )
    www, tcp, star = fpm_config.pools(config)
    assert (www.name, www.listen, www.user, www.pm, www.max_children, www.status_path) == (
        "www",
        "/run/php/www.sock",
        "www-data",
        "dynamic",
        5,
        "/status",
    )
    assert www.settings == {"php_admin_value[opcache.validate_timestamps]": "0", "chdir": "/srv/app"}
    assert (tcp.listen, star.listen) == ("127.0.0.1:9001", "127.0.0.1:9002")
    assert config.includes == ("/etc/php/8.2/fpm/pool.d/*.conf",)
    assert fpm_config.control_timeout(config) == 10.0
    assert fpm_config.control_timeout(fpm_config.parse_config("")) == 0.0


@given(st.text(max_size=300))
def test_no_text_makes_the_configuration_parsers_fail(text: str) -> None:
    fpm_config.pools(fpm_config.parse_config(text))
    nginx.parse(Files("/n", {"/n": text}, {"/x": ("/n",)}))
    deploy_logs.parse_reflog(text)
    deploy_logs.parse_releases_log(text)
    composer.cached_manifest(text)
    composer.cached_manifest(f"<?php return array ({text}")
    parse_page(text.encode("utf-8", "replace"))


# --------------------------------------------------------------------------------------------------------------- fpm's scoreboard

FUNCTION = {
    "pool": "www", "process-manager": "static", "start-time": 1795557092, "start-since": 1, "accepted-conn": 1, "listen-queue": 3,
    "idle-processes": 1, "active-processes": 1, "total-processes": 2, "max-children-reached": 0, "slow-requests": 0,
    "procs": [{"pid": 17278, "state": "Running", "start-time": 1795557092, "requests": 1, "request-duration": 805, "request-method": "GET",
               "request-uri": "", "user": "-", "script": "/tmp/p1/t.php"}],
}  # fmt: skip
PAGE = (
    b'{"pool":"www","process manager":"static","start time":1795557092,"start since":1,"accepted conn":2,"listen queue":3,'
    b'"max listen queue":0,"listen queue len":0,"idle processes":1,"active processes":1,"total processes":2,"max active processes":1,'
    b'"max children reached":0,"slow requests":0, "processes":[{"pid":17278,"state":"Running","start time":1795557092,"start since":1,'
    b'"requests":1,"request duration":805,"request method":"GET","request uri":"-","content length":0,"user":"-",'
    b'"script":"/tmp/p1/t.php","last request cpu":0.00,"last request memory":2097152}]}'
)


def test_function_and_page_tell_the_same_pool() -> None:
    by_function, by_page = from_mapping(FUNCTION), parse_page(PAGE)
    assert isinstance(by_function, PoolStatus)
    assert isinstance(by_page, PoolStatus)
    assert by_function.workers == by_page.workers
    assert by_page.workers[0].duration == pytest.approx(805e-6)
    assert (by_page.started, by_page.listen_queue, by_page.total) == (1795557092.0, 3, 2)


@pytest.mark.parametrize("duration", [b"-7", b"18446744073709551000", b"9e99"])
def test_a_nonsense_duration_is_none(duration: bytes) -> None:
    status = parse_page(PAGE.replace(b'"request duration":805', b'"request duration":' + duration))
    assert isinstance(status, PoolStatus)
    assert status.workers[0].duration == 0.0


def test_a_page_that_is_broken_json_still_tells_its_numbers() -> None:
    status = parse_page(PAGE.replace(b"/tmp/p1/t.php", b'/tmp/"x'))
    assert isinstance(status, PoolStatus)
    assert (status.pool, status.listen_queue, status.started, status.workers) == ("www", 3, 1795557092.0, ())


@pytest.mark.parametrize("body", [b"", b"File not found.", b"[]", b"{}", b"null"])
def test_what_is_no_status_is_unseen(body: bytes) -> None:
    assert isinstance(parse_page(body), Unseen)


def test_a_worker_that_is_just_starting_has_no_request() -> None:
    status = parse_page(PAGE.replace(b'"Running"', b'"(null)"'))
    assert isinstance(status, PoolStatus)
    assert status.requests("") == 0


def test_a_worker_that_a_visitor_wrote_is_not_believed() -> None:
    """By a user name with a quote in it: FPM does not escape it, and counts what it lists."""
    rows = b"".join(b'"},{"pid":%d,"state":"Idle","script":"/srv/old/index.php","a":"' % pid for pid in (1, 2))
    status = parse_page(PAGE.replace(b'"user":"-', b'"user":"' + rows))
    assert isinstance(status, Unseen)
    assert status.code == "fpm.status-hangs"


def test_hostile_text_in_the_scoreboard_is_made_visible() -> None:
    status = parse_page(PAGE.replace(b"/tmp/p1/t.php", b"/\\u001b[31m\\u202e[/x]"))
    assert isinstance(status, PoolStatus)
    assert status.workers[0].script == "/\\x1b[31m\\u202e[/x]"


# ---------------------------------------------------------------------------------------------------------------------- release

REFLOG = (
    f"{'0' * 40} {'a' * 40} Dora Deploy <dora@example.invalid> 1700000000 +0100\tcommit (initial): First\n"
    "not a line\n"
    f"{'a' * 40} {'b' * 40} Dora Deploy <dora@example.invalid> 1700000600 +0100\treset: moving to fix\x1b[31m\n"
)


def test_the_diary_of_git_newest_first() -> None:
    newest, first = deploy_logs.parse_reflog(REFLOG)
    assert (newest.at, newest.who, newest.commit) == (1_700_000_600.0, "Dora Deploy", "b" * 40)
    assert newest.what == "reset: moving to fix\\x1b[31m"
    assert first.source == "git"


def test_the_diary_of_deployer() -> None:
    line = '{"created_at":"2025-10-24T12:38:00+0200","release_name":"12","user":"dora","target":"main"}\n'
    (deploy,) = deploy_logs.parse_releases_log("garbage\n" + line)
    assert (deploy.at, deploy.what, deploy.who, deploy.source) == (1761302280.0, "release 12 of main", "dora", "deployer")


def test_the_diary_of_capistrano() -> None:
    first = "Branch main (at 4f2a9c1) deployed as release 20251024123800 by mara\n"
    second = "Branch fix/x (at 9b1d04e) deployed as release 20251024124000 by dora\x1b[31m\n"
    others = "mara rolled back to release 20251024123800\nBranch x (at 9b1d04e) deployed as release 20259924124000 by dora\n"
    newest, oldest = deploy_logs.parse_revisions_log(first + second + others)
    assert (oldest.at, oldest.commit, oldest.who, oldest.source) == (1761309480.0, "4f2a9c1", "mara", "revision")
    assert (newest.what, newest.who) == ("release 20251024124000 of fix/x", "dora\\x1b[31m")


@pytest.mark.parametrize(
    ("diaries", "told"),
    [
        ({"REVISION": b"4f2a9c1\n"}, [(1000.0, "revision", "4f2a9c1")]),
        ({"REVISION": b"not a commit\n"}, []),
        (
            {"REVISION": b"4f2a9c1\n", "revisions.log": b"Branch main (at 9b1d04e) deployed as release 20251024123800 by mara\n"},
            [(1761309480.0, "revision", "9b1d04e")],
        ),
    ],
)
def test_revision_alone_is_a_deploy_and_gives_way_to_a_diary(diaries: dict[str, bytes], told: list[tuple[float, str, str]]) -> None:
    files = app_files(AppLocation(path="/srv/app", root="/srv/app", kind="laravel"), None)
    contents = wanted_contents(files)
    contents.take([Block(1, tuple(BlockSection("text", f"/srv/app/{name}", text) for name, text in diaries.items()))])
    deploys = Deploys().of(files, contents, {}, {f"/srv/app/{name}": record(f"/srv/app/{name}") for name in diaries})
    assert [(deploy.at, deploy.source, deploy.commit) for deploy in deploys] == told
    assert {f"/srv/app/{name}" for name in diaries} <= set(files.fixed)


def test_head_is_a_branch_or_a_commit() -> None:
    assert deploy_logs.parse_head("ref: refs/heads/feature/x\n") == ""
    assert deploy_logs.parse_head("a" * 40 + "\n") == "a" * 40
    assert deploy_logs.parse_head("\x00") == ""


# ------------------------------------------------------------------------------------------------------------------------- logs

WATCH = LogWatch(path="storage/logs/laravel.log", alarm=("context not found",), reassure=("Function routing",))


def test_lines_of_a_log_in_a_zone_that_it_does_not_tell() -> None:
    mtime = 1761303024.0  # 2025-10-24 10:50:24 UTC; the log says 12:50:24
    content = (
        "[2025-10-24 12:49:50] production.ERROR: Call context not found {}\n[stacktrace]\n#0 /srv/app/x.php(1): ERROR\n"
        "[2025-10-24 12:50:24] production.INFO: Function routing {}\n[2025-10-24 12:50:24] production.DEBUG: x\n"
    )
    offset = log_lines.zone_offset(content, mtime)
    assert offset == 7200.0
    lines = log_lines.parse_log(content, WATCH, read_at=mtime + 10, offset=offset)
    assert [(line.at - mtime, line.alarm, line.reassure) for line in lines] == [
        (-34.0, True, False),
        (0.0, False, True),
        (0.0, False, False),
    ]


def test_a_stamp_with_its_own_zone_is_believed() -> None:
    content = "[2025-10-24T12:49:50.123456+02:00] production.CRITICAL: boom\n"
    assert log_lines.zone_offset(content, 1.0) == 0.0
    (line,) = log_lines.parse_log(content, WATCH, read_at=1761303024.0, offset=0.0)
    assert (line.at, line.alarm) == (1761302990.0, True)


def test_a_time_of_the_future_or_a_bad_one_does_no_harm() -> None:
    lines = log_lines.parse_log("[9999-12-31 23:59:59] a.ERROR: x\n[2025-99-99 00:00:00] a.ERROR: y\n", WATCH, read_at=100.0, offset=0.0)
    assert [line.at for line in lines] == [160.0, 0.0]


def test_half_a_line_waits_for_its_end() -> None:
    assert log_lines.whole_lines(b"a\nb\nc") == (b"a\nb\n", 4)
    assert log_lines.whole_lines(b"abc") == (b"", 0)


# --------------------------------------------------------------------------------------------------------------------- packages

CACHED = (
    "<?php return array (\n  'acme/b' => \n  array (\n"
    "    'providers' => \n    array (\n      0 => 'A\\\\B',\n    ),\n  ),\n  'acme/a' => \n  array (\n  ),\n);"
)
PACKAGE = {"name": "acme/a", "extra": {"laravel": {"providers": ["A"]}}}


def cached_names(content: str) -> tuple[str, ...] | None:
    manifest = composer.cached_manifest(content)
    return None if manifest is None else tuple(sorted(manifest))


def installed_names(installed: bytes, own: bytes) -> tuple[str, ...] | None:
    manifest = composer.installed_manifest(installed, own)
    return None if manifest is None else tuple(sorted(manifest))


def test_names_in_the_manifest() -> None:
    assert cached_names(CACHED) == ("acme/a", "acme/b")
    assert cached_names("<?php return array (\n);") == ()
    assert cached_names("gibberish") is None


def test_entries_in_the_manifest() -> None:
    assert composer.cached_manifest(CACHED) == {"acme/b": {"providers": ["A\\B"]}, "acme/a": []}
    others = "<?php return ['a/b' => ['it\\'s' => NULL, 3 => true, 'n' => -1.5, 'list' => ['x', 'y',]]];"
    assert composer.cached_manifest(others) == {"a/b": {"it's": None, 3: True, "n": -1.5, "list": ["x", "y"]}}


@pytest.mark.parametrize(
    "content",
    [
        "<?php return array ('a' => ",
        "<?php return array ('a' 'b');",
        "<?php return array ('a' => strtolower('B'));",
        "<?php return array ('a' => 'b') + array ();",
        "<?php return array ('a' => 'b'); exit;",
        "<?php return array (array () => 'b');",
        "<?php return 'a';",
        "<?php return array (1);",
        "<?php return " + "array (" * 3_000,
    ],
)
def test_what_is_no_exported_manifest_is_not_read_as_one(content: str) -> None:
    assert composer.cached_manifest(content) is None


def manifests(cached: str, laravel: object) -> dict[str, tuple[str, ...]]:
    there = composer.cached_manifest(f"<?php return array ('acme/a' => {cached});")
    body = msgspec.json.encode({"packages": [{"name": "acme/a", "extra": {"laravel": laravel}}]})
    wanted = composer.installed_manifest(body, b"")
    assert there is not None
    assert wanted is not None
    return composer.changed_packages(there, wanted)


@pytest.mark.parametrize(
    ("cached", "laravel", "keys"),
    [
        ("array ('providers' => array (0 => 'A\\\\P'))", {"providers": ["A\\P"]}, None),
        ("array ('aliases' => array ('X' => 'A', 'Y' => 'B'))", {"aliases": {"Y": "B", "X": "A"}}, None),
        ("array ('aliases' => array (), 'providers' => array ('P'))", {"aliases": {}, "providers": ["P"]}, None),
        ("array ('providers' => array (0 => 'P'))", {"providers": {"0": "P"}}, None),
        ("array ('providers' => array (0 => 'P'))", {"providers": ["Q"]}, ("providers",)),
        ("array ('providers' => array (0 => 'P', 1 => 'Q'))", {"providers": ["Q", "P"]}, ("providers",)),
        ("array ('aliases' => array ('X' => 'A'))", {"aliases": {"X": "B"}}, ("aliases",)),
        ("array ('providers' => array (0 => 'P'))", {"providers": ["P"], "dont-discover": ["x/y"]}, ("dont-discover",)),
        ("array ('aliases' => array ('X' => 'A'))", {"providers": ["P"]}, ("aliases", "providers")),
        ("'yes'", {"providers": ["P"]}, ("entry", "providers")),
    ],
)
def test_entries_are_compared_as_php_holds_them(cached: str, laravel: object, keys: tuple[str, ...] | None) -> None:
    assert manifests(cached, laravel) == ({} if keys is None else {"acme/a": keys})


@pytest.mark.parametrize("composer_1", [True, False])
def test_names_that_composer_installed(composer_1: bool) -> None:
    listed = [
        PACKAGE,
        {"name": "acme/plain"},
        {"name": "acme/odd", "extra": []},
        {"name": "acme/c", "extra": {"laravel": {"aliases": {"C": "C"}}}},
    ]
    body = msgspec.json.encode(listed if composer_1 else {"packages": listed, "dev": True})
    assert installed_names(body, b"") == ("acme/a", "acme/c")
    assert installed_names(body, b'{"extra":{"laravel":{"dont-discover":["acme/c"]}}}') == ("acme/a",)
    assert installed_names(body, b'{"extra":{"laravel":{"dont-discover":["*"]}}}') == ()
    assert installed_names(b"{", b"") is None


def test_a_package_cannot_exclude_all_others() -> None:
    """Laravel asks only the application's composer.json for ``*``."""
    greedy = {"name": "acme/all", "extra": {"laravel": {"dont-discover": ["*", "acme/c"]}}}
    other = {"name": "acme/c", "extra": {"laravel": {"providers": ["C"]}}}
    assert installed_names(msgspec.json.encode({"packages": [PACKAGE, greedy, other]}), b"") == ("acme/a", "acme/all")


# ----------------------------------------------------------------------------------------------------------------------- inputs


@pytest.mark.parametrize(
    ("path", "direct", "indirect"),
    [
        (".env", {"config", "code"}, set()),
        ("config/services.php", {"config", "code"}, set()),
        ("config/deep/x.php", {"config", "code"}, set()),
        ("bootstrap/providers.php", {"config", "code"}, set()),
        ("bootstrap/app.php", {"code"}, {"config", "routes", "events"}),
        ("routes/api.php", {"routes", "code"}, set()),
        ("app/Providers/RouteServiceProvider.php", {"routes", "code"}, set()),
        ("app/Providers/EventServiceProvider.php", {"events", "code"}, set()),
        ("app/Providers/AppServiceProvider.php", {"code"}, {"config", "routes", "events"}),
        ("app/Listeners/SendMail.php", {"events", "code"}, set()),
        ("vendor/composer/installed.json", {"packages"}, set()),
        ("vendor/composer/autoload_static.php", {"code"}, set()),
        ("composer.json", {"packages"}, set()),
        ("resources/views/home.blade.php", {"views"}, set()),
        ("app/Http/Controllers/HomeController.php", {"code"}, set()),
        ("public/index.php", set(), set()),
    ],
)
def test_what_each_file_is_an_input_of(path: str, direct: set[str], indirect: set[str]) -> None:
    grouped = group([record(path)], ROOT)
    assert {layer for layer, each in grouped.items() if each.direct} == direct
    assert {layer for layer, each in grouped.items() if each.indirect} == indirect


@pytest.mark.parametrize(
    ("present", "env", "used"),
    [
        ({".env"}, "", {".env"}),
        ({".env", ".env.production", ".env.staging"}, "", {".env"}),
        ({".env", ".env.production", ".env.staging"}, "production", {".env.production"}),
        ({".env", ".env.staging"}, "production", {".env"}),
        ({".env.production", ".env.local"}, "", {".env.production", ".env.local"}),
    ],
)
def test_only_the_environment_file_that_laravel_reads_is_an_input(present: set[str], env: str, used: set[str]) -> None:
    found = group([record(path) for path in sorted(present)], ROOT, env=env)
    assert {stat.path for stat in found["config"].direct} == used


@pytest.mark.parametrize(
    ("owner", "group_name", "mode", "expected"),
    [
        ("www-data", "www-data", 0o755, True),
        ("www-data", "www-data", 0o555, False),
        ("deploy", "www-data", 0o775, True),
        ("deploy", "www-data", 0o755, False),
        ("root", "root", 0o755, False),
        ("root", "root", 0o777, True),
        ("deploy", "editors", 0o775, None),
    ],
)
def test_whether_the_pools_user_may_write(owner: str, group_name: str, mode: int, expected: bool | None) -> None:
    directory = msgspec.structs.replace(record("storage/framework/views"), owner=owner, group=group_name, mode=0o040000 | mode)
    pool = Pool(name=safe("www"), listen=safe("/run/www.sock"), user=safe("www-data"), group=safe("www-data"))
    assert writable_by(directory, FpmFacts(running=True, pool=pool)) is expected


def test_the_folders_of_code_that_the_pool_is_asked_for_are_few_and_the_topmost() -> None:
    files = app_files(AppLocation(path=ROOT, root=ROOT, kind="laravel"), None)
    deep = [f"app/Domain/D{number}/{'x/' * (number % 3)}A.php" for number in range(90)]
    walk = {
        one.path: one
        for one in map(record, ("artisan", "app/A.php", "app/Http/B.php", "./config/link.php", "vendor/composer/c.php", *deep))
    }
    found = code_folders(walk, files)
    assert found[:3] == (f"{ROOT}/vendor", f"{ROOT}/app/Http", f"{ROOT}/vendor/composer")
    assert len(found) == MOST_FOLDERS
    assert all(path.count("/") <= found[-1].count("/") for path in found)
    assert set(found) < set(msgspec.structs.replace(files, deeper=found).places) < set(msgspec.structs.replace(files, deeper=found).fixed)


def linked(path: str) -> FileRecord:
    return msgspec.structs.replace(record(path), mode=0o120777, mtime=5.0, ctime=9.0)


def test_a_link_to_a_folder_of_sources_is_an_input_by_its_ctime() -> None:
    found = group([linked("config"), record("config/a.php"), record("routes/web.php"), linked("resources/views")], ROOT)
    assert [(stat.path, stat.mtime, stat.ctime) for stat in found["config"].direct if stat.path == "config"] == [("config", 0.0, 9.0)]
    assert {str(stat.path) for stat in found["code"].direct} == {"config", "config/a.php", "routes/web.php"}
    assert {str(stat.path) for stat in found["routes"].direct} == {"routes/web.php"}


def test_a_source_that_is_a_link_is_an_input_as_itself_too() -> None:
    names = (".env", ".env.local", "config/a.php")
    found = group([*map(record, names), *(linked(f"./{name}") for name in names)], ROOT)
    assert [(stat.path, stat.mtime, stat.ctime, stat.size) for stat in found["config"].direct if stat.path[:2] == "./"] == [
        ("./.env", 0.0, 9.0, 0),
        ("./config/a.php", 0.0, 9.0, 0),
    ]
    assert not any(stat.path[:2] == "./" for layer in ("routes", "events", "views") for stat in found[layer].direct)
    assert {stat.sum for stat in found["config"].direct if stat.path[:2] == "./"} == {"None:1"}, "the inode that it leads to"
    assert set(layer_files(found, ROOT)) == {f"{ROOT}/.env", f"{ROOT}/config/a.php"}


@pytest.mark.parametrize("order", [1, -1])
def test_what_lies_behind_a_link_and_cannot_be_seen_leaves_nothing_to_compare_with(order: int) -> None:
    seen = [linked("config"), record("config/a.php"), linked("routes"), record("app/Providers/RouteServiceProvider.php"), record(".env")]
    found = group(seen[::order], ROOT)
    assert [found[layer].direct + found[layer].indirect for layer in ("routes", "code")] == [(), ()]
    assert found["config"].direct


def test_the_newest_inputs_come_first_and_more_are_told() -> None:
    config = group([record(f"config/{number}.php", float(number)) for number in range(300)], ROOT)["config"]
    assert config.direct[0].path == "config/299.php"
    assert config.truncated
    assert not config.cut, "the newest are there"
    assert not group([record("config/a.php")], ROOT)["config"].truncated
    cut = group([record("config/a.php")], ROOT, cut=True)["config"]
    assert cut.truncated
    assert cut.cut


def test_ten_times_the_sources_cost_about_ten_times_as_much() -> None:
    def cost(number: int) -> float:
        many = [record(f"app/Models/Thing{number}.php", float(number)) for number in range(number)]
        begun = time.process_time()
        group(many, ROOT, cut=True)
        return time.process_time() - begun

    assert min(cost(20_000) for _ in range(3)) < 40 * min(cost(2_000) for _ in range(3)), "a hundred times would be a square"


def test_a_copy_behind_a_link_says_nothing_to_a_cache_by_when_it_came() -> None:
    """``app`` was switched to a copy that was made meanwhile: only workers hold the old one for that."""
    seen = [linked("app"), record("app/Providers/AppServiceProvider.php", 1.0), record("app/Listeners/A.php", 1.0), record("config/a.php")]
    seen = [msgspec.structs.replace(each, ctime=8.0) if each.path.startswith(f"{ROOT}/app/") else each for each in seen]
    found = group(seen, ROOT)
    assert {(str(stat.path), stat.ctime) for stat in found["config"].indirect} == {("app/Providers/AppServiceProvider.php", 1.0)}
    assert {(str(stat.path), stat.ctime) for stat in found["events"].direct} == {("app/Listeners/A.php", 1.0)}
    assert {str(stat.path): stat.ctime for stat in found["code"].direct if stat.path.startswith("app")} == {
        "app": 9.0,
        "app/Providers/AppServiceProvider.php": 8.0,
        "app/Listeners/A.php": 8.0,
    }


@pytest.mark.parametrize(("folder", "layers"), [("app", {"events", "code"}), ("vendor", {"code"}), ("bootstrap", {"config", "code"})])
def test_behind_a_link_that_cannot_be_seen_nothing_is_compared(folder: str, layers: set[str]) -> None:
    found = group(
        [linked(folder), record("config/a.php"), record("routes/web.php"), record(".env"), record("x/EventServiceProvider.php")], ROOT
    )
    assert {layer for layer in ("config", "routes", "events", "code") if not found[layer].direct} == layers


def test_a_time_that_lies_ahead_takes_nobodys_place() -> None:
    ahead = [record(f"config/{number}.php", 9_000.0) for number in range(MAX_INPUTS + 5)]
    ahead = [msgspec.structs.replace(each, ctime=1.0) for each in ahead]
    found = group([*ahead, record("config/changed.php", 50.0)], ROOT)["config"]
    assert "config/changed.php" in {str(stat.path) for stat in found.direct}


@pytest.mark.parametrize(
    ("many", "since", "hidden"), [(MAX_INPUTS, 5.0, False), (MAX_INPUTS + 1, 5.0, True), (MAX_INPUTS + 1, 50.0, False)]
)
def test_more_changed_files_than_are_listed_are_known(many: int, since: float, hidden: bool) -> None:
    assert group([record(f"config/{number}.php", 9.0) for number in range(many)], ROOT)["config"].hides(since) is hidden
