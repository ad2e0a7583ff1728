"""Carrying a plan out on pool states, exactly as the contract would, without a chain."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.amm import Pool
from aineon.errors import PoolError, UnknownPool
from aineon.execution.plan import ExecutionPlan
from aineon.market import Market
from aineon.primitives import TokenAmount


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What a plan does on some states.

    Attributes:
        amount_out: what the last step paid; None where a step failed.
        pools_after: the pools as the plan leaves them; empty where it failed.
        failure: why it would revert; empty where it would not.
    """

    amount_out: int | None
    pools_after: tuple[Pool, ...] = ()
    failure: str = ""


def simulate(plan: ExecutionPlan, market: Market) -> SimulatedRun:
    """Swap through the plan's steps on the market's states, one feeding the next."""
    amount = plan.amount_in
    pools_after: list[Pool] = []
    for number, step in enumerate(plan.steps, start=1):
        try:
            pool = market.pool(step.pool)
            quote = pool.quote_exact_input(
                token_in=step.token_in, token_out=step.token_out, amount_in=amount
            )
        except (PoolError, UnknownPool) as error:
            return SimulatedRun(None, failure=f"step {number} cannot be quoted: {error}")
        if quote.partial:
            return SimulatedRun(
                None,
                failure=f"step {number} would fill {quote.amount_in} of {amount}: liquidity ends",
            )
        if quote.amount_out < step.min_amount_out:
            paid = TokenAmount(step.token_out, quote.amount_out)
            least = TokenAmount(step.token_out, step.min_amount_out)
            return SimulatedRun(
                None,
                failure=f"step {number} would pay {paid}, less than the plan's minimum of {least}",
            )
        pools_after.append(quote.pool_after)
        amount = quote.amount_out
    profit = amount - plan.amount_in - plan.flash_loan.fee
    if profit < plan.min_profit:
        return SimulatedRun(None, failure=_too_little(plan, profit))
    return SimulatedRun(amount, tuple(pools_after))


def _too_little(plan: ExecutionPlan, profit: int) -> str:
    token = plan.base_token
    return (
        f"profit {TokenAmount(token, profit)} would be below the plan's minimum of "
        f"{TokenAmount(token, plan.min_profit)}"
    )
