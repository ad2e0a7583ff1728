"""The withdrawals page: every section for every role, mode and state, and each form to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aineon.access.permissions import Action, may
from aineon.access.roles import Role
from aineon.ledger.accounts.names import wallet
from aineon.ledger.accounts.reading import AccountBalance
from aineon.primitives import ETHER, Book
from aineon.runtime.settings import load_settings
from aineon.treasury import Approvers, Payment, Rule, Service, WithdrawalState
from aineon.treasury.house import sweep_digest
from aineon.treasury.service import Automatic
from aineon.treasury.withdrawal import Origin, Strategy
from app import state, visitors
from app.components.withdrawals_words import countdown, grouped
from app.effects import engine
from tests.console import places
from tests.console.seeing import open_page, text_of
from tests.console.signed_in import access, code_of, enrol, people
from tests.console.treasuries import BOOK, Treasury, a_treasury
from tests.treasury.desks import EXECUTOR, PARTNER, SAFE, SAVINGS, WEI
from tests.treasury.test_bad_input import CHECKSUMMED

SECTIONS = (
    "Under way",
    "Request",
    "Approve and cancel",
    "Destinations",
    "Rules",
    "Emergency",
    "History",
)
BUTTONS = {
    ("Request", "Review"): Action.REQUEST_WITHDRAWAL,
    ("Approve and cancel", "Approve"): Action.APPROVE_WITHDRAWAL,
    ("Approve and cancel", "Reject"): Action.REJECT_WITHDRAWAL,
    ("Approve and cancel", "Cancel it"): Action.CANCEL_WITHDRAWAL,
    ("Destinations", "Add"): Action.ADD_DESTINATION,
    ("Destinations", "Take it off"): Action.REMOVE_DESTINATION,
    ("Destinations", "Change the share"): Action.CHANGE_SHARE,
    ("Rules", "Make it"): Action.ADD_RULE,
    ("Rules", "End it"): Action.REMOVE_RULE,
    ("Emergency", "Sweep everything out"): Action.SWEEP,
}


@pytest.fixture
def rehearsal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AINEON_MODE", "rehearsal")
    state.client.cache_clear()
    return folder


@pytest.fixture
def treasury(rehearsal: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Treasury]:
    with a_treasury(rehearsal, monkeypatch) as made:
        places.beat(rehearsal, mode=BOOK.value, feed="chain")
        yield made


def turn(test: AppTest, section: str) -> AppTest:
    state.client().memory.clear()
    return test.button_group(key="section").set_value(section).run()


def opened(section: str = "Under way") -> AppTest:
    state.client().memory.clear()
    return turn(open_page("withdrawals"), section)


def labels(test: AppTest) -> set[str]:
    return {each.label for each in test.button}


def press(test: AppTest, label: str) -> AppTest:
    [button] = [each for each in test.button if each.label == label]
    test = button.click().run()
    assert not test.exception
    return test


def review(test: AppTest, amount: str, destination: str = SAVINGS) -> AppTest:
    test.selectbox(key="withdrawal_destination").select(destination)
    test.text_input(key="withdrawal_amount").set_value(amount)
    return press(test, "Review")


def fill(test: AppTest, label: str, value: str) -> None:
    [box] = [each for each in test.text_input if label in each.label]
    box.set_value(value)


def table_with(test: AppTest, column: str) -> list[dict[str, Any]]:
    [found] = [each.value for each in test.dataframe if column in each.value.columns]
    rows: list[dict[str, Any]] = found.to_dict("records")
    return rows


def ask(treasury: Treasury, amount: int = 2 * WEI, who: str = "anna", **how: Any) -> Any:
    payment = Payment(ETHER, amount, how.pop("where", SAVINGS), Strategy.STANDARD)
    return treasury.desk.request(payment, who=who, at=time.time(), **how)


def a_rule(treasury: Treasury) -> Rule:
    rule = Rule(
        "r-1", Origin.SCHEDULED, ETHER, None, "0 6 * * 1", WEI, None, SAVINGS,
        Strategy.OPTIMIZED, "anna", time.time(),
    )  # fmt: skip
    return treasury.desk.add_rule(rule, who="anna", at=time.time())


# --- roles, modes and states ---------------------------------------------------------------


def test_each_role_sees_everything_and_presses_what_it_may(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    state.client.cache_clear()
    visitor_of = people(load_settings(), time.time())
    made = ask(treasury, who="somebody")
    a_rule(treasury)
    for role in Role:
        number = visitor_of[role].session_id
        monkeypatch.setattr(visitors, "named_session", lambda number=number: number)
        test = open_page("withdrawals")
        for section in SECTIONS:
            test = turn(test, section)
            assert not test.exception, (role, section)
            shown = {label for where, label in BUTTONS if where == section} & labels(test)
            allowed = {
                label
                for (where, label), action in BUTTONS.items()
                if where == section and may(role, action)
            }
            assert shown == allowed, (role, section)
            if section in ("Request", "Emergency") and not allowed:
                assert f"takes another role than yours ({role.value})" in text_of(test).replace(
                    "\\", ""
                )
        assert made.id in text_of(turn(test, "History"))


@pytest.mark.parametrize(
    ("prepare", "words"),
    [(places.absent, "Not started"), (places.no_database, "Unknown")],
)
def test_without_a_book_the_page_says_so(rehearsal: Path, prepare: Any, words: str) -> None:
    prepare(rehearsal)
    test = open_page("withdrawals")
    assert not test.exception
    assert words in text_of(test)
    assert not test.text_input


def test_an_empty_treasury_says_what_comes_first(rehearsal: Path) -> None:
    places.beat(rehearsal, mode=BOOK.value)
    places.open_book(rehearsal, BOOK).close()
    words = {
        "Under way": "Nothing is under way.",
        "Request": "Add a destination first",
        "Approve and cancel": "Nothing waits for approval.",
        "Destinations": "The allow-list is empty",
        "Rules": "Nobody has made another rule.",
        "Emergency": "There is no safe address.",
        "History": "Nothing was withdrawn",
    }
    test = open_page("withdrawals")
    for section, said in words.items():
        test = turn(test, section)
        assert not test.exception, section
        assert said in text_of(test), section
        assert "Withdrawals · Rehearsal" in text_of(test)


def test_engine_down_is_said_and_asking_waits(treasury: Treasury) -> None:
    places.beat(treasury.folder, mode=BOOK.value, beat_at=time.time() - 300)
    test = opened("Request")
    assert "Down" in text_of(test)
    test = review(test, "1.5")
    assert "The engine has not answered" in text_of(test)
    fill(test, "to request a withdrawal", "confirm")
    test = press(test, "Ask for this withdrawal")
    assert "No engine is running" in text_of(test)
    row = table_with(turn(test, "Under way"), "Asked for")[0]
    assert (row["Asked for"], row["State"], row["By"]) == (
        "withdrawal.request",
        "asked",
        "operator",
    )


def test_a_live_page_wears_no_play_money(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings().model_copy(update={"mode": Book.LIVE})
    monkeypatch.setattr(state, "load_settings", lambda: settings)
    monkeypatch.setattr(visitors, "sign_in_required", lambda _: False)
    state.client.cache_clear()
    with a_treasury(folder, monkeypatch, kept=Book.LIVE) as treasury:
        places.beat(folder, mode="live")
        ask(treasury)
        test = opened("Approve and cancel")
        assert not test.exception
        assert "Withdrawals" in [each.value for each in test.title]
        assert "play money" not in text_of(test)
        names = [state.client().export_withdrawals(ending).file_name for ending in ("csv", "json")]
        assert all(name.startswith("aineon-LIVE-withdrawals-") for name in names)


def test_in_simulation_the_page_explains_and_shows_what_is_set_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.busy(folder)
    with a_treasury(folder, monkeypatch) as treasury:
        a_rule(treasury)
        test = open_page("withdrawals")
    assert not test.exception
    text = text_of(test)
    assert "Nothing can be withdrawn in simulation" in text
    assert "The rehearsal shows the whole way" in text
    assert grouped(SAVINGS) in text
    assert "0 6 * * 1" in text
    assert "There is no live book here yet" in text
    assert not test.text_input
    assert not {each.label for each in test.button} & {label for _, label in BUTTONS}


# --- forms to their end --------------------------------------------------------------------


def test_from_request_to_cooling(treasury: Treasury) -> None:
    with treasury.running():
        test = opened("Request")
        test = press(test, "Review")
        assert "amount is empty" in text_of(test)
        test = review(test, " 1.5 ")
        text = text_of(test)
        assert grouped(SAVINGS) in text
        assert "It was never paid from this book before" in text
        facts = {row["What"]: row["The engine says"] for row in _table(test)}
        assert facts["Exactly"] == "1.5 ETH"
        assert facts["Smallest units"] == "1,500,000,000,000,000,000"
        assert facts["Left of today after it"] == "198.5 ETH"
        assert facts["Withdrawals left today"] == "5 of 6"
        fill(test, "to request a withdrawal", "confirm")
        test = press(test, "Ask for this withdrawal")
        assert "is pending\\_approval" in text_of(test)
        [made] = treasury.desk.store.in_states({WithdrawalState.PENDING_APPROVAL})
        assert made.requested_by == "operator"

        test = turn(test, "Approve and cancel")
        assert "no second person approves" in text_of(test)
        fill(test, "first 8 characters", made.digest[:8])
        fill(test, "to approve a withdrawal", "confirm")
        test = press(test, "Approve")
        assert "no second person approved" in text_of(test)
        row = table_with(turn(test, "Under way"), "Next")[0]
    assert row["State"] == "cools"
    assert row["Next"].startswith("may be signed in 59 min")


def _table(test: AppTest) -> list[dict[str, Any]]:
    [found] = test.get("table")
    rows: list[dict[str, Any]] = found.value.to_dict("records")
    return rows


def test_a_review_that_is_refused_cannot_be_asked_for(treasury: Treasury) -> None:
    with treasury.running():
        test = opened("Request")
        for amount, words in (("1e400", "plain decimal number"), ("150", "most that is withdrawn")):
            test = review(test, amount)
            assert words in text_of(test)
            assert "Ask for this withdrawal" not in labels(test)


def test_without_the_word_nothing_is_asked_for(treasury: Treasury) -> None:
    with treasury.running():
        test = opened("Request")
        test = press(review(test, "1.5"), "Ask for this withdrawal")
        assert "type the word “confirm”" in text_of(test)
    assert treasury.commands(("withdrawal.request",)) == ()


def test_what_is_typed_for_one_version_does_not_approve_the_next(treasury: Treasury) -> None:
    made = ask(treasury)
    with treasury.running():
        test = opened("Approve and cancel")
        fill(test, "first 8 characters", made.digest[:8])
        fill(test, "to approve a withdrawal", "confirm")
        payment = replace(made.payment, amount=50 * WEI)
        treasury.desk.edit(made.id, payment, who="mallory", at=time.time())
        state.client().memory.clear()
        test = press(test, "Approve")
        assert treasury.desk.store.get(made.id).state is WithdrawalState.PENDING_APPROVAL
        text = text_of(test)
    assert "50 ETH" in text
    assert made.digest not in text


def test_among_several_whoever_asked_finds_no_approve_button(
    rehearsal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_WITHDRAWAL_APPROVERS", "several")
    state.client.cache_clear()
    with a_treasury(rehearsal, monkeypatch, approvers=Approvers.SEVERAL) as treasury:
        limits = load_settings().limits_in_force()
        places.beat(rehearsal, mode=BOOK.value, limits=limits)
        ask(treasury, who="Operator")
        test = opened("Approve and cancel")
        assert "somebody else approves it" in text_of(test)
        assert "Approve" not in labels(test)
        assert "Reject" in labels(test)
        assert "no second person" not in text_of(test)


def test_a_revoked_session_presses_nothing(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    state.client.cache_clear()
    settings, now = load_settings(), time.time()
    visitor = people(settings, now)[Role.ADMIN]
    monkeypatch.setattr(visitors, "named_session", lambda: visitor.session_id)
    made = ask(treasury, who="somebody")
    test = opened("Approve and cancel")
    with access(settings) as found:
        secret = enrol(found, visitor.name, now)
        found.sessions.revoke_all(visitor.name)
    fill(test, "first 8 characters", made.digest[:8])
    fill(test, "One-time code", code_of(secret, now + 30))
    [button] = [each for each in test.button if each.label == "Approve"]
    button.click().run()
    assert treasury.commands(("withdrawal.approve",)) == ()


def test_destinations_are_shown_with_their_age_and_changed(treasury: Treasury) -> None:
    treasury.desk.add_destination(PARTNER, "partner", who="bert", at=time.time(), share=7)
    with treasury.running():
        test = opened("Destinations")
        rows = {row["Label"]: row for row in table_with(test, "Usable")}
        assert rows["savings"]["Usable"] == "can be paid"
        assert rows["refuge"]["For"] == "safe address"
        assert rows["partner"]["Usable"].startswith("in 23 h 59 min")
        assert (rows["partner"]["Share"], rows["partner"]["Paid before"]) == (7, "never")
        test.text_input(key="new_address").set_value(CHECKSUMMED.replace("aAeb", "aaeb"))
        test.text_input(key="new_label").set_value("cold")
        fill(test, "to add a destination", "confirm")
        test = press(test, "Add")
        assert "EIP-55" in text_of(test)
        test.text_input(key="new_address").set_value(CHECKSUMMED)
        fill(test, "to add a destination", "confirm")
        test = press(test, "Add")
        assert "is on the allow-list and can be paid in 24.0 h" in text_of(test)
        # Pressed as it stands, it would have stopped what the address gets.
        test.selectbox(key="share_address").select(PARTNER)
        fill(test, "to change a destination's share", "confirm")
        test = press(test, "Change the share")
        assert "share is empty; fill it in" in text_of(test)
        assert {row["Label"]: row["Share"] for row in table_with(test, "Usable")}["partner"] == 7
        test.selectbox(key="old_address").select(PARTNER)
        test = press(test, "Take it off")
        assert "is off the allow-list" in text_of(test)
        assert "Taken off: partner" in text_of(turn(test, "Destinations"))


def test_rules_are_made_and_ended(treasury: Treasury) -> None:
    with treasury.running():
        test = opened("Rules")
        assert "automatic withdrawal is off" in text_of(test)
        test.text_input(key="rule_threshold").set_value("5")
        test.text_input(key="rule_keep").set_value("0")
        test.selectbox(key="rule_destination").select(SAVINGS)
        fill(test, "to add a withdrawal rule", "confirm")
        test = press(test, "Make it")
        [row] = table_with(turn(test, "Rules"), "Starts")
        assert (row["Starts"], row["Sends"]) == ("from 5 ETH on", "all ETH")
        test = press(test, "End it")
        assert "is no longer in force" in text_of(test)
    assert treasury.desk.store.rules() == ()


def test_the_sweep_takes_digits_and_a_word(treasury: Treasury) -> None:
    ask(treasury)
    with treasury.running():
        test = opened("Emergency")
        assert grouped(SAFE) in text_of(test)
        assert "1 withdrawals that are not signed would be cancelled" in text_of(test)
        fill(test, "first 8 characters", sweep_digest(BOOK, SAFE)[:8])
        fill(test, "to sweep everything out", "confirm")
        test = press(test, "Sweep everything out")
        assert "type the word “sweep”" in text_of(test)
        fill(test, "to sweep everything out", "sweep")
        test = press(test, "Sweep everything out")
        assert "leaves for the safe address" in text_of(test)


def test_history_tells_everything_and_exports_say_whose_money(treasury: Treasury) -> None:
    made = ask(treasury)
    treasury.desk.approve(made.id, made.digest, who="anna", at=time.time(), proof=made.digest[:8])
    treasury.desk.cancel(made.id, who="bert", at=time.time(), reason="=HYPERLINK(1)")
    test = opened("History")
    [row] = table_with(test, "Changed (UTC)")
    assert (row["State"], row["Why"]) == ("cancelled", "cancelled by bert: =HYPERLINK(1)")
    assert [each["State"] for each in table_with(test, "Audit entry")][-1] == "cancelled"
    assert table_with(test, "Second person")[0]["Second person"] == "no, alone"
    client = state.client()
    for ending in ("csv", "json"):
        export = client.export_withdrawals(ending)
        assert export.file_name.startswith("aineon-REHEARSAL-SIMULATED-withdrawals-")
        assert "rehearsal" in export.text()
        assert made.id in export.text()


def test_a_hostile_label_is_text(treasury: Treasury) -> None:
    label = "![x](http://e) **b** =1+1"
    treasury.desk.add_destination(PARTNER, label, who="<b>eve", at=time.time() - 10**6)
    made = ask(treasury, where=PARTNER, who="[eve](http://e)")
    test = opened("Approve and cancel")
    markdown = "\n".join(str(each.value) for each in (*test.markdown, *test.caption))
    assert "![x]" not in markdown
    assert "[eve](" not in markdown
    rows = treasury_csv(made.id)
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in rows)


def treasury_csv(withdrawal_id: str) -> list[str]:
    import csv
    import io

    text = state.client().export_withdrawals("csv").text()
    [row] = [each for each in csv.reader(io.StringIO(text)) if withdrawal_id in each]
    return row


def test_what_changed_meanwhile_is_drawn_by_itself(treasury: Treasury) -> None:
    test = opened("Approve and cancel")
    assert "Nothing waits for approval." in text_of(test)
    made = ask(treasury)
    state.client().memory.clear()
    assert made.digest[8:] in text_of(test.run())


def test_how_addresses_and_times_are_written() -> None:
    assert grouped(CHECKSUMMED.lower()) == "0x5aAe b605 3F3E 94C9 b9A0 9f33 6694 35E7 Ef1B eAed"
    assert [countdown(each) for each in (-1, 59.9, 61, 3700, 200_000)] == [
        "0 s",
        "59 s",
        "1 min 01 s",
        "1 h 01 min",
        "2 days",
    ]


def test_what_can_leave_is_the_treasurys(rehearsal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_treasury(rehearsal, monkeypatch) as treasury:
        held = tuple(
            AccountBalance(BOOK, 1, wallet(address), ETHER, amount, 1, 1)
            for address, amount in ((EXECUTOR, 9 * WEI), (PARTNER, 4 * WEI))
        )
        monkeypatch.setattr(state.Client, "accounts", lambda _: held)
        ask(treasury, 2 * WEI)
        with treasury.running():
            test = opened()
            assert "the engine tells with the first review" in text_of(test)
            assert len(table_with(test, "Free")) == 2
            test = review(turn(test, "Request"), "1.5")
            test = turn(test, "Under way")
    [row] = table_with(test, "Free")
    assert (row["Account"], row["Balance"], row["Free"]) == (grouped(EXECUTOR), 9, 7)
    assert f"Not the treasury's, so it stays: 4 ETH in {grouped(PARTNER)}" in text_of(test)


def test_cancelled_and_rejected(treasury: Treasury) -> None:
    first, second = ask(treasury), ask(treasury, 3 * WEI)
    with treasury.running():
        test = opened("Approve and cancel")
        test.selectbox(key="cancel_id").select(second.id)
        test.text_input(key="cancel_reason").set_value("wrong amount")
        test = press(test, "Cancel it")
        assert "cancelled by operator\\: wrong amount" in text_of(test)
        test.text_input(key=f"reason_{first.id}").set_value("not today")
        test = press(test, "Reject")
        assert "rejected by operator\\: not today" in text_of(test)
    assert treasury.desk.store.in_states({WithdrawalState.PENDING_APPROVAL}) == ()


def test_an_answer_that_comes_late_is_told_all_the_same(
    treasury: Treasury, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.0)
    made = ask(treasury)
    test = opened("Approve and cancel")
    test = press(test, "Reject")
    assert "has not answered yet" in text_of(test)
    service = Service(treasury.desk, treasury.control.commands, Automatic())
    asyncio.run(service.tend(time.time()))
    state.client().memory.clear()
    assert "rejected by operator" in text_of(test.run())
    assert treasury.desk.store.get(made.id).state is WithdrawalState.REJECTED
