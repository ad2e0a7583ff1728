"""Batches: which withdrawals that are due share a transaction, where that is cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from aineon.errors import InvalidWithdrawal
from aineon.treasury.withdrawal import Origin, Withdrawal


@dataclass(frozen=True, slots=True)
class BatchGas:
    """Gas, in units, of one asset's payments.

    Attributes:
        alone: a payment in a transaction of its own.
        base, each: a batch, and every payment in it.
        most: how many payments a batch holds.

    Raises:
        InvalidWithdrawal: a figure is no positive int.
    """

    alone: int
    base: int
    each: int
    most: int

    def __post_init__(self) -> None:
        for name in ("alone", "base", "each", "most"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise InvalidWithdrawal(f"{name} {value!r} of a batch is not an int from 1 on")

    def saved(self, count: int) -> int:
        """Return the gas that a batch of `count` payments saves; negative where it costs more."""
        return count * self.alone - (self.base + count * self.each)


def select_batches(due: Sequence[Withdrawal], gas: BatchGas) -> tuple[tuple[Withdrawal, ...], ...]:
    """Return the withdrawals that go together, each group's in the order they were admitted.

    Whatever is in no group goes alone. Together go withdrawals of one asset and one gas strategy;
    an emergency shares with nobody, because one payment that cannot be made stops a whole batch.
    """
    eligible = sorted((each for each in due if each.origin is not Origin.EMERGENCY), key=_order)
    groups = []
    for _, members in groupby(eligible, key=_kind):
        waiting = list(members)
        while waiting:
            group, waiting = tuple(waiting[: gas.most]), waiting[gas.most :]
            if len(group) > 1 and gas.saved(len(group)) > 0:
                groups.append(group)
    return tuple(groups)


def _kind(withdrawal: Withdrawal) -> tuple[str, str]:
    return withdrawal.asset.address, withdrawal.strategy.value


def _order(withdrawal: Withdrawal) -> tuple[str, str, float, str]:
    return (*_kind(withdrawal), withdrawal.admitted_at or 0.0, withdrawal.id)
