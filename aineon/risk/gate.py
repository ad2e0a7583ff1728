"""The gate that every opportunity passes before an attempt, with the reason where it stops."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.primitives.units import format_ether, format_units


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows. Money in wei, `min_confidence` from 0 to 1."""

    min_profit_wei: int
    max_gas_price_wei: int
    min_confidence: float
    max_position_wei: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """The figures of an opportunity that the gate looks at.

    Attributes:
        gas_price_wei: what a unit of gas is expected to cost; None where not known.
        net_wei: profit after flash fee, gas and builder payment; None where not known.
        position_wei: worth of the amount that goes in; None where not known.
        confidence: 0 to 1.
        mid_transaction: its states lie between two swaps of somebody's transaction.
    """

    gas_price_wei: int | None
    net_wei: int | None
    position_wei: int | None
    confidence: float
    mid_transaction: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stopped an opportunity: a short stable `gate` name, and the reason in words."""

    gate: str
    reason: str


class RiskGate:
    """Checks a candidate against the limits; the first limit it breaks is the reason."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def check(self, candidate: Candidate) -> Refusal | None:
        """Return why `candidate` must not be attempted, or None where nothing speaks against it."""
        for rule in (_tradable, _gas_price, _profit, _confidence, _position):
            refusal = rule(candidate, self.limits)
            if refusal is not None:
                return refusal
        return None


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
