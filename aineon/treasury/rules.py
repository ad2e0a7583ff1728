"""Rules: withdrawals that start by themselves, above a threshold or at their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aineon.errors import InvalidWithdrawal
from aineon.primitives import ETHER, Address, Token, TokenAmount
from aineon.treasury.addresses import parse_destination
from aineon.treasury.schedule import parse_schedule
from aineon.treasury.withdrawal import Origin, Strategy

OF_SETTINGS: Final = "settings"
"""Id of the rule that AUTO_WITHDRAWAL_ENABLED makes."""

_UINT256: Final = 2**256


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the treasury's account holds, read at one block.

    Attributes:
        balances: by asset; an asset that is missing is unknown, and not zero.
        gas_reserve_wei: what a sweep leaves of native ether, to pay for its own transactions.
        gas_each_wei: what the gas of one payment costs at most, for those that are out already.
        wrapped: wrapped ether, where the balance of ether counts it.
    """

    balances: Mapping[Token, int] = field(default_factory=dict)
    gas_reserve_wei: int = 0
    gas_each_wei: int = 0
    wrapped: Token | None = None

    def counts_as(self, asset: Token, other: Token) -> bool:
        """Whether what leaves of `other` leaves the balance of `asset`."""
        return other == asset or (asset == ETHER and other == self.wrapped)


@dataclass(frozen=True, slots=True)
class Rule:
    """When how much leaves by itself, and for where.

    Attributes:
        origin: `AUTOMATIC` starts when the balance reaches `threshold`, `SCHEDULED` at the
            minutes of `schedule` (five fields, UTC).
        keep: what always stays.
        amount: what leaves at once; None for all above `keep`.
        destination: None divides by the destinations' shares.
        last_slot: the newest minute of the schedule that was seen to.
        words: what came of it last.

    Raises:
        InvalidWithdrawal: the parts do not make a rule.
        InvalidSchedule: the schedule is none.
    """

    id: str
    origin: Origin
    asset: Token
    threshold: int | None
    schedule: str | None
    keep: int
    amount: int | None
    destination: Address | None
    strategy: Strategy
    created_by: str
    created_at: float
    last_slot: float | None = None
    words: str = ""

    def __post_init__(self) -> None:
        for name in ("threshold", "keep", "amount"):
            _check_amount(name, getattr(self, name))
        if self.origin is Origin.AUTOMATIC:
            fits = self.threshold is not None and self.schedule is None
        else:
            fits = self.origin is Origin.SCHEDULED and self.schedule is not None
            fits = fits and self.threshold is None
        if not fits:
            raise InvalidWithdrawal(
                f"rule {self.id} is {self.origin} with threshold {self.threshold} and schedule "
                f"{self.schedule!r}; an automatic rule has a threshold, a scheduled one a schedule"
            )
        if self.threshold is not None and self.threshold <= self.keep:
            raise InvalidWithdrawal(
                f"rule {self.id} starts from {self.threshold} and keeps {self.keep}; allowed is a "
                "threshold above what is kept"
            )
        if self.schedule is not None:
            parse_schedule(self.schedule)
        if self.destination is not None:
            object.__setattr__(self, "destination", parse_destination(self.destination))

    def due_slot(self, now: float) -> float | None:
        """Return the newest minute of the schedule that nobody has seen to; None where none is.

        Of several that passed while nobody looked, only the newest is made up for.
        """
        if self.schedule is None:
            return None
        since = self.created_at if self.last_slot is None else max(self.last_slot, self.created_at)
        return parse_schedule(self.schedule).latest(since, now)

    def amount_of(self, available: int) -> int:
        """Return how much of what is available leaves now; 0 for nothing."""
        if self.threshold is not None and available < self.threshold:
            return 0
        free = max(0, available - self.keep)
        if self.amount is None:
            return free
        return self.amount if self.amount <= free else 0

    def __str__(self) -> str:
        what = f"all {self.asset}"
        if self.amount is not None:
            what = str(TokenAmount(self.asset, self.amount))
        elif self.keep:
            what = f"all but {TokenAmount(self.asset, self.keep)}"
        when = f"at {self.schedule}"
        if self.threshold is not None:
            when = f"from {TokenAmount(self.asset, self.threshold)} on"
        where = self.destination or "the destinations by their shares"
        return f"{what} {when} to {where}"


def _check_amount(name: str, value: object) -> None:
    if value is None:
        return
    if type(value) is not int or not 0 <= value < _UINT256:
        raise InvalidWithdrawal(
            f"{name} {value!r:.60} of a rule is not an int from 0 to 2**256 - 1"
        )
