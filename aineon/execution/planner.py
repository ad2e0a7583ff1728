"""Planner: turns an opportunity into the plan that executors carry out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from aineon.amm import Pool
from aineon.errors import ExecutionError
from aineon.execution.plan import ExecutionPlan, FlashLoan, PlanStep, Spend
from aineon.execution.steps import step_call
from aineon.primitives import Block, TokenAmount
from aineon.primitives.units import BPS
from aineon.search.opportunity import Opportunity
from aineon.search.route import Hop

MAX_TRANSACTION_GAS = 16_777_216
"""The most gas one transaction may ask for (EIP-7825)."""

_GAS_MARGIN_BPS = 12_000


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How plans are made.

    Attributes:
        max_slippage_bps: how much less than quoted a step may pay. The step of a divided hop
            that spends what is left may pay less by that share of what the whole hop pays,
            because it takes what the hop before it paid too little.
        builder_payment_bps: share of the profit after flash fee and gas for the block builder.
        deadline_blocks: blocks after the target block in which the plan is still good.
        max_gas_price_wei: the most that is ever paid for a unit of gas.
    """

    max_slippage_bps: int
    builder_payment_bps: int
    deadline_blocks: int
    max_gas_price_wei: int


class Planner:
    """Makes plans by fixed rules; the same opportunity always gives the same plan."""

    def __init__(self, rules: PlanRules) -> None:
        self.rules = rules

    def builder_payment(self, profit: int, bps: int | None = None) -> int:
        """The builder's share of a profit after flash fee and gas; nothing of a loss.

        `bps` is that share where it is not the rules'.
        """
        return max(profit, 0) * self._share(bps) // BPS

    def plan(
        self,
        opportunity: Opportunity,
        block: Block,
        step: int,
        *,
        builder_payment_bps: int | None = None,
    ) -> ExecutionPlan:
        """Return the plan that carries `opportunity` out in the block after `block`.

        Args:
            opportunity: what is carried out.
            block: where it was seen.
            step: of that block.
            builder_payment_bps: the builder's share where it is not the rules'.

        Raises:
            ExecutionError: gas or confidence of the opportunity is not known, no lender can fund
                it, or it needs more gas than a transaction may use.
        """
        gas_units, gas_cost = opportunity.gas_units, opportunity.gas_cost
        if gas_units is None or gas_cost is None or opportunity.confidence is None:
            raise ExecutionError(
                f"route {opportunity.key} cannot be planned: its gas cost or confidence is unknown"
            )
        if opportunity.lender is None:
            raise ExecutionError(
                f"route {opportunity.key} cannot be planned: no lender can fund "
                f"{TokenAmount(opportunity.base_token, opportunity.amount_in)} for it"
            )
        gas_limit = gas_units * _GAS_MARGIN_BPS // BPS
        if gas_limit > MAX_TRANSACTION_GAS:
            raise ExecutionError(
                f"route {opportunity.key} would need {gas_limit} gas; "
                f"a transaction may use {MAX_TRANSACTION_GAS}"
            )
        return ExecutionPlan(
            route_key=opportunity.key,
            built_at_block=block.number,
            built_at_step=step,
            target_block=block.number + 1,
            deadline_block=block.number + 1 + self.rules.deadline_blocks,
            steps=self._steps(opportunity),
            flash_loan=FlashLoan(
                provider=opportunity.lender,
                token=opportunity.base_token,
                amount=opportunity.amount_in,
                fee=opportunity.flash_fee,
            ),
            expected_out=opportunity.amount_out,
            min_profit=gas_cost,
            gas_units=gas_units,
            gas_limit=gas_limit,
            max_fee_per_gas_wei=self.rules.max_gas_price_wei,
            builder_payment_bps=self._share(builder_payment_bps),
            confidence=opportunity.confidence,
        )

    def _share(self, bps: int | None) -> int:
        share = self.rules.builder_payment_bps if bps is None else bps
        if not 0 <= share <= BPS:
            raise ExecutionError(f"builder's share {share} bps is not from 0 to {BPS}")
        return share

    def _steps(self, opportunity: Opportunity) -> tuple[PlanStep, ...]:
        steps: list[PlanStep] = []
        shares: list[_Share] = []
        for hop, amount_in in zip(opportunity.route, opportunity.amounts[:-1], strict=True):
            shares = _shares(hop, amount_in)
            # The loan is known to the unit; what a later hop receives can differ a little.
            last = Spend.ALL if steps else Spend.FIXED
            steps += self._hop_steps(hop, shares, last)
        if len(shares) == 1:
            # What the whole must leave, the last swap must pay: it is refused there and then, in
            # words, and not by a loan that cannot be repaid.
            least = opportunity.amount_in + opportunity.flash_fee + (opportunity.gas_cost or 0)
            steps[-1] = replace(steps[-1], min_amount_out=max(steps[-1].min_amount_out, least))
        return tuple(steps)

    def _hop_steps(self, hop: Hop, shares: list[_Share], last: Spend) -> list[PlanStep]:
        """The steps of a hop; the largest share comes last and takes what the others left."""
        keep_bps = BPS - self.rules.max_slippage_bps
        whole = sum(share.amount_out for share in shares)
        steps = []
        for place, share in enumerate(shares, start=1):
            spend = last if place == len(shares) else Spend.FIXED
            least = share.amount_out * keep_bps // BPS
            if spend is Spend.ALL:
                least = max(whole * keep_bps // BPS - (whole - share.amount_out), 0)
            call = step_call(share.pool, hop.token_in, hop.token_out)
            steps.append(
                PlanStep(
                    pool=share.pool.address,
                    venue=share.pool.venue,
                    token_in=hop.token_in,
                    token_out=hop.token_out,
                    spend=spend,
                    amount_in=share.amount_in,
                    min_amount_out=least,
                    kind=call.kind,
                    data=call.data,
                )
            )
        return steps


class _Share(NamedTuple):
    """What one pool takes and pays of a hop."""

    pool: Pool
    amount_in: int
    amount_out: int


def _shares(hop: Hop, amount_in: int) -> list[_Share]:
    """The pools that take a share of a hop's input, the largest share last."""
    shares = [
        _Share(pool, amount, pool.output_function(hop.token_in, hop.token_out)(amount))
        for pool, amount in hop.shares(amount_in)
    ]
    return sorted(shares, key=lambda share: (share.amount_in, share.pool.address))
