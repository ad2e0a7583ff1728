"""Conversions as the outbox knows them: whatever a process forgets, the next one finds here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, func, or_, select

from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import ETHER, Address, Token, TokenAmount
from aineon.sending.intent import Intent, IntentKind
from aineon.sending.outbox_rows import intent_of
from aineon.sending.states import OPEN, TransactionState

CONVERSION: Final = "convert:"
"""How the outbox's names of conversions, and of the approvals that they need, begin."""

_INTENTS: Final = table_of(OutboxIntentRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion that is final: which tokens it was of, and whose."""

    transaction_hash: str
    account: Address
    given: Token
    wanted: Token


class Conversions:
    """Reads an account's conversions; posting one twice changes nothing.

    Args:
        store: the book.
        chain_id, account: whose.
    """

    def __init__(self, store: BookStore, chain_id: int, account: Address) -> None:
        self._store = store
        # The outbox knows an intent by its name alone, and a book may have served other chains
        # and other accounts.
        self._prefix = f"{CONVERSION}{chain_id}:{account}:"
        self._here = _INTENTS.c.chain_id == chain_id
        self._mine = (self._here, _INTENTS.c.sender == account)
        self._posted: set[str] = set()

    def name(self, ordinal: int) -> str:
        """Return the outbox's name for the account's conversion of a number, the first being 0."""
        return f"{self._prefix}{ordinal}"

    def newest(self) -> tuple[int, Intent | None]:
        """Return how many there were, and the newest; one is begun when the last one is over.

        The intent's fees and gas are nominal: they are no part of what it does.

        Raises:
            LedgerError: the book cannot be read.
        """
        named = (*self._mine, _INTENTS.c.intent_id.startswith(self._prefix, autoescape=True))
        with explained(self._store.place), self._store.engine.begin() as connection:
            count = connection.execute(select(func.count()).where(*named)).scalar_one()
            last = _INTENTS.c.intent_id == self.name(count - 1)
            row = connection.execute(select(_INTENTS).where(*self._mine, last)).one_or_none()
        return count, None if row is None else intent_of(row)

    def leaving(self, head: int) -> Mapping[Token, int]:
        """Return how much of each token is being sold and stands in the balance at block `head`.

        Of ether that is the gas of it, and of the approvals that it needs, at the dearest.

        Raises:
            LedgerError: the book cannot be read.
        """
        query = (
            select(
                _INTENTS.c.intent_id,
                _INTENTS.c.memo,
                _TRANSACTIONS.c.gas_limit,
                _TRANSACTIONS.c.max_fee,
            )
            .join(_TRANSACTIONS, _INTENTS.c.intent_id == _TRANSACTIONS.c.intent_id)
            .where(
                *self._mine,
                _INTENTS.c.intent_id.startswith(self._prefix, autoescape=True),
                or_(
                    _TRANSACTIONS.c.state.in_([state.value for state in OPEN]),
                    and_(
                        _TRANSACTIONS.c.state == TransactionState.MINED.value,
                        _TRANSACTIONS.c.block_number > head,
                    ),
                ),
            )
        )
        with explained(self._store.place), self._store.engine.begin() as connection:
            rows = connection.execute(query).all()
        # Versions of one intent are for one nonce, and at most one of them is mined.
        gas: dict[str, int] = {}
        for row in rows:
            gas[row.intent_id] = max(gas.get(row.intent_id, 0), row.gas_limit * row.max_fee)
        total = {ETHER: sum(gas.values())} if gas else {}
        for memo in {row.intent_id: row.memo for row in rows if row.memo is not None}.values():
            given, _ = _tokens_of(memo)
            total[given] = total.get(given, 0) + int(json.loads(memo)["amount"])
        return total

    def unposted(self) -> tuple[Conversion, ...]:
        """Return what is final and this process has not seen posted, of any account of the chain.

        What a former key has sold is money of the same books, and nobody else would post it.

        Raises:
            LedgerError: the book cannot be read.
        """
        query = (
            select(_TRANSACTIONS.c.hash, _INTENTS.c.sender, _INTENTS.c.memo)
            .join(_INTENTS, _INTENTS.c.intent_id == _TRANSACTIONS.c.intent_id)
            .where(
                self._here,
                _INTENTS.c.intent_id.startswith(CONVERSION, autoescape=True),
                _INTENTS.c.kind == IntentKind.WITHDRAWAL.value,
                _TRANSACTIONS.c.state == TransactionState.FINALISED.value,
                _TRANSACTIONS.c.succeeded.is_(True),
            )
        )
        with explained(self._store.place), self._store.engine.begin() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Conversion(row.hash, Address(row.sender), *_tokens_of(row.memo))
            for row in rows
            if row.hash not in self._posted
        )

    def posted(self, conversion: Conversion) -> None:
        """Remember that one is in the books."""
        self._posted.add(conversion.transaction_hash)


def memo_of(given: TokenAmount, wanted: Token, deadline: int) -> str:
    """Return what must be known of a conversion after a restart."""
    tokens = [[token.address, token.symbol, token.decimals] for token in (given.token, wanted)]
    return json.dumps({"tokens": tokens, "amount": str(given.raw), "deadline": deadline})


def deadline_of(intent: Intent) -> int | None:
    """Return after which second a conversion can only revert; None of an approval."""
    return None if intent.memo is None else int(json.loads(intent.memo)["deadline"])


def _tokens_of(memo: str) -> tuple[Token, Token]:
    given, wanted = (Token(*token) for token in json.loads(memo)["tokens"])
    return given, wanted
