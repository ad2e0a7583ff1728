"""The lines of a run's report, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.engine.funnel import Stage
from aineon.execution.settlement import Outcome
from aineon.feeds.base import Taking
from aineon.primitives import Money, Token


@dataclass(frozen=True, slots=True)
class OpportunityLine:
    """A cycle with gross profit above zero, as it stood best in one block.

    Attributes:
        step: of the state shown; the best one by (not mid-transaction, stage reached, net
            profit, gross profit).
        states: in how many states of the block the cycle paid.
        mid_transaction_states: how many of them lay inside a transaction.
        mid_transaction: whether the state shown is one of those, because all were.
        amount_in, amount_out, gross_profit, flash_fee: in the base token's smallest units.
        gas_cost, net_profit: likewise; None where not known.
        net_wei: after flash fee, gas and builder payment; None where not known.
        stage, gate, reason: how far it came and what stopped it; gate None where nothing did.
    """

    block: int
    step: int
    states: int
    mid_transaction_states: int
    mid_transaction: bool
    route_key: str
    route: str
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
    stage: Stage
    gate: str | None
    reason: str
    attempt_id: str | None


@dataclass(frozen=True, slots=True)
class TakenOfToken:
    """What searchers took in one token; `profit` and `best` in its smallest units, before gas."""

    token: Token
    count: int
    profit: int
    best: int


@dataclass(frozen=True, slots=True)
class BlockTakings:
    """What other searchers took in one block.

    Attributes:
        gas_unknown: how many of the takings are of unknown gas cost.
    """

    block: int
    takings: tuple[Taking, ...]
    by_token: tuple[TakenOfToken, ...]
    gas_unknown: int


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """An attempt and what became of it.

    Attributes:
        outcome: None while it is in flight.
        expected_profit, gross_profit: in the base token's smallest units.
        gas_cost_wei, builder_payment_wei, net: None where not known.
    """

    attempt_id: str
    route_key: str
    route: str
    base_token: Token
    submitted_block: int
    submitted_step: int
    amount_in: int
    expected_profit: int
    outcome: Outcome | None = None
    reason: str = ""
    settled_block: int | None = None
    gross_profit: int | None = None
    flash_fee: int | None = None
    gas_cost_wei: int | None = None
    builder_payment_wei: int | None = None
    net: Money | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The run in numbers.

    Attributes:
        steps: states of the market that were applied, warm-up included.
        scans, scans_dropped: states that were searched, and that were too old to be.
        opportunities: lines of the report; `opportunities_gas_unknown` of them without gas cost,
            and `opportunities_not_listed` let go of because newer ones needed their place.
        net: of all settled attempts whose net is known; None where attempts settled
            and of none it is known.
        settlements_net_unknown: settled attempts that are not in it.
    """

    blocks: int
    first_block: int | None
    last_block: int | None
    steps: int
    warm_up_steps: int
    scans: int
    scans_dropped: int
    rewinds: int
    opportunities: int
    opportunities_not_listed: int
    opportunities_gas_unknown: int
    attempts: int
    attempts_in_flight: int
    net: Money | None
    settlements_net_unknown: int
    takings: int


@dataclass(frozen=True, slots=True)
class TokenShare:
    """What was taken in one token by this run's paper attempts, and by other searchers.

    Attributes:
        ours: gross profit less flash fee of the included attempts (SIMULATED).
        theirs: profit of the other searchers' takings, before gas.
    """

    token: Token
    ours: int
    theirs: int

    @property
    def ours_of_all(self) -> float | None:
        """Our part of everything taken, from 0 to 1; None where nothing was taken."""
        taken = self.ours + self.theirs
        return self.ours / taken if taken > 0 else None
