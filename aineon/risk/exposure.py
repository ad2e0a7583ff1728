"""Exposure: what is in flight, in all, by token and by venue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aineon.primitives import Token
from aineon.primitives.units import format_ether
from aineon.risk.limits import Limits, Refusal


@dataclass(frozen=True, slots=True)
class Position:
    """What one attempt puts in.

    Attributes:
        worth_wei: of the amount that goes in; None where not known.
        tokens, venues: those it passes through; the whole amount counts for each.
        gas_wei: the most that its gas can cost.
    """

    worth_wei: int | None
    tokens: frozenset[Token]
    venues: frozenset[str]
    gas_wei: int = 0


class Exposure:
    """The positions of all attempts in flight, added up."""

    def __init__(self, positions: Iterable[Position] = ()) -> None:
        self.total_wei = 0
        self.gas_wei = 0
        self.unknown = 0
        self._tokens: Counter[Token] = Counter()
        self._venues: Counter[str] = Counter()
        for position in positions:
            self.add(position)

    @property
    def tokens(self) -> Mapping[Token, int]:
        """Worth in wei by token."""
        return self._tokens

    @property
    def venues(self) -> Mapping[str, int]:
        """Worth in wei by venue."""
        return self._venues

    def add(self, position: Position) -> None:
        """Count one more attempt."""
        self.gas_wei += position.gas_wei
        if position.worth_wei is None:
            self.unknown += 1
            return
        self.total_wei += position.worth_wei
        for token in position.tokens:
            self._tokens[token] += position.worth_wei
        for venue in position.venues:
            self._venues[venue] += position.worth_wei

    def check(self, position: Position, limits: Limits) -> Refusal | None:
        """Return the limit that `position` on top of what is in flight would break."""
        worth = position.worth_wei
        bounds = (
            limits.max_exposure_wei,
            limits.max_token_exposure_wei,
            limits.max_venue_exposure_wei,
        )
        if worth is None or all(bound is None for bound in bounds):
            return None
        if self.unknown:
            return Refusal(
                "exposure_unknown",
                f"the worth of {self.unknown} attempts in flight is not known, and exposure is "
                "limited",
            )
        refusal = _over("max_exposure", "", self.total_wei + worth, limits.max_exposure_wei)
        for token in sorted(position.tokens) if refusal is None else ():
            limit, sum_wei = limits.max_token_exposure_wei, self._tokens[token] + worth
            refusal = refusal or _over("max_token_exposure", f" through {token}", sum_wei, limit)
        for venue in sorted(position.venues) if refusal is None else ():
            limit, sum_wei = limits.max_venue_exposure_wei, self._venues[venue] + worth
            refusal = refusal or _over("max_venue_exposure", f" through {venue}", sum_wei, limit)
        return refusal


def _over(gate: str, where: str, sum_wei: int, limit: int | None) -> Refusal | None:
    if limit is None or sum_wei <= limit:
        return None
    return Refusal(
        gate,
        f"with it {format_ether(sum_wei, 6)} ETH would be in flight{where}; the limit is "
        f"{format_ether(limit)} ETH",
    )
