"""What the withdrawals page asks of the engine: once, as reviewed, and for the book it showed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.errors import (
    AineonError,
    ApprovalRefused,
    AuditUnwritable,
    DestinationRefused,
    InvalidWithdrawal,
    MixedBooks,
)
from aineon.ledger.commands import CommandState
from aineon.ledger.connect import sqlite_url
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock
from aineon.runtime.settings import load_settings
from aineon.treasury import Approvers, TreasuryStore, WithdrawalState
from aineon.treasury.commands import KINDS, PREVIEW
from aineon.treasury.confirming import OwnFactor
from aineon.treasury.house import sweep_digest
from app.actions import perform
from app.asking import Asked
from app.effects import engine, withdrawals
from tests.console import places
from tests.console.signed_in import access, code_of, enrol, people
from tests.console.treasuries import BOOK, Treasury, a_treasury, press
from tests.treasury.desks import SAFE, SAVINGS, WEI
from tests.treasury.test_bad_input import CHECKSUMMED

WISH = {"amount": "2", "destination": SAVINGS, "asset": "ETH", "strategy": "fast"}
LOOKALIKE = SAVINGS[:8] + "0" * 30 + SAVINGS[-4:]
ALL = tuple(KINDS)


@pytest.fixture
def treasury(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Treasury]:
    with a_treasury(folder, monkeypatch) as made:
        yield made


def reviewed(treasury: Treasury, wish: dict[str, str] | None = None, **how: Any) -> dict[str, str]:
    """Review a wish; returns the body that asks for it."""
    wish = WISH if wish is None else wish
    token = how.pop("token", "review-1")
    result = press(treasury, Action.REVIEW_WITHDRAWAL, wish, token=token, **how)
    assert result.accepted, result.words
    return {**wish, "review": token}


def request(treasury: Treasury, body: dict[str, str], **how: Any) -> Any:
    return press(treasury, Action.REQUEST_WITHDRAWAL, body, **{"token": "form-1", **how})


def asked_for(treasury: Treasury) -> Any:
    (found,) = treasury.desk.store.in_states(tuple(WithdrawalState))
    return found


# --- a request -----------------------------------------------------------------------------


def test_a_reviewed_withdrawal_is_asked_for_in_the_visitors_name(treasury: Treasury) -> None:
    with treasury.running():
        result = request(treasury, reviewed(treasury))
    made = asked_for(treasury)
    assert result.accepted
    assert f"Withdrawal {made.id} (2 ETH to {SAVINGS}) is pending_approval" in result.words
    assert (made.requested_by, made.amount, made.strategy.value) == ("anna", 2 * WEI, "fast")


def test_a_form_sent_twice_is_one_withdrawal(treasury: Treasury) -> None:
    with treasury.running():
        body = reviewed(treasury)
        first, second = request(treasury, body), request(treasury, body)
        # Control: another filling-in is another withdrawal.
        other = request(treasury, body, token="form-2")
    assert first == second
    assert other != first
    assert len(treasury.commands(("withdrawal.request",))) == 2


def test_one_token_never_asks_for_two_things(treasury: Treasury) -> None:
    with treasury.running():
        request(treasury, reviewed(treasury))
        changed = reviewed(treasury, WISH | {"amount": "3"}, token="review-2")
        with pytest.raises(AineonError, match="a changed form needs a new token"):
            request(treasury, changed)


@pytest.mark.parametrize(
    "change",
    [{"amount": "2.5"}, {"destination": SAFE}, {"strategy": "slow"}, {"asset": "WETH"}],
)
def test_what_was_changed_after_the_review_is_refused(
    treasury: Treasury, change: dict[str, str]
) -> None:
    with treasury.running():
        body = reviewed(treasury)
        with pytest.raises(InvalidWithdrawal, match="not what was reviewed"):
            request(treasury, body | change)
    assert treasury.commands(ALL) == ()


def test_what_nobody_reviewed_is_refused(treasury: Treasury) -> None:
    with treasury.running():
        body = reviewed(treasury)
        for review in ("", "another"):
            with pytest.raises(InvalidWithdrawal, match="not reviewed"):
                request(treasury, body | {"review": review})
        with pytest.raises(InvalidWithdrawal, match="not reviewed"):
            request(treasury, body, who="bert")
    assert treasury.commands(ALL) == ()


def test_a_review_holds_for_ten_minutes(treasury: Treasury) -> None:
    with treasury.running():
        body = reviewed(treasury)
        treasury.clock = ManualClock(time.time() + withdrawals.REVIEW_SECONDS + 5)
        with pytest.raises(InvalidWithdrawal, match="more than 10 minutes ago"):
            request(treasury, body)


def test_what_would_be_refused_is_not_asked_for(treasury: Treasury) -> None:
    with treasury.running():
        body = reviewed(treasury, WISH | {"amount": "101"})
        with pytest.raises(InvalidWithdrawal, match="the most that is withdrawn at once"):
            request(treasury, body)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "1.0000000000000000001"}, "more than 18 decimals"),
        ({"amount": "-1"}, "plain decimal number"),
        ({"amount": "NaN"}, "plain decimal number"),
        ({"amount": "1e400"}, "plain decimal number"),
        ({"amount": "0"}, "nothing would leave"),
        ({"destination": CHECKSUMMED.replace("aAeb", "aaeb")}, "EIP-55"),
        ({"destination": LOOKALIKE[:-1]}, "not an address"),
        ({"strategy": "reckless"}, "none of slow"),
        ({"asset": "DOGE"}, "is not one of ETH"),
    ],
)
def test_bad_input_ends_at_the_review(
    treasury: Treasury, change: dict[str, str], words: str
) -> None:
    with treasury.running():
        result = press(treasury, Action.REVIEW_WITHDRAWAL, WISH | change, token="review-1")
        assert not result.accepted
        assert words in result.words
        with pytest.raises(InvalidWithdrawal, match="."):
            request(treasury, {**WISH, **change, "review": "review-1"})
    assert treasury.commands(ALL) == ()


def test_an_empty_field_is_named(treasury: Treasury) -> None:
    with pytest.raises(InvalidWithdrawal, match="amount is empty"):
        press(treasury, Action.REVIEW_WITHDRAWAL, WISH | {"amount": "  "})


# --- books and engines ---------------------------------------------------------------------


def test_a_form_of_another_book_is_refused(treasury: Treasury) -> None:
    with treasury.running():
        for book in ("live", "simulation", ""):
            with pytest.raises(MixedBooks, match="load the page again"):
                press(treasury, Action.REMOVE_RULE, {"id": "r-1", "book": book})
    assert treasury.commands(ALL) == ()


def test_play_money_is_not_asked_for(treasury: Treasury) -> None:
    play = treasury.settings.model_copy(update={"mode": Book.SIMULATION})
    with pytest.raises(MixedBooks, match="play money"):
        press(treasury, Action.REMOVE_RULE, {"id": "r-1", "book": "simulation"}, settings=play)


def test_an_engine_of_another_book_is_not_asked(treasury: Treasury) -> None:
    places.beat(treasury.folder, mode="live")
    with pytest.raises(MixedBooks, match="the engine keeps the live book now"):
        press(treasury, Action.REMOVE_RULE, {"id": "r-1"})
    assert treasury.commands(ALL) == ()


def test_without_an_engine_it_waits_and_is_done_later(treasury: Treasury) -> None:
    places.beat(treasury.folder, mode=BOOK.value, beat_at=time.time() - 3600)
    body = reviewed(treasury)
    result = request(treasury, body)
    assert result.accepted
    assert "No engine is running" in result.words
    assert treasury.commands(ALL)[0].state is CommandState.ASKED
    with treasury.running():
        assert "pending_approval" in request(treasury, body).words
    assert asked_for(treasury).requested_by == "anna"


def test_an_engine_that_is_slow_is_not_waited_for_for_ever(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.01)
    places.beat(treasury.folder, mode=BOOK.value)
    result = press(treasury, Action.REMOVE_RULE, {"id": "r-1"})
    assert result.accepted
    assert "has not answered yet" in result.words


def test_what_cannot_be_audited_is_not_asked_for(treasury: Treasury) -> None:
    treasury.settings.anchor_path.mkdir(parents=True)
    places.beat(treasury.folder, mode=BOOK.value)
    with pytest.raises(AuditUnwritable):
        press(treasury, Action.REMOVE_RULE, {"id": "r-1"})
    assert treasury.commands(ALL) == ()


def test_no_proof_stands_in_the_audit(treasury: Treasury) -> None:
    with treasury.running():
        request(treasury, reviewed(treasury))
        body = {"id": asked_for(treasury).id, "digest": "ab" * 32, "typed": "abababab"}
        press(treasury, Action.APPROVE_WITHDRAWAL, body, proof="voucher:secret")
    entries = treasury.control.audit(treasury.settings.anchor_path).last(10)
    asked = [each.decision.subject for each in entries]
    assert asked == ["withdrawal.request", "withdrawal.approve"]
    assert not any("secret" in str(each) for each in entries)


# --- decisions -----------------------------------------------------------------------------


def pending(treasury: Treasury) -> Any:
    request(treasury, reviewed(treasury))
    return asked_for(treasury)


def test_alone_what_is_typed_confirms_and_nobody_else_is_claimed(treasury: Treasury) -> None:
    with treasury.running():
        made = pending(treasury)
        body = {"id": made.id, "digest": made.digest, "typed": made.digest[:8].upper()}
        result = press(treasury, Action.APPROVE_WITHDRAWAL, body)
    assert result.accepted
    assert "no second person approved" in result.words
    assert asked_for(treasury).state is WithdrawalState.COOLING


def test_what_is_typed_must_be_the_digest_that_was_shown(treasury: Treasury) -> None:
    with treasury.running():
        made = pending(treasury)
        body = {"id": made.id, "digest": made.digest, "typed": "00000000"}
        with pytest.raises(ApprovalRefused, match="not the beginning"):
            press(treasury, Action.APPROVE_WITHDRAWAL, body)
    assert asked_for(treasury).state is WithdrawalState.PENDING_APPROVAL


def test_the_digest_of_an_older_version_is_refused(treasury: Treasury) -> None:
    with treasury.running():
        made = pending(treasury)
        payment = type(made.payment)(made.asset, 3 * WEI, made.destination)
        treasury.desk.edit(made.id, payment, who="anna", at=time.time())
        body = {"id": made.id, "digest": made.digest, "typed": made.digest[:8]}
        result = press(treasury, Action.APPROVE_WITHDRAWAL, body)
    assert not result.accepted
    assert "look at it again" in result.words
    assert asked_for(treasury).state is WithdrawalState.PENDING_APPROVAL


def test_among_several_nobody_approves_his_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_treasury(folder, monkeypatch, approvers=Approvers.SEVERAL) as treasury:
        with treasury.running():
            made = pending(treasury)
            body = {"id": made.id, "digest": made.digest, "typed": made.digest[:8]}
            own = press(treasury, Action.APPROVE_WITHDRAWAL, body, who="ANNA", token="a")
            other = press(treasury, Action.APPROVE_WITHDRAWAL, body, who="bert", token="b")
        assert not own.accepted
        assert "whoever asks never approves" in own.words
        assert other.accepted
        assert "approved by bert" in other.words


class ByVoucher:
    """Accepts what was vouched for this digest alone."""

    asks_for = "a voucher"

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        return proof == f"voucher:{who}:{digest[:4]}"


def test_the_proof_of_a_code_is_handed_to_the_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_treasury(folder, monkeypatch, factor=ByVoucher()) as treasury, treasury.running():
        made = pending(treasury)
        body = {"id": made.id, "digest": made.digest, "typed": made.digest[:8]}
        typed = press(treasury, Action.APPROVE_WITHDRAWAL, body, token="a")
        assert "this is not the second factor" in typed.words
        proof = f"voucher:anna:{made.digest[:4]}"
        vouched = press(treasury, Action.APPROVE_WITHDRAWAL, body, token="b", proof=proof)
        assert vouched.accepted


def test_alone_a_code_of_the_authenticator_confirms(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: the code is checked at the console, and its voucher by the engine."""
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    settings, now = load_settings().model_copy(update={"mode": BOOK}), time.time()
    visitor = people(settings, now)[Role.ADMIN]
    with contextlib.ExitStack() as stack:
        factor = stack.enter_context(access(settings)).second_factor
        with access(settings) as found:
            secret = enrol(found, visitor.name, now - 60)
        treasury = stack.enter_context(a_treasury(folder, monkeypatch, factor=OwnFactor(factor)))
        stack.enter_context(treasury.running())
        made = pending(treasury)
        body = {"book": BOOK.value, "id": made.id, "digest": made.digest, "typed": made.digest[:8]}
        # Without the code, what is typed confirms nothing for whoever has a second factor.
        alone = press(treasury, Action.APPROVE_WITHDRAWAL, body, who=visitor.name, token="a")
        assert "this is not the second factor" in alone.words

        def approve(code: str, token: str) -> Any:
            asked = Asked(
                Action.APPROVE_WITHDRAWAL, visitor, settings, treasury.clock, body, token, code
            )
            return perform(asked)

        assert "no one-time code that holds" in approve("000000", "b").words
        accepted = approve(code_of(secret, time.time()), "c")
        assert accepted.accepted, accepted.words
    assert asked_for_in(treasury, made.id) is WithdrawalState.COOLING


