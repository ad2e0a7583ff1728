"""ConcentratedPool: Uniswap V3, to the contract's last unit.

Source: Uniswap v3-core, contracts/UniswapV3Pool.sol (`swap`, `mint`, `burn`) and Tick.sol.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from aineon.amm.checks import checked_int, refuse_amount
from aineon.amm.concentrated.borders import (
    Borders,
    TickLiquidity,
    borders_after,
    borders_of,
    check_burnt,
    liquidity_after,
    liquidity_at,
)
from aineon.amm.concentrated.directions import DOWN, UP
from aineon.amm.concentrated.liquidity_math import MAX_LIQUIDITY, add_delta
from aineon.amm.concentrated.segments import Segments
from aineon.amm.concentrated.state import (
    check_price_and_tick,
    check_range,
    checked_ticks,
    ticks_after,
)
from aineon.amm.concentrated.tables import Table
from aineon.amm.concentrated.tick_math import is_well_inside
from aineon.amm.concentrated.walk import PriceState, Step, Walk
from aineon.amm.frozen import draft_of
from aineon.amm.pair_pool import PairPool
from aineon.amm.pool import LocalCurve
from aineon.amm.quote import Quote
from aineon.errors import InvalidPoolState, InvalidPriceLimit
from aineon.primitives.token import Token
from aineon.primitives.units import PIPS

MAX_AMOUNT = 2**255 - 1
_WIDEST_SPACING = 16383

_new_tuple = tuple.__new__
_set = object.__setattr__


class ConcentratedPool(PairPool):
    """A pool whose liquidity lies in ranges of ticks; see `Pool`.

    Attributes:
        tick_spacing: positions start and end at its multiples.
        sqrt_price_x96: the current square-root price (token1 per token0), Q64.96.
        tick: the contract's current tick; one below a border where a falling price ended
            exactly on it.
        liquidity: in range at the current tick.
        ticks: initialised ticks, each with its gross and net liquidity (read-only).

    Raises:
        InvalidPoolState: values that such a contract cannot have together.
        SameToken: both tokens are one.
    """

    __slots__ = (
        "_borders",
        "_downward_table",
        "_falling",
        "_rising",
        "_upward_table",
        "liquidity",
        "sqrt_price_x96",
        "tick",
        "tick_spacing",
        "ticks",
    )

    tick_spacing: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks: MappingProxyType[int, TickLiquidity]
    # Tables of both directions, shared by all states of the pool with these ticks.
    _borders: Borders
    _downward_table: Table
    _upward_table: Table
    # This state's place in each table, made when it is first asked for.
    _falling: Walk | None
    _rising: Walk | None

    def __init__(
        self,
        address: str,
        token0: Token,
        token1: Token,
        fee_pips: int,
        tick_spacing: int,
        sqrt_price_x96: int,
        tick: int,
        liquidity: int,
        ticks: Mapping[int, TickLiquidity],
        venue: str = "uniswap_v3",
    ) -> None:
        self._set_identity(address, token0, token1, fee_pips, venue)
        checked_int("tick_spacing", tick_spacing, 1, _WIDEST_SPACING)
        _set(self, "tick_spacing", tick_spacing)
        checked = checked_ticks(ticks, tick_spacing)
        _set(self, "ticks", MappingProxyType(checked))
        _set(self, "_borders", borders_of(checked))
        check_price_and_tick(sqrt_price_x96, tick, tick_spacing)
        self._check_liquidity(tick, liquidity, liquidity_at(self._borders, checked, tick))
        for name, direction in (("_downward_table", DOWN), ("_upward_table", UP)):
            segments = Segments.build(direction, fee_pips, tick_spacing, checked)
            _set(self, name, Table(segments))
        _set(self, "sqrt_price_x96", sqrt_price_x96)
        _set(self, "tick", tick)
        _set(self, "liquidity", liquidity)
        _set(self, "_falling", None)
        _set(self, "_rising", None)

    def with_state(self, sqrt_price_x96: int, tick: int, liquidity: int) -> ConcentratedPool:
        """Return this pool at another price, as a Swap event reports it.

        Raises:
            InvalidPoolState: price and tick do not belong together, or the liquidity is not
                what the ticks add up to there.
        """
        check_price_and_tick(sqrt_price_x96, tick, self.tick_spacing)
        expected = self.liquidity
        if tick != self.tick:
            expected = liquidity_after(self._borders, self.ticks, self.tick, expected, tick)
        if type(liquidity) is not int or liquidity != expected:
            self._check_liquidity(tick, liquidity, expected)
        return _moved(self, (sqrt_price_x96, tick, liquidity))

    def with_liquidity(
        self, tick_lower: int, tick_upper: int, liquidity_delta: int
    ) -> ConcentratedPool:
        """Return this pool after a mint (positive delta) or a burn (negative).

        A delta of zero changes nothing, as the contract's "poke" does.

        Raises:
            InvalidAmount: the delta is not an int of at most 128 bits.
            InvalidPoolState: the ticks are no range of this pool, or a tick would carry more
                than its most.
            InsufficientLiquidity: a burn of more than there is.
        """
        check_range(tick_lower, tick_upper, self.tick_spacing)
        if type(liquidity_delta) is not int or abs(liquidity_delta) > MAX_LIQUIDITY:
            raise refuse_amount("liquidity_delta", liquidity_delta, MAX_LIQUIDITY)
        if liquidity_delta == 0:
            return self
        ticks = ticks_after(self.ticks, tick_lower, tick_upper, liquidity_delta, self.tick_spacing)
        borders = borders_after(self._borders, ticks, tick_lower, tick_upper)
        liquidity = self.liquidity
        if tick_lower <= self.tick < tick_upper:
            liquidity = add_delta(liquidity, liquidity_delta)
        if liquidity_delta < 0:
            check_burnt(borders, ticks, self.tick, liquidity, tick_lower, tick_upper)
        change = (tick_lower, tick_upper, ticks, borders)
        changed = _draft_like(self)
        changed.ticks = MappingProxyType(ticks)
        changed._borders = borders
        changed._downward_table = self._downward_table.changed(*change)
        changed._upward_table = self._upward_table.changed(*change)
        changed.sqrt_price_x96, changed.tick = self.sqrt_price_x96, self.tick
        changed.liquidity = liquidity
        changed.__class__ = ConcentratedPool
        return changed  # type: ignore[no-any-return]

    def quote_exact_input(
        self,
        token_in: Token,
        token_out: Token,
        amount_in: int,
        sqrt_price_limit_x96: int | None = None,
    ) -> Quote:
        """Quote a swap of `amount_in`; partial where liquidity or the price limit ends first.

        Raises:
            InvalidAmount: not an int from 1 to 2^255 - 1.
            InvalidPriceLimit: the limit (by default the end of all prices) is not ahead of
                the current price; the contract's `SPL`.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        # As `_walk`, without the call: it is a tenth of what the most frequent question takes.
        if token_in is self.token0 and token_out is self.token1:
            walk = self._falling
        elif token_in is self.token1 and token_out is self.token0:
            walk = self._rising
        else:
            walk = None
        if walk is None:
            walk = self._find_walk(token_in, token_out)
        if (
            sqrt_price_limit_x96 is not None
            or type(amount_in) is not int
            or not 0 < amount_in <= walk.most_in
        ):
            return self._limited_quote(walk, amount_in, sqrt_price_limit_x96)
        after = partial(_after_input, self, walk, amount_in)
        return _new_tuple(Quote, (amount_in, walk.output(amount_in), False, after))

    def quote_exact_output(
        self,
        token_in: Token,
        token_out: Token,
        amount_out: int,
        sqrt_price_limit_x96: int | None = None,
    ) -> Quote:
        """Quote a swap that pays `amount_out`; partial where liquidity or the limit ends first.

        Raises:
            As `quote_exact_input`.
        """
        walk = self._walk(token_in, token_out)
        if type(amount_out) is not int or not 0 < amount_out <= MAX_AMOUNT:
            raise refuse_amount("amount_out", amount_out, MAX_AMOUNT)
        if sqrt_price_limit_x96 is not None:
            walk = self._limited(walk, sqrt_price_limit_x96)
        if amount_out <= walk.most_out:
            after = partial(_after_output, self, walk, amount_out)
            return Quote(walk.input_for(amount_out), amount_out, False, after)
        return self._all_of(walk, sqrt_price_limit_x96)

    def quote_to_price(self, token_in: Token, token_out: Token, sqrt_price_limit_x96: int) -> Quote:
        """Quote the swap that moves the price to `sqrt_price_limit_x96`; it is never partial.

        Raises:
            InvalidPriceLimit: the limit is not ahead of the current price.
            UnknownToken, SameToken: the pool cannot swap these two tokens.
        """
        walk = self._limited(self._walk(token_in, token_out), sqrt_price_limit_x96)
        return self._all_of(walk, sqrt_price_limit_x96)._replace(partial=False)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """Price before fees: raw units of `token_out` for one raw unit of `token_in`."""
        price = (self.sqrt_price_x96 / 2**96) ** 2
        return price if self._sells_token0(token_in, token_out) else 1 / price

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The step that the next unit falls into, as if it had no end; see `Pool.local_curve`.

        Where nothing is to be had at the current price, the next step that has something.
        """
        direction = DOWN if self._sells_token0(token_in, token_out) else UP
        step: tuple[int, int] | None
        if self.liquidity and is_well_inside(self.sqrt_price_x96, self.tick):
            # Searches ask this of every pool that changed: mostly no table is needed for it.
            step = self.sqrt_price_x96, self.liquidity
        else:
            step = self._walk(token_in, token_out).first_liquid_step()
        if step is None:
            return LocalCurve(0.0, 0.0)
        rate, bend = direction.curve(*step)
        kept = (PIPS - self.fee_pips) / PIPS
        return LocalCurve(kept * rate, kept * bend)

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """What all liquidity ahead takes, fee included; 0 where there is none."""
        return self._walk(token_in, token_out).most_in

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out`; see `Pool.output_function`."""
        return self._walk(token_in, token_out).output

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked, smallest input; see `Pool.input_function`."""
        return self._walk(token_in, token_out).smallest_input

    def amount_out(self, token_in: Token, token_out: Token, amount_in: int) -> int:
        """What `output_function` says of one amount."""
        return self._walk(token_in, token_out).output(amount_in)

    def amount_in(self, token_in: Token, token_out: Token, amount_out: int) -> int:
        """What `input_function` says of one amount."""
        return self._walk(token_in, token_out).smallest_input(amount_out)

    def first_step(self, token_in: Token, token_out: Token) -> int:
        """What is taken, fee included, before the liquidity can change; 0 where none is there."""
        return self._walk(token_in, token_out).first_step

    def crossed_ticks(self, token_in: Token, token_out: Token, amount_in: int) -> int:
        """How many initialised ticks a swap of `amount_in`, or of what can be had, crosses."""
        walk = self._walk(token_in, token_out)
        # Most swaps end in the step they begin in.
        if amount_in < walk.first_step:
            return 0
        after = walk.after_input(amount_in) if amount_in <= walk.most_in else walk.after_all(None)
        # A rising price crosses what it reaches; a falling one ends below what it crossed.
        return abs(bisect_right(self._borders, after.tick) - bisect_right(self._borders, self.tick))

    def step_at(self, token_in: Token, token_out: Token, amount_in: int) -> Step:
        """Return the step of constant liquidity that an input from 1 to `max_amount_in` ends in."""
        return self._walk(token_in, token_out).step_at(amount_in)

    def _walk(self, token_in: Token, token_out: Token) -> Walk:
        # Identity first: searches pass the very objects the pool holds, and `==` is slow.
        if token_in is self.token0 and token_out is self.token1:
            walk = self._falling
        elif token_in is self.token1 and token_out is self.token0:
            walk = self._rising
        else:
            walk = None
        return walk or self._find_walk(token_in, token_out)

    def _find_walk(self, token_in: Token, token_out: Token) -> Walk:
        if self._sells_token0(token_in, token_out):
            falling = self._falling or Walk(self._downward, self._price_state())
            _set(self, "_falling", falling)
            return falling
        rising = self._rising or Walk(self._upward, self._price_state())
        _set(self, "_rising", rising)
        return rising

    def _limited_quote(self, walk: Walk, amount_in: int, limit: int | None) -> Quote:
        """Quote what may be wrong, or may end before all of it is taken."""
        if type(amount_in) is not int or not 0 < amount_in <= MAX_AMOUNT:
            raise refuse_amount("amount_in", amount_in, MAX_AMOUNT)
        if limit is not None:
            walk = self._limited(walk, limit)
        if amount_in > walk.most_in:
            return self._all_of(walk, limit)
        after = partial(_after_input, self, walk, amount_in)
        return Quote(amount_in, walk.output(amount_in), False, after)

    def _limited(self, walk: Walk, limit: int) -> Walk:
        if type(limit) is not int or not walk.may_reach(limit):
            raise InvalidPriceLimit(
                f"sqrt_price_limit_x96 is {limit!r}; {self!r} allows {walk.allowed_limits()}"
            )
        return walk.limited(limit)

    def _all_of(self, walk: Walk, limit: int | None) -> Quote:
        if walk.blocked:
            raise InvalidPriceLimit(
                f"{self!r} stands at square-root price {self.sqrt_price_x96}, "
                "beyond which no swap can move it"
            )
        return Quote(walk.most_in, walk.most_out, True, partial(_after_all, self, walk, limit))

    def _price_state(self) -> PriceState:
        return PriceState(self.sqrt_price_x96, self.tick, self.liquidity)

    def _check_liquidity(self, tick: int, liquidity: int, expected: int) -> None:
        if type(liquidity) is not int or liquidity != expected or liquidity > MAX_LIQUIDITY:
            checked_int("liquidity", liquidity, 0, MAX_LIQUIDITY)
            raise InvalidPoolState(
                f"liquidity is {liquidity}; the ticks add up to {expected} at tick {tick}"
            )

    @property
    def _downward(self) -> Segments:
        return self._downward_table.segments()

    @property
    def _upward(self) -> Segments:
        return self._upward_table.segments()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ConcentratedPool):
            return NotImplemented
        return (
            self.sqrt_price_x96 == other.sqrt_price_x96
            and self.tick == other.tick
            and self.liquidity == other.liquidity
            and self.tick_spacing == other.tick_spacing
            and self._same_identity(other)
            and (self.ticks is other.ticks or self.ticks == other.ticks)
        )

    def __hash__(self) -> int:
        return hash((self.address, self.sqrt_price_x96, self.tick, self.liquidity))

    def __repr__(self) -> str:
        return f"ConcentratedPool({self.token0}/{self.token1} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (
            self.address,
            self.token0,
            self.token1,
            self.fee_pips,
            self.tick_spacing,
            self.sqrt_price_x96,
            self.tick,
            self.liquidity,
            dict(self.ticks),
            self.venue,
        )


_draft = draft_of(ConcentratedPool)


def _draft_like(pool: ConcentratedPool) -> Any:
    """Return a draft with what no event changes, and with no place in any table yet."""
    draft = _draft()
    draft.address, draft.venue, draft.fee_pips = pool.address, pool.venue, pool.fee_pips
    draft.token0, draft.token1 = pool.token0, pool.token1
    draft.tick_spacing = pool.tick_spacing
    draft._falling = draft._rising = None
    return draft


def _moved(pool: ConcentratedPool, state: tuple[int, int, int]) -> ConcentratedPool:
    moved = _draft_like(pool)
    moved.ticks, moved._borders = pool.ticks, pool._borders
    moved._downward_table, moved._upward_table = pool._downward_table, pool._upward_table
    moved.sqrt_price_x96, moved.tick, moved.liquidity = state
    moved.__class__ = ConcentratedPool
    return moved  # type: ignore[no-any-return]


def _after_input(pool: ConcentratedPool, walk: Walk, amount_in: int) -> ConcentratedPool:
    return _moved(pool, walk.after_input(amount_in))


def _after_output(pool: ConcentratedPool, walk: Walk, amount_out: int) -> ConcentratedPool:
    return _moved(pool, walk.after_output(amount_out))


def _after_all(pool: ConcentratedPool, walk: Walk, limit: int | None) -> ConcentratedPool:
    return _moved(pool, walk.after_all(limit))
