"""The gate that every opportunity passes before an attempt, with the reason where it stops."""

from __future__ import annotations

from typing import Protocol

from aineon.primitives.units import format_ether, format_units
from aineon.risk.limits import Candidate, Limits, Refusal, slippage_bps

__all__ = ["Candidate", "Limits", "Refusal", "RiskGate"]


class Surroundings(Protocol):
    """What else is asked: the breaker, the day, what is in flight (`aineon.risk.desk`)."""

    @property
    def is_restricted(self) -> bool:
        """Whether the tighter limits hold."""

    def check(self, candidate: Candidate, limits: Limits) -> Refusal | None:
        """Return what speaks against an attempt that its own figures do not tell."""


class RiskGate:
    """Checks a candidate against the limits; the first limit it breaks is the reason.

    Args:
        limits: what the operator allows.
        surroundings: asked last; None where the figures alone decide.
    """

    def __init__(self, limits: Limits, surroundings: Surroundings | None = None) -> None:
        self._limits = limits
        self._restricted = limits.restricted()
        self._surroundings = surroundings

    @property
    def limits(self) -> Limits:
        """The limits in force now: the operator's, or the tighter ones of a degraded breaker."""
        around = self._surroundings
        return self._limits if around is None or not around.is_restricted else self._restricted

    def check(self, candidate: Candidate) -> Refusal | None:
        """Return why `candidate` must not be attempted, or None where nothing speaks against it."""
        limits = self.limits
        for rule in (_tradable, _gas_price, _profit, _confidence, _position, _venues, _slippage):
            refusal = rule(candidate, limits)
            if refusal is not None:
                return refusal
        return None if self._surroundings is None else self._surroundings.check(candidate, limits)


def _tradable(candidate: Candidate, limits: Limits) -> Refusal | None:
    if not candidate.mid_transaction:
        return None
    return Refusal(
        "mid_transaction",
        "the state lies between two swaps of one transaction: nobody else can trade on it",
    )


def _gas_price(candidate: Candidate, limits: Limits) -> Refusal | None:
    price = candidate.gas_price_wei
    if price is None:
        return Refusal("gas_unknown", "the gas price of this block is not known")
    if price > limits.max_gas_price_wei:
        return Refusal(
            "max_gas_price",
            f"gas price {format_units(price, 9, 3)} gwei is above the limit of "
            f"{format_units(limits.max_gas_price_wei, 9, 3)} gwei",
        )
    return None


def _profit(candidate: Candidate, limits: Limits) -> Refusal | None:
    net = candidate.net_wei
    if net is None:
        return Refusal("worth_unknown", "the profit's worth in ETH is not known")
    if net < limits.min_profit_wei:
        return Refusal(
            "min_profit",
            f"net profit {format_ether(net, 9)} ETH is below the minimum of "
            f"{format_ether(limits.min_profit_wei)} ETH",
        )
    return None


def _confidence(candidate: Candidate, limits: Limits) -> Refusal | None:
    if candidate.confidence < limits.min_confidence:
        return Refusal(
            "confidence",
            f"confidence {candidate.confidence:.3f} is below the threshold of "
            f"{limits.min_confidence:.3f}",
        )
    return None


def _position(candidate: Candidate, limits: Limits) -> Refusal | None:
    position = candidate.position_wei
    if position is None:
        return Refusal("worth_unknown", "the size's worth in ETH is not known")
    if position > limits.max_position_wei:
        return Refusal(
            "max_position",
            f"size {format_ether(position, 6)} ETH is above the limit of "
            f"{format_ether(limits.max_position_wei)} ETH",
        )
    return None


def _venues(candidate: Candidate, limits: Limits) -> Refusal | None:
    if not (limits.venues_allowed or limits.venues_denied):
        return None
    for pool in () if candidate.route is None else candidate.route.pools:
        if pool.venue in limits.venues_denied:
            return Refusal("venue_denied", f"venue {pool.venue} is on the list of denied venues")
        if limits.venues_allowed and pool.venue not in limits.venues_allowed:
            allowed = ", ".join(sorted(limits.venues_allowed))
            return Refusal(
                "venue_not_allowed", f"venue {pool.venue} is not allowed; allowed are {allowed}"
            )
    return None


def _slippage(candidate: Candidate, limits: Limits) -> Refusal | None:
    if limits.max_slippage_bps is None or candidate.route is None:
        return None
    place, bps = slippage_bps(candidate.route, candidate.amounts)
    if bps <= limits.max_slippage_bps:
        return None
    hop = candidate.route[place]
    return Refusal(
        "slippage",
        f"the hop from {hop.token_in} to {hop.token_out} would pay {bps} bps less than its "
        f"marginal price; the limit is {limits.max_slippage_bps} bps",
    )
