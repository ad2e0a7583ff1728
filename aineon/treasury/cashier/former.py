"""Former accounts: follows to its end what keys signed that are not here any more.

Where the treasury's key was changed, what the former one has signed may still be mined. It is
followed and handed out again, byte for byte; nothing else can be done about it, and nothing is
ever signed for such an account.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Final

from sqlalchemy import select

from aineon.errors import AineonError, KeyNotHere
from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import Address
from aineon.safety import Stop, StopReason
from aineon.sending import Sender
from aineon.sending.intent import IntentKind
from aineon.sending.signer import SignedTransaction, UnsignedTransaction
from aineon.sending.states import ENDED, TransactionState

_LOG: Final = logging.getLogger(__name__)
_INTENTS: Final = table_of(OutboxIntentRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)
_ALIVE: Final = [state.value for state in TransactionState if state not in ENDED]


class Keyless:
    """Names an account, and signs nothing for it."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def address(self) -> Address:
        """The account."""
        return self._address

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        """Refuse.

        Raises:
            KeyNotHere: always.
        """
        raise KeyNotHere(f"the key of {self._address} is not here any more; nothing is signed")


class _Forgotten:
    """Keeps nothing: what a former key does elsewhere is no reason to stop this treasury."""

    name: Final = "nowhere"

    def look(self) -> Sequence[StopReason]:
        return ()

    def latch(self, reason: StopReason) -> None:
        _LOG.warning("of an account whose key is not here any more: %s", reason.reason)

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """There is nothing to forget."""


class _Outer:
    """The installation's stop, as a place to look at."""

    name: Final = "emergency stop"

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def look(self) -> Sequence[StopReason]:
        return self._stop.state().reasons


def watching_stop(stop: Stop) -> Stop:
    """Return a stop that is set whenever `stop` is, and sets nothing itself."""
    return Stop([_Forgotten()], [_Outer(stop)])


class FormerAccounts:
    """Keeps a sender for each account that has something out and no key here.

    Args:
        store: the book whose outbox tells of them.
        chain_id: the chain.
        present: the accounts whose senders others look after.
        sender_for: makes a sender that cannot sign.
    """

    def __init__(
        self,
        store: BookStore,
        chain_id: int,
        present: Collection[Address],
        sender_for: Callable[[Address], Sender],
    ) -> None:
        self._store = store
        self._chain_id = chain_id
        self._present = frozenset(present)
        self._sender_for = sender_for
        self._senders: dict[Address, Sender] = {}
        self._told = ""

    async def tend(self) -> None:
        """Bring the outbox up to date with the chain for each; failures are logged, once."""
        try:
            await self._tend()
        except AineonError as error:
            if str(error) != self._told:
                self._told = str(error)
                _LOG.warning("what a former key signed cannot be followed now: %s", error)

    async def aclose(self) -> None:
        """Let go of all of them."""
        while self._senders:
            _, sender = self._senders.popitem()
            await sender.aclose()

    async def _tend(self) -> None:
        out = await asyncio.to_thread(self._with_something_out)
        for account in out:
            known = self._senders.get(account)
            if known is not None:
                await known.reconcile()
                continue
            sender = self._sender_for(account)
            try:
                await sender.start()
            except BaseException:
                await sender.aclose()
                raise
            self._senders[account] = sender
        for account in self._senders.keys() - set(out):
            await self._senders.pop(account).aclose()

    def _with_something_out(self) -> tuple[Address, ...]:
        query = (
            select(_TRANSACTIONS.c.sender)
            .join(_INTENTS, _INTENTS.c.intent_id == _TRANSACTIONS.c.intent_id)
            .where(
                _TRANSACTIONS.c.chain_id == self._chain_id,
                _TRANSACTIONS.c.state.in_(_ALIVE),
                _INTENTS.c.kind != IntentKind.TRADE.value,
                _TRANSACTIONS.c.sender.not_in(list(self._present)),
            )
            .distinct()
            .order_by(_TRANSACTIONS.c.sender)
        )
        with explained(self._store.place), self._store.engine.begin() as connection:
            return tuple(Address(row.sender) for row in connection.execute(query))
