"""Refusals: written down once an hour and subject, however many there are.

The first refusal is in the audit at once. Those that follow within an hour are counted, and their
number stands in the next entry about the subject, a refusal's or that of somebody's getting in.
So a flood leaves a trace, and does not become one in the audit.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import delete, insert, select, update

from aineon.access.store import REFUSALS, AccessStore
from aineon.errors import LedgerError
from aineon.ledger.audit import AuditTrail, note
from aineon.ledger.audit.entry import Details

SILENT_SECONDS: Final = 3600.0
_LOG: Final = logging.getLogger(__name__)


class Refusals:
    """Writes refusals down; one that cannot be is logged, and stands all the same."""

    def __init__(self, store: AccessStore, audit: AuditTrail, who: str) -> None:
        self._store = store
        self._audit = audit
        self._who = who

    def add(self, action: str, subject: str, detail: Details, at: float) -> None:
        """Write down that something about `subject` was refused, or count it."""
        try:
            untold = self._count(f"{action} {subject}", at)
        except LedgerError as error:
            _LOG.warning("a refusal could not be counted: %s", error)
            untold = 0
        if untold is not None:
            told = {**detail, "refused_before": untold}
            note(
                self._audit,
                _LOG.warning,
                who=self._who,
                action=action,
                subject=subject,
                detail=told,
                at=at,
            )

    def take(self, action: str, subject: str) -> int:
        """Return how many about `subject` are counted and not told; they are told by the caller."""
        same = REFUSALS.c.subject == f"{action} {subject}"
        try:
            with self._store.turn() as connection:
                untold = connection.execute(select(REFUSALS.c.untold).where(same)).scalar()
                if untold is not None:
                    connection.execute(delete(REFUSALS).where(same))
        except LedgerError as error:
            _LOG.warning("refusals could not be counted: %s", error)
            return 0
        return int(untold or 0)

    def _count(self, subject: str, at: float) -> int | None:
        """Return how many went before untold, where this one is to be told; else None."""
        same = REFUSALS.c.subject == subject
        with self._store.turn() as connection:
            row = connection.execute(select(REFUSALS).where(same)).mappings().first()
            if row is not None and 0 <= at - row["since"] < SILENT_SECONDS:
                more = {"untold": row["untold"] + 1}
                connection.execute(update(REFUSALS).where(same).values(**more))
                return None
            connection.execute(delete(REFUSALS).where(same))
            connection.execute(insert(REFUSALS).values(subject=subject, since=at, untold=0))
        return 0 if row is None else int(row["untold"])
