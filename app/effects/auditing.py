"""Writing down what was asked for at the console, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aineon.errors import AuditUnwritable
from aineon.runtime.auditing import open_audit
from app.asking import Asked, Result

PATIENCE_SECONDS: Final = 1.0
"""How long an effect waits for a database that another process writes."""


def note(asked: Asked, action: str, subject: str, detail: Mapping[str, str] | None = None) -> None:
    """Write down that the visitor asked for `action` on `subject`.

    Raises:
        AuditUnwritable: it cannot be written; then it must not be done either.
    """
    with open_audit(asked.settings, PATIENCE_SECONDS) as audit:
        audit.append(
            who=asked.visitor.name,
            action=action,
            subject=subject,
            detail=dict(detail or {}),
            at=asked.clock.now(),
        )


def refused(asked: Asked, words: str) -> Result:
    """Refuse, and write down who tried; a refusal stands whether or not that can be done."""
    try:
        note(asked, "action.refuse", asked.action.value, {"words": words})
    except AuditUnwritable as error:
        words = f"{words} That it was tried could not be written down: {error}."
    return Result(False, words)
