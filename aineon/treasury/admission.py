"""Admission: the way from a draft to what may be signed, and the checks on it; nothing is stored.

Every function returns the versions of a withdrawal that follow each other, oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aineon.errors import ApprovalRefused, WithdrawalMoved, WithdrawalRefused
from aineon.primitives.units import format_ether
from aineon.treasury.approvals import Approval, standing
from aineon.treasury.policy import Approvers, Policy, Used, check_day, check_limits
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Origin, Withdrawal

_S = WithdrawalState


def admit(
    policy: Policy, draft: Withdrawal, worth_wei: int | None, used: Used, at: float
) -> tuple[Withdrawal, ...]:
    """Admit a withdrawal under the limits; where nobody must approve it, it cools at once.

    An edited withdrawal is admitted anew. `used` is what counts besides it; `worth_wei` may be
    unknown (None) of an emergency alone.

    Raises:
        WithdrawalRefused: a limit forbids it.
    """
    counted = 0 if worth_wei is None else worth_wei
    check_limits(policy, draft.origin, counted, used)
    needed = policy.approvals_needed(draft.origin, counted)
    pending = replace(
        draft,
        state=_S.PENDING_APPROVAL,
        worth_wei=worth_wei,
        admitted_at=at,
        changed_at=at,
        cooling_until=None,
        expires_at=at + policy.expires_seconds,
        reason=_waits_for(policy, needed),
    )
    if needed:
        return (pending,)
    return (pending, *_cooled(policy, pending, 0, _free_words(policy, draft), at))


def accept(
    policy: Policy, pending: Withdrawal, approvals: Sequence[Approval], at: float
) -> tuple[Withdrawal, ...]:
    """Return what follows where the approvals suffice; nothing where more are needed."""
    needed = policy.approvals_needed(pending.origin, _counted(pending))
    given = counting(policy, pending, approvals, at)
    if len(given) < needed:
        return ()
    names = ", ".join(approval.who for approval in given)
    words = f"approved by {names}"
    if policy.approvers is Approvers.SINGLE:
        words = f"no second person approved: {names} confirmed it alone, so it cools longer"
    return _cooled(policy, pending, needed, words, at)


def counting(
    policy: Policy,
    withdrawal: Withdrawal,
    approvals: Sequence[Approval],
    at: float | None = None,
) -> tuple[Approval, ...]:
    """Return the approvals that count; a lone confirmation does not where there are several."""
    stand = standing(withdrawal, approvals, at)
    if policy.approvers is Approvers.SINGLE:
        return stand
    return tuple(approval for approval in stand if not approval.alone)


def check_signable(
    policy: Policy,
    withdrawal: Withdrawal,
    approvals: Sequence[Approval],
    leaving: Used,
    at: float,
) -> None:
    """Check a withdrawal once more before it is signed: rules may have changed since.

    `leaving` is what may be paid at any moment besides it, or was paid in 24 hours.

    Raises:
        WithdrawalMoved: it has not cooled, or has expired.
        ApprovalRefused: the approvals it has do not suffice any more.
        WithdrawalRefused: it would exceed what may leave in a day, or at once.
    """
    if withdrawal.cooling_until is None or at < withdrawal.cooling_until:
        raise WithdrawalMoved(
            f"withdrawal {withdrawal.id} is cooling and cannot be signed before its time"
        )
    if withdrawal.expires_at is not None and at >= withdrawal.expires_at:
        raise WithdrawalMoved(f"withdrawal {withdrawal.id} was not signed in time and has expired")
    needed = policy.approvals_needed(withdrawal.origin, _counted(withdrawal))
    given = counting(policy, withdrawal, approvals)
    if len(given) < needed:
        raise ApprovalRefused(
            f"withdrawal {withdrawal.id} has {len(given)} approvals that stand, and {needed} are "
            "needed"
        )
    if withdrawal.origin is Origin.EMERGENCY:
        return
    if _counted(withdrawal) > policy.max_wei:
        raise WithdrawalRefused(
            f"withdrawal {withdrawal.id} is worth more than {format_ether(policy.max_wei)} ETH, "
            "the most that is withdrawn at once by now"
        )
    check_day(policy, _counted(withdrawal), leaving)


def _counted(withdrawal: Withdrawal) -> int:
    return withdrawal.worth_wei or 0


def _cooled(
    policy: Policy, pending: Withdrawal, needed: int, words: str, at: float
) -> tuple[Withdrawal, Withdrawal]:
    seconds = policy.cooling_of(pending.origin, needed)
    approved = replace(pending, state=_S.APPROVED, reason=words, changed_at=at)
    cooling = replace(
        approved,
        state=_S.COOLING,
        cooling_until=at + seconds,
        expires_at=at + seconds + policy.expires_seconds,
    )
    return approved, cooling


def _waits_for(policy: Policy, needed: int) -> str:
    if policy.approvers is Approvers.SINGLE and needed:
        return "waits for the operator's own confirmation, as there is no second person"
    return f"waits for {needed} approval{'' if needed == 1 else 's'}"


def _free_words(policy: Policy, draft: Withdrawal) -> str:
    if draft.origin is Origin.EMERGENCY:
        return "a sweep to the safe address needs no approval"
    return f"needs no approval up to {format_ether(policy.free_up_to_wei)} ETH"
