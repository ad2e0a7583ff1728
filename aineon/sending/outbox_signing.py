"""One version signed and inserted, within a transaction of the outbox that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from aineon.errors import InvalidIntent, SendingError
from aineon.sending.crashpoints import CrashHook, CrashPoint
from aineon.sending.intent import Fees, Intent, IntentKind
from aineon.sending.lease import Party
from aineon.sending.outbox_rows import NONCES, TRANSACTIONS, next_nonce
from aineon.sending.signer import SignedTransaction, Signer, UnsignedTransaction
from aineon.sending.slots import Slot, choose_nonce, require_fees
from aineon.sending.states import TransactionState


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be signed.

    Attributes:
        intent: what it is to do.
        signer: of the sender.
        fees: what it offers; those of the intent, or raised ones.
        head: the newest block that is known.
        is_public: whether it may be handed to the public mempool.
    """

    intent: Intent
    signer: Signer
    fees: Fees
    head: int
    is_public: bool


def nonce_for(connection: Connection, party: Party, intent: Intent, slots: Sequence[Slot]) -> int:
    """Return the nonce for the first, or for a displaced, version of `intent`.

    Raises:
        NonceWaiting: an earlier transaction must be mined first.
        InvalidIntent: there is nothing to cancel, or a cancel pays somebody.
    """
    if intent.kind is not IntentKind.CANCEL:
        still_open = [slot for slot in slots if slot.is_open]
        return choose_nonce(still_open, next_nonce(connection, party), intent)
    if intent.to != party.sender:
        raise InvalidIntent(f"intent {intent.intent_id}: a cancel goes to the sender itself")
    for slot in slots:
        if slot.is_open and any(v.intent_id == intent.cancels for v in slot.versions):
            return slot.nonce
    raise InvalidIntent(
        f"intent {intent.intent_id}: nothing of intent {intent.cancels} is still to be mined, "
        "so there is nothing to cancel"
    )


def sign_version(
    connection: Connection,
    party: Party,
    order: Order,
    nonce: int,
    slot: Slot | None,
    now: float,
    permit: Callable[[], None],
    crash: CrashHook,
) -> str:
    """Sign and insert; return the hash. `slot` is what the nonce holds already.

    Raises:
        Underpriced: it offers too little more than a public version of its nonce.
        StopLatched: `permit` says no.
        InvalidIntent: its target blocks have passed.
        SendingError: the signer is another account's, or the bytes are kept already.
    """
    require_fees(slot, order.intent.intent_id, order.fees)
    _require_time(order)
    if order.signer.address != party.sender:
        raise SendingError(
            f"the signer's account {order.signer.address} is not {party.sender}, whose outbox "
            "this is"
        )
    unsigned = _unsigned(party, order, nonce)
    permit()
    crash(CrashPoint.BEFORE_SIGNING)
    signed = order.signer.sign(unsigned)
    crash(CrashPoint.AFTER_SIGNING)
    place = {**party._asdict(), "nonce": nonce}
    try:
        if slot is None:
            connection.execute(insert(NONCES), {**place, "reserved_at": now})
        ordinal = 0 if slot is None else slot.newest.ordinal + 1
        columns = {**place, "ordinal": ordinal, **_columns(order, signed, now)}
        connection.execute(insert(TRANSACTIONS), columns)
    except IntegrityError as error:
        raise SendingError(
            f"intent {order.intent.intent_id}: nonce {nonce} or the transaction itself is kept "
            "already; the same bytes are not signed twice"
        ) from error
    crash(CrashPoint.BEFORE_COMMIT)
    return signed.hash


def _require_time(order: Order) -> None:
    window = order.intent.window
    if window is not None and not window.after(order.head):
        raise InvalidIntent(
            f"intent {order.intent.intent_id} is meant for blocks {window.first} to "
            f"{window.last}, and block {order.head} is known already"
        )


def _unsigned(party: Party, order: Order, nonce: int) -> UnsignedTransaction:
    intent = order.intent
    return UnsignedTransaction(
        chain_id=party.chain_id,
        nonce=nonce,
        to=intent.to,
        value=intent.value,
        data=intent.data,
        gas_limit=intent.gas_limit,
        fees=order.fees,
    )


def _columns(order: Order, signed: SignedTransaction, now: float) -> dict[str, object]:
    window = order.intent.window
    return {
        "intent_id": order.intent.intent_id,
        "hash": signed.hash,
        "raw": signed.raw,
        "gas_limit": order.intent.gas_limit,
        "max_fee": order.fees.max_fee_wei,
        "priority_fee": order.fees.priority_fee_wei,
        "first_block": None if window is None else window.first,
        "last_block": None if window is None else window.last,
        "signed_head": order.head,
        "is_public": order.is_public,
        "state": TransactionState.SIGNED.value,
        "signed_at": now,
        "changed_at": now,
    }
