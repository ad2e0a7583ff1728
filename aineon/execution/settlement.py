"""Attempt, Outcome and Settlement: what became of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aineon.execution.plan import ExecutionPlan
from aineon.primitives import Address, LiveMoney, Provenance, RehearsalMoney, SimulatedMoney

OnchainMoney = LiveMoney | RehearsalMoney


class Outcome(StrEnum):
    """How an attempt ended."""

    INCLUDED = "included"
    REVERTED = "reverted"
    MISSED = "missed"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A plan that was submitted.

    `attempt_id` begins with `sim-` in paper trading and never looks like a transaction hash; an
    attempt on a chain is an intent of the outbox, whose transactions have hashes of their own.
    `submitted_at` is in seconds since the Unix epoch.
    """

    attempt_id: str
    plan: ExecutionPlan
    submitted_block: int
    submitted_step: int
    submitted_at: float


@dataclass(frozen=True, slots=True)
class PaperSettlement:
    """What a paper attempt came to on the next real states of its pools.

    Attributes:
        outcome, reason: the reason is a sentence for people.
        settled_block: the block whose states were used; None while unresolved.
        amount_out: what the route paid in the base token; None unless included.
        gas_used: gas charged; 0 where nothing landed on chain, None where not known.
        gas_cost, builder_payment: in wei of native currency; None where not known.
        flash_fee: in the base token's smallest units.
        gross_profit: amount_out - amount_in in the base token's smallest units.
        net: gross profit less flash fee, gas and builder payment, in wei; None where any of
            them, or the base token's worth in wei, is not known.
    """

    attempt: Attempt
    outcome: Outcome
    reason: str
    settled_block: int | None
    amount_out: int | None = None
    gross_profit: int | None = None
    flash_fee: int = 0
    gas_used: int | None = None
    gas_cost: SimulatedMoney | None = None
    builder_payment: SimulatedMoney | None = None
    net: SimulatedMoney | None = None


class Verification(StrEnum):
    """Whether a source of its own agrees with the profit that we computed from a receipt."""

    VERIFIED = "verified"
    DIFFERS = "differs"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class OnchainSettlement:
    """What an attempt on a chain came to, as its receipt proves.

    Attributes:
        chain_id: of the chain that the transaction belongs to; None where nothing was sent.
        transaction_hash: of the transaction that was included or reverted; where none of the
            attempt's transactions is in a block, of the one that was sent last; None where
            nothing was sent.
        outcome, reason: the reason is a sentence for people; a competitive revert (somebody was
            faster) and a bug of ours say so.
        settled_block: the block of the receipt, or the one at which the attempt was given up;
            None while unresolved.
        finalised: whether the block of the receipt is final; until then a reorg may undo it.
        amount_out: what the route paid in the base token; None unless included.
        flash_fee: in the base token's smallest units.
        gas_used: gas charged; 0 where nothing landed, None where not known.
        gas_cost, builder_payment: in wei of native currency; None where not known.
        gross_profit: what the route left before flash fee, in the base token's smallest units.
        net: gross profit less flash fee, gas and builder payment, in wei; None where any of
            them, or the base token's worth in wei, is not known.
        verification: what an independent source says of it, with both figures where they differ.
        operator, treasury: the addresses that paid for gas and got the profit; None where it is
            not known, or where nothing was paid.
        at_fault: whether it reverted by a fault of ours, and not because somebody was faster.
    """

    attempt: Attempt
    outcome: Outcome
    reason: str
    settled_block: int | None
    chain_id: int | None = None
    transaction_hash: str | None = None
    finalised: bool = False
    amount_out: int | None = None
    gross_profit: int | None = None
    flash_fee: int = 0
    gas_used: int | None = None
    gas_cost: OnchainMoney | None = None
    builder_payment: OnchainMoney | None = None
    net: OnchainMoney | None = None
    verification: Verification = Verification.UNVERIFIED
    verification_detail: str = ""
    operator: Address | None = None
    treasury: Address | None = None
    at_fault: bool = False


Settlement = PaperSettlement | OnchainSettlement


@dataclass(frozen=True, slots=True)
class Observation:
    """An attempt that is seen in a block which a reorg may still take back.

    Attributes:
        chain_id, transaction_hash: of the transaction that was seen.
        outcome: included or reverted, if the block stays.
        block_number: the block it is in.
        net: in wei, as `OnchainSettlement.net`; None where not known.
        seen_at: when it was first seen there, in seconds since the Unix epoch.
    """

    attempt: Attempt
    chain_id: int
    transaction_hash: str
    outcome: Outcome
    block_number: int
    net: OnchainMoney | None
    seen_at: float

    @property
    def provenance(self) -> Provenance:
        """Nothing of it is final."""
        return Provenance.PENDING
