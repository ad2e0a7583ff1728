"""What events make of a StableSwap pool: the same pool with another part of its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from aineon.amm.checks import checked_int
from aineon.amm.stableswap.checks import (
    check_cache,
    checked_amplification,
    checked_balances,
    checked_fees,
    split_rates,
)
from aineon.amm.stableswap.math import MAX_UINT256
from aineon.amm.stableswap.state import StableSwapState
from aineon.errors import InvalidPoolState


class StableSwapUpdates(StableSwapState):
    """The `with_…` methods of `StableSwapPool`."""

    __slots__ = ()

    def with_balances(self, balances: Sequence[int]) -> Self:
        """Return this pool with other balances.

        Raises:
            InvalidPoolState: not one uint256 for each coin.
        """
        return self._changed(balances=checked_balances(balances, len(self.tokens)))

    def with_rates(self, rates: Sequence[int]) -> Self:
        """Return this pool with other rates.

        For a metapool those of its own coins; with the base pool's virtual price behind them
        that one counts from now on, whatever the cache says.

        Raises:
            InvalidPoolState: not one positive uint256 for each coin.
        """
        own_rates, fixed = split_rates(self.tokens, rates, self.base_pool is not None)
        if fixed is None:
            return self._changed(_own_rates=own_rates)
        return self._changed(
            _own_rates=own_rates, base_virtual_price=fixed, base_cache_updated=None
        )

    def with_A(self, A_precise: int) -> Self:  # noqa: N802 - the contract's name
        """Return this pool with another amplification, in the contract's own precision.

        Raises:
            InvalidPoolState: not a positive int that `A()` could stand for.
        """
        A = checked_int("A_precise", A_precise, 1, MAX_UINT256) // self.A_precision
        checked_amplification(A, self.A_precision, A_precise)
        return self._changed(A=A, A_precise=A_precise)

    def with_fees(self, fee: int, admin_fee: int, offpeg_fee_multiplier: int | None = None) -> Self:
        """Return this pool with other fees, as NewFee and ApplyNewFee report them.

        Raises:
            InvalidPoolState: a fee that a contract does not allow.
        """
        checked_fees(fee, admin_fee, offpeg_fee_multiplier)
        return self._changed(
            fee=fee, admin_fee=admin_fee, offpeg_fee_multiplier=offpeg_fee_multiplier
        )

    def with_lp_total_supply(self, lp_total_supply: int) -> Self:
        """Return this pool with another supply of its LP token.

        Raises:
            InvalidPoolState: not a uint256.
        """
        checked_int("lp_total_supply", lp_total_supply, 0, MAX_UINT256)
        return self._changed(lp_total_supply=lp_total_supply)

    def with_base_pool(self, base_pool: StableSwapState) -> Self:
        """Return this metapool over its base pool in another state.

        Raises:
            InvalidPoolState: this is no metapool, or that is not its base pool.
        """
        known = None if self.base_pool is None else self.base_pool.address
        if not isinstance(base_pool, StableSwapState) or base_pool.address != known:
            raise InvalidPoolState(f"{base_pool!r} is not the base pool of {self!r}")
        return self._changed(base_pool=base_pool)

    def with_base_cache(
        self, base_virtual_price: int, base_cache_updated: int, block_timestamp: int
    ) -> Self:
        """Return this metapool with another cached virtual price, at another block's time.

        Raises:
            InvalidPoolState: values that a contract cannot have.
        """
        check_cache(base_virtual_price, base_cache_updated, block_timestamp)
        return self._changed(
            base_virtual_price=base_virtual_price,
            base_cache_updated=base_cache_updated,
            block_timestamp=block_timestamp,
        )

    def with_timestamp(self, block_timestamp: int) -> Self:
        """Return this pool for a swap in a block of another time.

        Raises:
            InvalidPoolState: not an int from 0 on.
        """
        checked_int("block_timestamp", block_timestamp, 0, MAX_UINT256)
        return self._changed(block_timestamp=block_timestamp)

    def killed(self) -> Self:
        """Return this pool as `kill_me` leaves it."""
        return self._changed(is_killed=True)

    def revived(self) -> Self:
        """Return this pool as `unkill_me` leaves it."""
        return self._changed(is_killed=False)
