"""Broken stalewatch.toml files: a row for each key and each kind of value that it does not take, from the tables themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stalewatch.config.schema import KEYS
from stalewatch.config.tables import TABLES, ServerTable
from stalewatch.model.fixing import Fixing
from stalewatch.model.inventory import AppEntry, LogWatch, Thresholds
from stalewatch.model.smoke import Smoke
from stalewatch.model.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Iterator

    Struct = type[msgspec.Struct]


class Broken(NamedTuple):
    """A file, and words that the line about it must have: where it is broken."""

    name: str
    content: bytes
    says: tuple[str, ...]


SERVER = '[[server]]\ntarget = "web1"\n'
APP = SERVER + '[[server.app]]\npath = "/srv/app"\n'

BEFORE: dict[Struct, str] = {
    ServerTable: SERVER,
    AppEntry: APP,
    Smoke: APP + "smoke = { ",
    Thresholds: "[thresholds]\n",
    LogWatch: '[[log]]\npath = "a.log"\n',
    Fixing: "[fix]\n",
    Ui: "[ui]\n",
}
"""What stands in a file before a key of each table."""
WHERE = {
    ServerTable: "[[server]] 1",
    AppEntry: "[[server.app]] 1",
    Smoke: "smoke",
    Thresholds: "[thresholds]",
    LogWatch: "[[log]] 1",
    Fixing: "[fix]",
    Ui: "[ui]",
}
VALUES = {
    "text": '"word"',
    "integer": "7",
    "float": "0.5",
    "nan": "nan",
    "infinity": "inf",
    "minus infinity": "-inf",
    "too large a float": "1e400",
    "too large an integer": "9" * 30,
    "negative": "-1",
    "boolean": "true",
    "list": "[1]",
    "list of lists": "[[]]",
    "table": "{ a = 1 }",
    "date": "2026-11-29",
    "time": "12:49:50",
    "moment": "2026-11-29T12:49:50Z",
}
NUMBERS = {"integer", "float", "nan", "infinity", "minus infinity", "too large a float", "too large an integer", "negative"}
TAKEN = {
    "str": {"text"},
    "enum": set(),
    "bool": {"boolean"},
    "float": {"float"},
    "int": set(),
    "list": set(),
    "struct": set(),
    "literal": set(),
    "dict": set(),
}
"""By the type of a key: the values of another kind are refused, and of its own kind those that make no sense."""


def _line(struct: Struct, key: str, value: str) -> str:
    """A file in which *key* has *value* and all else is right."""
    before = "\n".join(line for line in BEFORE[struct].split("\n") if not line.startswith(f"{key} = "))
    return f"{before}{key} = {value}{' }' if struct is Smoke else ''}\n"


def _kind(of: msgspec.inspect.Type) -> str:
    name = type(of).__name__.removesuffix("Type").lower()
    return {"vartuple": "list", "varatuple": "list"}.get(name, name)


def wrong_values() -> Iterator[Broken]:
    for struct in KEYS:
        info = msgspec.inspect.type_info(struct)
        assert isinstance(info, msgspec.inspect.StructType)
        for field in info.fields:
            for what, value in VALUES.items():
                if what not in TAKEN[_kind(field.type)] and (struct, field.encode_name, what) not in RIGHT:
                    yield Broken(
                        f"{struct.__name__} {field.encode_name} {what}",
                        _line(struct, field.encode_name, value).encode(),
                        (WHERE[struct], field.encode_name),
                    )


RIGHT = {
    (Fixing, "in_flight_wait", "integer"),
    (Fixing, "in_flight_wait", "float"),
    (Ui, "interval", "integer"),
}
"""Numbers that make sense where they stand."""


def unknown_keys() -> Iterator[Broken]:
    for struct, keys in KEYS.items():
        for key in keys:
            typed = key[:-1] + key[-1] * 2
            yield Broken(f"{struct.__name__} {typed}", _line(struct, typed, "1").encode(), (WHERE[struct], f"did you mean '{key}'?"))
        yield Broken(f"{struct.__name__} xyzzy", _line(struct, "xyzzy", "1").encode(), (WHERE[struct], "known are"))
    for name in TABLES:
        yield Broken(f"[{name}s]", f"[{name}s]\n".encode(), (f"did you mean '{name}'?",))
        yield Broken(f"{name} = 1", f"{name} = 1\n".encode(), (name,))
        yield Broken(f"{name} = [1]", f"{name} = [1]\n".encode(), (name,))


CONTROLS = {"escape": r"\u001b[2J", "newline": r"a\nb", "nul": r"\u0000", "bidi": r"\u202e", "line separator": r"\u2028", "tab": r"\t"}


def control_characters() -> Iterator[Broken]:
    for struct, keys in KEYS.items():
        info = msgspec.inspect.type_info(struct)
        assert isinstance(info, msgspec.inspect.StructType)
        for field in info.fields:
            if _kind(field.type) in ("str", "enum") and (struct, field.encode_name) != (Smoke, "text"):
                for what, text in CONTROLS.items():
                    begin = "/" if field.encode_name in ("path", "socket") else ""
                    yield Broken(
                        f"{struct.__name__} {field.encode_name} with {what}",
                        _line(struct, field.encode_name, f'"{begin}{text}"').encode(),
                        (WHERE[struct], field.encode_name),
                    )
        if keys:
            yield Broken(f"{struct.__name__} escape in a key", _line(struct, r'"\u001b[2J"', "1").encode(), (WHERE[struct], r"\x1b[2J"))


def texts() -> Iterator[Broken]:
    """What makes no sense though its type is right."""
    server, app = "[[server]]\n", APP + "{} = {}\n"
    for target in (
        "",
        " ",
        "-oProxyCommand=x",
        "web*",
        "a b",
        "web1:0",
        "web1:65536",
        "web1:x",
        "@web1",
        "a@",
        "$(id)",
    ):
        yield Broken(f"target {target!r}", f'{server}target = "{target}"\n'.encode(), ("[[server]] 1", "target"))
    for socket in ("php.sock", "host:0", "host:65536", "host:", ":9000", "host:9000x", "[::1", "a b:9000"):
        yield Broken(f"socket {socket!r}", app.format("socket", f'"{socket}"').encode(), ("[[server.app]] 1", "socket"))
    for unit in ("a b", "-x", "php;id", "$(id)", "../x", "php-fpm.service\\u0020"):
        yield Broken(f"reload {unit!r}", app.format("reload", f'"{unit}"').encode(), ("[[server.app]] 1", "reload"))
    for status in (1, 99, 600, 10**12):
        yield Broken(f"status {status}", app.format("smoke", f"{{ status = {status} }}").encode(), ("smoke", "status"))
    for path in ("", "up", "/a b"):
        yield Broken(f"smoke path {path!r}", app.format("smoke", f'{{ path = "{path}" }}').encode(), ("smoke", "path"))
    for rate in ("1.01", "85", "-0.1"):
        yield Broken(f"hit_rate {rate}", f"[thresholds]\nhit_rate = {rate}\n".encode(), ("[thresholds]", "hit_rate"))
    for wait in ("3601", "-0.5"):
        yield Broken(f"in_flight_wait {wait}", f"[fix]\nin_flight_wait = {wait}\n".encode(), ("[fix]", "in_flight_wait"))
    for key in ("socket", "reload"):
        yield Broken(f"a long {key}", app.format(key, f'"{"a " * 50_000}"').encode(), ("[[server.app]] 1", key))
    yield Broken("a long in_flight", f'[fix]\nin_flight = "{"a" * 100_000}"\n'.encode(), ("[fix]", "in_flight"))
    long = "a" * 100_000
    yield Broken("a long name twice", f'{SERVER}name = "{long}"\n{SERVER}name = "{long}"\n'.encode(), ("two servers",))
    yield Broken("a long word for a table", f'server = ["{long}"]\n'.encode(), ("[[server]] 1",))
    yield Broken("no target", b'[[server]]\nname = "a"\n', ("[[server]] 1", "target"))
    yield Broken("no path", f"{SERVER}[[server.app]]\n".encode(), ("[[server.app]] 1", "path"))
    yield Broken("no log path", b"[[log]]\n", ("[[log]] 1", "path"))
    yield Broken("empty pattern", b'[[log]]\npath = "a"\nalarm = [""]\n', ("[[log]] 1", "pattern"))
    yield Broken("one name twice", b'[[server]]\ntarget = "a"\nname = "x"\n[[server]]\ntarget = "b"\nname = "x"\n', ("named 'x'",))
    yield Broken("one host twice", b'[[server]]\ntarget = "a"\n[[server]]\ntarget = "a"\n', ("'a'",))
    yield Broken("one path twice", f'{APP}[[server.app]]\npath = "/srv/app/"\n'.encode(), ("[[server]] 1", "/srv/app"))
    yield Broken("the third server", f'{SERVER}[[server]]\ntarget = "b"\n[[server]]\ntarget = 3\n'.encode(), ("[[server]] 3",))


def not_toml() -> Iterator[Broken]:
    deep = 100_000
    for name, content in {
        "a word": b"hello",
        "a half table": b"[[server]",
        "an open text": b'[[server]]\ntarget = "web1\n',
        "a key twice": b'[[server]]\ntarget = "a"\ntarget = "b"\n',
        "a table twice": b"[fix]\n[fix]\n",
        "a table and a list": b"[server]\n[[server]]\n",
        "json": b'{"server": []}',
        "yaml": b"server:\n  - target: web1\n",
        "a nul": b'[[server]]\ntarget = "web1"\n\0',
        "an escape": b"\x1b[2J",
        "a byte order mark": b'\xef\xbb\xbf[[server]]\ntarget = "web1"\n',
        "utf-16": '[[server]]\ntarget = "web1"\n'.encode("utf-16"),
        "latin-1": '[[server]]\ntarget = "w\xfcb"\n'.encode("latin-1"),
        "a lone surrogate": b'[[server]]\ntarget = "\\ud800"\n',
        "half a character": b'[[server]]\ntarget = "\xe2\x82',
        "no date": b"a = 2026-13-45\n",
        "a number of 5,000 digits": b"a = " + b"9" * 5_000,
        "deep lists": b"a = " + b"[" * deep + b"]" * deep,
        "open lists": b"a = " + b"[" * deep,
        "deep tables": b"a = " + b"{ a = " * deep + b"1" + b" }" * deep,
        "deep keys": b".".join([b"a"] * deep) + b" = 1\n",
        "deep table names": b"[" + b".".join([b"a"] * deep) + b"]\n",
        "random bytes": bytes(range(256)),
        "an ELF program": b"\x7fELF\x02\x01\x01" + bytes(64),
        "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
        "a conflict of git": b'<<<<<<< HEAD\n[[server]]\ntarget = "a"\n=======\n>>>>>>> x\n',
        "too large": b"#" * (5 * 1024 * 1024),
        "a long line without end": b"a" * 1_000_000,
        "a long text": b'[[server]]\ntarget = "' + b"a" * 1_000_000 + b'"\n',
        "a long key": b"a" * 100_000 + b" = 1\n",
        "a list in the place of everything": b"[[server]]\n" + b"[[log]]\n" * 2,
    }.items():
        yield Broken(name, content, ())


BROKEN = (*wrong_values(), *unknown_keys(), *control_characters(), *texts(), *not_toml())
