"""Every wrong command line is one line of error and exit code 2: each option of each command, with each kind of nonsense for its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
import pytest
from click.testing import CliRunner

from stalewatch.cli.commands.check import commit, file
from stalewatch.cli.commands.fix import phases
from stalewatch.cli.commands.metrics import listen
from stalewatch.cli.main import COMMANDS, DASHBOARD, main
from stalewatch.cli.options import Common, seconds
from tests.builders import odd_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONGEST = 400
CONTROL = "\x1b[2J\n\u202e"

NUMBERS = ("", "x", "nan", "inf", "-inf", "1e400", "-1", "0", "99999999999", "1,5", "١٢x", CONTROL)
WRONG: dict[Callable[[str], object], tuple[str, ...]] = {
    seconds: NUMBERS,
    commit: ("", "x", "abcdef", "g" * 40, "a" * 65, CONTROL),
    file: ("", "x", "=", "a=", "=a", f"a={'g' * 64}", f"a={'0' * 63}", CONTROL),
    phases: ("", "x", "clear,,reload", "clear;reload", "CLEAR", CONTROL),
    listen: ("", "x", ":", "1.2.3.4", "1.2.3.4:x", "1.2.3.4:-1", "1.2.3.4:65536", "1.2.3.4:١٢", CONTROL),
}
"""By the function that reads an option."""
TEXTS = {"--app": ("srv/app", CONTROL), "--fpm-socket": ("php.sock", "host:0", "host:65536", CONTROL), "--canary": ("nobody", CONTROL)}
"""For options that are any text, as far as they can be wrong."""
TARGETS = ("", " ", "-", "a b", "@a", "a@", "a:0", "a:65536", "a:x", "$(id)", "a\nb", "\x1b[2J", "no-such-*", "x" * 5_000, "[::1")

REQUIRED = {("fix",): ("--yes",)}
FIRST = {("record",): ("out.ndjson",)}
"""What some commands want before their targets."""
COMMON_IS_TRIED_WITH = ((), ("check",))
"""Before a command and after one: it is the same everywhere."""


class Line(NamedTuple):
    """*says*: a word that the error must have."""

    words: tuple[str, ...]
    says: str = ""


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    with click.Context(main) as context:
        for name in (*COMMANDS, DASHBOARD):
            command = main.get_command(context, name)
            assert command is not None
            yield (() if name == DASHBOARD else (name,)), command


def lines() -> Iterator[Line]:
    yield from (Line(("-",)), Line(("--reed-only",), "--read-only"), Line(("chek", "-z")), Line(("--timeout",), "--timeout"))
    for name, command in commands():
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        yield from (Line((*name, "--xyzzy"), "--xyzzy"), Line((*name, "-Z"), "-Z"), Line((*name, f"--{CONTROL}")))
        for option in options:
            if name in COMMON_IS_TRIED_WITH or option.name not in Common.__annotations__:
                for typed in option.opts:
                    yield from _of_option(name, option, typed)
        if any(parameter.name in ("targets", "sources") for parameter in command.params):
            for target in TARGETS:
                yield Line((*name, *REQUIRED.get(name, ()), "--", *FIRST.get(name, ()), target))
        else:
            yield Line((*name, "one", "two", "three"))


def _of_option(name: tuple[str, ...], option: click.Option, typed: str) -> Iterator[Line]:
    if typed.startswith("--"):
        yield Line((*name, typed[:-1] + typed[-1] * 2), typed)
    if option.is_flag:
        if typed.startswith("--"):
            yield Line((*name, f"{typed}=yes"), typed)
        return
    yield Line((*name, typed), typed)
    for wrong in _wrong(option):
        yield Line((*name, *REQUIRED.get(name, ()), typed, wrong, *FIRST.get(name, ()), "web1"))


def _wrong(option: click.Option) -> tuple[str, ...]:
    match option.type:
        case click.types.FuncParamType(func=read):
            return WRONG.get(read, ())
        case click.Choice():
            return ("", "xyzzy", CONTROL)
        case click.IntRange():
            return tuple(number for number in NUMBERS if number != "99999999999")
        case click.Path():
            return ("", "nowhere", ".", CONTROL, "a" * 5_000)
        case _:
            return TEXTS.get(option.opts[-1], ())


LINES = tuple(lines())


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STALEWATCH_NOTIFY", raising=False)


def refused(words: tuple[str, ...]) -> str:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was taken")

    result = CliRunner().invoke(main, list(words), obj=never)
    assert (result.exit_code, result.stdout) == (2, ""), result.output[:500]
    assert result.stderr.startswith("stalewatch: ")
    assert result.stderr.endswith("\n")
    line = result.stderr[:-1]
    assert line.isprintable(), "one line, and no control character"
    assert len(line) < LONGEST, line
    return line


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line.words).encode("unicode_escape").decode()[:60])
def test_a_wrong_line_is_one_line_of_error(line: Line) -> None:
    assert line.says in refused(line.words)


def test_every_command_is_in_the_table() -> None:
    assert {line.words[0] for line in LINES if line.words} >= set(COMMANDS)
    assert len(LINES) >= 60


def test_every_way_to_read_an_option_is_tried() -> None:
    """A new type wants a row in WRONG."""
    types = {parameter.type for _, command in commands() for parameter in command.params}
    assert {one.func for one in types if isinstance(one, click.types.FuncParamType)} == set(WRONG)


@pytest.mark.parametrize("option", ["--config", "-F"])
@pytest.mark.parametrize("kind", odd_files.KINDS)
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, option: str, kind: str) -> None:
    path = tmp_path / "odd"
    odd_files.make(path, kind)
    assert "odd" in refused(("check", option, str(path), "web1"))
