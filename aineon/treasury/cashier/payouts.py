"""Payouts: what one transaction pays, a withdrawal alone or several as a batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from aineon.treasury.withdrawal import Strategy, Withdrawal

BATCH: Final = "batch:"
"""How the outbox's names of batches begin."""


@dataclass(frozen=True, slots=True)
class Payout:
    """One transaction's withdrawals, in the order of their names; all of a batch are of ether."""

    members: tuple[Withdrawal, ...]

    @classmethod
    def of(cls, *members: Withdrawal) -> Self:
        """Put withdrawals into the order in which a payout has them."""
        return cls(tuple(sorted(members, key=lambda each: each.id)))

    @property
    def first(self) -> Withdrawal:
        """The withdrawal, where it is alone."""
        return self.members[0]

    @property
    def batch_id(self) -> str | None:
        """Its name where it is a batch that was handed over to be signed; None otherwise."""
        return self.first.batch_id

    @property
    def proposed_batch_id(self) -> str:
        """The name that it gets where it becomes a batch."""
        return batch_id_of(self.members)

    @property
    def intent_id(self) -> str:
        """The outbox's name for it."""
        return self.first.intent_id or self.first.own_intent_id

    @property
    def strategy(self) -> Strategy:
        """How it pays for gas: those of a batch agree about it."""
        return self.first.strategy

    @property
    def amount(self) -> int:
        """What leaves in all, in the asset's smallest unit."""
        return sum(each.amount for each in self.members)

    @property
    def is_to_be_cancelled(self) -> bool:
        """Whether somebody wants any of it back."""
        return any(each.cancel_asked_by is not None for each in self.members)

    @property
    def waits_from(self) -> float:
        """Since when it could have been signed, in seconds since the Unix epoch."""
        return min(each.cooling_until or each.changed_at for each in self.members)

    @property
    def digest(self) -> str:
        """What was approved: a withdrawal's digest, or SHA-256 over those of a batch."""
        if self.batch_id is None:
            return self.first.digest
        return _hash([each.digest for each in self.members])


def payouts_of(withdrawals: Iterable[Withdrawal]) -> tuple[Payout, ...]:
    """Group what may be out by the transaction that pays it, in the order it comes in."""
    groups: dict[str, list[Withdrawal]] = {}
    for each in withdrawals:
        groups.setdefault(each.batch_id or each.id, []).append(each)
    return tuple(Payout.of(*members) for members in groups.values())


def batch_id_of(members: Sequence[Withdrawal]) -> str:
    """Return a batch's name, which is the outbox's name for what pays it.

    The same versions of the same withdrawals always give the same name.
    """
    return BATCH + _hash([[each.id, each.version] for each in members])[:32]


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
