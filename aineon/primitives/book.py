"""Books, and money that knows which book it belongs to.

Simulated, rehearsed and live money are different types. `+` joins equal types only and raises
TypeError for any others, so no line of code can add play money to real money by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from aineon.primitives.units import format_ether


class Book(StrEnum):
    """Which kind of money an entry is about; each book has a database of its own."""

    SIMULATION = "simulation"
    REHEARSAL = "rehearsal"
    LIVE = "live"


class Provenance(StrEnum):
    """Where a figure comes from; shown beside it wherever it appears."""

    LIVE = "live"
    PENDING = "pending"
    SIMULATED = "simulated"
    REPLAYED = "replayed"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of wei in one book. Use a subclass; books never mix."""

    wei: int

    def __add__(self, other: Self) -> Self:
        return type(self)(self.wei + other.wei) if type(other) is type(self) else NotImplemented

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.wei - other.wei) if type(other) is type(self) else NotImplemented

    def __neg__(self) -> Self:
        return type(self)(-self.wei)

    def __str__(self) -> str:
        return f"{format_ether(self.wei)} ETH"


class SimulatedMoney(Money):
    """Play money: what a paper trade would have earned."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{format_ether(self.wei)} simulated ETH"


class RehearsalMoney(Money):
    """Play money on a local test chain, moved by real contracts."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{format_ether(self.wei)} rehearsal ETH"


class LiveMoney(Money):
    """Real money, proven by a finalised receipt."""

    __slots__ = ()


MONEY_OF: dict[Book, type[Money]] = {
    Book.SIMULATION: SimulatedMoney,
    Book.REHEARSAL: RehearsalMoney,
    Book.LIVE: LiveMoney,
}
