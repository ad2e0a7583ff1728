"""ExecutionPlan: an opportunity written down so that it can be carried out.

Paper and live executors receive the very same plan; it holds nothing that tells them apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from aineon.execution.steps import StepKind
from aineon.primitives import Address, Token


@dataclass(frozen=True, slots=True)
class FlashLoan:
    """Money for one transaction: `amount` of `token`, given back with `fee` on top.

    `provider` is the lender's name in `aineon.search.lenders`; one's own capital is among them.
    """

    provider: str
    token: Token
    amount: int
    fee: int


class Spend(StrEnum):
    """How much of its input token a step swaps."""

    FIXED = "fixed"
    """Exactly its `amount_in`."""

    ALL = "all"
    """All that is there of the token; `amount_in` says what that is expected to be."""


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One swap through one pool: its input, and the least output that is accepted.

    A hop that is divided over several pools is as many steps, one after the other, with the same
    two tokens.

    Attributes:
        pool, venue: the contract that swaps.
        token_in, token_out: what goes in and what comes out.
        spend: whether `amount_in` is swapped, or all of `token_in` that is there.
        amount_in: in smallest units; see `spend`.
        min_amount_out: less than that is not accepted: the whole plan reverts.
        kind, data: how the executor contract swaps here; see `aineon.execution.steps.StepCall`.
    """

    pool: Address
    venue: str
    token_in: Token
    token_out: Token
    spend: Spend
    amount_in: int
    min_amount_out: int
    kind: StepKind = StepKind.UNKNOWN
    data: int = 0


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """Everything an executor needs, fixed before it is known who executes.

    Attributes:
        route_key: stable name of the route (`Route.key`).
        built_at_block: the block whose states the plan was computed from.
        target_block: the block it is meant for.
        deadline_block: the last block in which it may be included.
        steps: the swaps in order. The first hop's steps spend the flash loan, in fixed amounts;
            the last step of every later hop spends all that the hop before it paid.
        expected_out: what the last hop pays on the states the plan was computed from.
        min_profit: least profit after the flash fee, in the base token, that is accepted.
        gas_units: gas that the route is estimated to use.
        gas_limit: gas the transaction may use at most.
        max_fee_per_gas_wei: None where no gas price is known; such a plan is never submitted.
        builder_payment_bps: share of the profit after flash fee and gas that is offered to the
            block builder.
        confidence: of the opportunity the plan was made from.
    """

    route_key: str
    built_at_block: int
    built_at_step: int
    target_block: int
    deadline_block: int
    steps: tuple[PlanStep, ...]
    flash_loan: FlashLoan
    expected_out: int
    min_profit: int
    gas_units: int
    gas_limit: int
    max_fee_per_gas_wei: int | None
    builder_payment_bps: int
    confidence: float

    @property
    def base_token(self) -> Token:
        return self.flash_loan.token

    @property
    def amount_in(self) -> int:
        """What goes into the first hop: the flash loan."""
        return self.flash_loan.amount

    @property
    def expected_profit(self) -> int:
        """Expected profit after the flash fee and before gas, in the base token."""
        return self.expected_out - self.amount_in - self.flash_loan.fee

    @property
    def pools(self) -> tuple[Address, ...]:
        """The pools of all steps, in order."""
        return tuple(step.pool for step in self.steps)

    @property
    def hops(self) -> tuple[tuple[PlanStep, ...], ...]:
        """The steps by hop: those of one hop have the same two tokens."""
        by_hop = groupby(self.steps, key=lambda step: (step.token_in, step.token_out))
        return tuple(tuple(steps) for _, steps in by_hop)

    def encode(self) -> bytes:
        """A canonical encoding; equal plans encode to equal bytes."""
        fields = [
            self.route_key,
            self.built_at_block,
            self.built_at_step,
            self.target_block,
            self.deadline_block,
            self.flash_loan.provider,
            self.flash_loan.token.address,
            self.flash_loan.amount,
            self.flash_loan.fee,
            self.expected_out,
            self.min_profit,
            self.gas_units,
            self.gas_limit,
            self.max_fee_per_gas_wei,
            self.builder_payment_bps,
            repr(self.confidence),
        ]
        for step in self.steps:
            fields += [
                step.pool,
                step.venue,
                step.token_in.address,
                step.token_out.address,
                step.spend,
                step.amount_in,
                step.min_amount_out,
                int(step.kind),
                step.data,
            ]
        return "\n".join(map(str, fields)).encode()

    @property
    def plan_id(self) -> str:
        """The first 32 hex digits of the SHA-256 of `encode()`."""
        return hashlib.sha256(self.encode()).hexdigest()[:32]
