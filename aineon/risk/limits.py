"""What the operator allows, and the figures of an opportunity that are held against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from aineon.primitives.units import BPS
from aineon.search.route import Route

RESTRICTED_PROFIT: Final = 2
"""While degraded, an attempt must leave so many times the minimum profit …"""
RESTRICTED_SIZE: Final = 2
"""… and positions and exposure are this many times smaller."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows. Money in wei, `min_confidence` from 0 to 1; None sets no limit.

    Attributes:
        min_profit_wei: least net profit after flash fee, gas and builder payment.
        max_position_wei: largest worth of what goes into one attempt.
        max_slippage_bps: the most that one hop may pay less than its marginal price, because of
            the attempt's own size.
        max_daily_loss_wei: loss of a day (UTC) at which nothing more is attempted.
        max_exposure_wei: largest worth of all that is in flight together, this one included.
        max_token_exposure_wei, max_venue_exposure_wei: the same, of what passes through one
            token, and through one venue.
        max_attempts_per_minute, max_attempts_per_hour: in the market's own time.
        venues_allowed, venues_denied: names of venues; where none is allowed, all are.
    """

    min_profit_wei: int
    max_gas_price_wei: int
    min_confidence: float
    max_position_wei: int
    max_slippage_bps: int | None = None
    max_daily_loss_wei: int | None = None
    max_exposure_wei: int | None = None
    max_token_exposure_wei: int | None = None
    max_venue_exposure_wei: int | None = None
    max_attempts_per_minute: int | None = None
    max_attempts_per_hour: int | None = None
    venues_allowed: frozenset[str] = frozenset()
    venues_denied: frozenset[str] = frozenset()

    def restricted(self) -> Limits:
        """Return what is allowed while the breaker is degraded: twice the profit, half the size."""
        return replace(
            self,
            min_profit_wei=self.min_profit_wei * RESTRICTED_PROFIT,
            max_position_wei=self.max_position_wei // RESTRICTED_SIZE,
            max_exposure_wei=_smaller(self.max_exposure_wei),
            max_token_exposure_wei=_smaller(self.max_token_exposure_wei),
            max_venue_exposure_wei=_smaller(self.max_venue_exposure_wei),
        )


def _smaller(limit: int | None) -> int | None:
    return None if limit is None else limit // RESTRICTED_SIZE


@dataclass(frozen=True, slots=True)
class Candidate:
    """The figures of an opportunity that the gate looks at.

    Attributes:
        gas_price_wei: what a unit of gas is expected to cost; None where not known.
        net_wei: profit after flash fee, gas and builder payment; None where not known.
        position_wei: worth of the amount that goes in; None where not known.
        confidence: 0 to 1.
        mid_transaction: its states lie between two swaps of somebody's transaction.
        route, amounts: the way it takes, with the input and what each hop pays; None where only
            the figures are to be looked at.
    """

    gas_price_wei: int | None
    net_wei: int | None
    position_wei: int | None
    confidence: float
    mid_transaction: bool = False
    route: Route | None = None
    amounts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stopped an opportunity: a short stable `gate` name, and the reason in words."""

    gate: str
    reason: str


def slippage_bps(route: Route, amounts: tuple[int, ...]) -> tuple[int, int]:
    """Return the hop that suffers most from the size of `amounts`, and by how many bps.

    A hop's slippage is what it pays less than its marginal rate after the fee would. BPS where a
    hop has no rate at all.
    """
    worst, place = 0, 0
    for number, (hop, amount_in, amount_out) in enumerate(
        zip(route, amounts, amounts[1:], strict=False)
    ):
        rate = hop.pool.local_curve(hop.token_in, hop.token_out).rate
        if rate <= 0 or amount_in <= 0:
            return number, BPS
        lost = round(BPS * (1.0 - amount_out / (amount_in * rate)))
        if lost > worst:
            worst, place = lost, number
    return place, worst
