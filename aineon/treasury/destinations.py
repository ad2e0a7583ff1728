"""Destination: an address on the allow-list, and how an amount is divided among several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from aineon.errors import DestinationRefused, InvalidWithdrawal
from aineon.primitives import Address
from aineon.treasury.withdrawal import check_name

MOST_SHARE = 10_000


class Purpose(StrEnum):
    """What a destination is for."""

    PAYMENTS = "payments"
    SAFE = "safe"
    """The safe address: where an emergency sweep sends everything. There is one at most."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An address that may be paid, once its entry has aged.

    Attributes:
        label: what people call it.
        share: its part of automatic withdrawals, in proportion to the other shares; 0 for none.
        usable_from: when its entry has aged; until then it is paid nothing.
        removed_by, removed_at: None while it is on the list.
    """

    address: Address
    label: str
    share: int
    purpose: Purpose
    added_by: str
    added_at: float
    usable_from: float
    removed_by: str | None = None
    removed_at: float | None = None

    @property
    def is_listed(self) -> bool:
        """Whether it is on the list, aged or not."""
        return self.removed_at is None

    @property
    def was_trusted(self) -> bool:
        """Whether it could ever be paid: what looks like it might be taken for it."""
        return self.removed_at is None or self.removed_at >= self.usable_from

    def may_be_paid(self, at: float) -> bool:
        """Whether it is on the list and its entry has aged."""
        return self.is_listed and at >= self.usable_from


def require_payable(address: Address, found: Destination | None, at: float) -> Destination:
    """Return the entry of an address that may be paid now.

    Raises:
        DestinationRefused: it is not on the allow-list, or its entry is too young.
    """
    if found is None or not found.is_listed:
        raise DestinationRefused(
            f"destination {address} is not on the allow-list; add it, and its entry must age "
            "before it can be paid"
        )
    if not found.may_be_paid(at):
        wait = (found.usable_from - at) / 3600
        raise DestinationRefused(
            f"destination {address} ({found.label}) was added too recently; it can be paid in "
            f"{wait:.1f} hours"
        )
    return found


def check_label(label: object) -> str:
    """Return a destination's label.

    Raises:
        InvalidWithdrawal: it is not 1 to 64 printable characters.
    """
    return check_name(label)


def check_share(share: object) -> int:
    """Return a destination's share.

    Raises:
        InvalidWithdrawal: it is not an int from 0 to 10,000.
    """
    if type(share) is not int or not 0 <= share <= MOST_SHARE:
        raise InvalidWithdrawal(f"share {share!r} is not an int from 0 to {MOST_SHARE}")
    return share


def divide(amount: int, destinations: Sequence[Destination]) -> dict[Address, int]:
    """Return what each destination gets of `amount`, in proportion to the shares; zeros left out.

    Parts are rounded down, and the units that rounding leaves, fewer than there are
    destinations, go to the largest share (of equals, the lowest address): the parts sum to
    `amount` exactly.
    """
    sharing = sorted(
        (each for each in destinations if each.share > 0),
        key=lambda each: (-each.share, each.address),
    )
    whole = sum(each.share for each in sharing)
    if not whole:
        return {}
    parts = {each.address: amount * each.share // whole for each in sharing}
    parts[sharing[0].address] += amount - sum(parts.values())
    return {address: part for address, part in parts.items() if part}
