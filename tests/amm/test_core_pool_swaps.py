"""Uniswap v3-core's own snapshot: 15 pools, 190 swaps and 50 refusals."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import pytest

from aineon.amm import ConcentratedPool, Quote
from aineon.amm.concentrated.tick_math import tick_at_sqrt_ratio
from aineon.errors import InvalidPriceLimit
from tests.amm.making_pools import ADDRESS, DOWN, TOKEN0, TOKEN1, UP
from tests.shared_data import load_json

SHOWN = Context(prec=5)


def core_pool(recorded: dict[str, Any]) -> ConcentratedPool:
    price = int(recorded["sqrtPriceX96"])
    pool = ConcentratedPool(
        address=ADDRESS,
        token0=TOKEN0,
        token1=TOKEN1,
        fee_pips=recorded["fee"],
        tick_spacing=recorded["tickSpacing"],
        sqrt_price_x96=price,
        tick=tick_at_sqrt_ratio(price),
        liquidity=0,
        ticks={},
    )
    for position in recorded["positions"]:
        pool = pool.with_liquidity(
            position["tickLower"], position["tickUpper"], int(position["liquidity"])
        )
    return pool


def quoted(pool: ConcentratedPool, swap: dict[str, Any]) -> Quote:
    pair = DOWN if swap["zeroForOne"] else UP
    limit = None if swap["sqrtPriceLimitX96"] is None else int(swap["sqrtPriceLimitX96"])
    if swap["kind"] == "exactInput":
        return pool.quote_exact_input(*pair, int(swap["amount"]), sqrt_price_limit_x96=limit)
    if swap["kind"] == "exactOutput":
        return pool.quote_exact_output(*pair, int(swap["amount"]), sqrt_price_limit_x96=limit)
    assert limit is not None
    return pool.quote_to_price(*pair, limit)


def test_every_swap_and_every_refusal_is_the_contracts() -> None:
    done = refused = 0
    for recorded in load_json("univ3_core_pool_swaps.json")["pools"]:
        pool = core_pool(recorded)
        for swap in recorded["swaps"]:
            expected = swap["expected"]
            if "swapError" in expected:
                with pytest.raises(InvalidPriceLimit):
                    quoted(pool, swap)
                refused += 1
                continue
            quote = quoted(pool, swap)
            moved = (quote.amount_in, -quote.amount_out)
            moved0, moved1 = moved if swap["zeroForOne"] else moved[::-1]
            assert str(moved0) == expected["amount0Delta"]
            assert str(moved1) == expected["amount1Delta"]
            after = quote.pool_after
            assert isinstance(after, ConcentratedPool)
            assert after.tick == expected["tickAfter"]
            price = (Decimal(after.sqrt_price_x96) / 2**96) ** 2
            assert price.normalize(SHOWN) == Decimal(expected["poolPriceAfter"])
            done += 1
    assert (done, refused) == (190, 50)
