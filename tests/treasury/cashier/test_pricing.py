"""What is offered for gas, and when it is worth waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.fee_forecast import BlockFee
from aineon.errors import InvalidWithdrawal, NodeUnavailable
from aineon.primitives import Block
from aineon.primitives.units import GWEI
from aineon.sending import Fees
from aineon.treasury import Strategy
from aineon.treasury.cashier.pricing import GasWeather, Pricing, price, read_weather

PRICING = Pricing(usual_tip_wei=2 * GWEI, most_fee_wei=100 * GWEI, patience_seconds=3600)
WEATHER = GasWeather(20 * GWEI, tuple(fee * GWEI for fee in (10, 30, 20, 40, 50)))


def offer(strategy: Strategy, waited: float = 0.0, weather: GasWeather = WEATHER) -> Fees | str:
    return price(strategy, weather, PRICING, waited)


def test_the_strategies_differ_as_the_handbook_says() -> None:
    assert offer(Strategy.SLOW) == Fees(20 * GWEI + 20 * GWEI // 8 + GWEI, GWEI)
    assert offer(Strategy.STANDARD) == Fees(42 * GWEI, 2 * GWEI)
    assert offer(Strategy.FAST) == Fees(64 * GWEI, 4 * GWEI)


def test_optimized_waits_for_a_cheap_block_until_its_patience_ends() -> None:
    assert WEATHER.cheap_wei == 20 * GWEI
    assert offer(Strategy.OPTIMIZED) == offer(Strategy.STANDARD)
    dearer = GasWeather(20 * GWEI + 1, WEATHER.history)
    waiting = offer(Strategy.OPTIMIZED, 0.0, dearer)
    assert isinstance(waiting, str)
    assert "waits for 20 gwei or less, for at most 1.0 more hours" in waiting
    assert isinstance(offer(Strategy.OPTIMIZED, 3600.0, dearer), Fees)


def test_optimized_does_not_guess_what_is_cheap() -> None:
    unknown = GasWeather(20 * GWEI)
    assert "no block is known to be cheap" in str(offer(Strategy.OPTIMIZED, 0.0, unknown))
    assert isinstance(offer(Strategy.OPTIMIZED, 3600.0, unknown), Fees)


def foretold(*likely: int, is_told: bool = True) -> tuple[BlockFee, ...]:
    return tuple(
        BlockFee(number, fee * GWEI - 1, fee * GWEI, fee * GWEI + 1, is_told)
        for number, fee in enumerate(likely, start=500)
    )


def test_optimized_waits_for_a_cheaper_block_that_is_foretold() -> None:
    falling = replace(WEATHER, foretold=foretold(20, 19, 18, 19))
    waiting = offer(Strategy.OPTIMIZED, 0.0, falling)
    assert waiting == (
        "the next block's base fee is 20 gwei; about 18 gwei are foretold for block 502, nine "
        "times in ten from 17.999 gwei to 18 gwei; it waits for that, for at most 1.0 more hours"
    )
    assert isinstance(offer(Strategy.OPTIMIZED, 3600.0, falling), Fees)
    # Whoever does not wait does not look.
    assert offer(Strategy.STANDARD, 0.0, falling) == offer(Strategy.STANDARD)


def test_optimized_does_not_wait_for_what_comes_after_its_deadline() -> None:
    falling = replace(WEATHER, foretold=foretold(20, 20, 20, 15))
    assert isinstance(offer(Strategy.OPTIMIZED, 3600 - 36.0, falling), Fees)
    assert isinstance(offer(Strategy.OPTIMIZED, 3600 - 48.0, falling), str)


@pytest.mark.parametrize(
    "told",
    [(), foretold(20), foretold(20, 21, 22), foretold(20, 20), foretold(20, 1, is_told=False)],
)
def test_optimized_pays_in_a_cheap_block_when_none_is_foretold_to_be_cheaper(
    told: tuple[BlockFee, ...],
) -> None:
    assert isinstance(offer(Strategy.OPTIMIZED, 0.0, replace(WEATHER, foretold=told)), Fees)


def test_a_dear_block_is_waited_out_and_the_forecast_told() -> None:
    dearer = GasWeather(30 * GWEI, WEATHER.history, foretold(30, 25))
    waiting = str(offer(Strategy.OPTIMIZED, 0.0, dearer))
    assert "about 25 gwei are foretold for block 501" in waiting
    assert "it waits for 20 gwei or less" in waiting


class Node:
    """Answers `eth_feeHistory`."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def request(self, method: str, *parameters: Any) -> Any:
        assert (method, parameters) == ("eth_feeHistory", ("0x12c", "latest", []))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


HEAD = Block(199, 8 * GWEI, gas_used=15, gas_limit=30)
TOLD = {
    "oldestBlock": hex(0),
    "baseFeePerGas": [hex(8 * GWEI)] * 201,
    "gasUsedRatio": [0.5] * 200,
}


async def weather_of(answer: Any) -> GasWeather:
    found = await read_weather(Node(answer), HEAD)  # type: ignore[arg-type]
    assert found is not None
    return found


async def test_the_weather_is_read_from_the_history_that_a_node_tells() -> None:
    found = await weather_of(TOLD)
    assert found.base_fee_wei == 8 * GWEI
    assert found.history == (8 * GWEI,) * 100
    assert [each.number for each in found.foretold] == list(range(200, 210))
    assert all(each.is_told for each in found.foretold)


@pytest.mark.parametrize(
    ("answer", "history"),
    [
        (NodeUnavailable("no node answers"), 0),
        ({}, 0),
        ({**TOLD, "gasUsedRatio": [0.5]}, 100),
        ({**TOLD, "gasUsedRatio": [7.0] * 200}, 100),
        ({**TOLD, "gasUsedRatio": None}, 100),
        ({**TOLD, "baseFeePerGas": [hex(9 * GWEI)] * 201}, 100),
    ],
)
async def test_what_a_node_does_not_tell_is_not_foretold(answer: Any, history: int) -> None:
    found = await weather_of(answer)
    assert len(found.history) == history
    assert found.foretold == ()


def test_too_dear_gas_is_waited_out() -> None:
    assert "at most 100 gwei are paid" in str(offer(Strategy.FAST, 1e9, GasWeather(100 * GWEI + 1)))


@given(
    st.sampled_from(Strategy),
    st.integers(0, 200 * GWEI),
    st.lists(st.integers(0, 200 * GWEI), max_size=5),
)
def test_nothing_is_offered_above_the_most(
    strategy: Strategy, base: int, history: list[int]
) -> None:
    offered = offer(strategy, 0.0, GasWeather(base, tuple(history)))
    if isinstance(offered, Fees):
        assert base <= offered.max_fee_wei <= PRICING.most_fee_wei
    else:
        assert base > PRICING.most_fee_wei or strategy is Strategy.OPTIMIZED


def test_pricing_must_make_sense() -> None:
    for changes in ({"usual_tip_wei": -1}, {"most_fee_wei": 0}, {"patience_seconds": -1.0}):
        with pytest.raises(InvalidWithdrawal, match="pricing has a tip of"):
            Pricing(**changes)  # type: ignore[arg-type]
