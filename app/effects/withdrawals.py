"""Asking the treasury: each effect leaves a command for the engine, and awaits its answer a while.

The engine checks everything again and alone writes the book. What is checked here besides is what
it cannot know: that the form is of this book, and that what is asked for is what was reviewed.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from aineon.errors import (
    ApprovalRefused,
    InvalidWithdrawal,
    LedgerNotFound,
    MixedBooks,
    UnknownWithdrawal,
)
from aineon.ledger.commands import Command, CommandState
from aineon.ledger.control import ControlStore
from aineon.primitives import ETHER, Book
from aineon.treasury.addresses import parse_destination
from aineon.treasury.allow_list import refuse_clash
from aineon.treasury.approvals import TYPED_DIGITS
from aineon.treasury.commands import PREVIEW, is_plain_number, parse_amount
from aineon.treasury.destinations import Purpose, check_label, check_share
from aineon.treasury.preview import Preview
from aineon.treasury.schedule import parse_schedule
from aineon.treasury.store import Reading, TreasuryView
from aineon.treasury.withdrawal import Origin
from app.asking import Asked, Result
from app.codes import DIGEST
from app.effects.auditing import PATIENCE_SECONDS, note
from app.effects.engine import answer_to, engine_listens

BOOK: Final = "book"
"""Body of every form: the book that the page showed."""
REVIEW: Final = "review"
"""Body of a request: the token of the review that it goes by."""
TYPED: Final = "typed"
"""Body of an approval or a sweep: what was typed of the digest that was shown."""

REVIEW_SECONDS: Final = 600.0
"""How long a review holds: gas and balances move on."""
_PAYMENT: Final = ("amount", "destination", "asset", "strategy")


def review(asked: Asked) -> Result:
    """Ask what a withdrawal would come to; nothing is kept but the question.

    The page reads the answer under the form's token.
    """
    result = _ask(asked, PREVIEW, _fields(asked, _PAYMENT))
    return result if not result.accepted else Result(True, "It was looked at.")


def request(asked: Asked) -> Result:
    """Ask for a withdrawal, exactly as it was reviewed."""
    wish = _fields(asked, _PAYMENT)
    _require_review(asked, wish)
    return _ask(asked, "withdrawal.request", wish)


def approve(asked: Asked) -> Result:
    """Give one's word for exactly what the digest stands for."""
    found = _fields(asked, ("id", DIGEST, TYPED))
    proof = _proof(asked, found)
    return _ask(
        asked, "withdrawal.approve", {"id": found["id"], "digest": found[DIGEST], "proof": proof}
    )


def reject(asked: Asked) -> Result:
    """Refuse a withdrawal that is not signed."""
    return _ask(asked, "withdrawal.reject", _fields(asked, ("id",), ("reason",)))


def cancel(asked: Asked) -> Result:
    """Take a withdrawal back; of one that is signed this can only be tried."""
    return _ask(asked, "withdrawal.cancel", _fields(asked, ("id",), ("reason",)))


def sweep(asked: Asked) -> Result:
    """Send everything to the safe address that was shown."""
    proof = _proof(asked, _fields(asked, (DIGEST, TYPED)))
    return _ask(asked, "withdrawal.sweep", {"proof": proof})


def add_destination(asked: Asked) -> Result:
    """Enter an address into the allow-list; its entry must age."""
    return _ask(asked, "destination.add", _destination(asked))


def remove_destination(asked: Asked) -> Result:
    """Take an address off the allow-list, and cancel what is unsigned and was to go there."""
    return _ask(asked, "destination.remove", _fields(asked, ("address",)))


def change_share(asked: Asked) -> Result:
    """Change how much of automatic withdrawals an address gets; what is under way stays."""
    return _ask(asked, "destination.share", _fields(asked, ("address", "share")))


def add_rule(asked: Asked) -> Result:
    """Let withdrawals start by themselves."""
    return _ask(asked, "rule.add", _rule(asked))


def remove_rule(asked: Asked) -> Result:
    """Take a rule out of force; what it started goes on."""
    return _ask(asked, "rule.remove", _fields(asked, ("id",)))


# --- what is looked at before a code is taken ------------------------------------------------


def look_at_request(asked: Asked) -> None:
    """Look at a request: it is of this book, and is what was reviewed.

    Raises:
        TreasuryError: it cannot be asked for; the message says why.
    """
    _book_of(asked)
    _require_review(asked, _fields(asked, _PAYMENT))


