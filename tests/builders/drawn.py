"""Values by their type: what nobody chose by hand is drawn from its annotation, so that a new field is drawn from its first day."""

from __future__ import annotations

import types
import typing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from stalewatch.model.text import SafeText, safe
from tests.builders.snapshots import ROOT, at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

SECONDS = (-8_000, -7_200, -5_400, -3_601, -3_600, -3_599.25, -300, -62, -61, -60, -59.5, -58, -30, -5, -2, -1, 0, 1, 30, 600)
TIMES = tuple(map(at, SECONDS))
WORDS = tuple(map(safe, ("", "www", "www-data", "8.2", f"{ROOT}/current", "/run/php/x.sock", "it's; $(id) | <b>", "a\x1b[31m.php")))
COUNTS = (0, 0, 1, 2, 5, 100)
SPANS = (0.0, 2.0, 10.0, 90.0)
SHORT = ("duration", "timeout", "offset")
"""How the names of durations end; other floats are times."""


@lru_cache
def hints(struct: type) -> dict[str, Any]:
    """The type of each field of *struct*, by name."""
    return {name: hint for name, hint in get_type_hints(struct).items() if name in struct.__struct_fields__}  # type: ignore[attr-defined]


class Drawn:
    """Draws any part of a snapshot. *own*: structs that are drawn in a way of their own."""

    def __init__(self, random: Random, own: Mapping[Any, Callable[[], Any]]) -> None:
        self._random = random
        self._own = own

    def filled(self, struct: type, **given: Any) -> Any:
        """A *struct* with the fields that are *given*, and every other one drawn."""
        drawn = {name: self._value(name, hint) for name, hint in hints(struct).items() if name not in given}
        return struct(**given, **drawn)

    def _value(self, name: str, hint: Any) -> Any:
        random = self._random
        if hint is bool:
            return random.random() < 0.5
        if hint is int:
            return random.choice(COUNTS)
        if hint is float:
            return random.choice(SPANS if name.endswith(SHORT) else TIMES)
        if hint is SafeText or hint is str:
            return random.choice(WORDS)
        if hint in self._own:
            return self._own[hint]()
        return self._made_of(name, hint, get_origin(hint), get_args(hint))

    def _made_of(self, name: str, hint: Any, origin: Any, of: tuple[Any, ...]) -> Any:
        if origin is Literal:
            return self._random.choice(of)
        if origin in (Union, types.UnionType):
            return self._value(name, self._random.choice(of))
        if hint is type(None):
            return None
        if origin is tuple and of[-1] is not Ellipsis:
            return tuple(self._value(name, each) for each in of)
        if origin is tuple:
            return tuple(self._value(name, of[0]) for _ in range(self._random.randint(0, 2)))
        if origin is dict:
            return {self._value("", of[0]): self._value(name, of[1]) for _ in range(self._random.randint(0, 2))}
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.filled(hint)
        raise TypeError(f"no way to draw {name}: {hint}")


def literals(hint: Any) -> tuple[Any, ...]:
    """The words that a field of type *hint* may have, if it is one of a few."""
    if get_origin(hint) is typing.Literal:
        return get_args(hint)
    return tuple(word for part in get_args(hint) for word in literals(part))
