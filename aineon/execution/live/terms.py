"""The terms that a plan is signed on: target blocks, what the gas may cost, the least profit."""

from __future__ import annotations

from aineon.chain.fee_forecast import FeeForecast
from aineon.chain.reader import ChainReader
from aineon.execution.encoding import builder_payment
from aineon.execution.executor import NotSubmitted
from aineon.execution.live.gas import (
    MANNERS,
    GasStrategy,
    Offer,
    fees_for,
    history_tip,
    tip_for_builder,
)
from aineon.execution.plan import ExecutionPlan
from aineon.market import Market
from aineon.primitives import Block
from aineon.primitives.units import ceil_div
from aineon.search.costs import CostModel
from aineon.sending.intent import MOST_TARGET_BLOCKS, Fees, Window


def window_of(plan: ExecutionPlan, newest: int, blocks: int | None) -> Window | NotSubmitted:
    """Return the blocks that `plan` may land in, of those after `newest`.

    Args:
        plan: says which it is good for.
        newest: number of the newest block.
        blocks: the most of them; None for as many as a bundle may have.
    """
    first = max(plan.target_block, newest + 1)
    if first > plan.deadline_block:
        return NotSubmitted(
            "stale",
            f"the plan is good until block {plan.deadline_block}, and block {newest} is there",
        )
    most = min(blocks or MOST_TARGET_BLOCKS, MOST_TARGET_BLOCKS)
    return Window(first, min(plan.deadline_block, first + most - 1))


class Terms:
    """Works out fees and least profits by the newest state of the market and of the chain.

    Args:
        reader: the chain, where the strategy asks for its history.
        costs: what gas and base tokens are worth; the priority fee in it is the usual one.
        strategy: how much is offered for gas.
    """

    def __init__(self, reader: ChainReader, costs: CostModel, strategy: GasStrategy) -> None:
        self._reader = reader
        self._costs = costs
        self._strategy = strategy
        self._history_tip: int | None = None
        self._forecast = FeeForecast()
        self._market = Market()

    def value_by(self, market: Market) -> None:
        """Take what base tokens are worth from `market` from now on."""
        self._market = market

    async def look(self, block: Block) -> None:
        """Learn what `block` and the chain's history tell of fees, where that counts."""
        if MANNERS[self._strategy].asks_history:
            self._history_tip = await history_tip(self._reader)
            self._forecast.observe_block(block)

    def fees(
        self, plan: ExecutionPlan, block: Block, window: Window, gas_used: int
    ) -> Fees | NotSubmitted:
        """Return what is offered for each gas of `plan`, or why nothing can be."""
        payment = builder_payment(plan, self._costs.native_token)
        worth = self._costs.native_value(plan.expected_profit, plan.base_token, self._market)
        extra = 0
        if worth is not None and plan.base_token != self._costs.native_token:
            price = self._costs.gas_price_wei(block) or 0
            extra = tip_for_builder(worth - price * gas_used, plan.builder_payment_bps, gas_used)
        offer = Offer(
            block=block,
            last_block=window.last,
            usual_tip_wei=self._costs.priority_fee_wei,
            ceiling_wei=plan.max_fee_per_gas_wei or 0,
            history_tip_wei=self._history_tip,
            extra_tip_wei=extra,
            affordable_wei=None if worth is None else (worth - payment) // gas_used,
            foretold=self._forecast.ahead(),
        )
        return fees_for(self._strategy, offer)

    def least_profit(self, plan: ExecutionPlan, fees: Fees, gas_used: int) -> int:
        """What the treasury must get: all that the gas can cost by these fees, in the base token.

        The tip is paid whatever the trade leaves, and the builder who gets it can make the trade
        leave less; base fees rise until the last target block. It reverts before it loses.
        """
        worth = self._costs.native_value(plan.expected_profit, plan.base_token, self._market)
        if not worth:
            return plan.min_profit
        most = ceil_div(gas_used * fees.max_fee_wei * plan.expected_profit, worth)
        return max(plan.min_profit, min(most, plan.expected_profit))
