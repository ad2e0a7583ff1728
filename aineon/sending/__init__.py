"""Everything that leaves: signed once, kept before it goes, settled by what the chain says.

The names below are loaded when they are first asked for: whoever checks a key does not wait for
the database's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aineon.sending.carriers import Answer, Carrier, Parcel, Verdict
    from aineon.sending.crashpoints import CrashPoint
    from aineon.sending.intent import Fees, Intent, IntentKind, Window, cancel_of
    from aineon.sending.keys import (
        PrivateKey,
        is_published_test_key,
        parse_private_key,
        refuse_known_key,
    )
    from aineon.sending.lease import Lease, Party
    from aineon.sending.outbox import Outbox
    from aineon.sending.outbox_changes import Change, ForeignSpend
    from aineon.sending.relays import BundleRelay, PublicMempool, RelayIdentity
    from aineon.sending.sender import Sender
    from aineon.sending.settling import Reconciled
    from aineon.sending.signer import LocalSigner, SignedTransaction, Signer, UnsignedTransaction
    from aineon.sending.slots import Landing, Slot, Version
    from aineon.sending.standing import SentIntent, Standing
    from aineon.sending.states import TransactionState

_MODULE_OF = {
    "Answer": "carriers",
    "BundleRelay": "relays",
    "Carrier": "carriers",
    "Change": "outbox_changes",
    "CrashPoint": "crashpoints",
    "Fees": "intent",
    "ForeignSpend": "outbox_changes",
    "Intent": "intent",
    "IntentKind": "intent",
    "Landing": "slots",
    "Lease": "lease",
    "LocalSigner": "signer",
    "Outbox": "outbox",
    "Parcel": "carriers",
    "Party": "lease",
    "PrivateKey": "keys",
    "PublicMempool": "relays",
    "Reconciled": "settling",
    "RelayIdentity": "relays",
    "Sender": "sender",
    "SentIntent": "standing",
    "SignedTransaction": "signer",
    "Signer": "signer",
    "Slot": "slots",
    "Standing": "standing",
    "TransactionState": "states",
    "UnsignedTransaction": "signer",
    "Verdict": "carriers",
    "Version": "slots",
    "Window": "intent",
    "cancel_of": "intent",
    "is_published_test_key": "keys",
    "parse_private_key": "keys",
    "refuse_known_key": "keys",
}

__all__ = [
    "Answer",
    "BundleRelay",
    "Carrier",
    "Change",
    "CrashPoint",
    "Fees",
    "ForeignSpend",
    "Intent",
    "IntentKind",
    "Landing",
    "Lease",
    "LocalSigner",
    "Outbox",
    "Parcel",
    "Party",
    "PrivateKey",
    "PublicMempool",
    "Reconciled",
    "RelayIdentity",
    "Sender",
    "SentIntent",
    "SignedTransaction",
    "Signer",
    "Slot",
    "Standing",
    "TransactionState",
    "UnsignedTransaction",
    "Verdict",
    "Version",
    "Window",
    "cancel_of",
    "is_published_test_key",
    "parse_private_key",
    "refuse_known_key",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"aineon.sending.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'aineon.sending' has no attribute {name!r}")
