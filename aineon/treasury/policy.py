"""Policy: how much may leave at once and in a day, who must approve it, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aineon.errors import UnknownWorth, WithdrawalRefused
from aineon.primitives.units import format_ether
from aineon.treasury.withdrawal import Origin, Payment

DAY_SECONDS: Final = 86_400.0


class Approvers(StrEnum):
    """How many people operate this treasury."""

    SEVERAL = "several"
    """Whoever approves is never who asked."""
    SINGLE = "single"
    """There is no second person: a second factor and a longer wait stand in its place."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that every withdrawal obeys; amounts are wei of worth.

    Attributes:
        min_wei, max_wei: least and most at once.
        daily_wei, daily_count: most in any 24 hours, with all that is in flight.
        free_up_to_wei: up to here nobody must approve.
        one_up_to_wei: up to here one approval is needed, above it two.
        cooling_seconds, cooling_alone_seconds: from the last approval until it may be signed,
            and the same where no second person approved.
        destination_age_seconds: how old an entry of the allow-list must be.
        approval_seconds: for how long an approval counts while others are still missing.
        expires_seconds: what nobody approves, or then signs, in this time expires.
    """

    min_wei: int
    max_wei: int
    daily_wei: int
    daily_count: int
    free_up_to_wei: int
    one_up_to_wei: int
    approvers: Approvers
    cooling_seconds: float
    cooling_alone_seconds: float
    destination_age_seconds: float
    approval_seconds: float
    expires_seconds: float

    def approvals_needed(self, origin: Origin, worth_wei: int) -> int:
        """Return how many approvals a withdrawal needs; a single operator's confirmation is one.

        An emergency needs none: it was confirmed by a second factor when it was asked for, and
        can reach the safe address alone.
        """
        if origin is Origin.EMERGENCY or worth_wei <= self.free_up_to_wei:
            return 0
        if self.approvers is Approvers.SINGLE or worth_wei <= self.one_up_to_wei:
            return 1
        return 2

    def cooling_of(self, origin: Origin, needed: int) -> float:
        """Return for how many seconds a withdrawal cools; an emergency does not."""
        if origin is Origin.EMERGENCY:
            return 0.0
        alone = self.approvers is Approvers.SINGLE and needed > 0
        return self.cooling_alone_seconds if alone else self.cooling_seconds


@dataclass(frozen=True, slots=True)
class Used:
    """What counts against the limits of a day: in flight, or paid in the last 24 hours.

    `worth_wei` is None where the worth of a part of it is unknown.
    """

    worth_wei: int | None = 0
    count: int = 0


def require_worth(payment: Payment, worth_wei: int | None) -> int:
    """Return what a payment counts as; at least one wei, however little it is.

    Raises:
        UnknownWorth: nobody knows what it is worth.
    """
    if worth_wei is None:
        raise UnknownWorth(
            f"{payment} is refused: what {payment.asset} is worth in ether is not known now, so "
            "the limits cannot be checked"
        )
    return max(1, worth_wei)


def check_limits(policy: Policy, origin: Origin, worth_wei: int, used: Used) -> None:
    """Check what is to be admitted against the limits; an emergency has none.

    Raises:
        WithdrawalRefused: it is too small or too large, or too much for this day.
        UnknownWorth: nobody knows what is under way.
    """
    if origin is Origin.EMERGENCY:
        return
    if worth_wei < policy.min_wei:
        raise WithdrawalRefused(
            f"worth {_ether(worth_wei)}, and the least that is withdrawn at once is "
            f"{_ether(policy.min_wei)}"
        )
    if worth_wei > policy.max_wei:
        raise WithdrawalRefused(
            f"worth {_ether(worth_wei)}, and the most that is withdrawn at once is "
            f"{_ether(policy.max_wei)}"
        )
    check_day(policy, worth_wei, used)


def check_day(policy: Policy, worth_wei: int, used: Used) -> None:
    """Check what is to be admitted, or signed, against the limits of a day.

    Raises:
        WithdrawalRefused: it is too much for this day.
        UnknownWorth: nobody knows what is under way.
    """
    if used.worth_wei is None:
        raise UnknownWorth(
            "what is under way, or was paid in the last 24 hours, has a part of unknown worth, so "
            "the daily limit cannot be checked"
        )
    if used.worth_wei + worth_wei > policy.daily_wei:
        raise WithdrawalRefused(
            f"worth {_ether(worth_wei)}, and with {_ether(used.worth_wei)} under way or paid in "
            f"the last 24 hours that is above the daily limit of {_ether(policy.daily_wei)}"
        )
    if used.count + 1 > policy.daily_count:
        raise WithdrawalRefused(
            f"{used.count} withdrawals are under way or were paid in the last 24 hours, and the "
            f"daily limit is {policy.daily_count}"
        )


def _ether(wei: int) -> str:
    return f"{format_ether(wei)} ETH"
