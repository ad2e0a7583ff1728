"""Carrying a plan out on pool states, exactly as the contract would, without a chain."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

from aineon.amm import Pool, Quote
from aineon.errors import ExecutionError, IncompleteState, PoolError, UnknownPool
from aineon.execution.plan import ExecutionPlan, PlanStep, Spend
from aineon.market import Market
from aineon.primitives import Token, TokenAmount


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """What a plan does on some states.

    Attributes:
        amount_out: how much of the base token is there in the end, the loan to be repaid
            included; None where a step failed.
        pools_after: the pools as the plan leaves them, but for those whose quotes cannot tell
            (`IncompleteState`); empty where it failed.
        failure: why it would revert; empty where it would not.
    """

    amount_out: int | None
    pools_after: tuple[Pool, ...] = ()
    failure: str = ""


def simulate(plan: ExecutionPlan, market: Market) -> SimulatedRun:
    """Swap through the plan's steps on the market's states, from what was borrowed and paid."""
    balances: defaultdict[Token, int] = defaultdict(int)
    balances[plan.base_token] = plan.flash_loan.amount
    pools_after: list[Pool] = []
    for number, step in enumerate(plan.steps, start=1):
        try:
            quote = _swap(step, market, balances[step.token_in])
        except (PoolError, UnknownPool) as error:
            return SimulatedRun(None, failure=f"step {number} cannot be quoted: {error}")
        except ExecutionError as error:
            return SimulatedRun(None, failure=f"step {number} {error}")
        balances[step.token_in] -= quote.amount_in
        balances[step.token_out] += quote.amount_out
        with suppress(IncompleteState):
            pools_after.append(quote.pool_after)
    amount = balances[plan.base_token]
    profit = amount - plan.flash_loan.amount - plan.flash_loan.fee
    if profit < plan.min_profit:
        return SimulatedRun(None, failure=_too_little(plan, profit))
    return SimulatedRun(amount, tuple(pools_after))


def _swap(step: PlanStep, market: Market, balance: int) -> Quote:
    """The swap of a step that finds `balance` units of its input token.

    Raises:
        ExecutionError: the step would revert; the message goes on from "step n".
        PoolError, UnknownPool: it cannot be quoted.
    """
    amount = balance if step.spend is Spend.ALL else step.amount_in
    if amount > balance:
        raise ExecutionError(
            f"would need {TokenAmount(step.token_in, amount)}, "
            f"but {TokenAmount(step.token_in, balance)} is there"
        )
    quote = market.pool(step.pool).quote_exact_input(
        token_in=step.token_in, token_out=step.token_out, amount_in=amount
    )
    if quote.partial:
        raise ExecutionError(f"would fill {quote.amount_in} of {amount}: liquidity ends")
    if quote.amount_out < step.min_amount_out:
        raise ExecutionError(
            f"would pay {TokenAmount(step.token_out, quote.amount_out)}, less than the plan's "
            f"minimum of {TokenAmount(step.token_out, step.min_amount_out)}"
        )
    return quote


def _too_little(plan: ExecutionPlan, profit: int) -> str:
    token = plan.base_token
    return (
        f"profit {TokenAmount(token, profit)} would be below the plan's minimum of "
        f"{TokenAmount(token, plan.min_profit)}"
    )
