"""The funnel: how far each opportunity came, and why it stopped there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aineon.optimizer.decision import Decision
from aineon.search.opportunity import Opportunity


class Stage(StrEnum):
    """The stages in order; an opportunity is counted at each one that it passed."""

    DETECTED = "detected"
    SIZED = "sized"
    SCORED = "scored"
    PASSED_RISK = "passed risk"
    PLANNED = "planned"
    PREFLIGHT_OK = "preflight ok"
    SUBMITTED = "submitted"
    LANDED = "landed"


@dataclass(frozen=True, slots=True)
class FunnelEntry:
    """One opportunity's way through the funnel at one step of the market.

    Attributes:
        stage: the last stage that it passed.
        gate: short stable name of what stopped it (`min_profit`, `confidence`, `cooldown` …);
            None where nothing did.
        reason: the sentence for people, figures included; empty where nothing stopped it.
        net_wei: what would be left in wei after flash fee, gas and builder payment; None where
            a part of it is not known.
        attempt_id: where it was submitted.
        bid_bps: the builder's share that it is planned with; None is that of the plan's rules.
        decision: what the optimizer thought of it; None where it was not asked.
    """

    opportunity: Opportunity
    block_number: int
    step: int
    stage: Stage
    gate: str | None = None
    reason: str = ""
    net_wei: int | None = None
    attempt_id: str | None = None
    bid_bps: int | None = None
    decision: Decision | None = None
