"""What a swap does to the oracle, the price scale and D of a CryptoSwapPool (`tweak_price`).

Sources: curvefi/curve-crypto-contract, CurveCryptoSwap.vy as deployed in May 2021 (Tricrypto)
and July 2021 (Tricrypto2). The two-coin contracts may claim fees in the same step, which takes
in whatever tokens they hold: their state does not tell, so they are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from aineon.amm.checks import checked_entries, checked_flag, checked_int
from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.amm.cryptoswap.math import (
    UNIT,
    Amplification,
    geometric_mean,
    half_power,
    newton_d,
    newton_y,
    reverts,
    square_root,
)
from aineon.errors import InvalidPoolState

_MAX = 2**256 - 1
_MAX_PRICE = 2**128 - 2


@dataclass(frozen=True, slots=True)
class Repeg:
    """The state of a contract that decides how a swap moves price_scale and D.

    Attributes:
        timestamp: of the block in which the swaps are, in seconds.
        price_oracle, last_prices: of the tokens after the first, in 1e18.
        last_prices_timestamp, ma_half_time: in seconds.
        xcp_profit, virtual_price: as cached by the contract, in 1e18.
        adjustment_step: in 1e18.
        lp_total_supply: of the pool's token.
        not_adjusted: the contract's flag of that name, which only its storage tells.
        price_threshold: of the first Tricrypto, in 1e18.
        allowed_extra_profit: of Tricrypto2, in 1e18.

    Raises:
        InvalidPoolState: a value that such a contract cannot have.
    """

    timestamp: int
    price_oracle: tuple[int, ...]
    last_prices: tuple[int, ...]
    last_prices_timestamp: int
    ma_half_time: int
    xcp_profit: int
    virtual_price: int
    adjustment_step: int
    lp_total_supply: int
    not_adjusted: bool
    price_threshold: int | None = None
    allowed_extra_profit: int | None = None

    def __post_init__(self) -> None:
        for name in ("price_oracle", "last_prices"):
            prices = checked_entries(name, getattr(self, name))
            object.__setattr__(self, name, prices)
            for index, price in enumerate(prices):
                checked_int(f"{name}[{index}]", price, 1, _MAX_PRICE)
        for name in ("timestamp", "last_prices_timestamp", "xcp_profit", "virtual_price"):
            checked_int(name, getattr(self, name), 0, _MAX)
        for name in ("ma_half_time", "adjustment_step", "lp_total_supply"):
            checked_int(name, getattr(self, name), 1, _MAX)
        checked_flag("not_adjusted", self.not_adjusted)

    def check(self, contract: CryptoSwapContract, coins: int) -> None:
        """Raise InvalidPoolState unless this is the state of such a contract."""
        threshold = _THRESHOLD.get(contract)
        if threshold is None:
            raise InvalidPoolState(
                f"repeg is given for {contract.name}; allowed is None, because its swaps may "
                "claim fees and take in tokens that its state does not tell"
            )
        if len(self.price_oracle) != coins - 1 or len(self.last_prices) != coins - 1:
            raise InvalidPoolState(f"price_oracle and last_prices need {coins - 1} entries each")
        checked_int(threshold, getattr(self, threshold), 0, _MAX)


def checked_repeg(repeg: Repeg) -> Repeg:
    """Return a Repeg, or raise InvalidPoolState."""
    if not isinstance(repeg, Repeg):
        raise InvalidPoolState(f"repeg is {repeg!r}; allowed is a Repeg or None")
    return repeg


_THRESHOLD = {
    CryptoSwapContract.TRICRYPTO: "price_threshold",
    CryptoSwapContract.TRICRYPTO2: "allowed_extra_profit",
}
_ALLOWED_EXTRA_PROFIT = 10**13
"""The first Tricrypto's constant of that name."""


class Trade(NamedTuple):
    """An exchange that has moved the balances and nothing else yet.

    Attributes:
        x: the balances after it, scaled to 1e18.
        given, taken: what was sold and bought, scaled by the tokens' precisions.
        counts: False for dust, whose price the contract does not believe.
    """

    contract: CryptoSwapContract
    amplification: Amplification
    x: Sequence[int]
    price_scale: tuple[int, ...]
    sold: int
    bought: int
    given: int
    taken: int
    counts: bool
    future_A_gamma_time: int  # noqa: N815


class Repegged(NamedTuple):
    """What the exchange leaves beside the balances."""

    D: int
    price_scale: tuple[int, ...]
    repeg: Repeg
    future_A_gamma_time: int  # noqa: N815


