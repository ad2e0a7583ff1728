"""Withdrawal: an amount that is to leave for a destination, once; its digest is approved."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aineon.errors import IllegalWithdrawalMove, InvalidWithdrawal
from aineon.primitives import ETHER, Address, Book, Token, TokenAmount
from aineon.treasury.addresses import parse_destination
from aineon.treasury.states import IN_FLIGHT, UNSIGNED, WithdrawalState

ENGINE: Final = "the engine"
"""Who does what nobody asked for: what expires, expires by itself."""

CASHIER: Final = "the cashier"
"""Who carries out."""

SETTINGS: Final = "the settings"
"""Who asks for what the settings say."""

PARTS: Final = (ENGINE, CASHIER, SETTINGS)
LONGEST_NAME: Final = 64
LONGEST_REASON: Final = 300
_MOST: Final = 2**256 - 1
_DIGEST_FORM: Final = "aineon withdrawal 1"


class Strategy(StrEnum):
    """How much a withdrawal pays for gas, and how long it waits."""

    SLOW = "slow"
    STANDARD = "standard"
    FAST = "fast"
    OPTIMIZED = "optimized"
    """Waits for a cheap block until its deadline."""


class Origin(StrEnum):
    """Where a withdrawal comes from."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    """A balance rose above a threshold."""
    SCHEDULED = "scheduled"
    """Its time came."""
    EMERGENCY = "emergency"
    """A part of a sweep of everything to the safe address."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What is asked for: so much of this asset to that address.

    Attributes:
        asset: a token, or `ETHER` for native ether.
        amount: in its smallest unit.
        destination: canonical; text is checked as `parse_destination` does.

    Raises:
        InvalidWithdrawal: the amount is not an int from 1 to 2**256 - 1, or one of the others is
            of another kind.
        DestinationRefused: the destination is no address that can be paid.
    """

    asset: Token
    amount: int
    destination: Address
    strategy: Strategy = Strategy.STANDARD

    def __post_init__(self) -> None:
        if not isinstance(self.asset, Token):
            raise InvalidWithdrawal(f"asset {self.asset!r} is not a Token")
        # Not isinstance: True is an int, and nobody means one unit by it.
        if type(self.amount) is not int or not 1 <= self.amount <= _MOST:
            raise InvalidWithdrawal(
                f"amount {_short(self.amount)} is not an int from 1 to 2**256 - 1 in the smallest "
                f"unit of {self.asset}"
            )
        if not isinstance(self.strategy, Strategy):
            raise InvalidWithdrawal(f"strategy {self.strategy!r} is none of {', '.join(Strategy)}")
        object.__setattr__(self, "destination", parse_destination(self.destination))

    def __str__(self) -> str:
        return f"{TokenAmount(self.asset, self.amount)} to {self.destination}"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A payment, and how far it has come.

    Attributes:
        id: its name, for ever.
        version: grows with every edit; approvals are for one version.
        book, chain_id: whose money it is, and on which chain.
        payment: what leaves for where.
        worth_wei: what the amount was worth in ether when it was admitted: what limits count.
            None for a draft.
        origin: what it comes from; `rule_id` names the rule.
        requested_by: who asked; for a rule, who made the rule.
        edited_by: who edited it last; None where nobody did.
        state, reason: how far it has come, and why, in a sentence.
        created_at, admitted_at, changed_at: seconds since the Unix epoch.
        cooling_until: when it may be signed at the earliest; None before it cools.
        expires_at: when it expires unless it is signed; None where it cannot any more.
        batch_id: of the transaction that it shares; None where it has its own.
        intent_id: of the outbox.
        transaction_hash, block_number: of the version that is out, or was mined.
        cancel_asked_by: who wants it cancelled although it is signed.
        waits_because, waits_since: why carrying it out waits, and since when without a break;
            None where it does not, as far as the latest look at the chain tells.
        gas_wei: what its transaction cost, or its share where several were paid by one; None until
            that is final.
    """

    id: str
    version: int
    book: Book
    chain_id: int
    payment: Payment
    origin: Origin
    requested_by: str
    state: WithdrawalState
    reason: str
    created_at: float
    changed_at: float
    worth_wei: int | None = None
    edited_by: str | None = None
    rule_id: str | None = None
    admitted_at: float | None = None
    cooling_until: float | None = None
    expires_at: float | None = None
    batch_id: str | None = None
    intent_id: str | None = None
    transaction_hash: str | None = None
    block_number: int | None = None
    cancel_asked_by: str | None = None
    waits_because: str | None = None
    waits_since: float | None = None
    gas_wei: int | None = None

    @property
    def asset(self) -> Token:
        """What leaves."""
        return self.payment.asset

    @property
    def amount(self) -> int:
        """How much of it, in its smallest unit."""
        return self.payment.amount

    @property
    def destination(self) -> Address:
        """Where it goes."""
        return self.payment.destination

    @property
    def strategy(self) -> Strategy:
        """How it pays for gas."""
        return self.payment.strategy

    def is_mined_by(self, head: int) -> bool:
        """Whether it is in a block up to `head`, so that the balance there tells of it already."""
        mined_in = self.block_number
        return self.state is WithdrawalState.MINED and mined_in is not None and mined_in <= head

    @property
    def is_native(self) -> bool:
        """Whether native ether leaves, and no token."""
        return self.asset == ETHER

    @property
    def is_unsigned(self) -> bool:
        """Whether nothing of it can be out there."""
        return self.state in UNSIGNED

    @property
    def own_intent_id(self) -> str:
        """The outbox's name for it where it has a transaction of its own.

        The same version always gives the same name, so that asking the sender twice pays once.
        """
        return f"withdrawal:{self.id}:{self.version}"

    @property
    def digest(self) -> str:
        """SHA-256 over (to, asset, amount, id, version, chain): what an approval is bound to."""
        content = (
            _DIGEST_FORM,
            self.destination,
            self.asset.address,
            str(self.amount),
            self.id,
            self.version,
            self.chain_id,
        )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WithdrawalEvent:
    """One change of a withdrawal; never altered.

    Attributes:
        what: `state`, `edit`, `approval` or `cancel asked`.
        old, new: the states before and after; the same where something else changed.
        audit: number of the audit's entry.
    """

    number: int
    withdrawal_id: str
    version: int
    what: str
    old: WithdrawalState | None
    new: WithdrawalState
    who: str
    reason: str
    audit: int
    at: float


