"""Journal entries: what happened, as amounts that add up to zero in every token."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from aineon.errors import LedgerError
from aineon.primitives import Token


class EntryKind(StrEnum):
    """What an entry is about."""

    TRADE = "trade"
    GAS = "gas"
    WITHDRAWAL = "withdrawal"
    CONVERSION = "conversion"
    OPENING = "opening"
    FUNDING = "funding"
    SHORTFALL = "shortfall"


class Posting(NamedTuple):
    """A change of one account, in the token's smallest units; below zero where it gives."""

    account: str
    token: Token
    amount: int


class Move(NamedTuple):
    """An amount above zero that goes from one account to another."""

    source: str
    destination: str
    token: Token
    amount: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Something that happened on a chain and can no longer be taken back.

    Attributes:
        reference: its name; of one name a book takes one entry.
        at: when it was booked, in seconds since the Unix epoch.
        block: in which it happened; for what a reconciliation found, the block it looked at.
        transaction_hash: None where it is no one transaction's doing.
        postings: one for each account and token, none of them zero; zero in sum, token by token.
        detail: what people should know of it.

    Raises:
        LedgerError: it has no name or no postings, or does not add up to zero.
    """

    reference: str
    kind: EntryKind
    at: float
    chain_id: int
    block: int
    transaction_hash: str | None
    postings: tuple[Posting, ...]
    detail: str = ""

    def __post_init__(self) -> None:
        if not self.reference or not self.postings:
            raise LedgerError(f"entry {self.reference!r} has no name or nothing to post")
        sums: dict[Token, int] = defaultdict(int)
        for posting in self.postings:
            if type(posting.amount) is not int or not posting.amount:
                raise LedgerError(
                    f"entry {self.reference} posts {posting.amount!r} to {posting.account}; "
                    "allowed is an int other than zero"
                )
            sums[posting.token] += posting.amount
        for token, left in sums.items():
            if left:
                raise LedgerError(
                    f"entry {self.reference} does not balance: its postings in {token} add up "
                    f"to {left}, not to zero"
                )
        if len({posting[:2] for posting in self.postings}) < len(self.postings):
            raise LedgerError(f"entry {self.reference} posts twice to one account and token")

    @property
    def moves(self) -> tuple[Move, ...]:
        """The same as moves from those that give to those that get, in the order of postings."""
        tokens = dict.fromkeys(posting.token for posting in self.postings)
        return tuple(
            move
            for token in tokens
            for move in _moves(token, [each for each in self.postings if each.token == token])
        )


def _moves(token: Token, postings: list[Posting]) -> Iterator[Move]:
    givers = deque((each.account, -each.amount) for each in postings if each.amount < 0)
    takers = deque((each.account, each.amount) for each in postings if each.amount > 0)
    while givers:
        (source, gives), (destination, takes) = givers.popleft(), takers.popleft()
        amount = min(gives, takes)
        yield Move(source, destination, token, amount)
        if gives > amount:
            givers.appendleft((source, gives - amount))
        if takes > amount:
            takers.appendleft((destination, takes - amount))


def gathered(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return `postings` with one for each account and token, and without those of zero."""
    sums: dict[tuple[str, Token], int] = defaultdict(int)
    for account, token, amount in postings:
        sums[account, token] += amount
    return tuple(Posting(*key, amount) for key, amount in sums.items() if amount)