def repegged(state: Repeg, trade: Trade) -> Repegged:
    """Return what `tweak_price` leaves after an exchange.

    Raises:
        InsufficientLiquidity: the contract reverts: "Loss", or an unsafe value.
    """
    oracle = _moved_oracle(state)
    unadjusted = newton_d(trade.amplification, trade.x)
    last_prices = _last_prices(state, trade, unadjusted)
    ramp = _ramp_after(state, trade)
    virtual_price = _virtual_price(state, unadjusted, trade.price_scale)
    xcp_profit = UNIT
    if state.virtual_price:
        xcp_profit = state.xcp_profit * virtual_price // state.virtual_price
        if virtual_price < state.virtual_price and (ramp == 0 or _is_first(trade)):
            raise reverts("Loss")
    else:
        virtual_price = UNIT
    after = replace(
        state,
        price_oracle=oracle,
        last_prices=last_prices,
        last_prices_timestamp=max(state.last_prices_timestamp, state.timestamp),
        xcp_profit=xcp_profit,
        virtual_price=virtual_price,
        not_adjusted=_needs_adjustment(state, trade, virtual_price, xcp_profit),
    )
    ramp = 0 if ramp == 1 and state.virtual_price else ramp
    stays = Repegged(unadjusted, trade.price_scale, after, ramp)
    norm = _distance(oracle, trade.price_scale)
    if not (after.not_adjusted and state.virtual_price and norm > _threshold(state, trade) ** 2):
        return stays
    return _adjusted(stays, trade, square_root(norm // UNIT))


def _is_first(trade: Trade) -> bool:
    return trade.contract is CryptoSwapContract.TRICRYPTO


def _threshold(state: Repeg, trade: Trade) -> int:
    first = state.price_threshold
    return first if _is_first(trade) and first is not None else state.adjustment_step


def _moved_oracle(state: Repeg) -> tuple[int, ...]:
    passed = state.timestamp - state.last_prices_timestamp
    if passed <= 0:
        return state.price_oracle
    alpha = half_power(passed * UNIT // state.ma_half_time)
    return tuple(
        (last * (UNIT - alpha) + oracle * alpha) // UNIT
        for last, oracle in zip(state.last_prices, state.price_oracle, strict=True)
    )


def _last_prices(state: Repeg, trade: Trade, invariant: int) -> tuple[int, ...]:
    prices = list(state.last_prices)
    i, j, given, taken = trade.sold, trade.bought, trade.given, trade.taken
    price = 0
    if trade.counts and i and j:
        price = prices[i - 1] * given // taken
    elif trade.counts:
        price = taken * UNIT // given if i else given * UNIT // taken
    if price:
        prices[(j or i) - 1] = price
    else:
        prices = _real_prices(trade, invariant)
    for price in prices:
        if not 0 <= price <= _MAX_PRICE:
            raise reverts("a last price outgrows 128 bits")
    return tuple(prices)


def _real_prices(trade: Trade, invariant: int) -> list[int]:
    x = list(trade.x)
    aside = x[0] // 10**6
    x[0] += aside
    prices = []
    for k, price in enumerate(trade.price_scale, 1):
        others = [amount for index, amount in enumerate(x) if index != k]
        moved = trade.x[k] - newton_y(trade.amplification, others, invariant)
        if moved <= 0:
            raise reverts("a price of dust cannot be told")
        prices.append(price * aside // moved)
    return prices


def _ramp_after(state: Repeg, trade: Trade) -> int:
    ramp = trade.future_A_gamma_time
    return 1 if not _is_first(trade) and 0 < ramp <= state.timestamp else ramp


def _virtual_price(state: Repeg, invariant: int, prices: Sequence[int]) -> int:
    n = len(prices) + 1
    x = [invariant // n, *(invariant * UNIT // (n * price) for price in prices)]
    return UNIT * geometric_mean(x) // state.lp_total_supply


def _needs_adjustment(state: Repeg, trade: Trade, virtual_price: int, xcp_profit: int) -> bool:
    if state.not_adjusted:
        return True
    if _is_first(trade):
        if virtual_price < UNIT or xcp_profit < UNIT:
            raise reverts("a profit below zero")
        return virtual_price - UNIT > (xcp_profit - UNIT) // 2 + _ALLOWED_EXTRA_PROFIT
    if virtual_price * 2 < UNIT:
        raise reverts("a profit below zero")
    return virtual_price * 2 - UNIT > xcp_profit + 2 * (state.allowed_extra_profit or 0)


def _distance(oracle: Sequence[int], prices: Sequence[int]) -> int:
    ratios = (o * UNIT // price - UNIT for o, price in zip(oracle, prices, strict=True))
    return sum(ratio * ratio for ratio in ratios)


def _adjusted(stays: Repegged, trade: Trade, norm: int) -> Repegged:
    """Move price_scale by a step toward the oracle where the profit pays for it."""
    step, oracle = stays.repeg.adjustment_step, stays.repeg.price_oracle
    if norm < step:
        raise reverts("a step is longer than the way")
    prices = tuple(
        (price * (norm - step) + step * aim) // norm
        for price, aim in zip(trade.price_scale, oracle, strict=True)
    )
    x = [
        trade.x[0],
        *(
            amount * new // old
            for amount, new, old in zip(trade.x[1:], prices, trade.price_scale, strict=True)
        ),
    ]
    invariant = newton_d(trade.amplification, x)
    virtual_price = _virtual_price(stays.repeg, invariant, prices)
    if virtual_price > UNIT and stays.repeg.xcp_profit < UNIT and _is_first(trade):
        raise reverts("a profit below zero")
    if virtual_price > UNIT and 2 * virtual_price - UNIT > stays.repeg.xcp_profit:
        repeg = replace(stays.repeg, virtual_price=virtual_price)
        return stays._replace(D=invariant, price_scale=prices, repeg=repeg)
    return stays._replace(repeg=replace(stays.repeg, not_adjusted=False))
