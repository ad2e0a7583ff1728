"""Faults in a row, as the book knows them: an engine that is started anew goes on counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aineon.errors import LedgerError
from aineon.primitives import Provenance
from aineon.risk.breaker import FAULTS_IN_A_ROW
from aineon.safety.breaker import Breaker

if TYPE_CHECKING:
    from aineon.ledger.reading import BookReader

# Weather moves the breaker too, and the newest trip by faults must be among them.
_HISTORY = 1_000


def faults_booked(reader: BookReader, provenance: Provenance, breaker: Breaker) -> int:
    """Return how many attempts reverted by a fault of ours since one landed, or since the trip.

    What has tripped the breaker already does not count again. Settlements from before faults
    were kept are not known to be one.

    Raises:
        LedgerError: the book cannot be read.
    """
    from sqlalchemy import func, select

    from aineon.ledger.tables import SettlementRow, table_of

    settlements = table_of(SettlementRow)
    ordinal, ours = settlements.c.provenance_ordinal, settlements.c.provenance == provenance.value
    landed = select(func.coalesce(func.max(ordinal), 0)).where(
        ours, settlements.c.outcome == "included"
    )
    query = select(func.count()).where(
        ours,
        settlements.c.at_fault.is_(True),
        settlements.c.settled_at > _tripped_at(breaker),
        ordinal > landed.scalar_subquery(),
    )
    with reader.session() as connection:
        return int(connection.execute(query).scalar_one())


def _tripped_at(breaker: Breaker) -> float:
    try:
        moves = breaker.history(_HISTORY)
    except LedgerError:
        # A breaker that cannot be read lets nothing through; what is counted twice halts it.
        return 0.0
    return next((move.at for move in moves if move.cause == FAULTS_IN_A_ROW), 0.0)
