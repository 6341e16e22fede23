"""What changed from one value to the next, and the next value from what changed. Pure.

Values are msgspec structs and what is in them; a tree is what such a value is in JSON: dictionaries, lists, texts, numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec

Path = tuple[str, ...]


class Patch(msgspec.Struct, frozen=True, omit_defaults=True):
    """*changed*: what is elsewhere or new, by its path of field names and keys (``[["host", "now"], 1764.5]``; the path ``[]`` is the
    whole value). *gone*: the keys that are there no more."""

    changed: tuple[tuple[Path, Any], ...] = ()
    gone: tuple[Path, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it needs nothing to be applied to."""
        return bool(self.changed) and self.changed[0][0] == ()


class NotApplicable(ValueError):
    """The patch is of another value than the one that is there."""


def whole(value: Any) -> Patch:
    """The patch that makes *value* out of anything."""
    return Patch(changed=(((), msgspec.to_builtins(value)),))


def between(before: Any, after: Any) -> Patch:
    """What makes *after* out of *before*. Parts that are the same object are not looked into."""
    changed: list[tuple[Path, Any]] = []
    gone: list[Path] = []
    _compare((), before, after, changed, gone)
    return Patch(changed=tuple(changed), gone=tuple(gone))


def _compare(path: Path, before: Any, after: Any, changed: list[tuple[Path, Any]], gone: list[Path]) -> None:
    if before is after:
        return
    if type(before) is type(after) and isinstance(after, msgspec.Struct) and not after.__struct_config__.array_like:
        for field, name in zip(after.__struct_fields__, after.__struct_encode_fields__, strict=True):
            _compare((*path, name), getattr(before, field), getattr(after, field), changed, gone)
    elif isinstance(before, dict) and isinstance(after, dict) and _keeps_order(before, after):
        for key, value in after.items():
            if key in before:
                _compare((*path, key), before[key], value, changed, gone)
            else:
                changed.append(((*path, key), msgspec.to_builtins(value)))
        gone += [(*path, key) for key in before if key not in after]
    elif before != after or msgspec.json.encode(before) != msgspec.json.encode(after):  # 5 and 5.0 are equal, and not the same bytes
        changed.append((path, msgspec.to_builtins(after)))


def _keeps_order(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether what is in both has the order that it had, and what is new comes behind it."""
    kept = [key for key in before if key in after]
    return list(after)[: len(kept)] == kept


def apply(tree: Any, patch: Patch) -> Any:
    """The next tree. *tree* stays as it is; what did not change is in both. Raises NotApplicable."""
    for path, value in patch.changed:
        tree = _with(tree, path, value)
    for path in patch.gone:
        tree = _without(tree, path)
    return tree


def _with(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    if not isinstance(tree, dict) or (len(path) > 1 and path[0] not in tree):
        raise NotApplicable(f"there is no {path[0]} to change")
    return {**tree, path[0]: _with(tree.get(path[0]), path[1:], value)}


def _without(tree: Any, path: Path) -> Any:
    if not path or not isinstance(tree, dict) or path[0] not in tree:
        raise NotApplicable("what is gone was not there")
    if len(path) > 1:
        return {**tree, path[0]: _without(tree[path[0]], path[1:])}
    return {key: value for key, value in tree.items() if key != path[0]}
