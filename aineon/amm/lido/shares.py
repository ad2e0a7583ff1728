"""How stETH moves: in whole shares of a growing pool of ether.

Sources: Lido's contracts/0.4.24/StETH.sol (`getSharesByPooledEth`, `getPooledEthByShares`,
`_transfer`), and its override in Lido.sol since the third version.
"""

from __future__ import annotations

from dataclasses import dataclass

from aineon.amm.checks import checked_int

MAX_STAKED = 2**128 - 2
"""The largest amount that the conversions of Lido's third version take."""


@dataclass(frozen=True, slots=True)
class StakedEtherShares:
    """The share rate of stETH at one moment, and what transfers do at that rate.

    A holder owns shares; his balance is their ether, rounded down. `transfer(amount)` moves the
    shares of `amount`, rounded down, so that the receiver's balance can grow by a unit or two
    less than `amount`. A searcher who goes on with `amount` reverts.

    Attributes:
        total_pooled_ether: numerator of the share rate: `getTotalPooledEther()`; since Lido's
            third version the internal ether alone (buffered, in transit and on the beacon
            chain), without what vaults back.
        total_shares: its denominator: `getTotalShares()`; since the third version without the
            external shares. Totals that include external shares can round differently.

    Raises:
        InvalidPoolState: a total is not an int from 1 to 2^128 - 1.
    """

    total_pooled_ether: int
    total_shares: int

    def __post_init__(self) -> None:
        checked_int("total_pooled_ether", self.total_pooled_ether, 1, 2**128 - 1)
        checked_int("total_shares", self.total_shares, 1, 2**128 - 1)

    def shares_of(self, amount: int) -> int:
        """The shares that `amount` of stETH stands for, rounded down (`getSharesByPooledEth`)."""
        return amount * self.total_shares // self.total_pooled_ether

    def ether_of(self, shares: int) -> int:
        """The stETH that shares stand for, rounded down (`getPooledEthByShares`)."""
        return shares * self.total_pooled_ether // self.total_shares

    def received(self, amount: int) -> int:
        """What arrives at a holder of nothing when `amount` of stETH is transferred to him.

        A receiver who holds shares already may see one unit more, never less: an executor that
        keeps nothing, or dust, can rely on this figure.
        """
        return self.ether_of(self.shares_of(amount))

    def sent(self, received: int) -> int:
        """The smallest amount whose transfer brings a holder of nothing at least `received`."""
        shares = -(-received * self.total_shares // self.total_pooled_ether)
        return -(-shares * self.total_pooled_ether // self.total_shares)

    def balance_after(self, balance: int, paid_in: int = 0, paid_out: int = 0) -> int:
        """The balance of a holder after transfers of `paid_in` to him and `paid_out` from him.

        Exact where a share is worth at least one unit, as it has been since the beginning: then
        one number of shares alone stands for a balance.
        """
        shares = -(-balance * self.total_shares // self.total_pooled_ether)
        return self.ether_of(shares + self.shares_of(paid_in) - self.shares_of(paid_out))