def check_name(who: object) -> str:
    """Return the name of whoever does something.

    Raises:
        InvalidWithdrawal: it is not 1 to 64 printable characters.
    """
    fine = (
        isinstance(who, str)
        and who == who.strip()
        and 0 < len(who) <= LONGEST_NAME
        and who.isprintable()
    )
    if not fine:
        raise InvalidWithdrawal(
            f"name {_short(who)} is not 1 to {LONGEST_NAME} printable characters without spaces "
            "around them"
        )
    return str(who)


def refuse_reserved(who: str) -> None:
    """Check that nobody calls himself by the name of a part of AINEON.

    Raises:
        InvalidWithdrawal: somebody does.
    """
    if any(same_person(who, part) for part in PARTS):
        raise InvalidWithdrawal(f"name {who!r:.60} is that of a part of AINEON, and of nobody else")


def same_person(one: str, other: str) -> bool:
    """Whether two names mean one person: case and look-alike forms of letters do not count."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def check_reason(reason: object) -> str:
    """Return a sentence that somebody wrote.

    Raises:
        InvalidWithdrawal: it is not at most 300 printable characters.
    """
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidWithdrawal(
            f"reason {_short(reason)} is not text of at most {LONGEST_REASON} printable characters"
        )
    return reason.strip()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def require_unsigned(withdrawal: Withdrawal, what: str) -> None:
    """Check that nothing of a withdrawal can be out, so that it can be `what`.

    Raises:
        IllegalWithdrawalMove: something may be out, or it has ended.
    """
    if withdrawal.state not in UNSIGNED:
        out = "it may be out already" if withdrawal.state in IN_FLIGHT else "that stays"
        raise IllegalWithdrawalMove(
            f"withdrawal {withdrawal.id} is {withdrawal.state}, {out}; it cannot be {what}"
        )


def require_time(withdrawal: Withdrawal, at: float) -> None:
    """Check that a withdrawal may still be approved.

    Raises:
        IllegalWithdrawalMove: it has expired.
    """
    if withdrawal.expires_at is not None and at >= withdrawal.expires_at:
        raise IllegalWithdrawalMove(
            f"withdrawal {withdrawal.id} has expired: nobody approved it in time"
        )
