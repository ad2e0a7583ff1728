"""StablePool and ComposableStablePool: Balancer V2 pools of tokens near a fixed rate.

Sources: Balancer V2, StablePool, MetaStablePool, StablePhantomPool, ComposableStablePool and
their StableMath. The two classes differ in how the contract rounds the invariant.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from aineon.amm.balancer.pool import BalancerPool
from aineon.amm.balancer.stable_direction import StableDirection, Terms, slope
from aineon.amm.balancer.stable_math import (
    AMP_PRECISION,
    Invariant,
    invariant_rounded_down,
    invariant_rounded_up,
)
from aineon.amm.balancer.state import scaled
from aineon.amm.checks import checked_int
from aineon.amm.pool import LocalCurve
from aineon.errors import IncompleteState
from aineon.primitives.token import Token

MOST_TOKENS = 5
MAX_AMP = 5000

_set = object.__setattr__


class _AmplifiedPool(BalancerPool):
    """A Balancer pool on the StableSwap curve, whichever way it rounds."""

    __slots__ = ("_terms", "amp", "bpt_index")
    _STATE = (*BalancerPool._STATE, "amp", "bpt_index")

    amp: int
    bpt_index: int | None
    # Worked out when first asked for, once for each state.
    _terms: Terms | None

    def __init__(
        self,
        address: str,
        tokens: Sequence[Token],
        balances: Sequence[int],
        amp: int,
        swap_fee: int,
        *,
        scaling_factors: Sequence[int] | None = None,
        bpt_index: int | None = None,
        pool_id: str | None = None,
        is_paused: bool = False,
        swap_enabled: bool = True,
        venue: str = "balancer_v2",
    ) -> None:
        self._set_vault_state(
            MOST_TOKENS + (bpt_index is not None),
            address,
            tokens,
            balances,
            swap_fee,
            scaling_factors,
            pool_id,
            is_paused,
            swap_enabled,
            venue,
        )
        _set(self, "amp", _checked_amp(amp))
        if bpt_index is not None:
            checked_int("bpt_index", bpt_index, 0, len(self.tokens) - 1)
            checked_int("tokens beside the pool's own", len(self.tokens) - 1, 2, MOST_TOKENS)
        _set(self, "bpt_index", bpt_index)

    def with_amp(self, amp: int) -> _AmplifiedPool:
        """Return this pool with another amplification, precision included, as it ramps.

        Raises:
            InvalidPoolState: not an int from 1,000 to 5,000,000.
        """
        return self._changed(amp=_checked_amp(amp))

    @property
    def invariant(self) -> int:
        """The invariant as the contract rounds it for a swap, 18 decimals.

        Raises:
            InsufficientLiquidity: a token is missing.
            InvalidPoolState: the contract finds none.
        """
        return self._ready().invariant

    @staticmethod
    @abstractmethod
    def _rounding() -> Invariant:
        """Return the contract's way to its invariant."""

    def _curve(self, i: int, j: int) -> LocalCurve:
        terms, x, y = self._placed(i, j)
        rate, bend = slope(terms, x, y)
        factor_in, factor_out = self.scaling_factors[i], self.scaling_factors[j]
        return LocalCurve(rate * (factor_in / factor_out), bend * (factor_in / 1e18))

    def _make_direction(self, i: int, j: int) -> StableDirection:
        terms, x, y = self._placed(i, j)
        return StableDirection(self, terms, (i, j), (x, y))

    def _placed(self, i: int, j: int) -> tuple[Terms, int, int]:
        """Return the curve's terms, and the places of two tokens among its balances."""
        own = self.bpt_index
        if own is None:
            return self._ready(), i, j
        if own in {i, j}:
            raise IncompleteState(
                f"{self.tokens[own]} is the share of {self!r} itself; a swap with it is a join "
                "or exit, which needs the supply and protocol fees that are not known here"
            )
        return self._ready(), i - (i > own), j - (j > own)

    def _ready(self) -> Terms:
        if self._terms is None:
            _set(self, "_terms", self._find_terms())
        assert self._terms is not None
        return self._terms

    def _find_terms(self) -> Terms:
        own = self.bpt_index
        kept = [place for place in range(len(self.tokens)) if place != own]
        if not all(self.balances[place] for place in kept):
            raise self._refuse_empty()
        balances = tuple(
            scaled(self.balances[place], self.scaling_factors[place]) for place in kept
        )
        if not all(balances):
            raise self._refuse_empty()
        return Terms(self.amp, balances, self._rounding()(self.amp, balances))

    def _forget(self) -> None:
        super()._forget()
        _set(self, "_terms", None)


class StablePool(_AmplifiedPool):
    """A stable pool of the contracts of 2021, which round the invariant up; see `Pool`.

    These are StablePool, MetaStablePool and StablePhantomPool; the last lists its own token.

    Attributes:
        amp: the amplification with the contract's precision of 1000; while it ramps it changes
            every second, and the caller passes the current one.
        bpt_index: place of the pool's own token among `tokens`; None where it is not listed.
            That token is no part of the curve, and swaps with it are refused.
        address, venue, pool_id, tokens, balances, swap_fee, scaling_factors, is_paused,
            swap_enabled: see `BalancerPool`. The contract reckons with cached token rates while
            they are valid.

    Raises:
        InvalidPoolState: a value that such a contract cannot have.
        SameToken: a token appears twice.
        UnsupportedToken: a token moves other amounts than it is asked to.
    """

    __slots__ = ()

    @staticmethod
    def _rounding() -> Invariant:
        return invariant_rounded_up


class ComposableStablePool(_AmplifiedPool):
    """A stable pool of the contracts since 2022, which round the invariant down; see `Pool`.

    Attributes and errors: see `StablePool`. Most list their own token (`bpt_index`).
    """

    __slots__ = ()

    @staticmethod
    def _rounding() -> Invariant:
        return invariant_rounded_down


def _checked_amp(amp: int) -> int:
    return checked_int("amp", amp, AMP_PRECISION, MAX_AMP * AMP_PRECISION)
