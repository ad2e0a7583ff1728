"""What mainnet recorded: arbitrages that searchers made, and states of one pair on two venues."""

from __future__ import annotations

from typing import Any

import pytest

from aineon.amm import ConstantProductPool
from aineon.market import Market
from aineon.primitives import Address, Block, Token
from aineon.search import find_opportunities
from tests.shared_data import load_json

ARBITRAGES = range(3)
SNAPSHOTS = range(15)


def pool_before(swap: dict[str, Any]) -> ConstantProductPool:
    state = swap["v2"]
    return ConstantProductPool(
        swap["pool"],
        Token(state["token0"]),
        Token(state["token1"]),
        *map(int, state["reserves_before"]),
        venue=swap["venue"],
    )


def states_of_block(number: int) -> dict[Address, ConstantProductPool]:
    """Every V2-style pool that was swapped in the block, in its state at first sight."""
    blocks = load_json("mainnet_blocks_swaps.json")["blocks"]
    (block,) = (b for b in blocks if b["block_number"] == number)
    pools: dict[Address, ConstantProductPool] = {}
    for swap in block["swaps"]:
        if "v2" in swap:
            pool = pool_before(swap)
            pools.setdefault(pool.address, pool)
    return pools


@pytest.mark.parametrize("index", ARBITRAGES)
@pytest.mark.parametrize("max_hops", [3, 4])
def test_real_arbitrages_are_found(index: int, max_hops: int) -> None:
    arbitrage = load_json("mainnet_arbitrages.json")["arbitrages"][index]
    pools = states_of_block(arbitrage["block"])
    route_pools = [pool_before(swap) for swap in arbitrage["swaps"]]
    pools |= {pool.address: pool for pool in route_pools}
    assert len(pools) > 10
    market = Market(pools.values(), Block(arbitrage["block"]))
    base = Token(arbitrage["profit_token"])

    found = find_opportunities(market, [base], max_hops)

    (same,) = (o for o in found if [hop.pool for hop in o.route] == route_pools)
    searchers_profit = int(arbitrage["profit_amount"])
    optimum = int(arbitrage["optimal_gross_profit_0.3pct"])
    assert same.gross_profit >= searchers_profit
    assert same.gross_profit == pytest.approx(optimum, rel=1e-6)
    assert same.amount_in == pytest.approx(int(arbitrage["optimal_input_0.3pct"]), rel=1e-6)
    # The block's base fee is from before EIP-1559: gas is unknown, and so is the net.
    assert same.net_profit is None


@pytest.mark.parametrize("index", SNAPSHOTS)
def test_one_pair_on_two_venues(index: int) -> None:
    snapshot = load_json("mainnet_two_venue_snapshots.json")["snapshots"][index]
    token0, token1 = Token(snapshot["token0"]), Token(snapshot["token1"])
    pools = [
        ConstantProductPool(address, token0, token1, int(reserve0), int(reserve1), venue=venue)
        for address, venue, (reserve0, reserve1) in zip(
            snapshot["pools"], snapshot["venues"], snapshot["reserves"], strict=True
        )
    ]
    market = Market(pools, Block(snapshot["block"]))
    recorded = snapshot["arbitrage_0_3pct_fee"]
    if recorded is None:
        assert find_opportunities(market, [token0, token1]) == []
        return
    (found,) = find_opportunities(market, [Token(recorded["start_token"])])
    profit, size = int(recorded["gross_profit"]), int(recorded["optimal_input"])
    # A token of 6 decimals makes steps that the recorded optimum does not look into; besides,
    # many sizes around the optimum share the best profit, and the smallest of them is taken.
    assert found.gross_profit >= profit
    assert found.gross_profit == pytest.approx(profit, rel=1e-6)
    assert found.amount_in == pytest.approx(size, rel=1e-4)
    assert [hop.pool.venue for hop in found.route] == [recorded["buy_on"], recorded["sell_on"]]
