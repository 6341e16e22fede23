"""What the properties are tried on: every field of every part of a snapshot is drawn, with more than one value."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from stalewatch.model import snapshot
from stalewatch.model.snapshot import Snapshot
from tests.builders.anything import Anything
from tests.builders.drawn import hints, literals

STORIES = 400
STRUCTS = [each for each in vars(snapshot).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def collect(value: Any, found: dict[tuple[type, str], set[str]]) -> None:
    """Add every value of every field below *value* to *found*."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            one = getattr(value, name)
            found[type(value), name].add(repr(one)[:80])
            collect(one, found)
    elif isinstance(value, tuple):
        for one in value:
            collect(one, found)
    elif isinstance(value, dict):
        collect(tuple(value.values()), found)


def test_every_field_of_a_snapshot_is_drawn_with_all_its_words() -> None:
    found: dict[tuple[type, str], set[str]] = defaultdict(set)
    for seed in range(STORIES):
        collect(tuple(Anything(seed).story()), found)
    assert Snapshot in STRUCTS
    fields = {(struct, name): hint for struct in STRUCTS for name, hint in hints(struct).items()}
    assert {(struct.__name__, name): found[struct, name] for struct, name in fields if len(found[struct, name]) < 2} == {}
    words = {
        (struct.__name__, name): set(literals(hint)) - {one.strip("'") for one in found[struct, name]}
        for (struct, name), hint in fields.items()
    }
    assert {field: missing for field, missing in words.items() if missing} == {}
