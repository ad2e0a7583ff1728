"""Accounts of what is on chain: double entry, posted from what is final, compared with the chain.

`book.Accounts` writes them, `reading.AccountsReader` reads them.
"""

from aineon.ledger.accounts.entries import EntryKind, JournalEntry, Move, Posting
from aineon.ledger.accounts.names import NATIVE, address_of, is_wallet, wallet, withdrawn

__all__ = [
    "NATIVE",
    "EntryKind",
    "JournalEntry",
    "Move",
    "Posting",
    "address_of",
    "is_wallet",
    "wallet",
    "withdrawn",
]
