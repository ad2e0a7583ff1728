"""What is written into the ledger, as frozen values.

The engine translates its events into these records; the ledger knows nothing of the engine.
Times are seconds since the Unix epoch (UTC). Amounts are ints in the smallest unit of the
token that the name or the text says; None means unknown, and unknown is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aineon.primitives import Book, Money, Provenance, Token

OUTCOMES: Final = ("included", "reverted", "missed", "unresolved")
"""How an attempt can end; the names that `SettlementRecord.outcome` may hold."""

VERIFICATIONS: Final = ("verified", "differs", "unverified")
"""What an independent source may say; the names that `SettlementRecord.verification` may hold."""

PROVENANCES_OF: Final[Mapping[Book, frozenset[Provenance]]] = {
    Book.SIMULATION: frozenset({Provenance.SIMULATED, Provenance.REPLAYED, Provenance.ESTIMATED}),
    Book.REHEARSAL: frozenset(
        {
            Provenance.SIMULATED,
            Provenance.REPLAYED,
            Provenance.PENDING,
            Provenance.ESTIMATED,
        }
    ),
    Book.LIVE: frozenset({Provenance.LIVE, Provenance.PENDING, Provenance.ESTIMATED}),
}
"""Where the figures of each book may come from: a live book never holds a simulated figure."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the engine over one feed.

    Attributes:
        seed: of a seeded feed, else None.
        detail: what people should know about the feed, e.g. the recording's file name.
        native_token: the wrapped native token, in which gas is paid; its balance is shown as
            ETH. None where the feed does not know it.
    """

    feed: str
    provenance: Provenance
    seed: int | None
    detail: str
    started_at: float
    native_token: Token | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of the market that was processed.

    Attributes:
        block_time: the block's own time; None where the feed does not say.
        counts: stage of the funnel → how many opportunities of this step passed it.
        scan_seconds: None where the scan was dropped as stale.
        at: when the step was processed.
    """

    run_id: int
    block_number: int
    step: int
    block_time: float | None
    base_fee_wei: int | None
    pools_changed: int
    counts: Mapping[str, int]
    scan_seconds: float | None
    at: float


