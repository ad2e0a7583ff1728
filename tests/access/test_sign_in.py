"""Signing in: few hashes, one refusal for everything, and nobody locked out for ever."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from aineon.access.devices import DEVICE_SECONDS
from aineon.access.roles import Role
from aineon.access.sealing import Seal, SealKey
from aineon.access.sign_in import REFUSED, WINDOW_SECONDS, SignIn, site_of
from aineon.errors import (
    LedgerError,
    PasswordRefused,
    SignInRefused,
    SignInThrottled,
)
from tests.access.office import PASSWORD, WRONG, Office, opened
from tests.databases import files_only


def flood(
    office: Office, tries: int, name: str = "anna", sources: int = 1, device: str | None = None
) -> tuple[int, int]:
    """Try wrong passwords; returns how many were refused, and how many were not looked at."""
    refused = throttled = 0
    for number in range(tries):
        source = f"198.51.{number % sources // 250}.{number % sources % 250 + 1}"
        try:
            office.sign_in.try_sign_in(name, WRONG, source=source, device=device)
        except SignInRefused:
            refused += 1
        except SignInThrottled:
            throttled += 1
    return refused, throttled


def test_the_right_password_opens_a_session(office: Office) -> None:
    office.add()
    token = office.enter(" ANNA ")
    session = office.sessions.find(token, office.now)
    assert session is not None
    assert session.name == "anna"
    [entry] = office.told("session.open")
    assert (entry.decision.who, entry.decision.subject) == ("anna", "anna")
    assert entry.details == {
        "session": session.number,
        "role": "super admin",
        "lane": "stranger",
        "refused_before": 0,
    }
    office.sign_in.sign_out(token)
    assert office.sessions.find(token, office.now) is None
    [entry] = office.told("session.close")
    assert entry.details == {"session": session.number}
    office.sign_in.sign_out(token)
    assert len(office.told("session.close")) == 1


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("anna", WRONG, ""),
        ("anna", "", ""),
        ("anna", PASSWORD + "x" * 80, ""),
        ("anna", f"{PASSWORD}\0", ""),
        ("anna", "\ud800", ""),
        ("nobody", PASSWORD, ""),
        ("", "", ""),
        ("аnna", PASSWORD, ""),
        ("x" * 5000, PASSWORD, ""),
        ("\ud800", PASSWORD, ""),
        ("carl", PASSWORD, ""),
        ("bert", PASSWORD, ""),
        ("bert", PASSWORD, "000000"),
        ("bert", PASSWORD, "nonsense"),
        ("bert", WRONG, ""),
    ],
)
def test_every_refusal_says_the_same_and_costs_one_hash(
    office: Office, name: str, password: str, code: str
) -> None:
    """anna has no second factor, bert has one, carl is disabled."""
    office.add()
    office.add("bert")
    office.enrol("bert")
    office.add("carl", Role.VIEWER)
    office.users.disable("carl", who="root", at=office.now)
    office.hasher.compared = 0
    with pytest.raises(SignInRefused) as caught:
        office.sign_in.try_sign_in(name, password, code, source="192.0.2.1")
    assert str(caught.value) == REFUSED
    assert office.hasher.compared == 1


def test_a_second_factor_is_asked_for(office: Office) -> None:
    office.add()
    app, codes = office.enrol()
    for code in ("", "000000"):
        with pytest.raises(SignInRefused):
            office.enter(code=code)
    assert office.sessions.find(office.enter(code=office.code(app)), office.now)
    with pytest.raises(SignInRefused):
        office.enter(code=office.code(app))
    assert office.sessions.find(office.enter(code=codes[0]), office.now)


def test_a_thousand_wrong_passwords_are_five_hashes(office: Office) -> None:
    office.add()
    assert flood(office, 1000, sources=200) == (5, 995)
    assert office.hasher.compared == 5
    # One place has four of them, so that it leaves something for others.
    office.clock.advance(WINDOW_SECONDS)
    assert flood(office, 1000) == (4, 996)
    assert office.hasher.compared == 9
    # What nobody looked at is not written down one by one either.
    told = [entry.decision.action for entry in office.audit.last(100)]
    assert told.count("session.refuse") == told.count("session.throttle") == 1
    assert len(told) == 3


def test_who_tries_many_at_once_has_no_more_of_them(tmp_path: Path, office: Office) -> None:
    office.add()
    compared: list[int] = []

    def many(first: int) -> None:
        with opened(tmp_path) as mine:
            for number in range(first, first + 6):
                with contextlib.suppress(SignInRefused, SignInThrottled):
                    mine.sign_in.try_sign_in("anna", WRONG, source=f"198.51.100.{number}")
            compared.append(mine.hasher.compared)

    threads = [threading.Thread(target=many, args=(10 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == 4
    assert sum(compared) == 5


def test_a_name_that_nobody_has_is_throttled_in_the_same_way(office: Office) -> None:
    office.add()
    assert flood(office, 50, "nobody", sources=50) == (5, 45)
    assert flood(office, 50, "anna", sources=50) == (5, 45)
    assert office.hasher.compared == 10
    assert office.told("session.refuse")[0].decision.subject == "an unknown name"


def test_throttles_expire(office: Office) -> None:
    office.add()
    flood(office, 20, sources=20)
    for wait in (0, WINDOW_SECONDS - 1):
        office.clock.advance(wait)
        with pytest.raises(SignInThrottled, match="too many tries; wait") as caught:
            office.enter()
        assert caught.value.wait == WINDOW_SECONDS - wait
    office.clock.advance(1)
    assert office.enter()
    [*_, entry] = office.told("session.open")
    # The first was told at once.
    assert entry.details["refused_before"] == 4


def test_who_floods_from_one_place_leaves_the_owner_a_way_in(office: Office) -> None:
    office.add()
    for _ in range(3):
        flood(office, 100)
        assert office.enter()
        office.clock.advance(WINDOW_SECONDS)


def test_who_floods_from_everywhere_leaves_known_browsers_a_way_in(office: Office) -> None:
    office.add()
    device = office.sign_in.remember(office.enter())
    flood(office, 300, sources=300)
    with pytest.raises(SignInThrottled, match="a browser that you have signed in with before"):
        office.enter()
    for _ in range(7):
        token = office.sign_in.try_sign_in("anna", PASSWORD, source="192.0.2.1", device=device)
        assert office.sessions.find(token, office.now)
    [*_, entry] = office.told("session.open")
    assert entry.details["lane"] == "device"


@files_only
def test_a_flood_that_nobody_hears_waits_for_no_writer(tmp_path: Path, office: Office) -> None:
    office.add()
    flood(office, 5, sources=5)
    other = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        # Waiting, it would raise that the database is locked.
        for device in (None, "A" * 43):
            assert flood(office, 3, sources=3, device=device) == (0, 3)
    finally:
        other.close()


def test_a_known_browser_has_five_tries_of_its_own(office: Office) -> None:
    office.add()
    device = office.sign_in.remember(office.enter())
    office.hasher.compared = 0
    assert flood(office, 100, device=device) == (5, 95)
    assert office.hasher.compared == 5
    # They were not those of strangers.
    assert office.enter()


def test_a_browser_is_known_for_its_own_user_alone_and_for_a_while(office: Office) -> None:
    office.add()
    office.add("bert", Role.VIEWER)
    device = office.sign_in.remember(office.enter())
    assert flood(office, 20, "bert", sources=20, device=device) == (5, 15)
    assert flood(office, 20, "anna", sources=20, device="x" * 43) == (5, 15)
    assert office.sign_in.try_sign_in("anna", PASSWORD, device=device)
    office.clock.advance(DEVICE_SECONDS)
    flood(office, 20, sources=20)
    with pytest.raises(SignInThrottled):
        office.sign_in.try_sign_in("anna", PASSWORD, device=device)


def test_ending_all_sessions_forgets_the_browsers(office: Office) -> None:
    office.add()
    device = office.sign_in.remember(office.enter())
    office.users.end_sessions("anna", who="anna", at=office.now)
    flood(office, 20, sources=20)
    with pytest.raises(SignInThrottled):
        office.sign_in.try_sign_in("anna", PASSWORD, device=device)
    with pytest.raises(SignInRefused, match="the session has ended"):
        office.sign_in.remember("x" * 43)


def test_one_place_has_twenty_tries_over_all_names(office: Office) -> None:
    office.add()
    assert [flood(office, 1, f"nobody{number}") for number in range(25)].count((1, 0)) == 20
    # From elsewhere the same names are heard.
    with pytest.raises(SignInRefused):
        office.sign_in.try_sign_in("nobody24", WRONG, source="192.0.2.1")


def test_all_strangers_have_a_hundred_tries(office: Office) -> None:
    office.add()
    device = office.sign_in.remember(office.enter())
    office.hasher.compared = 0
    for number in range(120):
        source = f"203.0.113.{number}"
        with pytest.raises((SignInRefused, SignInThrottled)):
            office.sign_in.try_sign_in(f"nobody{number}", WRONG, source=source)
    assert office.hasher.compared == 100
    assert office.sign_in.try_sign_in("anna", PASSWORD, device=device)


def test_right_passwords_are_never_throttled(office: Office) -> None:
    office.add()
    assert all(office.enter() for _ in range(12))


def test_who_knows_the_password_cannot_try_codes_for_ever(office: Office) -> None:
    office.add()
    app, _ = office.enrol()
    wrong = f"{(int(office.code(app)) + 1) % 1_000_000:06}"
    office.hasher.compared = 0
    for number in range(100):
        with pytest.raises((SignInRefused, SignInThrottled)):
            office.sign_in.try_sign_in("anna", PASSWORD, wrong, source=f"198.51.100.{number}")
    assert office.hasher.compared == 5


def test_one_site_of_ipv6_is_one_source() -> None:
    assert site_of("2001:db8::1") == site_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert site_of("2001:db8:0:1::1") != site_of("2001:db8::1")
    assert site_of("fe80::1%eth0") == site_of("fe80::2")
    assert site_of("::ffff:192.0.2.1") == site_of("192.0.2.1") == "192.0.2.1"
    assert site_of("") == ""
    assert site_of("a unix socket") == "a unix socket"


def test_changing_ones_own_password(office: Office) -> None:
    office.add()
    token = office.enter()
    new = "another tram over the bridge"
    with pytest.raises(PasswordRefused, match="the present password is another one"):
        office.sign_in.change_password("anna", WRONG, new)
    with pytest.raises(PasswordRefused, match="is 5 characters long"):
        office.sign_in.change_password("anna", PASSWORD, "short")
    assert office.sessions.find(token, office.now) is not None
    office.sign_in.change_password("anna", PASSWORD, new)
    assert office.sessions.find(token, office.now) is None
    with pytest.raises(SignInRefused):
        office.enter()
    assert office.enter(password=new)
    [entry] = office.told("user.password")
    assert entry.decision.who == "anna"


def test_whoever_has_a_session_cannot_guess_the_password(office: Office) -> None:
    office.add()
    for _ in range(5):
        with pytest.raises(PasswordRefused):
            office.sign_in.change_password("anna", WRONG, "another tram over the bridge")
    with pytest.raises(SignInThrottled):
        office.sign_in.change_password("anna", PASSWORD, "another tram over the bridge")
    # He did not use up the owner's tries.
    assert office.enter()


def test_an_audit_that_cannot_be_written_keeps_nobody_out(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.add()
    (office.folder / "control.anchor").write_text("nothing\n")
    assert office.enter()
    with pytest.raises(SignInRefused):
        office.enter(password=WRONG)
    assert "session.open of anna by anna is not in the audit" in caplog.text


def test_a_seed_that_cannot_be_opened_lets_nobody_in(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.add()
    app, _ = office.enrol()
    other = SignIn(
        office.control,
        office.audit,
        Seal(SealKey.new()),
        office.clock,
        hasher=office.hasher,
    )
    with pytest.raises(SignInRefused, match=REFUSED):
        other.try_sign_in("anna", PASSWORD, office.code(app))
    assert "the second factor of anna cannot be checked" in caplog.text


def test_a_database_that_cannot_be_read_is_no_refusal(office: Office) -> None:
    office.add()
    with office.control.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE throttles")
    with pytest.raises(LedgerError):
        office.enter()
