"""What makes the state of a StableSwap pool possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from aineon.amm.checks import check_transfers, checked_int
from aineon.amm.stableswap.math import FEE_DENOMINATOR, MAX_UINT256
from aineon.amm.stableswap.templates import (
    NG,
    PLAIN,
    THREE_POOL,
    Template,
)
from aineon.errors import InvalidPoolState, SameToken
from aineon.primitives.token import Token

_Entry = TypeVar("_Entry")

MAX_A = 10**6
MAX_FEE = 5 * 10**9
FEWEST_COINS, MOST_COINS = 2, 8
_RATE_DECIMALS = 36


def _entries(name: str, values: Sequence[_Entry]) -> tuple[_Entry, ...]:
    if isinstance(values, (tuple, list)):
        return tuple(values)
    raise InvalidPoolState(f"{name} is {values!r}; allowed is a tuple or list, one for each coin")


def checked_tokens(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return two to eight different tokens, in the contract's order (not sorted)."""
    checked = _entries("tokens", tokens)
    if not FEWEST_COINS <= len(checked) <= MOST_COINS:
        raise InvalidPoolState(
            f"tokens has {len(checked)} entries; allowed are {FEWEST_COINS} to {MOST_COINS}"
        )
    for token in checked:
        if not isinstance(token, Token):
            raise InvalidPoolState(f"tokens holds {token!r}; allowed is a Token")
    if len(set(checked)) < len(checked):
        names = ", ".join(str(token) for token in checked)
        raise SameToken(f"tokens holds one token twice: {names}; a pool holds each once")
    return checked


def checked_balances(balances: Sequence[int], coins: int) -> tuple[int, ...]:
    """Return one balance for each coin, each a uint256."""
    checked = _entries("balances", balances)
    if len(checked) != coins:
        raise InvalidPoolState(f"balances has {len(checked)} entries; the pool has {coins} coins")
    for k, balance in enumerate(checked):
        checked_int(f"balance {k}", balance, 0, MAX_UINT256)
    return checked


def checked_rates(rates: Sequence[int], coins: int) -> tuple[int, ...]:
    """Return one rate for each coin, each a uint256 above zero."""
    checked = _entries("rates", rates)
    if len(checked) != coins:
        raise InvalidPoolState(f"rates has {len(checked)} entries; allowed are {coins}")
    for k, rate in enumerate(checked):
        checked_int(f"rate {k}", rate, 1, MAX_UINT256)
    return checked


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


def template_for(
    template: Template | None, A_precision: int, offpeg_fee_multiplier: int | None
) -> Template:
    """Return the template given, or the one that such parameters mostly belong to."""
    if template is not None:
        if not isinstance(template, Template):
            raise InvalidPoolState(f"template is {template!r}; allowed is a Template")
        return template
    if offpeg_fee_multiplier is not None:
        return NG
    return THREE_POOL if A_precision == 1 else PLAIN


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
    if is_metapool and len(_entries("rates", rates)) == len(tokens):
        checked = checked_rates(rates, len(tokens))
        return checked[:-1], checked[-1]
    return checked_rates(rates, len(own)), None


def check_unset(base_virtual_price: int | None) -> None:
    """Raise where a metapool's virtual price is given twice."""
    if base_virtual_price is not None:
        raise InvalidPoolState(
            f"base_virtual_price is {base_virtual_price} and rates hold one too; give it once"
        )
