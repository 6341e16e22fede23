"""What was made last, kept for as long as what it was made of stays the same. The one way to cache a derived value here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Memo(Generic[T]):
    """One value. Large inputs that are always replaced as a whole are compared by identity (*same*), small ones by ``==`` (*equal*).

    The inputs are held, so that no other object can take the identity of one.
    """

    __slots__ = ("_equal", "_same", "_value")

    def __init__(self) -> None:
        self._same: tuple[object, ...] | None = None
        self._equal: object = None
        self._value: T

    def get(self, make: Callable[[], T], same: tuple[object, ...] = (), equal: object = None) -> T:
        """The value for these inputs: the last one, or a new one from *make*."""
        if self._same is None or not _identical(same, self._same) or equal != self._equal:
            self._value = make()
            self._same, self._equal = same, equal
        return self._value


class Memos(Generic[T]):
    """One such value per key. All are dropped when there are more than *most*."""

    __slots__ = ("_made", "_most")

    def __init__(self, most: int = 3000) -> None:
        self._most = most
        self._made: dict[Hashable, tuple[tuple[object, ...], object, T]] = {}

    def get(self, key: Hashable, make: Callable[[], T], same: tuple[object, ...] = (), equal: object = None) -> T:
        """The value of *key* for these inputs, as :meth:`Memo.get`."""
        known = self._made.get(key)
        if known is None or not _identical(same, known[0]) or equal != known[1]:
            if known is None and len(self._made) >= self._most:
                self._made.clear()
            known = self._made[key] = (same, equal, make())
        return known[2]


def _identical(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):  # noqa: SIM110  a generator costs twice as much, some 300 times a repaint
        if left is not right:
            return False
    return True
