"""What was signed and may still be mined, for whoever asks without being able to sign."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from aineon.ledger.reading import BookReader
from aineon.sending.outbox_rows import INTENTS, TRANSACTIONS
from aineon.sending.states import OPEN

_QUERY = (
    select(
        INTENTS.c.kind,
        TRANSACTIONS.c.chain_id,
        TRANSACTIONS.c.sender,
        TRANSACTIONS.c.nonce,
        TRANSACTIONS.c.hash,
        TRANSACTIONS.c.state,
        TRANSACTIONS.c.last_block,
    )
    .join(INTENTS, INTENTS.c.intent_id == TRANSACTIONS.c.intent_id)
    .where(TRANSACTIONS.c.state.in_([state.value for state in OPEN]))
    .order_by(TRANSACTIONS.c.sender, TRANSACTIONS.c.nonce, TRANSACTIONS.c.ordinal)
)


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A signed transaction whose nonce is not spent, as far as the outbox knows.

    Attributes:
        kind: what it is for: trade, withdrawal, approval or cancel.
        deadline_block: the last block for which a trade is good: mined later it reverts, and
            costs its gas. None where it has no end.
    """

    kind: str
    chain_id: int
    sender: str
    nonce: int
    hash: str
    state: str
    deadline_block: int | None

    def __str__(self) -> str:
        until = (
            "at any time"
            if self.deadline_block is None
            else f"until block {self.deadline_block}, and reverts after it"
        )
        return f"{self.kind} {self.hash}, nonce {self.nonce}, {self.state}: may land {until}"


def open_transactions(reader: BookReader) -> tuple[OpenTransaction, ...]:
    """Return what may still land, by sender and nonce; of one nonce at most one ever does.

    Raises:
        LedgerError: the book cannot be read.
    """
    with reader.session() as connection:
        return tuple(OpenTransaction(*row) for row in connection.execute(_QUERY))