def look_at_approval(asked: Asked) -> None:
    """Look at an approval; raises as `look_at_request`."""
    _book_of(asked)
    _require_typed(_fields(asked, ("id", DIGEST, TYPED)))


def look_at_sweep(asked: Asked) -> None:
    """Look at a sweep; raises as `look_at_request`."""
    _book_of(asked)
    _require_typed(_fields(asked, (DIGEST, TYPED)))


def look_at_destination(asked: Asked) -> None:
    """Look at a new entry of the allow-list; raises as `look_at_request`."""
    _book_of(asked)
    found = _destination(asked)
    _require_share(found.get("share", "0"))
    address, purpose = parse_destination(found["address"]), found.get("purpose", Purpose.PAYMENTS)
    with suppress(LedgerNotFound), _treasury(asked) as treasury:
        refuse_clash(
            address,
            found["label"],
            Purpose(purpose) if purpose in set(Purpose) else Purpose.PAYMENTS,
            treasury.destinations(),
            treasury.former_destinations(),
        )


def look_at_share(asked: Asked) -> None:
    """Look at another share; raises as `look_at_request`."""
    _book_of(asked)
    found = _fields(asked, ("address", "share"))
    address = parse_destination(found["address"])
    _require_share(found["share"])
    with suppress(LedgerNotFound), _treasury(asked) as treasury:
        if treasury.destination(address) is None:
            raise UnknownWithdrawal(f"destination {address} is not on the allow-list")


def look_at_rule(asked: Asked) -> None:
    """Look at a new rule; raises as `look_at_request`.

    How many decimals a token has is the engine's to know.
    """
    _book_of(asked)
    found = _rule(asked)
    needed = "schedule" if found["origin"] == Origin.SCHEDULED else "threshold"
    if needed not in found:
        raise InvalidWithdrawal(f"{needed} is empty; fill it in")
    if "schedule" in found:
        parse_schedule(found["schedule"])
    given = {name: found[name] for name in ("threshold", "keep", "amount") if name in found}
    for name, text in given.items():
        if not is_plain_number(text):
            raise InvalidWithdrawal(
                f"{name} {text!r:.60} is not a plain decimal number such as 1.5, without sign, "
                "exponent or separator"
            )
    if found.get("asset", "ETH") == "ETH":
        amounts = {name: parse_amount(text, ETHER) for name, text in given.items()}
        if amounts.get("threshold", math.inf) <= amounts.get("keep", 0):
            raise InvalidWithdrawal(
                f"a rule that starts from {given['threshold']} and keeps {given['keep']} has "
                "nothing to send; allowed is a threshold above what is kept"
            )


def _require_share(text: str) -> None:
    if not text.isascii() or not text.isdecimal():
        raise InvalidWithdrawal(f"share {text!r:.40} is not a whole number")
    check_share(int(text[:9]))


@contextmanager
def _treasury(asked: Asked) -> Iterator[Reading]:
    """Yield the book's treasury, to read.

    Raises:
        LedgerNotFound: there is no book yet.
    """
    book = asked.settings.mode
    with TreasuryView.open(asked.settings.book_url, book) as view, view.reading() as treasury:
        yield treasury


# --- what is checked here ------------------------------------------------------------------


