"""Plans and executors for tests."""

from __future__ import annotations

from dataclasses import replace

from aineon.amm import ConstantProductPool
from aineon.execution import ExecutionPlan, PaperConditions, PaperExecutor, Planner, PlanRules
from aineon.execution.executor import PreflightResult
from aineon.market import Market
from aineon.primitives import ManualClock
from aineon.search import CostModel, best_input
from aineon.search.lenders import aave_v3
from tests.scripted import GWEI, USDC, WETH, block

RULES = PlanRules(
    max_slippage_bps=50,
    builder_payment_bps=1000,
    deadline_blocks=2,
    max_gas_price_wei=50 * GWEI,
)
COSTS = CostModel(lenders=(aave_v3(),), priority_fee_wei=GWEI, native_token=WETH)
CERTAIN = PaperConditions(
    latency_blocks=1, inclusion_rate=1.0, revert_rate=0.0, whole_blocks=True, seed=7
)
PASSED = PreflightResult(failure="")


def make_plan(buy_at: ConstantProductPool, sell_at: ConstantProductPool) -> ExecutionPlan:
    """The plan, made in block 100, that buys dollars where ether is dear and sells them again."""
    market = Market([buy_at, sell_at], block=block(100))
    opportunity = best_input(
        [(sell_at, WETH, USDC), (buy_at, USDC, WETH)], block=block(100), costs=COSTS
    )
    assert opportunity is not None
    assert market.block is not None
    return Planner(RULES).plan(replace(opportunity, confidence=0.9), market.block, 0)


def make_executor(conditions: PaperConditions = CERTAIN) -> PaperExecutor:
    """A paper executor whose clock stands still."""
    return PaperExecutor(conditions, COSTS, ManualClock(1_700_000_000.0))
