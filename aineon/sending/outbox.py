"""Outbox: what was signed is on disk before a byte of it leaves.

Intent, nonce, signed bytes and hash are committed in ONE durable transaction. After a crash the
rows say all that may be out there, and what follows can only be the same bytes again or a
further version at the same nonce: of one nonce the chain takes one. A new nonce for an intent is
given out only when its old one is spent, in a finalised block, by a transaction that is not a
version of this intent.

Every write checks the lease under the database's lock, so an engine that was replaced can
neither sign nor book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, insert, update

from aineon.errors import InvalidIntent, MixedBooks, NonceWaiting, SendingError
from aineon.ledger.connect import Place, explained
from aineon.ledger.outbox_tables import OutboxAnswerRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import Address, Book, Clock, SystemClock
from aineon.sending.carriers import Answer, Verdict, summary
from aineon.sending.crashpoints import CrashHook, CrashPoint, no_crash
from aineon.sending.intent import Intent, IntentKind
from aineon.sending.lease import Lease, Party, make_durable
from aineon.sending.outbox_changes import (
    Change,
    ForeignSpend,
    keep_change,
    keep_foreign,
    state_of,
)
from aineon.sending.outbox_rows import (
    CANCELLED,
    INTENT,
    INTENTS,
    KEYS,
    TRANSACTIONS,
    VERSION_OF_HASH,
    VERSIONS_OF_INTENT,
    VERSIONS_OF_INTENTS,
    alive_slots,
    intent_columns,
    intent_of,
    next_nonce,
    of_party,
    open_slots,
    retired_columns,
    version_of,
)
from aineon.sending.outbox_signing import Order, nonce_for, sign_version
from aineon.sending.slots import Slot, Version
from aineon.sending.standing import SentIntent, sent_intent
from aineon.sending.states import OPEN, TransactionState

_ANSWERS: Final = table_of(OutboxAnswerRow)
_STATE_AFTER: Final = {
    Verdict.ACCEPTED: TransactionState.BROADCAST,
    Verdict.REFUSED: TransactionState.REFUSED,
    Verdict.UNCLEAR: TransactionState.UNRESOLVED,
}


class Placed(NamedTuple):
    """The version that stands for an intent, and whether it was signed just now."""

    version: Version
    is_new: bool


class Outbox:
    """The outbox of one sender, in the book's database.

    Args:
        store: the book that the transactions belong to.
        lease: of the sender; whoever writes must hold it.
        permit: called right before a signature; raises where nothing may be signed.
        clock: seconds since the epoch.
        crash: called at each `CrashPoint`.

    Raises:
        MixedBooks: the book is a simulation, which never signs.
    """

    def __init__(
        self,
        store: BookStore,
        lease: Lease,
        permit: Callable[[], None],
        clock: Clock | None = None,
        crash: CrashHook = no_crash,
    ) -> None:
        if store.book is Book.SIMULATION:
            raise MixedBooks("the simulation book signs and sends nothing, so it has no outbox")
        self._place: Place = store.place
        self._engine: Engine = store.engine
        self._lease = lease
        self._party: Party = lease.party
        self._permit = permit
        self._clock = clock or SystemClock()
        self._crash = crash

    @property
    def party(self) -> Party:
        """The sender it is for."""
        return self._party

    # --- reading -------------------------------------------------------------------------

    def slots(self) -> tuple[Slot, ...]:
        """Return the nonces that are not spent for good, in their order."""
        with self._reading() as connection:
            return alive_slots(connection, self._party)

    def next_nonce(self) -> int:
        """Return the first nonce that was never reserved."""
        with self._reading() as connection:
            return next_nonce(connection, self._party)

    def known(self) -> tuple[tuple[Slot, ...], int]:
        """Return `slots` and `next_nonce`, both as of one moment."""
        with self._reading() as connection:
            return alive_slots(connection, self._party), next_nonce(connection, self._party)

    def versions(self, intent_id: str) -> tuple[Version, ...]:
        """Return all that was signed for an intent, in the order of nonces and of signing."""
        with self._reading() as connection:
            return _versions(connection, intent_id)

    def standings(self, intent_ids: Sequence[str]) -> dict[str, SentIntent]:
        """Return how intents stand, all as of one moment; those never signed are missing."""
        with self._reading() as connection:
            rows = connection.execute(VERSIONS_OF_INTENTS, {"intent_ids": list(intent_ids)})
            signed: dict[str, list[Version]] = {}
            for version in map(version_of, rows):
                signed.setdefault(version.intent_id, []).append(version)
            cancelled = _cancelled(connection, signed)
        return {
            name: sent_intent(versions, cancelled=name in cancelled)
            for name, versions in signed.items()
        }

    def signed_by(self, intent_id: str) -> Address | None:
        """Return for whom an intent is kept, which may be a former account; None without one."""
        with self._reading() as connection:
            known = connection.execute(INTENT, {"intent_id": intent_id}).one_or_none()
        return None if known is None else Address(known.sender)

    def intent(self, intent_id: str) -> Intent | None:
        """Return an intent as it is kept, its gas and fees nominal; None where there is none."""
        with self._reading() as connection:
            known = connection.execute(INTENT, {"intent_id": intent_id}).one_or_none()
        return None if known is None else intent_of(known)

    # --- signing -------------------------------------------------------------------------

    def begin(self, order: Order) -> Placed:
        """Have an intent signed and kept; one that is signed already is returned as it is.

        Raises:
            InvalidIntent: another intent has the same name, or there is nothing to cancel.
            NonceWaiting: an earlier transaction must be mined first.
            Underpriced: the version it displaces is public, and it offers too little more.
            StopLatched: nothing may be signed.
            LeaseLost: another engine signs.
            LedgerError: the database cannot be written. Nothing is kept, nothing may be sent.
        """
        intent = order.intent
        with self._writing() as connection:
            self._keep_intent(connection, intent)
            signed = _versions(connection, intent.intent_id)
            if signed and not _needs_new_nonce(connection, intent, signed):
                return Placed(signed[-1], is_new=False)
            slots = open_slots(connection, self._party)
            nonce = nonce_for(connection, self._party, intent, slots)
            slot = next((slot for slot in slots if slot.nonce == nonce), None)
            version = self._sign(connection, order, nonce, slot)
        self._crash(CrashPoint.AFTER_COMMIT)
        return Placed(version, is_new=True)

    def reprice(self, order: Order) -> Placed:
        """Sign a further version of a signed intent at its own nonce, for other fees.

        Raises:
            NonceWaiting: it is mined, cancelled or spent, so there is nothing to replace.
            InvalidIntent, Underpriced, StopLatched, LeaseLost, LedgerError: as `begin`.
        """
        name = order.intent.intent_id
        with self._writing() as connection:
            self._keep_intent(connection, order.intent)
            slots = open_slots(connection, self._party)
            slot = next((s for s in slots if s.newest.intent_id == name), None)
            if slot is None:
                raise NonceWaiting(
                    f"intent {name} has no newest version that is still to be mined, so there is "
                    "nothing to replace"
                )
            version = self._sign(connection, order, slot.nonce, slot)
        self._crash(CrashPoint.AFTER_COMMIT)
        return Placed(version, is_new=True)

    # --- booking what is known -----------------------------------------------------------

    def mark_public(self, version: Version) -> None:
        """Keep that a version is about to be handed to the public mempool."""
        with self._writing() as connection:
            connection.execute(
                update(TRANSACTIONS)
                .where(TRANSACTIONS.c.id == version.row_id)
                .values(is_public=True)
            )
            self._crash(CrashPoint.BEFORE_PUBLIC_COMMIT)
        self._crash(CrashPoint.AFTER_PUBLIC_COMMIT)

    def record(self, version: Version, answers: Sequence[Answer]) -> TransactionState:
        """Keep what carriers answered and return the version's state after it."""
        now = self._clock.now()
        with self._writing() as connection:
            for answer in answers:
                connection.execute(
                    insert(_ANSWERS).values(
                        transaction_id=version.row_id,
                        carrier=answer.carrier,
                        verdict=answer.verdict.value,
                        reason=answer.reason,
                        block_number=answer.block,
                        at=now,
                    )
                )
            state = _after_answers(state_of(connection, version), answers)
            connection.execute(
                update(TRANSACTIONS)
                .where(TRANSACTIONS.c.id == version.row_id)
                .values(state=state.value, changed_at=now)
            )
            self._crash(CrashPoint.BEFORE_ANSWERS_COMMIT)
        self._crash(CrashPoint.AFTER_ANSWERS_COMMIT)
        return state

    def settle(self, changes: Sequence[Change], foreign: Sequence[ForeignSpend] = ()) -> None:
        """Keep what the chain says, all of it or nothing.

        Raises:
            IllegalTransition: a state was to follow that cannot.
        """
        if not changes and not foreign:
            return
        now = self._clock.now()
        with self._writing() as connection:
            for change in changes:
                keep_change(connection, self._party, change, now)
            for spend in foreign:
                keep_foreign(connection, self._party, spend)
            self._crash(CrashPoint.BEFORE_SETTLE_COMMIT)
        self._crash(CrashPoint.AFTER_SETTLE_COMMIT)

    def adopt(self, first_nonce: int, who: str) -> None:
        """Answer for the sender from `first_nonce` on, on an operator's word.

        For a key that was used before this outbox existed: what went out earlier is known to
        whoever vouches for it, and to nobody else.

        Raises:
            SendingError: nobody is named, or the nonce is none.
        """
        if type(first_nonce) is not int or first_nonce < 0 or not who.strip():
            raise SendingError(
                f"nonce {first_nonce!r} cannot be adopted: it must be an int from 0 on, and "
                "somebody must vouch for it by name"
            )
        values = {"first_nonce": first_nonce, "adopted_by": who, "adopted_at": self._clock.now()}
        with self._writing() as connection:
            done = connection.execute(
                update(KEYS).where(of_party(KEYS, self._party)).values(**values)
            )
            if done.rowcount == 0:
                connection.execute(insert(KEYS).values(**self._party._asdict(), **values))
            self._crash(CrashPoint.BEFORE_ADOPTION_COMMIT)
        self._crash(CrashPoint.AFTER_ADOPTION_COMMIT)

    def retire(self, intent_id: str) -> None:
        """Have nothing signed of an intent any more, whoever asks for it.

        For whoever is to do the same by another intent: nothing of this one can be mined, and
        from this commit on nothing ever will. An engine that took over, and has not heard of it,
        is refused the signature.

        Raises:
            NonceWaiting: something of it was signed, and may be mined or has been.
            LeaseLost, LedgerError: it is not retired.
        """
        now = self._clock.now()
        with self._writing() as connection:
            signed = _versions(connection, intent_id)
            if any(version.state is not TransactionState.REPLACED for version in signed):
                raise NonceWaiting(
                    f"intent {intent_id} cannot be retired: version {signed[-1].hash} is "
                    f"{signed[-1].state}"
                )
            condition = INTENTS.c.intent_id == intent_id
            done = connection.execute(update(INTENTS).where(condition).values(retired_at=now))
            if done.rowcount == 0:
                columns = retired_columns(intent_id, self._party, now)
                connection.execute(insert(INTENTS).values(**columns))
            self._crash(CrashPoint.BEFORE_RETIREMENT_COMMIT)
        self._crash(CrashPoint.AFTER_RETIREMENT_COMMIT)

    # --- within a transaction ------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self._place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with explained(self._place), self._engine.begin() as connection:
            make_durable(connection)
            self._lease.require(connection)
            yield connection

    def _keep_intent(self, connection: Connection, intent: Intent) -> None:
        known = connection.execute(INTENT, {"intent_id": intent.intent_id}).one_or_none()
        if known is None:
            columns = intent_columns(intent, self._party, self._clock.now())
            connection.execute(insert(INTENTS), columns)
        elif known.retired_at is not None:
            raise InvalidIntent(
                f"intent {intent.intent_id} was retired: nothing of it is signed any more"
            )
        elif (known.fingerprint, known.chain_id, known.sender) != (
            intent.fingerprint,
            *self._party,
        ):
            raise InvalidIntent(
                f"intent {intent.intent_id} is known, and was to do something else; a new "
                "intent needs a name of its own"
            )

    def _sign(self, connection: Connection, order: Order, nonce: int, slot: Slot | None) -> Version:
        now = self._clock.now()
        signed = sign_version(
            connection, self._party, order, nonce, slot, now, self._permit, self._crash
        )
        return _versions(connection, order.intent.intent_id, signed)[-1]


