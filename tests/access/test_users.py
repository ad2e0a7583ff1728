"""Users: added, changed and removed, each of it written down first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aineon.access.roles import Role
from aineon.access.users import UserStore
from aineon.errors import (
    AuditUnwritable,
    InvalidUser,
    LastSuperAdmin,
    PasswordRefused,
    UnknownUser,
    UserExists,
)
from aineon.ledger.commands import CommandState
from aineon.primitives import Book
from tests.access.office import NOON, PASSWORD, Meanwhile, Office, opened

WHO = {"who": "root", "at": NOON}


def test_a_user_is_found_in_any_spelling(office: Office) -> None:
    added = office.users.add(
        "Anna", PASSWORD, Role.SUPER_ADMIN, display_name="Анна", email="anna@example.org", **WHO
    )
    assert (added.name, added.display_name, added.email) == ("anna", "Анна", "anna@example.org")
    assert (added.created_at, added.password_changed_at) == (NOON, NOON)
    assert not added.disabled
    assert not added.has_second_factor
    for spelling in ("anna", "ANNA", " Ａnna "):
        assert office.users.find(spelling) == added
    assert office.users.find("bert") is None
    assert office.users.find("no name at all; really") is None
    assert office.users.all() == (added,)
    assert office.users.count() == 1
    [entry] = office.told("user.add")
    assert (entry.decision.who, entry.decision.subject) == ("root", "anna")
    assert entry.details == {"users": {"anna": "super admin"}}


def test_a_name_is_given_once(office: Office) -> None:
    office.add()
    with pytest.raises(UserExists, match="there is a user 'anna' already"):
        office.users.add("ANNA", PASSWORD, Role.VIEWER, **WHO)
    assert len(office.told("user.add")) == 1


def test_the_first_user_is_a_super_admin(office: Office) -> None:
    assert office.users.is_empty()
    with pytest.raises(LastSuperAdmin, match="the first user has to be a super admin"):
        office.users.add("bert", PASSWORD, Role.ADMIN, **WHO)
    assert office.users.is_empty()
    office.add()
    assert not office.users.is_empty()
    assert office.add("bert", Role.VIEWER).role is Role.VIEWER


def test_what_is_not_allowed_is_not_written_down(office: Office) -> None:
    with pytest.raises(InvalidUser):
        office.users.add("a b", PASSWORD, Role.SUPER_ADMIN, **WHO)
    with pytest.raises(PasswordRefused):
        office.users.add("anna", "anna", Role.SUPER_ADMIN, **WHO)
    assert office.audit.last(10) == ()


LAST = [
    lambda users: users.remove("anna", **WHO),
    lambda users: users.set_role("anna", Role.ADMIN, **WHO),
    lambda users: users.disable("anna", **WHO),
]


@pytest.mark.parametrize("change", LAST)
def test_the_last_super_admin_stays(office: Office, change: Callable[[UserStore], None]) -> None:
    office.add()
    office.add("bert", Role.ADMIN)
    office.add("carl")
    office.users.disable("carl", **WHO)
    before = len(office.audit.last(100))
    with pytest.raises(LastSuperAdmin, match="'anna' is the last super admin who can sign in"):
        change(office.users)
    assert len(office.audit.last(100)) == before
    # Control: with another one it goes.
    office.users.enable("carl", **WHO)
    change(office.users)


def test_of_two_last_super_admins_who_remove_each_other_one_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        office.add()
        office.add("bert")
    start = threading.Barrier(2)
    failed: list[Exception] = []

    def remove(name: str) -> None:
        with opened(tmp_path) as mine:
            start.wait()
            try:
                mine.users.remove(name, **WHO)
            except LastSuperAdmin as error:
                failed.append(error)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("anna", "bert")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(tmp_path) as office:
        assert office.users.count() == 1
        assert len(failed) == 1
        # What was written down before it failed is followed by that.
        assert len(office.told("user.remove")) - len(office.told("user.fail")) == 1


def test_what_changed_since_it_was_checked_is_checked_again(office: Office) -> None:
    office.add()
    office.add("bert")
    audit = Meanwhile(office.audit, lambda: office.users.remove("bert", **WHO))
    late = UserStore(office.control, audit, office.hasher)
    with pytest.raises(LastSuperAdmin):
        late.remove("anna", **WHO)
    assert [user.name for user in office.users.all()] == ["anna"]
    [entry] = office.told("user.fail")
    assert entry.decision.subject == "anna"
    assert entry.details["action"] == "user.remove"


CHANGES = [
    ("user.role", lambda users: users.set_role("bert", Role.TRADER, **WHO)),
    ("user.password", lambda users: users.set_password("bert", PASSWORD + "!", **WHO)),
    ("user.disable", lambda users: users.disable("bert", **WHO)),
    ("user.remove", lambda users: users.remove("bert", **WHO)),
    ("session.end", lambda users: users.end_sessions("bert", **WHO)),
    ("second_factor.reset", lambda users: users.reset_second_factor("bert", **WHO)),
]


@pytest.mark.parametrize(("action", "change"), CHANGES)
def test_sessions_end_with_what_they_stand_for(
    office: Office, action: str, change: Callable[[UserStore], None]
) -> None:
    office.add()
    office.add("bert", Role.VIEWER)
    mine, other = office.enter("anna"), office.enter("bert")
    assert office.sessions.find(other, office.now) is not None
    change(office.users)
    assert office.sessions.find(other, office.now) is None
    assert office.sessions.find(mine, office.now) is not None
    [entry] = office.told(action)
    assert (entry.decision.who, entry.decision.subject) == ("root", "bert")


@pytest.mark.parametrize(("action", "change"), CHANGES)
def test_what_waits_for_an_engine_is_refused_with_the_sessions(
    office: Office, action: str, change: Callable[[UserStore], None]
) -> None:
    office.add()
    office.add("bert", Role.TRADER)
    commands = office.control.commands
    asked = {
        who: commands.ask("withdrawal.request", {}, who, NOON, book=Book.LIVE)
        for who in ("anna", "bert")
    }
    taken = commands.ask("withdrawal.request", {}, "bert", NOON, book=Book.LIVE)
    commands.take(taken, NOON)
    change(office.users)
    refused = commands.find(asked["bert"])
    assert refused is not None
    assert refused.state is CommandState.REFUSED, action
    assert "before an engine took it" in refused.answer
    still = {command.number for command in commands.open(["withdrawal.request"])}
    assert still == {asked["anna"], taken}


@pytest.mark.parametrize(("action", "change"), CHANGES)
def test_nothing_changes_that_cannot_be_written_down(
    office: Office, action: str, change: Callable[[UserStore], None]
) -> None:
    office.add()
    office.add("bert", Role.VIEWER)
    session = office.enter("bert")
    before = office.users.all()
    (office.folder / "control.anchor").write_text("nothing\n")
    with pytest.raises(AuditUnwritable):
        change(office.users)
    assert office.users.all() == before
    assert office.sessions.find(session, office.now) is not None


@pytest.mark.parametrize(("action", "change"), CHANGES)
def test_a_user_who_is_not_there(
    office: Office, action: str, change: Callable[[UserStore], None]
) -> None:
    with pytest.raises(UnknownUser, match="there is no user 'bert'"):
        change(office.users)
    assert office.audit.last(10) == ()


def test_a_description_changes_and_sessions_stay(office: Office) -> None:
    office.add()
    session = office.enter()
    office.users.describe("ANNA", "Anna K.", "k@example.org", **WHO)
    found = office.users.get("anna")
    assert (found.display_name, found.email) == ("Anna K.", "k@example.org")
    assert office.sessions.find(session, office.now) is not None
    with pytest.raises(UnknownUser):
        office.users.describe("bert", "", "", **WHO)


def test_a_removed_user_comes_back_with_nothing(office: Office) -> None:
    office.add()
    office.add("bert")
    office.enrol("bert")
    assert office.users.get("bert").has_second_factor
    office.users.remove("bert", **WHO)
    again = office.add("bert", Role.VIEWER)
    assert not again.has_second_factor
    assert office.second_factor.recovery_left("bert") == 0


def test_a_password_set_by_another_must_be_fit_too(office: Office) -> None:
    office.add()
    with pytest.raises(PasswordRefused):
        office.users.set_password("anna", "short", **WHO)
    assert office.told("user.password") == []
    office.clock.advance(5)
    office.users.set_password("anna", PASSWORD + "!", who="root", at=office.now)
    assert office.users.get("anna").password_changed_at == NOON + 5
