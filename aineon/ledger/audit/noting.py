"""Noting down what may not wait for the audit: Stop is latched whether or not it can be kept."""

from __future__ import annotations

from collections.abc import Callable

from aineon.errors import AuditUnwritable
from aineon.ledger.audit.entry import Details
from aineon.ledger.audit.log import AuditTrail


def note(
    trail: AuditTrail,
    say: Callable[[str], None],
    *,
    who: str,
    action: str,
    subject: str,
    detail: Details,
    at: float,
) -> int | None:
    """Append what has been done already, or say that it could not be kept; returns its number.

    For a stop above all, which is never refused. Whatever spends money appends first, and lets
    `AuditUnwritable` refuse it.
    """
    try:
        return trail.append(who=who, action=action, subject=subject, detail=detail, at=at)
    except AuditUnwritable as error:
        say(f"{action} of {subject} by {who} is not in the audit: {error}")
        return None
