"""Wishes: a withdrawal that is asked for, under a token that names the wish once and for all."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import NamedTuple

from aineon.errors import InvalidWithdrawal
from aineon.primitives import Book
from aineon.treasury.house import House
from aineon.treasury.policy import Used
from aineon.treasury.states import WithdrawalState
from aineon.treasury.store import Reading
from aineon.treasury.withdrawal import Origin, Payment, Withdrawal, check_name

LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A withdrawal that somebody asks for.

    Attributes:
        draft: the withdrawal in its first state; its id comes from the token.
        token: the same token is the same wish.
    """

    draft: Withdrawal
    token: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that was asked: the same token must always ask for the same."""
        draft, payment = self.draft, self.draft.payment
        content = (
            payment.asset.address,
            str(payment.amount),
            payment.destination,
            payment.strategy.value,
            draft.origin.value,
            draft.requested_by,
            draft.rule_id,
        )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Foreseen(NamedTuple):
    """What a request would become.

    Attributes:
        withdrawal: as it would be admitted; a draft where it would be refused.
        refusal: why it would be refused; empty where it would not.
        used: what counts against the day's limits without it.
    """

    withdrawal: Withdrawal
    refusal: str
    used: Used


def new_wish(
    house: House,
    book: Book,
    payment: Payment,
    who: str,
    at: float,
    token: str | None,
    origin: Origin = Origin.MANUAL,
    rule_id: str | None = None,
) -> Wish:
    """Return the wish for a payment.

    Raises:
        InvalidWithdrawal: name, asset or token are not allowed.
    """
    house.require_asset(payment.asset)
    token = secrets.token_hex(16) if token is None else token
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
        raise InvalidWithdrawal(
            f"token {token!r:.40} of a withdrawal is not 1 to {LONGEST_TOKEN} characters"
        )
    name = hashlib.sha256(f"{house.chain_id}:{token}".encode()).hexdigest()
    draft = Withdrawal(
        id=f"w-{name[:12]}",
        version=1,
        book=book,
        chain_id=house.chain_id,
        payment=payment,
        origin=origin,
        requested_by=check_name(who),
        rule_id=rule_id,
        state=WithdrawalState.DRAFT,
        reason=f"asked for by {who}",
        created_at=at,
        changed_at=at,
        expires_at=at + house.policy.expires_seconds,
    )
    return Wish(draft, token)


def known_wish(treasury: Reading, wish: Wish) -> Withdrawal | None:
    """Return the withdrawal that a wish has become; None for a new wish.

    Raises:
        InvalidWithdrawal: its token was used for another wish.
    """
    known = treasury.by_token(wish.token)
    if known is None:
        return None
    withdrawal, fingerprint = known
    if fingerprint != wish.fingerprint:
        raise InvalidWithdrawal(
            f"withdrawal {withdrawal.id} was asked for with this token, and differently; a "
            "changed form needs a new token"
        )
    return withdrawal
