"""What makes the state of a StableSwap pool possible."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.amm.checks import (
    check_transfers,
    checked_entries,
    checked_int,
    checked_ints,
    refuse_amount,
)
from aineon.amm.stableswap.math import FEE_DENOMINATOR, MAX_UINT256
from aineon.amm.stableswap.templates import Template
from aineon.errors import InvalidPoolState
from aineon.primitives.token import Token

MAX_A = 10**6
MAX_FEE = 5 * 10**9
MOST_COINS = 8
_RATE_DECIMALS = 36


def checked_balances(balances: Sequence[int], coins: int) -> tuple[int, ...]:
    """Return one balance for each coin, each a uint256."""
    return checked_ints("balances", balances, coins, 0, MAX_UINT256)


def checked_amount(name: str, amount: int) -> int:
    """Return an amount that a view can be asked for, or raise InvalidAmount."""
    if type(amount) is not int or not 0 < amount <= MAX_UINT256:
        raise refuse_amount(name, amount, MAX_UINT256)
    return amount


def rates_of_decimals(tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return 10^(36 - decimals) of each token: what makes every amount one of 18 decimals."""
    for token in tokens:
        if token.decimals is None or token.decimals > _RATE_DECIMALS:
            raise InvalidPoolState(
                f"{token!r} has {token.decimals} decimals; "
                f"rates follow from 0 to {_RATE_DECIMALS} decimals, or must be given"
            )
    return tuple(10 ** (_RATE_DECIMALS - (token.decimals or 0)) for token in tokens)


def checked_amplification(A: int, A_precision: int, A_precise: int | None) -> int:
    """Return the amplification in the contract's own precision (`A_precise`)."""
    checked_int("A_precision", A_precision, 1, 10_000)
    checked_int("A", A, 1, MAX_A)
    if A_precise is None:
        return A * A_precision
    return checked_int("A_precise", A_precise, A * A_precision, (A + 1) * A_precision - 1)


def checked_fees(fee: int, admin_fee: int, offpeg_fee_multiplier: int | None) -> None:
    """Raise unless the fees are what a contract allows: at most a half of what is paid."""
    checked_int("fee", fee, 0, MAX_FEE)
    checked_int("admin_fee", admin_fee, 0, FEE_DENOMINATOR)
    if offpeg_fee_multiplier is not None:
        most = MAX_FEE * FEE_DENOMINATOR // fee if fee else MAX_UINT256 >> 128
        checked_int("offpeg_fee_multiplier", offpeg_fee_multiplier, 0, most)


def checked_template(template: Template) -> Template:
    """Return a Template, or raise InvalidPoolState."""
    if not isinstance(template, Template):
        raise InvalidPoolState(f"template is {template!r}; allowed is a Template, as in TEMPLATES")
    return template


def check_followed(tokens: Sequence[Token], template: Template) -> None:
    """Raise UnsupportedToken where a token moves amounts that the contract does not follow."""
    check_transfers(tokens, template.follows)


def check_cache(
    base_virtual_price: int | None, base_cache_updated: int | None, block_timestamp: int | None
) -> None:
    """Raise unless a metapool's cache is known as a whole, or not kept at all."""
    for name, value in (
        ("base_virtual_price", base_virtual_price),
        ("base_cache_updated", base_cache_updated),
        ("block_timestamp", block_timestamp),
    ):
        if value is not None:
            checked_int(name, value, 0 if name != "base_virtual_price" else 1, MAX_UINT256)
    if base_cache_updated is not None and (base_virtual_price is None or block_timestamp is None):
        raise InvalidPoolState(
            f"base_cache_updated is {base_cache_updated}; it needs base_virtual_price and "
            "block_timestamp beside it"
        )


def split_rates(
    tokens: tuple[Token, ...], rates: Sequence[int] | None, is_metapool: bool
) -> tuple[tuple[int, ...], int | None]:
    """Return the rates of a pool's own coins, and a metapool's virtual price where it is given."""
    own = tokens[:-1] if is_metapool else tokens
    if rates is None:
        return rates_of_decimals(own), None
    if is_metapool and len(checked_entries("rates", rates)) == len(tokens):
        checked = checked_ints("rates", rates, len(tokens), 1, MAX_UINT256)
        return checked[:-1], checked[-1]
    return checked_ints("rates", rates, len(own), 1, MAX_UINT256), None


def check_unset(base_virtual_price: int | None) -> None:
    """Raise where a metapool's virtual price is given twice."""
    if base_virtual_price is not None:
        raise InvalidPoolState(
            f"base_virtual_price is {base_virtual_price} and rates hold one too; give it once"
        )