def _fields(
    asked: Asked, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the form's fields that are filled in.

    Raises:
        InvalidWithdrawal: one that is needed is empty.
    """
    found = {name: asked.body.get(name, "").strip() for name in (*required, *optional)}
    empty = [name for name in required if not found[name]]
    if empty:
        raise InvalidWithdrawal(f"{empty[0]} is empty; fill it in")
    return {name: value for name, value in found.items() if value}


def _destination(asked: Asked) -> dict[str, str]:
    """Return a new entry's fields, of which no engine is needed to tell that they are wrong.

    Raises:
        InvalidWithdrawal, DestinationRefused: they are.
    """
    found = _fields(asked, ("address", "label"), ("share", "purpose"))
    parse_destination(found["address"])
    check_label(found["label"])
    if found.get("purpose") == Purpose.SAFE and found.get("share", "0") != "0":
        raise InvalidWithdrawal("the safe address takes no share of automatic withdrawals")
    return found


def _rule(asked: Asked) -> dict[str, str]:
    optional = ("asset", "threshold", "schedule", "keep", "amount", "destination", "strategy")
    found = _fields(asked, ("origin",), optional)
    if found.get("keep") == "0":
        # An amount of zero is none; nothing is kept where nothing is said.
        del found["keep"]
    return found


def _proof(asked: Asked, found: Mapping[str, str]) -> str:
    """Return what the engine takes as the second factor: the proof of a code, or what was typed.

    Raises:
        ApprovalRefused: as `_require_typed`.
    """
    typed = _require_typed(found)
    return asked.proof or typed


def _require_typed(found: Mapping[str, str]) -> str:
    """Return what was typed of a digest.

    Raises:
        ApprovalRefused: it is not the beginning of the digest that was shown.
    """
    typed = found[TYPED].lower()
    if not hmac.compare_digest(typed.encode(), found[DIGEST][:TYPED_DIGITS].encode()):
        raise ApprovalRefused(
            f"{typed[:20]!r} is not the beginning of the digest; look at it again"
        )
    return typed


def _require_review(asked: Asked, wish: Mapping[str, str]) -> None:
    """Check that exactly this was reviewed by the same visitor a short while ago.

    Raises:
        InvalidWithdrawal: it was not, or what was found out speaks against it.
    """
    token = asked.body.get(REVIEW, "")
    with _control(asked) as control:
        seen = control.commands.of_token(token) if token else None
    if seen is None or seen.kind != PREVIEW or seen.who != asked.visitor.name:
        raise InvalidWithdrawal("this was not reviewed; review it first")
    if seen.book is not asked.settings.mode or dict(seen.body) != dict(wish):
        raise InvalidWithdrawal(
            "this is not what was reviewed: a field was changed since; review it again"
        )
    if asked.clock.now() - seen.at > REVIEW_SECONDS:
        raise InvalidWithdrawal(
            f"this was reviewed more than {REVIEW_SECONDS / 60:.0f} minutes ago; review it again"
        )
    if seen.state is CommandState.REFUSED:
        raise InvalidWithdrawal(seen.answer)
    if seen.state is CommandState.DONE:
        _require_good(Preview.from_answer(seen.answer))


def _require_good(seen: Preview) -> None:
    if seen.refusal:
        raise InvalidWithdrawal(seen.refusal)
    if seen.failure:
        raise InvalidWithdrawal(f"it was tried, and it fails: {seen.failure}")


# --- asking --------------------------------------------------------------------------------


def _control(asked: Asked) -> ControlStore:
    return ControlStore.open(asked.settings.control_url, busy_timeout=PATIENCE_SECONDS)


def _ask(asked: Asked, kind: str, body: Mapping[str, str]) -> Result:
    """Leave a command, and say what the engine answered.

    Raises:
        MixedBooks: the form is of another book than this console's, or than the engine's.
        CommandAltered: the form was sent before, and differently.
        AuditUnwritable, LedgerError: nothing was asked for.
    """
    book = _book_of(asked)
    with _control(asked) as control:
        is_alive = engine_listens(asked, control, book)
        if kind != PREVIEW:
            # First, so that what cannot be written down is not asked for.
            note(asked, "treasury.ask", kind, {n: v for n, v in body.items() if n != "proof"})
        number = control.commands.ask(
            kind,
            body,
            asked.visitor.name,
            asked.clock.now(),
            book=book,
            token=asked.token or None,
        )
        if not is_alive:
            return Result(
                True, f"No engine is running. What you asked (no. {number}) waits for one."
            )
        return _told(answer_to(control, number), number)


def _book_of(asked: Asked) -> Book:
    book = asked.settings.mode
    if book is Book.SIMULATION:
        raise MixedBooks(
            "nothing can be withdrawn in simulation: what the trades earned is play money"
        )
    if asked.body.get(BOOK) != book.value:
        raise MixedBooks(
            f"this form is of the {asked.body.get(BOOK, 'no')!s:.20} book, and this console shows "
            f"the {book.value} book; load the page again"
        )
    return book


def _told(command: Command | None, number: int) -> Result:
    if command is None:
        return Result(
            True,
            f"It was asked for (no. {number}), and the engine has not answered yet; its answer "
            "appears under “Asked lately”.",
        )
    if command.state is CommandState.REFUSED:
        return Result(False, f"Refused: {command.answer}.")
    return Result(True, command.answer)
