"""The state of a StableSwap pool: a frozen value, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from aineon.amm.checks import (
    checked_address,
    checked_flag,
    checked_int,
    checked_tokens,
    checked_venue,
)
from aineon.amm.frozen import Frozen
from aineon.amm.stableswap.checks import (
    MOST_COINS,
    check_cache,
    check_followed,
    check_unset,
    checked_amplification,
    checked_balances,
    checked_fees,
    checked_template,
    split_rates,
)
from aineon.amm.stableswap.direction import Direction, Terms
from aineon.amm.stableswap.liquidity import scaled
from aineon.amm.stableswap.math import MAX_UINT256, PRECISION, Invariant
from aineon.amm.stableswap.templates import Template, template_of
from aineon.errors import IncompleteState, InsufficientLiquidity, InvalidPoolState
from aineon.primitives.address import Address
from aineon.primitives.token import Token

BASE_CACHE_EXPIRES = 600

_new = object.__new__
_set = object.__setattr__

_STATE = (
    "address",
    "tokens",
    "balances",
    "A",
    "fee",
    "A_precision",
    "A_precise",
    "admin_fee",
    "offpeg_fee_multiplier",
    "lp_token",
    "lp_total_supply",
    "base_pool",
    "base_virtual_price",
    "base_cache_updated",
    "block_timestamp",
    "is_killed",
    "template",
    "venue",
    "_own_rates",
)
_DERIVED = ("_directions", "_rates", "_terms")


class StableSwapState(Frozen):
    """What a StableSwap pool is at one moment; `StableSwapPool` swaps in it.

    Attributes:
        address, venue: of the contract, and its protocol.
        tokens: the contract's `coins`, in its order. Native ether is `ETHER`.
        balances: what a swap reckons with: the contract's `balances(i)`, admin fees left out.
        A: the amplification as the contract's `A()` says it; while A ramps it changes every
            second and the caller passes the current one.
        A_precision: 1 where the contract reckons with A as it is (3pool), 100 elsewhere.
        A_precise: the contract's `A_precise()`, that is A times its precision with the digits
            that `A()` cuts off during a ramp.
        fee, admin_fee: 1e10 is all; the admin's is a part of the fee.
        offpeg_fee_multiplier: 1e10 is one; None where the fee does not move.
        rates: what makes a unit of each coin comparable: 10^(36 - decimals), times the exchange
            rate (1e18) of a coin that grows: the one that `exchange` will find, which the views
            of lending pools only estimate. For a metapool the last is the virtual price of
            the base pool, which the constructor works out where it is left out, and takes as
            `base_virtual_price` where it is given.
        lp_token, lp_total_supply: the pool's own token; None where not known.
        base_pool: of a metapool, whose last coin is that pool's LP token.
        base_virtual_price, base_cache_updated: a metapool's cache. Where both and
            `block_timestamp` are known the contract's rule applies: it counts for 600 seconds
            and is read anew after that. Alone, `base_virtual_price` counts as it is; None means
            a contract without cache.
        block_timestamp: of the block that the swap will be in.
        is_killed: whether the contract refuses swaps and deposits; its views go on.
        template: how the contract rounds. None takes well-known mainnet pools by their address,
            a pool with a dynamic fee for `ng`, one with A_precision 1 for `three_pool`, others
            for `plain`; name it where the contract is another: each pays some unit apart.

    Raises:
        InvalidPoolState: a value that such a contract cannot have.
        SameToken: a coin appears twice.
        UnsupportedToken: a token moves amounts that the contract does not follow.
        IncompleteState: a metapool without cached price whose base pool's LP supply is not known.
    """

    __slots__ = (*_STATE, *_DERIVED)

    address: Address
    venue: str
    tokens: tuple[Token, ...]
    balances: tuple[int, ...]
    A: int
    fee: int
    A_precision: int
    A_precise: int
    admin_fee: int
    offpeg_fee_multiplier: int | None
    lp_token: Token | None
    lp_total_supply: int | None
    base_pool: StableSwapState | None
    base_virtual_price: int | None
    base_cache_updated: int | None
    block_timestamp: int | None
    is_killed: bool
    template: Template
    _own_rates: tuple[int, ...]
    # Worked out when first asked for, once for each state.
    _rates: tuple[int, ...] | None
    _terms: Terms | None
    _directions: dict[tuple[Token, Token], Direction]

    def __init__(
        self,
        address: str,
        tokens: Sequence[Token],
        balances: Sequence[int],
        A: int,
        fee: int,
        *,
        A_precision: int = 1,
        A_precise: int | None = None,
        rates: Sequence[int] | None = None,
        admin_fee: int = 0,
        offpeg_fee_multiplier: int | None = None,
        lp_token: Token | None = None,
        lp_total_supply: int | None = None,
        base_pool: StableSwapState | None = None,
        base_virtual_price: int | None = None,
        base_cache_updated: int | None = None,
        block_timestamp: int | None = None,
        is_killed: bool = False,
        template: Template | None = None,
        venue: str = "curve",
    ) -> None:
        checked_fees(fee, admin_fee, offpeg_fee_multiplier)
        check_cache(base_virtual_price, base_cache_updated, block_timestamp)
        if not isinstance(lp_token, Token | None):
            raise InvalidPoolState(f"lp_token is {lp_token!r}; allowed is a Token or None")
        if lp_total_supply is not None:
            checked_int("lp_total_supply", lp_total_supply, 0, MAX_UINT256)
        held = checked_tokens(tokens, MOST_COINS)
        canonical = checked_address(address)
        if template is None:
            template = template_of(canonical, A_precision, offpeg_fee_multiplier)
        chosen = checked_template(template)
        check_followed(held, chosen)
        own_rates, fixed = split_rates(held, rates, base_pool is not None)
        if fixed is not None:
            check_unset(base_virtual_price)
            base_virtual_price = fixed
        _check_base(held, base_pool, base_virtual_price)
        values = {
            "address": canonical,
            "tokens": held,
            "balances": checked_balances(balances, len(held)),
            "A": A,
            "fee": fee,
            "A_precision": A_precision,
            "A_precise": checked_amplification(A, A_precision, A_precise),
            "admin_fee": admin_fee,
            "offpeg_fee_multiplier": offpeg_fee_multiplier,
            "lp_token": lp_token,
            "lp_total_supply": lp_total_supply,
            "base_pool": base_pool,
            "base_virtual_price": base_virtual_price,
            "base_cache_updated": base_cache_updated,
            "block_timestamp": block_timestamp,
            "is_killed": checked_flag("is_killed", is_killed),
            "template": chosen,
            "venue": checked_venue(venue),
            "_own_rates": own_rates,
        }
        for name, value in values.items():
            _set(self, name, value)
        self._forget()

    @property
    def rates(self) -> tuple[int, ...]:
        """The rates in force; see the class.

        Raises:
            IncompleteState: the cached price has expired and the base pool's LP supply is not
                known.
        """
        if self._rates is None:
            rates = self._own_rates
            if len(rates) < len(self.tokens):
                rates = (*rates, self._base_price())
            _set(self, "_rates", rates)
        assert self._rates is not None
        return self._rates

    @property
    def xp(self) -> tuple[int, ...]:
        """The balances in the unit of the invariant."""
        return self._ready().xp

    @property
    def D(self) -> int:  # noqa: N802 - the contract's name
        """The invariant, 1e18 a unit: what all balances are worth together in balance.

        Raises:
            InsufficientLiquidity, InvalidPoolState: the contract finds none.
        """
        return self._ready().D

    def get_virtual_price(self) -> int:
        """What one LP token is worth, 1e18 a unit.

        Raises:
            IncompleteState: the LP supply is not known.
            InsufficientLiquidity: there are no LP tokens.
        """
        supply = self.known_supply()
        if not supply:
            raise InsufficientLiquidity(f"{self!r} has no LP tokens, which have no price then")
        return self._ready().D * PRECISION // supply

    def known_supply(self) -> int:
        """The supply of LP tokens.

        Raises:
            IncompleteState: it is not known.
        """
        if self.lp_total_supply is None:
            raise IncompleteState(f"lp_total_supply of {self!r} is not known; it was not given")
        return self.lp_total_supply

    def _usable_terms(self, i: int, j: int) -> Terms:
        terms = self._ready()
        if not (terms.xp[i] and terms.xp[j]):
            raise InsufficientLiquidity(
                f"{self!r} has balances {self.balances}; a swap needs both coins above zero"
            )
        return terms

    def _ready(self) -> Terms:
        if self._terms is None:
            _set(self, "_terms", self._find_terms())
        assert self._terms is not None
        return self._terms

    def _find_terms(self) -> Terms:
        rates = self.rates
        n = len(self.tokens)
        template = self.template
        invariant = Invariant(
            n, self.A_precise * n, self.A_precision, template.product, template.keeps_last
        )
        xp = scaled(self.balances, rates)
        return Terms(
            invariant,
            template,
            self.balances,
            rates,
            xp,
            invariant.total(xp),
            self.fee,
            self.admin_fee,
            self.offpeg_fee_multiplier or 0,
        )

    def _base_price(self) -> int:
        assert self.base_pool is not None
        if self.base_virtual_price is None or self._cache_expired():
            return self.base_pool.get_virtual_price()
        return self.base_virtual_price

    def _cache_expired(self) -> bool:
        updated, now = self.base_cache_updated, self.block_timestamp
        return updated is not None and now is not None and now > updated + BASE_CACHE_EXPIRES

    def _changed(self, **changes: object) -> Self:
        changed = _new(type(self))
        for name in _STATE:
            _set(changed, name, getattr(self, name))
        for name, value in changes.items():
            _set(changed, name, value)
        changed._forget()
        return changed

    def _swapped(self, balances: tuple[int, ...]) -> Self:
        if not self._cache_expired():
            return self._changed(balances=balances)
        return self._changed(
            balances=balances,
            base_virtual_price=self.rates[-1],
            base_cache_updated=self.block_timestamp,
        )

    def _forget(self) -> None:
        _set(self, "_rates", None)
        _set(self, "_terms", None)
        _set(self, "_directions", {})

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, StableSwapState):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _STATE)

    def __hash__(self) -> int:
        return hash((self.address, self.balances, self.A_precise))

    def __repr__(self) -> str:
        names = "/".join(str(token) for token in self.tokens)
        return f"StableSwapPool({names} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (
            type(self),
            tuple(getattr(self, name) for name in _STATE),
        )


def _rebuilt(pool_type: type[StableSwapState], values: tuple[Any, ...]) -> StableSwapState:
    pool = _new(pool_type)
    for name, value in zip(_STATE, values, strict=True):
        _set(pool, name, value)
    pool._forget()
    return pool


def _check_base(
    tokens: tuple[Token, ...], base_pool: StableSwapState | None, base_virtual_price: int | None
) -> None:
    if base_pool is None:
        if base_virtual_price is not None:
            raise InvalidPoolState(
                f"base_virtual_price is {base_virtual_price}; it needs a base_pool beside it"
            )
        return
    if not isinstance(base_pool, StableSwapState):
        raise InvalidPoolState(f"base_pool is {base_pool!r}; allowed is a StableSwapPool")
    if base_pool.lp_token is not None and base_pool.lp_token != tokens[-1]:
        raise InvalidPoolState(
            f"the last coin is {tokens[-1]!r}; a metapool ends with {base_pool.lp_token!r}"
        )
    if base_virtual_price is None:
        base_pool.known_supply()