def asked_for_in(treasury: Treasury, withdrawal_id: str) -> WithdrawalState:
    with BookStore.open(sqlite_url(treasury.folder / f"{BOOK.value}.db"), BOOK) as book:
        return TreasuryStore(book).get(withdrawal_id).state


def test_rejected_and_cancelled(treasury: Treasury) -> None:
    with treasury.running():
        made = pending(treasury)
        body = {"id": made.id, "reason": "wrong amount"}
        result = press(treasury, Action.REJECT_WITHDRAWAL, body, who="bert")
        assert "rejected by bert: wrong amount" in result.words
        late = press(treasury, Action.CANCEL_WITHDRAWAL, {"id": made.id})
        assert not late.accepted


def test_a_sweep_goes_to_the_address_that_was_shown(treasury: Treasury) -> None:
    with treasury.running():
        digest = sweep_digest(BOOK, SAFE)
        other = sweep_digest(BOOK, SAVINGS)
        old = press(treasury, Action.SWEEP, {"digest": other, "typed": other[:8]}, token="a")
        assert not old.accepted
        with pytest.raises(ApprovalRefused):
            press(treasury, Action.SWEEP, {"digest": digest, "typed": "sweep"})
        result = press(treasury, Action.SWEEP, {"digest": digest, "typed": digest[:8]})
    assert result.accepted
    assert "leaves for the safe address: 9 ETH" in result.words