@dataclass(frozen=True, slots=True)
class OpportunityRecord:
    """One opportunity and how far it came.

    Amounts are in the base token's smallest unit, except `net_wei`.

    Attributes:
        route_key: stable name of the route; `route_text` is the form for people.
        pair: the traded pair as people name it, e.g. `WETH/USDC`.
        net_profit: after flash fee and gas; None where the gas cost is not known.
        net_wei: what would be left after the builder payment too; None where not known.
        stage: the last stage of the funnel that it passed.
        gate: short name of what stopped it; None where nothing did.
        reason: the sentence for people; empty where nothing stopped it.
        attempt_id: where it was submitted.
        lands, bid_bps, expected_net_wei, band_low_wei, band_high_wei: what the optimizer thinks:
            the chance to land by the best bid, that bid as a share of the profit, and the net
            that is to be expected of it in wei, with the interval it lies in. None where it was
            not asked or does not know.
        decided_by: who decided, e.g. `rule` or `table`; `decision_words` says why it was not
            somebody who knows more, or why the opportunity is not worth an attempt.
        reasons: the features that moved the chance most, each with its effect on it.
        regime: of the market, as the optimizer saw it.
        model_version: of the model that was asked.
    """

    run_id: int
    block_number: int
    step: int
    at: float
    route_key: str
    route_text: str
    pair: str
    venues: tuple[str, ...]
    hops: int
    base_token: Token
    amount_in: int
    amount_out: int
    gross_profit: int
    flash_fee: int
    gas_units: int | None
    gas_cost: int | None
    net_profit: int | None
    net_wei: int | None
    confidence: float | None
    stage: str
    gate: str | None
    reason: str
    attempt_id: str | None
    lands: float | None = None
    bid_bps: int | None = None
    expected_net_wei: int | None = None
    band_low_wei: int | None = None
    band_high_wei: int | None = None
    decided_by: str | None = None
    decision_words: str | None = None
    reasons: Mapping[str, float] | None = None
    regime: str | None = None
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """An opportunity that was judged, with what was known of it then, and what it came to.

    Attributes:
        block_number: of the states that it was judged on.
        at: when that was, and `known_at` when its outcome was known: the market's own time.
        pair: the traded pair as the optimizer calls it.
        vector: its features at that time, 64-bit floats, little-endian, NaN for unknown;
            `feature_set` names which features these are.
        net_wei: what it would have left after flash fee and gas, before the builder's payment.
        gas_wei: what a public attempt that fails would have cost; None where not known.
        needed_payment_wei: the least payment to a builder that would have landed it, 0 where
            nobody competed. None where nothing is known, and where no payment would have.
        reachable: whether any payment would have landed it; None where that is not known.
        won: whether it landed; None where it was not attempted.
        offered_bps: the share of the profit that was offered; None where it was not attempted.
        censored: only a bound is known: what was offered was enough, or was not.
        decided_by: who decided.
        lands: the chance to land that was predicted for the bid of the decision; None where
            nobody predicted one.
    """

    run_id: int
    block_number: int
    at: float
    known_at: float
    pair: str
    vector: bytes
    feature_set: str
    net_wei: int
    gas_wei: int | None
    needed_payment_wei: int | None
    reachable: bool | None
    won: bool | None
    offered_bps: int | None
    censored: bool
    decided_by: str
    lands: float | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """A plan that was submitted; amounts in the base token, except `expected_net_wei`.

    Attributes:
        strategy_run: which strategy run it is part of. What is submitted on one state of the
            market is sized as one, each on what those before it leave, so unless it is said
            otherwise all attempts of one step of an engine's run are one strategy run.
    """

    run_id: int
    attempt_id: str
    plan_id: str
    route_key: str
    route_text: str
    pair: str
    venues: tuple[str, ...]
    base_token: Token
    amount_in: int
    expected_out: int
    expected_profit: int
    expected_net_wei: int | None
    gas_limit: int
    confidence: float | None
    submitted_block: int
    submitted_step: int
    submitted_at: float
    provenance: Provenance
    strategy_run: str = ""

    def __post_init__(self) -> None:
        if not self.strategy_run:
            object.__setattr__(self, "strategy_run", self._step)

    @property
    def _step(self) -> str:
        return f"{self.run_id}:{self.submitted_block}:{self.submitted_step}"


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """What an attempt came to.

    Attributes:
        outcome: one of `OUTCOMES`.
        settled_block: None while the chain did not show it.
        amount_out, gross_profit, flash_fee: in the base token's smallest unit.
        gas_cost, builder_payment: in the book's own money; None where not known.
        net: gross profit less flash fee, gas and builder payment, in the book's own money;
            None where any of them is not known.
        chain_id, transaction_hash: of the attempt's transaction; None on paper, and where
            nothing was sent.
        finalised: that its outcome is final, which every settlement on a chain is; None on paper.
        verification: one of `VERIFICATIONS`; `verification_detail` says who was asked, with both
            figures where they differ. None on paper.
        operator, treasury: the addresses that paid for gas and got the profit; None on paper, and
            where it is not known.
        at_fault: whether it reverted by a fault of ours, and not because somebody was faster; None
            on paper, and in books from before it was kept.
    """

    attempt_id: str
    outcome: str
    reason: str
    settled_block: int | None
    settled_at: float
    amount_out: int | None
    gross_profit: int | None
    flash_fee: int
    gas_used: int | None
    gas_cost: Money | None
    builder_payment: Money | None
    net: Money | None

    chain_id: int | None = None
    transaction_hash: str | None = None
    finalised: bool | None = None
    verification: str | None = None
    verification_detail: str | None = None
    operator: str | None = None
    treasury: str | None = None
    at_fault: bool | None = None


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """An attempt that is seen in a block which a reorg may still take back: a pending figure.

    Attributes:
        outcome: `included` or `reverted`, if the block stays.
        net: as a settlement's, in the book's own money; None where not known.
        at: when it was first seen in that block.
    """

    attempt_id: str
    chain_id: int
    transaction_hash: str
    outcome: str
    block_number: int
    net: Money | None
    at: float


@dataclass(frozen=True, slots=True)
class TakingRecord:
    """What another searcher took in a step; `profit` in the token, before gas."""

    run_id: int
    block_number: int
    step: int
    reference: str
    searcher: str
    profit_token: Token
    profit: int
    profit_wei: int | None


@dataclass(frozen=True, slots=True)
class NearMissRecord:
    """A cycle that came close in a step and did not become an opportunity, or cannot pay.

    Amounts are in the base token's smallest unit; where the cycle was not sized they are what
    its pools' curves let expect.

    Attributes:
        rate: its marginal rates after fees multiplied: what one unit would bring back.
        verdict: short name of what became of it; `reason` is the sentence for people.
        amount_in: the best size, 0 where every size loses; None where none is best.
        gross_profit: at that size, before flash fee and gas.
        gas_cost: None where not known.
    """

    run_id: int
    block_number: int
    step: int
    at: float
    route_key: str
    route_text: str
    pair: str
    venues: tuple[str, ...]
    hops: int
    base_token: Token
    rate: float
    verdict: str
    reason: str
    amount_in: int | None
    gross_profit: int | None
    flash_fee: int | None
    gas_units: int
    gas_cost: int | None


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """A sampled spot price, for charts only."""

    run_id: int
    block_number: int
    at: float
    pair: str
    venue: str
    pool: str
    price: float


@dataclass(frozen=True, slots=True)
class BookEntry:
    """Everything that is booked together: all of it is kept, or nothing.

    `observations` are all that is pending from now on, and replace what was; None leaves it.
    """

    step: StepRecord | None = None
    opportunities: tuple[OpportunityRecord, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    settlements: tuple[SettlementRecord, ...] = ()
    takings: tuple[TakingRecord, ...] = ()
    prices: tuple[PriceRecord, ...] = ()
    near_misses: tuple[NearMissRecord, ...] = ()
    samples: tuple[SampleRecord, ...] = ()
    observations: tuple[ObservationRecord, ...] | None = None
