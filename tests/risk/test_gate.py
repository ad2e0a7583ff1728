"""The risk gate: each limit stops what breaks it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.risk import Candidate, Limits, RiskGate

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
