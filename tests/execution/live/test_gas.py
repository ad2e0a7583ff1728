"""What is offered for gas: exact forecasts, the four strategies, and ceilings that hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.fee_forecast import BlockFee
from aineon.chain.fees import next_base_fee_wei
from aineon.errors import NodeUnavailable
from aineon.execution.executor import NotSubmitted
from aineon.execution.live.gas import (
    GasStrategy,
    Offer,
    base_fee_forecast,
    fees_for,
    history_tip,
)
from aineon.primitives import Block
from aineon.runtime.sections.execution import GasStrategyName
from aineon.sending.intent import Fees

GWEI = 10**9
LIMIT = 30_000_000
AT_TARGET = Block(100, 8 * GWEI, gas_used=LIMIT // 2, gas_limit=LIMIT)
OFFER = Offer(
    block=AT_TARGET,
    last_block=102,
    usual_tip_wei=GWEI,
    ceiling_wei=100 * GWEI,
    history_tip_wei=None,
)
WORST_OF_102 = 9 * GWEI


def fees(strategy: GasStrategy = GasStrategy.STANDARD, **changes: Any) -> Fees:
    made = fees_for(strategy, replace(OFFER, **changes))
    assert isinstance(made, Fees), made
    return made


def refusal(**changes: Any) -> str:
    made = fees_for(GasStrategy.STANDARD, replace(OFFER, **changes))
    assert isinstance(made, NotSubmitted)
    assert made.gate == "gas"
    return made.reason


def test_the_settings_offer_these_strategies() -> None:
    assert [each.value for each in GasStrategyName] == [each.value for each in GasStrategy]


def test_the_next_base_fee_is_exact_and_later_ones_are_the_worst() -> None:
    assert base_fee_forecast(AT_TARGET, 101) == 8 * GWEI
    assert base_fee_forecast(AT_TARGET, 102) == WORST_OF_102
    assert base_fee_forecast(AT_TARGET, 103) == WORST_OF_102 * 9 // 8
    empty = replace(AT_TARGET, gas_used=0)
    assert base_fee_forecast(empty, 101) == 7 * GWEI
    # Without the block's gas the next fee is not known, and its worst case is.
    assert base_fee_forecast(Block(100, 8 * GWEI), 101) == WORST_OF_102
    assert base_fee_forecast(Block(100), 101) is None


@given(
    st.integers(0, 10**12),
    st.lists(st.integers(0, LIMIT), min_size=1, max_size=6),
)
def test_no_chain_of_blocks_is_dearer_than_the_forecast(fee: int, used: list[int]) -> None:
    block = Block(100, fee, gas_used=used[0], gas_limit=LIMIT)
    real = fee
    for gas in used:
        real = next_base_fee_wei(real, gas, LIMIT)
    forecast = base_fee_forecast(block, 100 + len(used))
    assert forecast is not None
    assert real <= forecast


def test_the_four_strategies() -> None:
    assert fees(GasStrategy.SLOW) == Fees(8 * GWEI + GWEI // 2, GWEI // 2)
    assert fees(GasStrategy.STANDARD) == Fees(WORST_OF_102 + GWEI, GWEI)
    assert fees(GasStrategy.FAST) == Fees(WORST_OF_102 * 81 // 64 + 2 * GWEI, 2 * GWEI)
    assert fees(GasStrategy.OPTIMIZED) == fees(GasStrategy.STANDARD)


def foretold(high: int, *, is_told: bool = True) -> tuple[BlockFee, ...]:
    return (
        BlockFee(101, 8 * GWEI, 8 * GWEI, 8 * GWEI),
        BlockFee(102, 7 * GWEI, 7 * GWEI, high, is_told),
    )


def test_optimized_caps_what_is_likely_and_not_the_worst() -> None:
    high = 8 * GWEI + GWEI // 4
    likely = foretold(high)
    assert fees(GasStrategy.OPTIMIZED, foretold=likely) == Fees(high + GWEI, GWEI)
    for strategy in set(GasStrategy) - {GasStrategy.OPTIMIZED}:
        assert fees(strategy, foretold=likely) == fees(strategy)


@pytest.mark.parametrize(
    "told",
    [
        foretold(8 * GWEI, is_told=False),
        foretold(50 * GWEI),
        foretold(8 * GWEI)[:1],
    ],
)
def test_optimized_caps_the_worst_where_less_is_not_likely(told: tuple[BlockFee, ...]) -> None:
    assert fees(GasStrategy.OPTIMIZED, foretold=told) == fees(GasStrategy.STANDARD)


def test_a_falling_forecast_still_leaves_room_for_the_next_block() -> None:
    made = fees(GasStrategy.OPTIMIZED, foretold=foretold(7 * GWEI))
    assert made == Fees(8 * GWEI + GWEI, GWEI)


@pytest.mark.parametrize(
    ("told", "tip"), [(1, GWEI // 2), (GWEI * 7 // 10, GWEI * 7 // 10), (90 * GWEI, 4 * GWEI)]
)
def test_what_others_pay_counts_within_bounds(told: int, tip: int) -> None:
    made = fees(GasStrategy.OPTIMIZED, history_tip_wei=told)
    assert made == Fees(WORST_OF_102 + tip, tip)
    assert fees(GasStrategy.STANDARD, history_tip_wei=told).priority_fee_wei == GWEI


def test_nothing_above_the_plans_ceiling_is_offered() -> None:
    assert fees(ceiling_wei=8 * GWEI + 5) == Fees(8 * GWEI + 5, 5)
    assert "is 8 gwei, above the plan's 7.999 gwei" in refusal(ceiling_wei=8 * GWEI - 10**6)
    assert "above the plan's" in refusal(ceiling_wei=0)


def test_nothing_more_than_the_trade_leaves_is_offered() -> None:
    assert fees(affordable_wei=8 * GWEI + 5) == Fees(8 * GWEI + 5, 5)
    assert "pays for its gas up to 7 gwei only" in refusal(affordable_wei=7 * GWEI)
    assert "up to 0 gwei only" in refusal(affordable_wei=-5)


def test_a_builder_that_the_contract_cannot_pay_is_paid_by_the_tip() -> None:
    assert fees(extra_tip_wei=3 * GWEI).priority_fee_wei == 4 * GWEI


def test_an_unknown_base_fee_is_no_fee() -> None:
    assert refusal(block=Block(100)) == "the base fee of block 100 is not known"


@given(
    st.sampled_from(GasStrategy),
    st.integers(0, 100 * GWEI),
    st.integers(0, 200 * GWEI),
    st.integers(-GWEI, 200 * GWEI) | st.none(),
    st.integers(101, 125),
    st.integers(0, 50 * GWEI) | st.none(),
)
def test_whatever_is_offered_holds_every_ceiling_and_the_next_block(
    strategy: GasStrategy,
    base_fee: int,
    ceiling: int,
    affordable: int | None,
    last: int,
    history: int | None,
) -> None:
    offer = Offer(
        replace(AT_TARGET, base_fee_wei=base_fee), last, GWEI, ceiling, history, 0, affordable
    )
    made = fees_for(strategy, offer)
    if isinstance(made, Fees):
        assert made.max_fee_wei <= ceiling
        assert affordable is None or made.max_fee_wei <= affordable
        assert made.max_fee_wei >= base_fee + made.priority_fee_wei
    else:
        assert base_fee > ceiling or (affordable is not None and base_fee > affordable)


class Node:
    """Tells a fee history, or does not."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def request(self, method: str, *parameters: Any) -> Any:
        assert (method, parameters) == ("eth_feeHistory", ("0x14", "latest", [50]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_the_history_of_tips() -> None:
    async def told(answer: Any) -> int | None:
        return await history_tip(Node(answer))  # type: ignore[arg-type]

    assert await told({"reward": [["0x5"], ["0x1"], ["0x9"]]}) == 5
    for nothing in ({"reward": []}, {}, None, {"reward": [[]]}, {"reward": [["?"]]}):
        assert await told(nothing) is None
    assert await told(NodeUnavailable("node-1 is down")) is None
