"""What a key has signed and the chain has not settled, as far as the books on this machine tell."""

from __future__ import annotations

from aineon.errors import LedgerNotFound
from aineon.primitives import Address, Book
from aineon.runtime.settings import Settings


def open_transactions(settings: Settings, sender: Address) -> int:
    """Return how many nonces of `sender` may still be spent by something that was signed.

    Raises:
        LedgerError: a book is there and cannot be read.
    """
    books = {Book.LIVE, settings.mode} - {Book.SIMULATION}
    return sum(_open_in(settings.model_copy(update={"mode": book}), sender) for book in books)


def _open_in(settings: Settings, sender: Address) -> int:
    from sqlalchemy import func, select

    from aineon.ledger.outbox_tables import OutboxTransactionRow
    from aineon.ledger.reading import BookReader
    from aineon.ledger.tables import table_of
    from aineon.sending.states import ENDED, TransactionState

    signed = table_of(OutboxTransactionRow)
    alive = [state.value for state in TransactionState if state not in ENDED]
    nonces = (
        select(signed.c.chain_id, signed.c.nonce)
        .where(signed.c.sender == sender, signed.c.state.in_(alive))
        .distinct()
        .subquery()
    )
    try:
        with (
            BookReader.open(settings.book_url, settings.mode) as reader,
            reader.session() as connection,
        ):
            return connection.execute(select(func.count()).select_from(nonces)).scalar_one()
    except LedgerNotFound:
        return 0
