"""The first user: for whoever holds the token, once."""

from __future__ import annotations

import hmac
import threading
from pathlib import Path

import pytest

from aineon.access.roles import Role
from aineon.access.setup import Setup
from aineon.access.store import AccessStore
from aineon.access.throttle import Budget
from aineon.access.users import UserStore
from aineon.errors import AuditUnwritable, InvalidUser, PasswordRefused, SetupRefused
from tests.access.office import NOON, PASSWORD, TOKEN, Meanwhile, Office, opened


def create(office: Office, token: str = TOKEN, name: str = "anna") -> Role:
    return office.setup.create_first(token, name, PASSWORD, at=office.now).role


def test_whoever_holds_the_token_is_the_first_super_admin(office: Office) -> None:
    assert office.setup.is_open()
    assert office.setup.is_possible
    assert create(office, f" {TOKEN}\n") is Role.SUPER_ADMIN
    assert not office.setup.is_open()
    assert office.enter()
    [entry] = office.told("user.add")
    assert (entry.decision.who, entry.details["first"]) == ("set-up", True)


def test_it_is_over_after_the_first_user(office: Office) -> None:
    office.add()
    with pytest.raises(SetupRefused, match="there are users already"):
        create(office, name="bert")
    assert office.users.count() == 1
    # And nobody is told any more whether it is the token.
    with pytest.raises(SetupRefused, match="there are users already"):
        create(office, "x", "bert")


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", "\ud800"])
def test_another_token_creates_nobody(office: Office, token: str) -> None:
    for _ in range(5):
        with pytest.raises(SetupRefused, match="not the set-up token"):
            create(office, token)
    assert office.setup.is_open()
    assert len(office.told("setup.refuse")) == 1


def test_one_place_has_ten_wrong_tries_and_takes_nobody_elses(office: Office) -> None:
    def wrong(source: str) -> str:
        with pytest.raises(SetupRefused) as refused:
            office.setup.create_first("x" * 16, "anna", PASSWORD, at=office.now, source=source)
        return str(refused.value)

    assert all("not the set-up token" in wrong("10.0.0.1") for _ in range(10))
    assert wrong("10.0.0.1").startswith("too many set-up tokens were tried; wait 15 minutes, or")
    assert "not the set-up token" in wrong("10.0.0.2")
    office.clock.advance(900)
    assert "not the set-up token" in wrong("10.0.0.1")
    user = office.setup.create_first(TOKEN, "anna", PASSWORD, at=office.now, source="10.0.0.1")
    assert user.name == "anna"


def test_all_places_together_have_a_hundred_wrong_tries(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.access.setup.OF_ALL", Budget(3, 900.0))
    for n in range(3):
        with pytest.raises(SetupRefused, match="not the set-up token"):
            office.setup.create_first("x", "anna", PASSWORD, at=NOON, source=f"10.0.{n}.1")
    with monkeypatch.context() as meanwhile:
        # What is not heard takes no turn at writing.
        meanwhile.setattr(AccessStore, "turn", None)
        with pytest.raises(SetupRefused, match="too many set-up tokens were tried"):
            office.setup.create_first(TOKEN, "anna", PASSWORD, at=NOON, source="10.0.9.1")
    later = NOON + 900
    assert office.setup.create_first(TOKEN, "anna", PASSWORD, at=later, source="10.0.9.1")


def test_without_a_token_nobody_gets_through(office: Office) -> None:
    setup = Setup(office.control, office.users, office.audit, None)
    assert not setup.is_possible
    for token in ("", "None"):
        with pytest.raises(SetupRefused, match="no set-up token is set; set AINEON_SETUP_TOKEN"):
            setup.create_first(token, "anna", PASSWORD, at=NOON)


def test_what_is_not_allowed_leaves_it_open(office: Office) -> None:
    with pytest.raises(InvalidUser):
        office.setup.create_first(TOKEN, "operator", PASSWORD, at=NOON)
    with pytest.raises(PasswordRefused):
        office.setup.create_first(TOKEN, "anna", "changeme1234", at=NOON)
    (office.folder / "control.anchor").write_text("nothing\n")
    with pytest.raises(AuditUnwritable):
        create(office)
    assert office.setup.is_open()


def test_tokens_are_compared_in_constant_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, compared = hmac.compare_digest, []

    def comparing(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr("aineon.access.setup.hmac.compare_digest", comparing)
    with pytest.raises(SetupRefused):
        create(office, "x")
    create(office)
    # Of one length, whatever was given.
    assert compared == [(64, 64)] * 2


def test_a_user_who_is_added_meanwhile_ends_it(office: Office) -> None:
    audit = Meanwhile(office.audit, lambda: office.add("bert"))
    users = UserStore(office.control, audit, office.hasher)
    setup = Setup(office.control, users, audit, TOKEN)
    with pytest.raises(SetupRefused, match="there are users already"):
        setup.create_first(TOKEN, "anna", PASSWORD, at=NOON)
    assert [user.name for user in office.users.all()] == ["bert"]


def test_of_those_who_try_at_once_one_succeeds(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    start = threading.Barrier(3)
    created: list[str] = []
    refused: list[str] = []

    def race(name: str) -> None:
        with opened(tmp_path) as mine:
            start.wait()
            try:
                create(mine, name=name)
                created.append(name)
            except SetupRefused:
                refused.append(name)

    threads = [threading.Thread(target=race, args=(name,)) for name in ("anna", "bert", "carl")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(tmp_path) as office:
        assert [user.name for user in office.users.all()] == created
    assert len(created) == 1
    assert len(refused) == 2
