"""Encoding: a plan as call data of the executor contract (`contracts/AineonExecutor.vy`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aineon.errors import ExecutionError
from aineon.execution.plan import ExecutionPlan, PlanStep, Spend
from aineon.execution.steps import StepKind
from aineon.primitives import Token
from aineon.primitives.units import BPS
from aineon.search.lenders import AAVE_V3, BALANCER_V2, FLASH_SWAP, OWN
from aineon.search.route import MOST_STEPS

STEP = "(uint8,address,address,address,uint256,uint256,bytes32)"
"""Kind, pool, token in, token out, amount in, least amount out, data."""

TRADE = f"(uint8,address,uint256,uint256,uint256,uint256,{STEP}[])"
"""Money, base, amount, least profit, builder payment, deadline, steps."""

ALL = 0
"""As an amount: all that the route holds of the token."""

MONEY: Mapping[str, int] = {OWN: 0, BALANCER_V2: 1, AAVE_V3: 2, FLASH_SWAP: 3}
"""The contract's numbers for the lenders."""

_SELECTOR_SIZE = 4


def builder_payment(plan: ExecutionPlan, native_token: Token | None) -> int:
    """Return what `plan` pays the block's builder, in wei.

    It is the plan's share of the profit that is expected after loan fee and gas; a plan's least
    profit is its gas. The contract pays in ether that it unwraps, so only a plan whose base token
    is the wrapped native one has such a payment; for all others, 0: there the priority fee
    carries what the builder gets.
    """
    if plan.base_token != native_token:
        return 0
    return max(plan.expected_profit - plan.min_profit, 0) * plan.builder_payment_bps // BPS


def encode_execute(
    plan: ExecutionPlan, native_token: Token | None, *, min_profit: int | None = None
) -> bytes:
    """Return the call data with which the operator carries `plan` out.

    The builder's payment is fixed before the trade is signed, and the treasury must get the
    plan's least profit on top of it. A trade that earns less than expected therefore reverts
    before the builder's part eats into what has to pay for the gas.

    Args:
        plan: of steps that the contract knows.
        native_token: the chain's wrapped native token; see `builder_payment`.
        min_profit: least profit for the treasury; None for the plan's own.

    Raises:
        ExecutionError: the contract cannot carry it out; the message says which part.
    """
    # Importing it takes longer than whatever does not encode should wait.
    from eth_abi.abi import encode

    if plan.flash_loan.provider not in MONEY:
        raise ExecutionError(
            f"lender is {plan.flash_loan.provider!r}; the executor contract knows "
            f"{', '.join(MONEY)}"
        )
    if not 1 <= len(plan.steps) <= MOST_STEPS:
        raise ExecutionError(
            f"plan {plan.plan_id} has {len(plan.steps)} steps; "
            f"the executor contract takes 1 to {MOST_STEPS}"
        )
    trade = (
        MONEY[plan.flash_loan.provider],
        plan.base_token.address,
        plan.flash_loan.amount,
        plan.min_profit if min_profit is None else min_profit,
        builder_payment(plan, native_token),
        plan.deadline_block,
        [_step(number, step) for number, step in enumerate(plan.steps, start=1)],
    )
    return _selector() + encode([TRADE], [trade])


def decode_execute(data: bytes) -> tuple[Any, ...]:
    """Return the trade in call data, as a tuple of the fields of `TRADE`.

    Raises:
        ExecutionError: this is no call of `execute`.
    """
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    if data[:_SELECTOR_SIZE] != _selector():
        raise ExecutionError(f"call data 0x{data[:_SELECTOR_SIZE].hex()}… is no call of execute")
    try:
        (trade,) = decode([TRADE], data[_SELECTOR_SIZE:])
    except DecodingError as error:
        raise ExecutionError(f"call data of execute cannot be read: {error}") from error
    found: tuple[Any, ...] = trade
    return found


def _step(number: int, step: PlanStep) -> tuple[int, str, str, str, int, int, bytes]:
    if step.kind is StepKind.UNKNOWN:
        raise ExecutionError(
            f"step {number} leads through {step.pool} of {step.venue}, "
            "which the executor contract cannot swap through"
        )
    if step.spend is not Spend.ALL and step.amount_in <= 0:
        # The contract would take it for all that there is.
        raise ExecutionError(
            f"step {number} spends {step.amount_in} of {step.token_in}; least is 1"
        )
    return (
        int(step.kind),
        step.pool,
        step.token_in.address,
        step.token_out.address,
        ALL if step.spend is Spend.ALL else step.amount_in,
        step.min_amount_out,
        step.data.to_bytes(32, "big"),
    )


def _selector() -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=f"execute({TRADE})")[:_SELECTOR_SIZE]
