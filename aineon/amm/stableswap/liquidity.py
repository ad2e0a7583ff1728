"""Deposits and withdrawals of StableSwap pools: the views, and what the contract books.

The views `calc_token_amount` and `calc_withdraw_one_coin`, and the figures of `add_liquidity`
and `remove_liquidity_one_coin`, which swaps through a metapool's base pool are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from aineon.amm.stableswap.direction import Terms
from aineon.amm.stableswap.math import (
    FEE_DENOMINATOR,
    PRECISION,
    Invariant,
    dynamic_fee,
    fit,
)
from aineon.errors import InsufficientLiquidity, InvalidAmount, InvalidPoolState

FeeOf = Callable[[int, int], int]


class Booked(NamedTuple):
    """What a deposit mints or a withdrawal pays, and the balances it leaves."""

    amount: int
    balances: tuple[int, ...]


def scaled(balances: Sequence[int], rates: Sequence[int]) -> tuple[int, ...]:
    """Balances in the unit of the invariant (`_xp_mem`)."""
    return tuple(
        fit(balance * rate) // PRECISION for balance, rate in zip(balances, rates, strict=True)
    )


def shares_of(terms: Terms, supply: int, amounts: Sequence[int], sign: int) -> int:
    """The view `calc_token_amount`: LP tokens for a deposit (sign +1) or a withdrawal (-1).

    Raises:
        InsufficientLiquidity: more is withdrawn than the pool holds, or the pool is empty.
        InvalidPoolState: overflow, or no convergence.
    """
    new = _moved(terms.balances, amounts, sign)
    if terms.template.charges_view:
        return _charged_shares(terms, supply, new, sign)
    total = terms.invariant.total(scaled(new, terms.rates))
    return _share(sign * (total - terms.D), supply, terms.D)


def shares_by_views(terms: Terms, supply: int, amounts: Sequence[int]) -> int:
    """What the -ng "Views" contract says a deposit in a base pool mints.

    Raises:
        InvalidPoolState: the base pool is of an older template, for which the deployed versions
            of that contract answer differently or not at all.
    """
    if terms.template.charges_view:
        return shares_of(terms, supply, amounts, 1)
    raise InvalidPoolState(
        f"the -ng views do not foretell deposits in a {terms.template.name} base pool; "
        "quote the underlying swap instead"
    )


def mint(terms: Terms, supply: int, amounts: Sequence[int]) -> Booked:
    """What `add_liquidity` mints, and the balances it books.

    Raises:
        InvalidAmount: the deposit is so small that the contract reverts.
        InsufficientLiquidity, InvalidPoolState: as `shares_of`.
    """
    new = _moved(terms.balances, amounts, 1)
    if not supply:
        if not all(amounts):
            raise InsufficientLiquidity("the first deposit of a pool must bring every coin")
        return Booked(terms.invariant.total(scaled(new, terms.rates)), tuple(new))
    if not terms.D:
        raise InsufficientLiquidity("the pool is empty; a deposit has no share to compare with")
    total, fees = _deposit_fees(terms, new)
    if total <= terms.D:
        raise InvalidAmount(f"a deposit of {tuple(amounts)} does not move the pool; it reverts")
    kept = [fit(balance - fee) for balance, fee in zip(new, fees, strict=True)]
    total = terms.invariant.total(scaled(kept, terms.rates))
    balances = tuple(
        balance - fee * terms.admin_fee // FEE_DENOMINATOR
        for balance, fee in zip(new, fees, strict=True)
    )
    return Booked(_share(total - terms.D, supply, terms.D), balances)


def withdraw_one(terms: Terms, supply: int, amount: int, i: int) -> Booked:
    """What `remove_liquidity_one_coin` pays (its view says the same), and the balances it books.

    Raises:
        InvalidAmount: more LP tokens than there are, or so few that the contract reverts.
        InvalidPoolState: the contract cannot withdraw one coin; overflow; no convergence.
        InsufficientLiquidity: the pool is empty.
    """
    margin = terms.template.withdraw_margin
    if margin is None:
        raise InvalidPoolState(f"a {terms.template.name} pool cannot withdraw one coin")
    if not terms.D or not supply:
        raise InsufficientLiquidity("the pool is empty; there is nothing to withdraw")
    if amount > supply:
        raise InvalidAmount(f"amount is {amount}; there are {supply} LP tokens")
    left = terms.D - fit(amount * terms.D) // supply
    others = [x for k, x in enumerate(terms.xp) if k != i]
    free = terms.invariant.coin(others, left)
    reduced = _reduced(terms, left, free, i)
    held = reduced.pop(i)
    rate = terms.rates[i]
    dy = held - terms.invariant.coin(reduced, left) - margin
    if dy < 0:
        raise InvalidAmount(f"amount is {amount}, which pays less than a unit; it reverts")
    paid = fit(dy * PRECISION) // rate
    fee = fit((terms.xp[i] - free) * PRECISION) // rate - paid
    admin = fee * terms.admin_fee // FEE_DENOMINATOR if terms.template.withdraw_pays_admin else 0
    balances = list(terms.balances)
    balances[i] = fit(balances[i] - paid - admin)
    return Booked(paid, tuple(balances))


def _reduced(terms: Terms, left: int, free: int, i: int) -> list[int]:
    """Scaled balances less the fee for the imbalance that taking coin i out would make."""
    n, D = terms.invariant.coins, terms.D
    fee_of = _fee_of(terms)
    middle = (D + left) // (2 * n)
    reduced = []
    for k, x in enumerate(terms.xp):
        ideal = fit(x * left) // D
        expected = fit(ideal - free) if k == i else x - ideal
        mean = (x + free) // 2 if k == i else x
        reduced.append(fit(x - fee_of(mean, middle) * expected // FEE_DENOMINATOR))
    return reduced


def _charged_shares(terms: Terms, supply: int, new: Sequence[int], sign: int) -> int:
    if not supply:
        return terms.invariant.total(scaled(new, terms.rates))
    _, fees = _deposit_fees(terms, new)
    kept = [fit(balance - fee) for balance, fee in zip(new, fees, strict=True)]
    total = terms.invariant.total(scaled(kept, terms.rates))
    return _share(sign * (total - terms.D), supply, terms.D)


def _deposit_fees(terms: Terms, new: Sequence[int]) -> tuple[int, list[int]]:
    """The invariant of new balances, and each coin's fee for leaving the old proportions."""
    if not terms.D:
        raise InsufficientLiquidity("the pool is empty; a deposit has no share to compare with")
    total = terms.invariant.total(scaled(new, terms.rates))
    fee_of = _fee_of(terms)
    middle = (terms.D + total) // terms.invariant.coins
    fees = []
    for old, now, rate in zip(terms.balances, new, terms.rates, strict=True):
        ideal = fit(total * old) // terms.D
        mean = old + now
        if terms.template.scales_deposit:
            mean = fit(rate * mean) // PRECISION
        fees.append(fee_of(mean, middle) * abs(ideal - now) // FEE_DENOMINATOR)
    return total, fees


def _fee_of(terms: Terms) -> FeeOf:
    n = terms.invariant.coins
    fee = terms.fee * n // (4 * (n - 1))

    def fee_of(mean: int, middle: int) -> int:
        return dynamic_fee(mean, middle, fee, terms.offpeg_fee_multiplier)

    return fee_of


def _moved(balances: Sequence[int], amounts: Sequence[int], sign: int) -> list[int]:
    new = [balance + sign * amount for balance, amount in zip(balances, amounts, strict=True)]
    if min(new) < 0:
        raise InsufficientLiquidity(f"{tuple(amounts)} is more than the balances {balances}")
    return new


def _share(change: int, supply: int, D: int) -> int:
    if not D:
        raise InsufficientLiquidity("the pool is empty; a deposit has no share to compare with")
    return fit(fit(change) * supply) // D


def deposit_slope(invariant: Invariant, ann: float, shape: float, D: int, x: int) -> float:
    """How much the invariant grows with one coin, in floats (no fee)."""
    coins = invariant.coins
    return (ann + shape / x) / (ann - 1 + (coins + 1) * shape / D)
