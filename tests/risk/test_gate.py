"""The risk gate: each limit stops what breaks it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.market import Market
from aineon.risk import Candidate, Limits, Refusal, RiskGate
from aineon.search import find_opportunities
from tests.execution.making import COSTS
from tests.scripted import WETH, block, pool

LIMITS = Limits(
    min_profit_wei=10**17, max_gas_price_wei=50 * 10**9, min_confidence=0.7, max_position_wei=10**21
)
GOOD = Candidate(gas_price_wei=50 * 10**9, net_wei=10**17, position_wei=10**21, confidence=0.7)


def test_a_candidate_exactly_on_every_limit_passes() -> None:
    assert RiskGate(LIMITS).check(GOOD) is None


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"mid_transaction": True}, "mid_transaction"),
        ({"gas_price_wei": None}, "gas_unknown"),
        ({"gas_price_wei": 50 * 10**9 + 1}, "max_gas_price"),
        ({"net_wei": None}, "worth_unknown"),
        ({"net_wei": 10**17 - 1}, "min_profit"),
        ({"confidence": 0.699}, "confidence"),
        ({"position_wei": None}, "worth_unknown"),
        ({"position_wei": 10**21 + 1}, "max_position"),
    ],
)
def test_each_limit_stops_what_breaks_it(change: dict[str, object], gate: str) -> None:
    refusal = RiskGate(LIMITS).check(replace(GOOD, **change))  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.gate == gate
    assert refusal.reason


def test_the_reason_names_value_and_limit() -> None:
    refusal = RiskGate(LIMITS).check(replace(GOOD, net_wei=-(10**16)))
    assert refusal is not None
    assert refusal.reason == "net profit -0.01 ETH is below the minimum of 0.1 ETH"


# --- what the route tells ----------------------------------------------------------------------

MARKET = Market([pool(1, 33_000_000, 10_000), pool(2, 3_000_000, 1_000, "sushiswap")], block(100))
[FOUND] = find_opportunities(MARKET, [WETH], 2, costs=COSTS)
ROUTED = replace(GOOD, route=FOUND.route, amounts=FOUND.amounts)


@pytest.mark.parametrize(
    ("change", "gate", "words"),
    [
        ({"venues_denied": {"sushiswap"}}, "venue_denied", "sushiswap is on the list of denied"),
        (
            {"venues_allowed": {"uniswap_v2", "curve"}},
            "venue_not_allowed",
            "venue sushiswap is not allowed; allowed are curve, uniswap_v2",
        ),
        ({"max_slippage_bps": 100}, "slippage", "bps less than its marginal price; the limit is"),
    ],
)
def test_limits_of_the_route(change: dict[str, object], gate: str, words: str) -> None:
    limits = replace(LIMITS, **change)  # type: ignore[arg-type]
    refusal = RiskGate(limits).check(ROUTED)
    assert refusal is not None
    assert refusal.gate == gate
    assert words in refusal.reason
    # Control: without the limit the same candidate passes.
    assert RiskGate(LIMITS).check(ROUTED) is None


def test_slippage_is_what_the_own_size_costs() -> None:
    """Control: a tenth of the size slips less, and passes the same limit."""
    limits = replace(LIMITS, max_slippage_bps=100)
    first, *_ = FOUND.amounts
    small = [first // 10]
    for hop in FOUND.route:
        small.append(hop.pool.output_function(hop.token_in, hop.token_out)(small[-1]))
    assert RiskGate(limits).check(replace(ROUTED, amounts=tuple(small))) is None


class Around:
    """What else is asked, made to say one thing."""

    def __init__(self, restricted: bool = False, refusal: Refusal | None = None) -> None:
        self.is_restricted = restricted
        self.refusal = refusal
        self.asked = 0

    def check(self, candidate: Candidate, limits: Limits) -> Refusal | None:
        self.asked += 1
        return self.refusal


def test_surroundings_are_asked_before_each_attempt_that_its_figures_allow() -> None:
    around = Around(refusal=Refusal("breaker", "the breaker is halted"))
    gate = RiskGate(LIMITS, around)
    assert gate.check(GOOD) == around.refusal
    assert gate.check(replace(GOOD, net_wei=0)) != around.refusal
    assert around.asked == 1


def test_a_degraded_breaker_asks_twice_the_profit_at_half_the_size() -> None:
    gate = RiskGate(LIMITS, Around(restricted=True))
    assert gate.limits.min_profit_wei == 2 * LIMITS.min_profit_wei
    assert gate.limits.max_position_wei == LIMITS.max_position_wei // 2
    refusal = gate.check(GOOD)
    assert refusal is not None
    assert refusal.gate == "min_profit"
    refusal = gate.check(replace(GOOD, net_wei=10**18))
    assert refusal is not None
    assert refusal.gate == "max_position"
    assert gate.check(replace(GOOD, net_wei=10**18, position_wei=10**20)) is None
    assert RiskGate(LIMITS, Around()).limits is LIMITS
