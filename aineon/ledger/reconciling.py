"""Reconciler: compares the accounts with the chain, every so many blocks, at one final block.

All balances are read at one block hash. They are compared once the books have caught up with
that block: a transaction that the chain counts and the outbox has not settled yet, a trade that
is not settled or a withdrawal that is not posted would look like missing money. Books that do
not catch up within `PATIENCE_BLOCKS` are compared all the same.

Where the chain has less than the books say, the emergency stop is latched with both figures, and
the difference goes to `suspense`, where it stays for everybody to see. Where it has more, the
difference is booked as funding from outside: anybody can send us a wei, and must not hold our
stop in his hand. The first look at a balance takes it over into the books.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from aineon.chain.reader import Call, ChainReader
from aineon.errors import AineonError, LedgerError, MixedBooks, SafetyError
from aineon.ledger.accounts.entries import EntryKind, JournalEntry, Posting
from aineon.ledger.accounts.names import FUNDING, NATIVE, SUSPENSE, wallet
from aineon.ledger.accounts.posting import post
from aineon.ledger.accounts.reading import Reconciliation
from aineon.ledger.accounts.standing import Stand, backlog, keep, mark_opened, stand, tokens_held
from aineon.ledger.connect import explained
from aineon.ledger.store import BookStore
from aineon.primitives import Address, Book, Clock, SystemClock, Token, TokenAmount
from aineon.safety import Stop

PATIENCE_BLOCKS: Final = 16
"""How many blocks the books may take to catch up with a final block."""

WHO: Final = "reconciliation"
_BALANCE_OF: Final = bytes.fromhex("70a08231")  # balanceOf(address)
_WORD: Final = 32
_LOG: Final = logging.getLogger(__name__)
_LEVELS: Final = {
    "shortfall": logging.ERROR,
    "unread": logging.WARNING,
    "surplus": logging.WARNING,
    "agreed": logging.DEBUG,
}

Holders = Callable[[str], Awaitable[Iterable[Address]]]
"""Tells by block hash whose balances are ours: the operator's, and those of a treasury."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the chain said at one final block.

    Attributes:
        head: the newest block when it was read.
        balances: by address and token; None where a token did not answer.
        nonces: how many transactions of each address are in blocks up to this one.
    """

    block: int
    block_hash: str
    head: int
    balances: Mapping[tuple[Address, Token], int | None]
    nonces: Mapping[Address, int]


@dataclass(frozen=True, slots=True)
class _Finding:
    """One balance compared; `chain` is None where it could not be read."""

    address: Address
    token: Token
    books: int
    chain: int | None
    is_opened: bool

    @property
    def difference(self) -> int:
        return 0 if self.chain is None else self.chain - self.books

    @property
    def is_worth_telling(self) -> bool:
        """Whether it is news; that nothing was there at the first look is none."""
        return self.chain is None or self.difference != 0

    @property
    def verdict(self) -> str:
        if self.chain is None:
            return "unread"
        if self.difference < 0:
            return "shortfall"
        if not self.is_opened:
            return "opened"
        return "surplus" if self.difference else "agreed"


_WORST_FIRST: Final = ("shortfall", "unread", "surplus", "opened", "agreed")
_KINDS: Final = {
    "shortfall": (EntryKind.SHORTFALL, SUSPENSE),
    "surplus": (EntryKind.FUNDING, FUNDING),
    "opened": (EntryKind.OPENING, FUNDING),
}


class Reconciler:
    """Compares the accounts of one chain with the chain.

    Args:
        reader: the chain.
        store: the rehearsal's or the live book.
        stop: latched where money is missing.
        every_blocks: how many blocks lie between two comparisons.
        holders: whose balances are compared.
        tokens: which of theirs, besides ether and what the books have of them.
        clock: seconds since the epoch.

    Raises:
        MixedBooks: the book is a simulation, which has no accounts.
        LedgerError: `every_blocks` is not above zero.
    """

    def __init__(
        self,
        reader: ChainReader,
        store: BookStore,
        stop: Stop,
        every_blocks: int,
        *,
        holders: Holders,
        tokens: Sequence[Token] = (),
        clock: Clock | None = None,
    ) -> None:
        if store.book is Book.SIMULATION:
            raise MixedBooks("the simulation book has no accounts to compare with a chain")
        if type(every_blocks) is not int or every_blocks < 1:
            raise LedgerError(f"every_blocks {every_blocks!r} is not an int above zero")
        self._reader = reader
        self._store = store
        self._stop = stop
        self._every = every_blocks
        self._holders = holders
        self._tokens = tuple(tokens)
        self._clock = clock or SystemClock()
        self._looked_at: int | None = None
        self._reading: Reading | None = None
        self._settled_nonces: Mapping[Address, int] = {}
        self._task: asyncio.Task[None] | None = None

    def nudge(self, head: int) -> None:
        """Look at the chain in the background; nothing where the last look is not over."""
        if self._task is not None and self._task.done():
            # Whatever it raised that is no failure of chain or book is a fault of ours.
            self._task.result()
            self._task = None
        if self._task is None:
            self._task = asyncio.create_task(self._attend(head), name="reconciliation")

    async def aclose(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def look(self, head: int) -> Reconciliation | None:
        """Compare where it is due and the books have caught up; None where it is not.

        Args:
            head: number of the newest block.

        Raises:
            ChainError: no node answers.
            LedgerError: the book cannot be read or written.
            AineonError: whatever tells the holders failed.
        """
        if self._reading is None:
            if self._looked_at is not None and head - self._looked_at < self._every:
                return None
            self._reading = await self._read(head)
        if self._reading is None:
            return None
        self._looked_at = self._reading.head
        found = await asyncio.to_thread(self._compare, self._reading, head)
        if found is not None:
            self._settled_nonces, self._reading = self._reading.nonces, None
            _LOG.log(_LEVELS.get(found.verdict, logging.INFO), found.words)
        return found

    async def _attend(self, head: int) -> None:
        try:
            await self.look(head)
        except AineonError as error:
            self._reading = None
            await asyncio.to_thread(self._keep_failure, head, error)

    # --- the chain -------------------------------------------------------------------------

    async def _read(self, head: int) -> Reading | None:
        final = await self._reader.block("finalized")
        if final is None or final.hash is None:
            return None
        holders = tuple(dict.fromkeys(await self._holders(final.hash)))
        known = await asyncio.to_thread(self._known_tokens, holders)
        tokens = tuple(dict.fromkeys((*self._tokens, *known)))
        places = [(holder, token) for holder in holders for token in tokens if token != NATIVE]
        calls = [Call(token.address, _BALANCE_OF + _word_of(holder)) for holder, token in places]
        answers, native, nonces = await asyncio.gather(
            self._reader.calls(calls, final.hash),
            asyncio.gather(*(self._reader.balance(holder, final.hash) for holder in holders)),
            asyncio.gather(*(self._reader.nonce(holder, final.hash) for holder in holders)),
        )
        balances: dict[tuple[Address, Token], int | None] = {
            (holder, NATIVE): wei for holder, wei in zip(holders, native, strict=True)
        }
        balances |= zip(places, map(_amount, answers), strict=True)
        by_holder = dict(zip(holders, nonces, strict=True))
        return Reading(final.number, final.hash, head, balances, by_holder)

    def _known_tokens(self, holders: Sequence[Address]) -> tuple[Token, ...]:
        with explained(self._store.place), self._store.engine.begin() as connection:
            return tokens_held(connection, self._reader.chain_id, map(wallet, holders))

    # --- the books -------------------------------------------------------------------------

    def _compare(self, reading: Reading, head: int) -> Reconciliation | None:
        """Compare and book, in one transaction; None while the books lag behind."""
        chain_id = self._reader.chain_id
        with explained(self._store.place), self._store.engine.begin() as connection:
            behind = backlog(
                connection, chain_id, reading.block, reading.nonces, self._settled_nonces
            )
            if behind and head - reading.head < PATIENCE_BLOCKS:
                return None
            findings = tuple(self._findings(connection, reading))
            verdict = next(
                v for v in _WORST_FIRST if v in {f.verdict for f in findings} | {"agreed"}
            )
            words = _words(findings, reading, behind)
            is_kept = verdict != "shortfall" or self._latch(words)
            for finding in findings:
                # While the books lag, what is missing may only be unposted: booked now, it would be
                # missing a second time once it is posted. Where the stop would not survive a
                # restart, it is looked for again too.
                waits = finding.verdict == "shortfall" and (behind or not is_kept)
                if not waits and (finding.verdict != "surplus" or not behind):
                    self._book(connection, finding, reading)
            found = Reconciliation(
                self._store.book,
                chain_id,
                reading.block,
                reading.block_hash,
                self._clock.now(),
                verdict,
                len(findings),
                words,
            )
            keep(connection, found)
        return found

    def _findings(self, connection: Connection, reading: Reading) -> Iterator[_Finding]:
        for (address, token), chain in reading.balances.items():
            known: Stand = stand(
                connection, self._reader.chain_id, wallet(address), token, reading.block
            )
            yield _Finding(address, token, known.amount, chain, known.is_opened)

    def _latch(self, words: str) -> bool:
        try:
            self._stop.latch(words, WHO)
        except SafetyError:
            # This process stays stopped all the same.
            return False
        return True

    def _book(self, connection: Connection, finding: _Finding, reading: Reading) -> None:
        chain_id, account = self._reader.chain_id, wallet(finding.address)
        if finding.difference:
            kind, other = _KINDS[finding.verdict]
            where = f"{chain_id}:{reading.block}:{finding.address}:{finding.token.address}"
            entry = JournalEntry(
                reference=f"{kind.value}:{where}",
                kind=kind,
                at=self._clock.now(),
                chain_id=chain_id,
                block=reading.block,
                transaction_hash=None,
                postings=(
                    Posting(account, finding.token, finding.difference),
                    Posting(other, finding.token, -finding.difference),
                ),
                detail=_words_of(finding, reading.block),
            )
            post(connection, entry)
        if finding.chain is not None and not finding.is_opened:
            mark_opened(
                connection, chain_id, account, finding.token, reading.block, self._clock.now()
            )

    def _keep_failure(self, head: int, error: AineonError) -> None:
        found = Reconciliation(
            self._store.book,
            self._reader.chain_id,
            head,
            "",
            self._clock.now(),
            "unread",
            0,
            f"nothing was compared at block {head}: {error}",
        )
        with explained(self._store.place), self._store.engine.begin() as connection:
            keep(connection, found)
        _LOG.warning(found.words)


def _words(findings: Sequence[_Finding], reading: Reading, behind: str) -> str:
    late = f"; the books had not caught up: {behind}" if behind else ""
    told = [_words_of(each, reading.block) for each in findings if each.is_worth_telling]
    if told:
        return "; ".join(told) + late
    return f"books and chain agree on {len(findings)} balances at block {reading.block}{late}"


def _words_of(finding: _Finding, block: int) -> str:
    token, where = finding.token, f"{finding.address} at block {block}"
    if finding.chain is None:
        return f"{token} of {where} cannot be read"
    books, chain = TokenAmount(token, finding.books), TokenAmount(token, finding.chain)
    if finding.verdict == "opened":
        return f"{chain} of {where} taken over into the books"
    figures = f"{where}: the books say {books} ({finding.books}), the chain {chain}"
    return f"{finding.verdict} of {token} at {figures} ({finding.chain})"


def _word_of(address: Address) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _amount(answer: bytes | None) -> int | None:
    return int.from_bytes(answer, "big") if answer is not None and len(answer) == _WORD else None
