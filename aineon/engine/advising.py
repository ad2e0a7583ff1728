"""Advice: what the optimizer tells judging about one opportunity, and how far it is followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from aineon.engine.funnel import FunnelEntry
from aineon.market import Market
from aineon.optimizer.deciding import band_wei, expected_wei
from aineon.optimizer.decision import Decision, Reason
from aineon.primitives import Block
from aineon.primitives.units import format_ether
from aineon.risk import Refusal
from aineon.search import Opportunity

GATE: Final = "score"
"""The funnel's gate that refuses what the optimizer does not find worth an attempt."""

# A route that leaves nine tenths of another one's net is as likely to land at the same share.
_ALIKE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Advice:
    """What judging is told about one opportunity.

    Attributes:
        decision: what the optimizer thinks of it; None where it thinks of another route through
            the same gap that leaves more.
        bid_bps: the builder's share to plan with; None leaves it to the planner's rules.
        refusal: why it is not attempted; None where it may be.
    """

    decision: Decision | None
    bid_bps: int | None = None
    refusal: Refusal | None = None


Heed = Callable[[Decision], Advice]
"""How far a decision is followed."""


def observed(decision: Decision) -> Advice:
    """Look on: the decision is shown and learned from, and the plain rule decides."""
    return Advice(decision)


def obeyed(decision: Decision) -> Advice:
    """Do what the decision says."""
    refusal = None if decision.attempt else Refusal(GATE, decision.words)
    return Advice(decision, decision.bid_bps, refusal)


class Adviser(Protocol):
    """What judging asks before it attempts anything."""

    def turn(self, block: Block, step: int, market: Market) -> None:
        """Begin with another state of the market."""

    def advise(
        self, opportunity: Opportunity, net_wei: int | None, gas_wei: int | None
    ) -> Advice | None:
        """Return what to do with an opportunity; None leaves it to the plain rule.

        Args:
            opportunity: as it would be attempted.
            net_wei: what it leaves after flash fee and gas, before the builder's payment.
            gas_wei: what its gas costs.
        """


def for_another(advice: Advice, first_net_wei: int, net_wei: int, gas_wei: int | None) -> Advice:
    """The same advice for another route through a gap whose first one leaves `first_net_wei`.

    What leaves less lands no more often at the same share: where even that chance does not pay, it
    is not attempted either. Where it leaves much less, nothing more is said of it.
    """
    decision = advice.decision
    if decision is None or net_wei == first_net_wei:
        return advice
    alike = net_wei >= first_net_wei * _ALIKE
    if decision.lands is None:
        return advice if alike else replace(advice, decision=None)
    asked = decision.lands, net_wei, gas_wei or 0, decision.bid_bps, decision.channel
    expected = expected_wei(*asked)
    if advice.bid_bps is not None and advice.refusal is None and expected <= 0:
        words = (
            f"another route through its gap leaves more, and this one {format_ether(expected)} ETH "
            "on average at that bid"
        )
        advice = replace(advice, refusal=Refusal(GATE, words))
    if not alike:
        return replace(advice, decision=None)
    told = replace(
        decision,
        expected_net_wei=expected,
        band_wei=band_wei(*asked),
        net_wei=net_wei,
        gas_wei=gas_wei,
    )
    return replace(advice, decision=told)


def explained(entry: FunnelEntry, reasons: Mapping[int, tuple[Reason, ...]]) -> FunnelEntry:
    """The entry with what moved its decision, by the identity of the vector that was shown."""
    decision = entry.decision
    if decision is None or not (found := reasons.get(id(decision.vector))):
        return entry
    return replace(entry, decision=replace(decision, reasons=found))
