"""VersionedMap: a mapping whose versions share one dictionary.

A block changes some hundred pools of ten thousand. Copying the dictionary for each block would
cost as much as all pools; here a new version costs what it changes. The newest version is the
dictionary itself; each older one knows only in what it differs from the version after it.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Generic, TypeVar

from aineon.primitives import Address

V = TypeVar("V")

_LONGEST_CHAIN = 256


class VersionedMap(Mapping[Address, V], Generic[V]):
    """One version: a frozen mapping, in which reading is as cheap as in a dictionary.

    All versions that share a dictionary have the same keys in the same order, so the keys of
    each are the dictionary's. An old version that is still read after many changes gets a
    dictionary of its own.
    """

    __slots__ = ("_changes", "_rest", "_table")

    def __init__(self, content: Mapping[Address, V]) -> None:
        self._table: dict[Address, V] = dict(content)
        # What this version holds otherwise than `_rest` does. Where `_rest` is None, `_table`
        # is what it holds; else `_table` is good for its keys alone.
        self._changes: Mapping[Address, V] = {}
        self._rest: VersionedMap[V] | None = None

    # --- reading ---------------------------------------------------------------------------

    def __getitem__(self, key: Address) -> V:
        # The value is read before `_rest` is: `changed` sets `_rest` first and the dictionary
        # then, so where there is no `_rest` yet the value is still this version's.
        value = self._table[key]
        return value if self._rest is None else self._found(key)

    def _found(self, key: Address) -> V:
        version, passed = self, 0
        while True:
            value, rest = version._table[key], version._rest
            if rest is None:
                return value
            if key in version._changes:
                return version._changes[key]
            version = rest
            passed += 1
            if passed > _LONGEST_CHAIN:
                self._table, self._rest = self.copy(), None
                return self._table[key]

    def copy(self) -> dict[Address, V]:
        """Return the content as a dictionary of its own."""
        differences = []
        version = self
        while True:
            table = dict(version._table)
            if version._rest is None:
                break
            differences.append(version._changes)
            version = version._rest
        for changes in reversed(differences):
            table.update(changes)
        return table

    def current(self) -> Mapping[Address, V]:
        """Return the content for reading until the next change: the dictionary where possible."""
        return self._table if self._rest is None else self.copy()

    def __contains__(self, key: object) -> bool:
        return key in self._table

    def __iter__(self) -> Iterator[Address]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def keys(self) -> KeysView[Address]:
        """The keys, as fast as a dictionary's: they are the same for all versions."""
        return self._table.keys()

    def values(self) -> ValuesView[V]:
        """The values as they are in this version, whatever happens meanwhile."""
        return self.copy().values()

    def items(self) -> ItemsView[Address, V]:
        """Keys and values as they are in this version, whatever happens meanwhile."""
        return self.copy().items()

    def __repr__(self) -> str:
        return f"VersionedMap({self.copy()!r})"

    # --- changing --------------------------------------------------------------------------

    def changed(self, changes: Mapping[Address, V]) -> VersionedMap[V]:
        """Return the next version, with other values for some of the keys.

        Costs what is changed where this is the newest version of its dictionary, which the
        returned one is from then on; else all is copied.
        """
        if self._rest is not None:
            return VersionedMap(self.copy() | dict(changes))
        table = self._table
        newest: VersionedMap[V] = object.__new__(VersionedMap)
        newest._table, newest._changes, newest._rest = table, {}, None
        self._changes = {key: table[key] for key in changes}
        self._rest = newest
        table.update(changes)
        return newest

    def overlaid(self, changes: Mapping[Address, V]) -> VersionedMap[V]:
        """Return a version beside this one, with other values for some of the keys.

        This one stays the newest of its dictionary; the other has none of its own.
        """
        beside: VersionedMap[V] = object.__new__(VersionedMap)
        beside._table, beside._changes, beside._rest = self._table, dict(changes), self
        return beside
