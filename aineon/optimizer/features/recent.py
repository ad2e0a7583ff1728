"""Recent: a dictionary that makes what it lacks, and forgets what was not touched for longest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, ValuesView
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps at most `most` values; one that is written to is as good as new.

    Reading with `get` touches nothing, so what is forgotten depends on what happened alone.
    """

    __slots__ = ("_kept", "_make", "_most")

    def __init__(self, most: int, make: Callable[[], Value]) -> None:
        self._most = most
        self._make = make
        self._kept: dict[Key, Value] = {}

    def __getitem__(self, key: Key) -> Value:
        """The value of `key`, made where it is missing, and the newest from now on."""
        value = self._kept.pop(key) if key in self._kept else self._make()
        self._kept[key] = value
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return value

    def get(self, key: Key) -> Value | None:
        """The value of `key` as it stands; None where there is none."""
        return self._kept.get(key)

    def values(self) -> ValuesView[Value]:
        """All that is kept."""
        return self._kept.values()

    def __len__(self) -> int:
        return len(self._kept)
