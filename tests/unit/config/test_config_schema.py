"""The JSON schema and the reader of stalewatch.toml say the same."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.cli.main import main
from stalewatch.config.schema import KEYS, schema
from stalewatch.config.tables import TABLES, read_tables
from stalewatch.model.errors import UsageError
from tests.unit.config.broken import BROKEN, Broken, not_toml

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.toml"))
INVALID = sorted((Path(__file__).parent / "invalid").glob("*.toml"))
ONLY_THE_PROGRAM_SEES = re.compile(r"is not TOML|two servers are named|two apps with|missing key 'target'|nan must be")
CHECKER = jsonschema.Draft7Validator(schema())


def mistakes(tables: dict[str, Any]) -> list[str]:
    return [error.message for error in CHECKER.iter_errors(tables)]


def test_it_is_a_schema_and_is_what_is_printed() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert json.loads(CliRunner().invoke(main, ["config", "schema"]).stdout) == json.loads(msgspec.json.encode(schema()))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_takes_the_examples_also_what_is_commented_out(example: Path) -> None:
    text = example.read_text()
    assert mistakes(tomllib.loads(text)) == []
    assert mistakes(tomllib.loads(re.sub(r"^# (?=[\w\[]+( = |\]$))", "", text, flags=re.MULTILINE))) == []


@pytest.mark.parametrize("example", INVALID, ids=lambda path: path.stem)
def test_it_refuses_what_the_reader_refuses_where_it_can_tell(example: Path) -> None:
    text = example.read_text()
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert mistakes(tables) or ONLY_THE_PROGRAM_SEES.search(text.splitlines()[0])


ONLY_THE_READER = {
    "Thresholds hit_rate nan", "Ui interval nan", "Fixing in_flight_wait nan",
    "no target", "one name twice", "one host twice", "one path twice", "a long name twice",
}  # fmt: skip
"""JSON knows no NaN, a file below may have the target, and a schema compares no two rows."""


@pytest.mark.parametrize("broken", [row for row in BROKEN if row not in tuple(not_toml())], ids=lambda broken: broken.name)
def test_it_refuses_every_broken_file_that_a_schema_can(broken: Broken) -> None:
    assert bool(mistakes(tomllib.loads(broken.content.decode()))) == (broken.name not in ONLY_THE_READER)


def test_it_has_every_table_and_key_of_the_reader_and_says_what_each_is_for() -> None:
    assert set(schema()["properties"]) == set(TABLES)
    assert {*TABLES.values()} <= {*KEYS}
    for struct, keys in KEYS.items():
        fields = {field.encode_name for field in msgspec.structs.fields(struct)}
        assert fields == set(keys) == set(schema()["$defs"][struct.__name__]["properties"]), struct.__name__
        assert [key for key, more in keys.items() if not more.get("description")] == []


SERVER = 'server = [{ target = "web1", %s }]'
APP = 'server = [{ target = "web1", app = [{ path = "/srv/app", %s }] }]'
LIMITS = [
    ("[thresholds]\nhit_rate = %s", ("0", "1", "0.5"), ("-0.1", "1.1", '"1"')),
    ("[fix]\nin_flight_wait = %s", ("0", "3600"), ("-1", "3600.5")),
    ("[fix]\nin_flight = %s", ('"wait"', '"kill"'), ('"stop"', "1")),
    ("[ui]\ntheme = %s", ('"dark"', '""'), ("1", r'"\u001b"')),
    ("[ui]\nzone = %s", ('"local"', '"UTC"'), ('"utc"', "1")),
    ("[ui]\nrelative = %s", ("true",), ('"yes"',)),
    ("[ui]\nlayout = %s", ('"auto"', '"table"'), ('"list"',)),
    ("[ui]\ngrouped = %s", ('"auto"', '"always"', '"never"'), ('"yes"', "true")),
    ("[ui]\nsort = %s", ('"verdict"', '"hit rate"'), ('"load"',)),
    ("[ui]\nreverse = %s", ("false",), ("0",)),
    ("[ui]\ninterval = %s", ("1", "2.5", "3600"), ("0.5", "3601", '"2"')),
    ("[ui]\nkeys = %s", ('{ fix = "F5" }', '{ log = ["l", "L"] }', "{}"), ("{ fix = 5 }", '"x"', "{ log = [1] }")),
    ("server = [{ target = %s }]", ('"a@web1:22"', '"[::1]:22"', '"local"'), ('"web*"', '"-F"', '""', '"a b"', "1")),
    (SERVER % "name = %s", ('"ä b"', '""'), (r'"\u001b"', "1")),
    (SERVER % "group = %s", ('"ä b"', '""'), (r'"\u0007"', "1")),
    (SERVER % "production = %s", ("true",), ('"true"', "1")),
    (SERVER % "read_only = %s", ("true",), ('"true"', "1")),
    ('server = [{ target = "web1", app = [{ path = %s }] }]', ('"/srv/a b"',), ('"srv"', '""', "1")),
    (SERVER % "app = %s", ("[]", '[{ path = "/srv" }]'), ('"/srv"', '{ path = "/srv" }', "[{}]")),
    (APP % "name = %s", ('"shop"', '""'), ("1",)),
    (APP % "socket = %s", ('"/run/a.sock"', '"127.0.0.1:9000"', '"[::1]:9000"', '""'), ('"a.sock"', '"web1:"', '"web1:x"')),
    (APP % "reload = %s", ('"php8.2-fpm"', '"a@b.service"', '""'), ('"systemctl reload x"', '"-x"')),
    (APP % "smoke = %s", ("{}",), ('"/"', "{ pth = 1 }")),
    (APP % "smoke = { path = %s }", ('"/"', '"/a?b=c"'), ('"a"', '"/a b"', '""')),
    (APP % "smoke = { status = %s }", ("0", "100", "599"), ("99", "600", '"200"')),
    (APP % "smoke = { text = %s }", ('"ok"', '""'), ("1",)),
    *(
        limit
        for table in (SERVER, APP)
        for limit in (
            (
                table % "health_url = %s",
                ('"https://a.example/x?y=1"', '"http://127.0.0.1:81/x"', '""'),
                ('"a/b"', '"ftp://a/b"', '"http://u@a/b"'),
            ),
            (table % "health_key_file = %s", ('"/k"', '"~/k"', '""'), ('"k"', '"./k"', "1")),
            (table % "health_key_env = %s", ('"KEY_1"', '""'), ('"1K"', '"A B"', "1")),
        )
    ),
    ("log = [{ path = %s }]", ('"a.log"',), ('""', "1")),
    ('log = [{ path = "a.log", alarm = %s }]', ('["x"]', "[]"), ('[""]', '"x"', "[1]")),
    ('log = [{ path = "a.log", reassure = %s }]', ('["x"]', "[]"), ('[""]', '"x"', "[1]")),
]
"""A file with a place for a value; what may stand there, and what may not."""


ODD = "a/-:@[].*?$ 1~\t\0\x85\xa0\xad\u0301\u200b\u2028\u202e\u3000\ufeff\xe9\u4e2d"
PLACES = ("server = [{ target = %s }]", SERVER % "name = %s", APP % "socket = %s", APP % "reload = %s", "log = [{ path = %s }]")


@given(
    st.sampled_from(PLACES), st.one_of(st.text(ODD, max_size=12), st.from_regex(r"(a@)?(web1|::1|\[::1\])(:[0-9]{1,5})?", fullmatch=True))
)
def test_what_it_refuses_the_reader_refuses_too(place: str, value: str) -> None:
    tables = tomllib.loads(place % json.dumps(value, ensure_ascii=True))
    if mistakes(tables):
        with pytest.raises(UsageError):
            read_tables(tables, "stalewatch.toml")


@pytest.mark.parametrize(("text", "right", "wrong"), LIMITS, ids=[text.replace("\n", " ") for text, _, _ in LIMITS])
def test_it_and_the_reader_have_the_same_limits(text: str, right: tuple[str, ...], wrong: tuple[str, ...]) -> None:
    for value in right:
        assert mistakes(tomllib.loads(text % value)) == [], value
        read_tables(tomllib.loads(text % value), "stalewatch.toml")
    for value in wrong:
        assert mistakes(tomllib.loads(text % value)), value
        with pytest.raises(UsageError):
            read_tables(tomllib.loads(text % value), "stalewatch.toml")


def test_every_key_has_limits_that_are_compared() -> None:
    compared = {text.partition(" = %s")[0].split()[-1].strip("[{,") for text, _, _ in LIMITS}
    assert {key for keys in KEYS.values() for key in keys} - compared == set()