def _versions(
    connection: Connection, intent_id: str, transaction_hash: str | None = None
) -> tuple[Version, ...]:
    if transaction_hash is not None:
        rows = connection.execute(VERSION_OF_HASH, {"hash": transaction_hash})
    else:
        rows = connection.execute(VERSIONS_OF_INTENT, {"intent_id": intent_id})
    return tuple(map(version_of, rows))


def _needs_new_nonce(connection: Connection, intent: Intent, versions: Sequence[Version]) -> bool:
    """Whether an intent that was signed must be signed for another nonce.

    Only where every nonce it had is spent for good by something else, and it still matters: a
    trade is over then, a cancel too, and so is what was cancelled.
    """
    lasting = intent.kind not in {IntentKind.TRADE, IntentKind.CANCEL}
    spent = all(version.state is TransactionState.REPLACED for version in versions)
    return lasting and spent and not _cancelled(connection, [intent.intent_id])


def _cancelled(connection: Connection, intent_ids: Iterable[str]) -> frozenset[str]:
    """Those of these intents in whose place a cancel has been mined for good."""
    rows = connection.execute(CANCELLED, {"intent_ids": list(intent_ids)})
    return frozenset(row.cancels for row in rows)


def _after_answers(old: TransactionState, answers: Sequence[Answer]) -> TransactionState:
    """Return the state that answers lead to; what is known better stays."""
    new = _STATE_AFTER[summary(answers)]
    if old not in OPEN or old in {TransactionState.BROADCAST, TransactionState.MISSED}:
        return old
    if old is TransactionState.UNRESOLVED and new is TransactionState.REFUSED:
        # This time everybody said no; what the first time came to is still not known.
        return old
    return new
