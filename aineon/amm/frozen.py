"""The base of pools: values whose attributes cannot be set once they are built."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import NoReturn


class Frozen:
    """Refuses to set or delete attributes; constructors use `object.__setattr__`.

    Pools are not dataclasses because they keep derived figures beside their state and build
    thousands of successors a second, which generated constructors make slow.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot set {name!r}: a {type(self).__name__} is a frozen value")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(
            f"cannot delete {name!r}: a {type(self).__name__} is a frozen value"
        )
