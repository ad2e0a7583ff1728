"""Real arbitrages and real pairs of pools from mainnet."""

from __future__ import annotations

from typing import Any

import pytest

from aineon.primitives import Token
from aineon.search.route import Route
from aineon.search.sizing import optimal_input
from tests.search.sizing_tools import Judge, cycle, v2
from tests.shared_data import load_json


def arbitrage_route(entry: dict[str, Any]) -> Route:
    legs = []
    for swap, (reserve_in, reserve_out) in zip(
        entry["swaps"], entry["legs_reserves_in_out"], strict=True
    ):
        token_in, token_out = Token(swap["token_in"]), Token(swap["token_out"])
        legs.append((v2(token_in, token_out, int(reserve_in), int(reserve_out)), token_out))
    return cycle(Token(entry["profit_token"]), *legs)


def test_recorded_arbitrages_are_sized_at_least_as_well_as_recorded() -> None:
    entries = load_json("mainnet_arbitrages.json")["arbitrages"]
    sized = [entry for entry in entries if entry.get("optimal_input_0.3pct")]
    assert sized
    for entry in sized:
        route = arbitrage_route(entry)
        found = optimal_input(route)
        assert found
        recorded = int(entry["optimal_input_0.3pct"])
        profit = found[-1] - found[0]
        assert profit >= int(entry["optimal_gross_profit_0.3pct"])
        assert profit >= int(entry["profit_amount"])
        if profit == int(entry["optimal_gross_profit_0.3pct"]):
            assert found[0] <= recorded
        assert abs(found[0] - recorded) <= recorded * 1e-6
        assert Judge(route).better(found[0]) == []


@pytest.mark.parametrize("flash_fee", [0, 9])
def test_recorded_pairs_of_pools(flash_fee: int) -> None:
    snapshots = load_json("mainnet_two_venue_snapshots.json")["snapshots"]
    paid = 0
    for snapshot in snapshots:
        paid += check_snapshot(snapshot, flash_fee)
    assert paid


def check_snapshot(snapshot: dict[str, Any], flash_fee: int) -> int:
    token0, token1 = Token(snapshot["token0"]), Token(snapshot["token1"])
    pools = [
        v2(token0, token1, int(reserve0), int(reserve1))
        for reserve0, reserve1 in snapshot["reserves"]
    ]
    recorded = snapshot["arbitrage_0_3pct_fee"]
    paid = 0
    for base, other in ((token0, token1), (token1, token0)):
        for buy, sell in ((0, 1), (1, 0)):
            route = cycle(base, (pools[buy], other), (pools[sell], base))
            found = optimal_input(route, flash_fee)
            if found:
                paid += 1
                assert Judge(route, flash_fee).better(found[0], 500) == []
            if (
                not flash_fee
                and recorded
                and base.address == recorded["start_token"]
                and snapshot["venues"][buy] == recorded["buy_on"]
            ):
                assert found
                assert found[-1] - found[0] >= int(recorded["gross_profit"])
                assert abs(found[0] / int(recorded["optimal_input"]) - 1) <= 1e-6
    return paid
