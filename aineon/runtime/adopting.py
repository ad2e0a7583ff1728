"""Adopting a key's history: an operator answers for what it sent before this book began.

The outbox signs for a key only where it can explain all that the chain has counted. A key that
was used elsewhere before has transactions that no book of ours knows. Whether a payment is among
them which is to be made here, a person alone can tell; his word is asked for, and written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aineon.errors import SendingError
from aineon.primitives import Address, Book, Clock, TokenAmount

if TYPE_CHECKING:
    from aineon.chain.reader import ChainReader
    from aineon.ledger.audit import AuditTrail
    from aineon.ledger.store import BookStore
    from aineon.sending.outbox import Outbox


@dataclass(frozen=True, slots=True)
class History:
    """What a key has sent, as the chain and a book of ours say.

    Attributes:
        account: whose.
        chain_id: on which chain.
        book: whose outbox is to answer for it from now on.
        known: the first nonce that the outbox does not know.
        counted: how many transactions the chain has counted, all of them final.
    """

    account: Address
    chain_id: int
    book: Book
    known: int
    counted: int

    @property
    def phrase(self) -> str:
        """What whoever answers for it types: the account and the number of its transactions."""
        return f"{self.account[2:10]} {self.counted}"

    def __str__(self) -> str:
        return (
            f"{self.account} has sent {self.counted} transactions on chain {self.chain_id}, and "
            f"the {self.book} book knows those up to {self.known}"
        )


def refuse_what_is_open(store: BookStore, chain_id: int) -> None:
    """Refuse to answer for a key's past while something here would then be paid.

    Among what the key has sent may be that very payment: of a restored backup it often is.

    Raises:
        SendingError: withdrawals are open, each of them named.
        LedgerError: the book cannot be read.
    """
    from aineon.treasury.restored import could_be_paid_again
    from aineon.treasury.store import TreasuryStore

    found = could_be_paid_again(TreasuryStore(store), chain_id)
    if found:
        words = "; ".join(
            f"{each.id}: {TokenAmount(each.asset, each.amount)} to {each.destination}, {each.state}"
            for each in found
        )
        raise SendingError(
            f"{len(found)} withdrawals are open and would be paid when the history is adopted, "
            f"although it may hold their payments: {words}; cancel them first, and ask again for "
            "what was not paid"
        )


async def history_of(reader: ChainReader, store: BookStore, account: Address) -> History:
    """Return what there is to adopt.

    Raises:
        SendingError: there is nothing, it is not over yet, or withdrawals are open that would
            be paid then.
        ChainError, LedgerError: chain or book cannot be read.
    """
    final, counted, pending = [
        await reader.nonce(account, at) for at in ("finalized", "latest", "pending")
    ]
    known = _outbox(store, reader.chain_id, account).next_nonce()
    if counted <= known and pending <= known:
        raise SendingError(
            f"{account} has sent {counted} transactions on chain {reader.chain_id}, and the "
            f"{store.book} book explains them all: there is nothing to adopt"
        )
    if not final == counted == pending:
        raise SendingError(
            f"of {account} {final} transactions are final, {counted} mined and {pending} known: "
            "what is not final yet may still be replaced; try again in a quarter of an hour"
        )
    refuse_what_is_open(store, reader.chain_id)
    return History(account, reader.chain_id, store.book, known, counted)


def adopt(
    store: BookStore, seen: History, typed: str, who: str, audit: AuditTrail, clock: Clock
) -> None:
    """Let the outbox answer for a key from here on, in the name of `who`, who typed the phrase.

    Raises:
        SendingError: something else was typed, or withdrawals are open that would then be paid.
        AuditUnwritable: it cannot be written down, so nothing is adopted.
        LeaseHeld: an engine signs for it at this moment; stop it first.
        LedgerError: the book cannot be written.
    """
    if typed.strip().lower() != seen.phrase:
        raise SendingError(f"{typed.strip()[:40]!r} is not {seen.phrase!r}; nothing was adopted")
    outbox, release = _leased(store, seen, who, clock)
    try:
        refuse_what_is_open(store, seen.chain_id)
        audit.append(
            who=who,
            action="key.adopt",
            subject=seen.account,
            detail={
                "book": seen.book.value,
                "chain": seen.chain_id,
                "known": seen.known,
                "counted": seen.counted,
            },
            at=clock.now(),
        )
        outbox.adopt(seen.counted, who)
    finally:
        release()


def _leased(
    store: BookStore, seen: History, who: str, clock: Clock
) -> tuple[Outbox, Callable[[], None]]:
    from aineon.sending.lease import Lease, Party
    from aineon.sending.outbox import Outbox

    party = Party(seen.chain_id, seen.account)
    lease = Lease(store.place, store.engine, party, f"{who}, adopting its history", clock)
    lease.acquire()
    return Outbox(store, lease, _sign_nothing, clock), lease.release


def _outbox(store: BookStore, chain_id: int, account: Address) -> Outbox:
    from aineon.primitives import SystemClock
    from aineon.sending.lease import Lease, Party
    from aineon.sending.outbox import Outbox

    lease = Lease(store.place, store.engine, Party(chain_id, account), "a look", SystemClock())
    return Outbox(store, lease, _sign_nothing)


def _sign_nothing() -> None:
    raise SendingError("whoever adopts a history signs nothing")
