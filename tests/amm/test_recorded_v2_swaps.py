"""Real swaps of V2-style pools, with their reserves before."""

from __future__ import annotations

from typing import Any

from aineon.amm import ConstantProductPool
from aineon.primitives import Token
from tests.shared_data import load_json


def recorded_pool(swap: dict[str, Any]) -> ConstantProductPool:
    reserve0, reserve1 = map(int, swap["reserves_before"])
    return ConstantProductPool(
        address=swap["pool"],
        token0=Token(swap["token0"]),
        token1=Token(swap["token1"]),
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=3000,
        venue=swap["venue"],
    )


def test_swaps_that_took_all_they_could_match_the_quote() -> None:
    swaps = load_json("mainnet_v2_swaps_with_reserves.json")["swaps"]
    exact, same_reserves, more = 0, 0, []
    for swap in swaps:
        paid_out = int(swap["amount0_out"]) or int(swap["amount1_out"])
        quote = recorded_pool(swap).quote_exact_input(
            Token(swap["token_in"]), Token(swap["token_out"]), int(swap["amount_in_contract"])
        )
        if quote.amount_out < paid_out:
            more.append(swap["venue"])
        if quote.amount_out != paid_out:
            continue
        exact += 1
        after = quote.pool_after
        assert isinstance(after, ConstantProductPool)
        recorded = [int(reserve) for reserve in swap["reserves_after"]]
        assert recorded[0] >= after.reserve0
        assert recorded[1] >= after.reserve1
        same_reserves += recorded == [after.reserve0, after.reserve1]
    assert (exact, len(swaps)) == (215, 236)
    # The other twelve moved tokens that pay a share of every transfer to their holders.
    assert same_reserves == 203
    # One fork charges less than 0.3 %.
    assert more == ["unknown_v2_fork"]
