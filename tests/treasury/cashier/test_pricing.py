"""What is offered for gas, and when it is worth waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import InvalidWithdrawal
from aineon.primitives.units import GWEI
from aineon.sending import Fees
from aineon.treasury import Strategy
from aineon.treasury.cashier.pricing import GasWeather, Pricing, price

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
