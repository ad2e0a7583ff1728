"""Approvals: who may approve a withdrawal, and what stands in the place of a second person."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aineon.errors import ApprovalRefused
from aineon.treasury.policy import Approvers
from aineon.treasury.withdrawal import Withdrawal, same_person

TYPED_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's word for one version of a withdrawal.

    Attributes:
        digest: of what was approved.
        alone: it is a single operator's confirmation, and no second person approved.
        expires_at: until when it counts towards a decision that is still open.
        voided_at: when an edit made it void; None while it stands.
    """

    withdrawal_id: str
    version: int
    digest: str
    who: str
    alone: bool
    at: float
    expires_at: float
    voided_at: float | None = None

    def stands_for(self, withdrawal: Withdrawal) -> bool:
        """Whether it is for exactly this version."""
        return (
            self.voided_at is None
            and self.withdrawal_id == withdrawal.id
            and self.version == withdrawal.version
            and hmac.compare_digest(self.digest, withdrawal.digest)
        )


class SecondFactor(Protocol):
    """What a single operator gives in place of a second person's approval."""

    @property
    def asks_for(self) -> str:
        """What must be given, for messages."""

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        """Whether `proof` is what `who` has to give for what `digest` names."""


class TypedDigest:
    """The first characters of the digest, typed: little, but nobody types them by accident."""

    asks_for: Final = f"the first {TYPED_DIGITS} characters of the digest, typed"

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        """Whether `proof` is the beginning of `digest`."""
        given = proof.strip().lower()
        # In bytes: compare_digest refuses text that is not ASCII.
        return hmac.compare_digest(given.encode(), digest[:TYPED_DIGITS].encode())


def check_approver(
    withdrawal: Withdrawal,
    digest: str,
    who: str,
    approvers: Approvers,
    given: Sequence[Approval],
) -> None:
    """Check that `who` may approve what `digest` names.

    Raises:
        ApprovalRefused: the withdrawal was edited since, it is `who`'s own, or `who` approved it
            already.
    """
    if not hmac.compare_digest(digest.encode(), withdrawal.digest.encode()):
        raise ApprovalRefused(
            f"withdrawal {withdrawal.id} is not what was approved: its digest is "
            f"{withdrawal.digest} since version {withdrawal.version}; look at it again"
        )
    if approvers is Approvers.SEVERAL:
        _refuse_own(withdrawal, who)
    if any(same_person(approval.who, who) for approval in given):
        raise ApprovalRefused(f"{who} has approved withdrawal {withdrawal.id} already")


def _refuse_own(withdrawal: Withdrawal, who: str) -> None:
    if same_person(who, withdrawal.requested_by):
        raise ApprovalRefused(
            f"{who} asked for withdrawal {withdrawal.id}, and whoever asks never approves"
        )
    if withdrawal.edited_by is not None and same_person(who, withdrawal.edited_by):
        raise ApprovalRefused(
            f"{who} edited withdrawal {withdrawal.id}, and whoever edits never approves"
        )


def standing(
    withdrawal: Withdrawal, approvals: Sequence[Approval], at: float | None = None
) -> tuple[Approval, ...]:
    """Return the approvals that stand for this version; with `at`, those not expired by then."""
    return tuple(
        approval
        for approval in approvals
        if approval.stands_for(withdrawal) and (at is None or at < approval.expires_at)
    )
