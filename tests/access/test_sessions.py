"""Sessions: they stand at the server, and end there."""

from __future__ import annotations

import hmac
import sqlite3
from pathlib import Path

import pytest

from aineon.access.roles import Role
from aineon.access.sessions import IDLE_SECONDS, MOST_SECONDS, SessionStore
from aineon.access.store import USERS, AccessStore
from aineon.errors import SignInRefused
from tests.access.office import NOON, PASSWORD, Office
from tests.databases import files_only


@pytest.fixture
def token(office: Office) -> str:
    return office.sessions.open(office.add(), office.now)


def test_a_session_is_its_users(office: Office, token: str) -> None:
    session = office.sessions.find(token, office.now)
    assert session is not None
    assert (session.name, session.role) == ("anna", Role.SUPER_ADMIN)
    assert (session.opened_at, session.seen_at) == (NOON, NOON)
    assert session.ends_at == NOON + MOST_SECONDS
    assert session.number not in token
    assert len(token) == 43
    assert office.sessions.open(office.users.get("anna"), office.now) != token


@pytest.mark.parametrize("wrong", ["", "x", "x" * 43, "é" * 43, "x" * 10_000, "'; --", "\ud800"])
def test_what_is_no_session(office: Office, token: str, wrong: str) -> None:
    assert office.sessions.find(wrong, office.now) is None
    assert office.sessions.find(token[:-1], office.now) is None
    assert office.sessions.find(f"{token} ", office.now) is None
    office.sessions.revoke(wrong)
    assert office.sessions.find(token, office.now) is not None


def test_a_session_ends_when_nobody_does_anything(office: Office, token: str) -> None:
    assert office.sessions.find(token, NOON + IDLE_SECONDS - 1) is not None
    # That was something.
    later = NOON + 2 * IDLE_SECONDS - 2
    assert office.sessions.look(token, later) is not None
    assert office.sessions.find(token, later + 1) is None
    assert office.sessions.find(token, later) is not None


def test_what_a_page_does_by_itself_keeps_no_session(office: Office, token: str) -> None:
    for minute in range(29):
        assert office.sessions.look(token, NOON + 60 * minute) is not None
    assert office.sessions.look(token, NOON + IDLE_SECONDS) is None


def test_a_session_ends_after_twelve_hours_in_any_case(office: Office, token: str) -> None:
    for minute in range(0, 12 * 60, 20):
        assert office.sessions.find(token, NOON + 60 * minute) is not None
    assert office.sessions.find(token, NOON + MOST_SECONDS - 1) is not None
    assert office.sessions.find(token, NOON + MOST_SECONDS) is None


def test_shorter_times_hold_for_sessions_that_stand(office: Office, token: str) -> None:
    strict = SessionStore(office.control, 60.0, 600.0)
    assert strict.find(token, NOON + 59) is not None
    assert strict.find(token, NOON + 60) is None
    office.sessions.find(token, NOON + 590)
    assert strict.find(token, NOON + 599) is not None
    assert strict.find(token, NOON + 600) is None


def test_use_is_kept_once_a_minute(office: Office, token: str) -> None:
    def seen() -> float:
        session = office.sessions.look(token, NOON + 200)
        assert session is not None
        return session.seen_at

    office.sessions.find(token, NOON + 59)
    assert seen() == NOON
    office.sessions.find(token, NOON + 60)
    assert seen() == NOON + 60
    # A clock that goes back takes nothing away.
    office.sessions.find(token, NOON)
    assert seen() == NOON + 60


def test_a_session_of_a_clock_that_was_wrong_does_not_stand(office: Office, token: str) -> None:
    assert office.sessions.look(token, NOON - 300) is not None
    assert office.sessions.look(token, NOON - 301) is None


def test_a_revoked_session_is_gone_at_once_and_alone(office: Office, token: str) -> None:
    other = office.sessions.open(office.users.get("anna"), office.now)
    office.sessions.revoke(token)
    assert office.sessions.find(token, office.now) is None
    assert office.sessions.find(other, office.now) is not None
    office.sessions.revoke_all("anna")
    assert office.sessions.find(other, office.now) is None


def test_a_role_counts_as_it_is_now(office: Office, token: str) -> None:
    office.add("bert")
    office.users.set_role("anna", Role.VIEWER, who="root", at=office.now)
    again = office.sessions.open(office.users.get("anna"), office.now)
    session = office.sessions.find(again, office.now)
    assert session is not None
    assert session.role is Role.VIEWER


@pytest.mark.parametrize("what", ["password", "disabled", "removed"])
def test_no_session_for_a_user_who_changed_meanwhile(office: Office, what: str) -> None:
    office.add("bert")
    found = office.add()
    if what == "password":
        office.users.set_password("anna", PASSWORD + "!", who="root", at=office.now)
    elif what == "disabled":
        office.users.disable("anna", who="root", at=office.now)
    else:
        office.users.remove("anna", who="root", at=office.now)
    with pytest.raises(SignInRefused, match="changed just now"):
        office.sessions.open(found, office.now)


def test_all_sessions_of_all_users_end(office: Office, token: str) -> None:
    office.add("bert")
    other = office.enter("bert")
    _, codes = office.enrol()
    voucher = office.second_factor.vouch("anna", "digest", codes[0], office.now)
    assert voucher is not None
    office.sessions.revoke_everybodys()
    assert office.sessions.look(token, office.now) is None
    assert office.sessions.look(other, office.now) is None
    assert not office.second_factor.accepts("anna", "digest", voucher)


def test_the_session_of_a_disabled_user_does_not_stand(office: Office, token: str) -> None:
    """Disabling ends sessions; one that is there all the same opens nothing."""
    with AccessStore(office.control).turn() as connection:
        connection.execute(USERS.update().values(disabled=True))
    assert office.sessions.look(token, office.now) is None
    assert office.sessions.of("anna", office.now) == ()


def test_a_user_sees_the_sessions_that_stand(office: Office, token: str) -> None:
    office.clock.advance(IDLE_SECONDS - 10)
    second = office.sessions.open(office.users.get("anna"), office.now)
    numbers = [each.number for each in office.sessions.of("anna", office.now)]
    assert len(numbers) == 2
    office.clock.advance(10)
    [left] = office.sessions.of("anna", office.now)
    newest = office.sessions.find(second, office.now)
    assert newest is not None
    assert left.number == newest.number == numbers[0]


def test_the_oldest_of_many_sessions_make_room(office: Office, token: str) -> None:
    user = office.users.get("anna")
    office.clock.advance(1)
    many = [office.sessions.open(user, office.now) for _ in range(20)]
    assert office.sessions.find(token, office.now) is None
    assert all(office.sessions.find(each, office.now) for each in many)


def test_tokens_are_compared_in_constant_time(
    office: Office, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def comparing(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac_compare(one, other)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr("aineon.access.sessions.hmac.compare_digest", comparing)
    assert office.sessions.look(token, office.now) is not None
    [(one, other)] = compared
    assert one == other
    assert token not in one


@files_only
def test_looking_waits_for_no_writer_and_use_that_cannot_be_kept_is_no_end(
    office: Office, token: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(tmp_path / "control.db", isolation_level=None) as other:
        other.execute("PRAGMA query_only=OFF")
        other.execute("BEGIN IMMEDIATE")
        assert office.sessions.look(token, NOON + 1) is not None
        other.execute("ROLLBACK")
    other.close()