# --- destinations and rules ----------------------------------------------------------------


def test_destinations_come_and_go(treasury: Treasury) -> None:
    with treasury.running():
        body = {"address": CHECKSUMMED, "label": "cold", "share": "3", "purpose": "payments"}
        added = press(treasury, Action.ADD_DESTINATION, body, token="a")
        assert "is on the allow-list and can be paid in 24.0 h" in added.words
        changed = press(treasury, Action.CHANGE_SHARE, {"address": CHECKSUMMED, "share": "7"})
        assert "has share 7 of automatic withdrawals" in changed.words
        too_much = {"address": CHECKSUMMED, "share": "1000000000"}
        assert not press(treasury, Action.CHANGE_SHARE, too_much, token="b").accepted
        refuge = press(treasury, Action.CHANGE_SHARE, {"address": SAFE, "share": "7"}, token="c")
        assert not refuge.accepted
        assert "the safe address takes no share" in refuge.words
        removed = press(treasury, Action.REMOVE_DESTINATION, {"address": CHECKSUMMED})
        assert "is off the allow-list" in removed.words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": CHECKSUMMED.replace("aAeb", "aaeb")}, "EIP-55"),
        ({"address": "0x" + "0" * 40}, "zero address"),
        ({"label": "a\u202eb"}, "printable"),
        ({"label": ""}, "label is empty"),
        ({"purpose": "safe", "share": "1"}, "takes no share"),
    ],
)
def test_addresses_that_are_none_are_refused_at_once(
    treasury: Treasury, change: dict[str, str], words: str
) -> None:
    body = {"address": CHECKSUMMED, "label": "cold", "share": "0", "purpose": "payments"}
    with pytest.raises((DestinationRefused, InvalidWithdrawal), match=words):
        press(treasury, Action.ADD_DESTINATION, body | change)
    assert treasury.commands(ALL) == ()


def test_a_lookalike_is_refused_by_the_engine(treasury: Treasury) -> None:
    with treasury.running():
        body = {"address": LOOKALIKE, "label": "savings 2"}
        result = press(treasury, Action.ADD_DESTINATION, body)
    assert not result.accepted
    assert f"looks like {SAVINGS} (savings)" in result.words


def test_rules_come_and_go(treasury: Treasury) -> None:
    with treasury.running():
        body = {"origin": "scheduled", "schedule": "0 6 * * 1", "destination": SAVINGS, "keep": ""}
        made = press(treasury, Action.ADD_RULE, body, token="a")
        assert made.accepted, made.words
        [rule] = treasury.desk.store.rules()
        assert "no longer in force" in press(treasury, Action.REMOVE_RULE, {"id": rule.id}).words
        bad = press(treasury, Action.ADD_RULE, body | {"schedule": "61 * * * *"}, token="b")
        assert not bad.accepted


def test_previews_are_no_commands_of_the_desk() -> None:
    assert PREVIEW not in KINDS
