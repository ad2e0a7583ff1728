"""Leaving: what is on its way out and still stands in the account's balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aineon.primitives import ETHER, Token
from aineon.treasury.withdrawal import Withdrawal


class Leaving:
    """Amounts by asset of what is handed over and not mined, its gas at the dearest included.

    Args:
        out: what may be out; of what is mined by then the balance tells already.
        gas_wei: what one payment's gas costs at most.
        sold: what is being sold, in each token's smallest unit, and the ether for its gas.
        head: number of the block whose balance is looked at; the outbox may know a newer one.
    """

    def __init__(
        self, out: Iterable[Withdrawal], gas_wei: int, sold: Mapping[Token, int], head: int
    ) -> None:
        self._out = tuple(each for each in out if not each.is_mined_by(head))
        self._gas = gas_wei
        self._sold = sold

    def of(self, asset: Token) -> int:
        """Return how much of an asset is leaving, in its smallest unit."""
        amount = sum(each.amount for each in self._out if each.asset == asset)
        amount += self._sold.get(asset, 0)
        return amount + (len(self._out) * self._gas if asset == ETHER else 0)
