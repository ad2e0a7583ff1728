"""Leaving: what is on its way out and still stands in the account's balance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from aineon.primitives import ETHER, Token
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Withdrawal


class Leaving:
    """Amounts by asset of what is handed over and not mined, its gas at the dearest included.

    Args:
        out: what may be out; of what is mined the balance tells already.
        gas_wei: what one payment's gas costs at most.
    """

    def __init__(self, out: Iterable[Withdrawal], gas_wei: int) -> None:
        self._out = tuple(each for each in out if each.state is not WithdrawalState.MINED)
        self._gas = gas_wei

    def of(self, asset: Token) -> int:
        """Return how much of an asset is leaving, in its smallest unit."""
        amount = sum(each.amount for each in self._out if each.asset == asset)
        return amount + (len(self._out) * self._gas if asset == ETHER else 0)

    def and_also(self, withdrawal: Withdrawal) -> Self:
        """Return the same with one more."""
        return type(self)((*self._out, withdrawal), self._gas)
