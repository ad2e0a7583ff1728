"""What others took is worth what it left after gas, and what nobody knows stays unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.engine.others import takings_seen
from aineon.feeds.base import Taking
from aineon.market import Market
from aineon.primitives import Token
from tests.execution.making import COSTS
from tests.scripted import CHEAP, DEAR, ETHER, USDC, WETH, block

MARKET = Market([CHEAP, DEAR], block=block(100))
TAKING = Taking("0x1", "0xa", (DEAR.address, CHEAP.address), WETH, ETHER, ETHER // 10, ETHER // 2)


def test_what_is_left_after_gas_is_what_could_be_bid() -> None:
    [seen] = takings_seen([TAKING], COSTS, MARKET)
    assert (seen.pools, seen.searcher) == (TAKING.pools, "0xa")
    assert (seen.net_wei, seen.builder_payment_wei) == (ETHER * 9 // 10, ETHER // 2)
    dollars = replace(TAKING, profit_token=USDC, profit=3_000 * 10**6)
    [seen] = takings_seen([dollars], COSTS, MARKET)
    assert seen.net_wei == pytest.approx(ETHER * 9 // 10, rel=0.05)


@pytest.mark.parametrize(
    "unknown",
    [
        {"gas_cost_wei": None},
        {"profit_token": Token("0x" + "ee" * 20, symbol="NEW", decimals=18)},
    ],
)
def test_what_it_left_is_unknown_where_gas_or_worth_are(unknown: dict[str, object]) -> None:
    [seen] = takings_seen([replace(TAKING, **unknown)], COSTS, MARKET)  # type: ignore[arg-type]
    assert (seen.net_wei, seen.builder_payment_wei) == (None, ETHER // 2)
