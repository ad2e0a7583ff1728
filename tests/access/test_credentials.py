"""Credentials go to streamlit-authenticator and come back, compared with the real package."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from aineon.access.credentials import export_credentials, import_credentials
from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.errors import InvalidCredentials, InvalidUser, LastSuperAdmin, UserExists
from tests.access.office import NOON, PASSWORD, WRONG, Office

stauth = pytest.importorskip("streamlit_authenticator", exc_type=ImportError)

WHO = {"who": "root", "at": NOON}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """Credentials as their documentation writes them, hashed by their hasher."""
    text = f"""
    credentials:
      usernames:
        JSmith:
          email: jsmith@example.org
          failed_login_attempts: 0
          first_name: John
          last_name: Smith
          logged_in: false
          password: {PASSWORD}
          roles: [super admin]
        rbriggs:
          email: rbriggs@example.org
          name: Rebecca Briggs
          password: {PASSWORD}
          roles: [editor, viewer]
    """
    given = yaml.safe_load(text)
    stauth.Hasher.hash_passwords(given["credentials"])
    read: dict[str, Any] = given
    return read


def test_users_of_theirs_sign_in_here(office: Office, theirs: dict[str, Any]) -> None:
    new = import_credentials(theirs)
    assert [(user.name, user.display_name, user.email, user.role) for user in new] == [
        ("jsmith", "John Smith", "jsmith@example.org", Role.SUPER_ADMIN),
        ("rbriggs", "Rebecca Briggs", "rbriggs@example.org", Role.VIEWER),
    ]
    usual = PasswordHasher()
    assert usual.matches(PASSWORD, new[0].password_hash)
    assert not usual.matches(WRONG, new[0].password_hash)
    # Taken over by a store with the usual hasher.
    from aineon.access.users import UserStore

    users = UserStore(office.control, office.audit)
    assert users.take_over(new, **WHO) == users.all()
    [entry] = office.told("user.add")
    assert entry.details == {"users": {"jsmith": "super admin", "rbriggs": "viewer"}}
    with pytest.raises(UserExists):
        users.take_over(new, **WHO)


def test_users_of_ours_sign_in_there(office: Office) -> None:
    office.users.add("anna", PASSWORD, Role.SUPER_ADMIN, display_name="Anna van Dam", **WHO)
    office.users.add("bert", PASSWORD, Role.RISK_MANAGER, email="b@example.org", **WHO)
    office.users.add("carl", PASSWORD, Role.VIEWER, **WHO)
    office.users.disable("carl", **WHO)
    exported = export_credentials(office.users.all())
    assert yaml.safe_load(yaml.safe_dump(exported)) == exported
    from streamlit_authenticator.models.authentication_model import AuthenticationModel

    model = AuthenticationModel(copy.deepcopy(exported["credentials"]))
    assert model.check_credentials("anna", PASSWORD) is True
    assert model.check_credentials("anna", WRONG) is False
    assert model.check_credentials("carl", PASSWORD) is False
    assert model._get_user_name("anna") == "Anna van Dam"
    assert model._get_user_name("bert") == "bert"
    assert model.credentials["usernames"]["bert"]["roles"] == ["risk manager"]
    # They are hashes to it, and not hashed again.
    there = {name: user["password"] for name, user in model.credentials["usernames"].items()}
    here = {user.name: user.password_hash for user in office.users.all() if not user.disabled}
    assert there == here


def test_there_and_back(office: Office) -> None:
    office.users.add("anna", PASSWORD, Role.SUPER_ADMIN, display_name="Anna van Dam", **WHO)
    office.users.add("bert", PASSWORD, Role.TRADER, display_name="Bert", **WHO)
    back = import_credentials(export_credentials(office.users.all()), None, office.hasher)
    assert [
        (user.name, user.display_name, user.email, user.role, user.password_hash) for user in back
    ] == [
        (user.name, user.display_name, user.email, user.role, user.password_hash)
        for user in office.users.all()
    ]


@pytest.mark.parametrize("password", ["violet tram", "äöü ß é 漢字", "x" * 72, " ", "🚋 tram"])
def test_both_hash_alike(password: str) -> None:
    ours = PasswordHasher(cost=4)
    assert stauth.Hasher.check_pw(password, ours.hash(password))
    assert stauth.Hasher.is_hash(ours.hash(password))
    assert ours.hash(password)[:4] == stauth.Hasher.hash("x")[:4]


HASHED = "$2b$12$" + "." * 53


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "there is no `credentials: usernames:`"),
        ([], "there is no"),
        ({"credentials": {}}, "there is no"),
        ({"usernames": {}}, "there is no"),
        ({"usernames": {"anna": "x"}}, "is not a name with properties"),
        ({"usernames": {7: {}}}, "is not a name with properties"),
        ({"usernames": {"anna": {"roles": ["admin"]}}}, "has no password that bcrypt hashed"),
        ({"usernames": {"anna": {"password": PASSWORD}}}, "has no password that bcrypt hashed"),
        (
            {"usernames": {"anna": {"password": HASHED.replace("12", "10"), "roles": ["admin"]}}},
            "with the cost that is used here",
        ),
        ({"usernames": {"anna": {"password": HASHED}}}, "has none of the roles super admin"),
        (
            {"usernames": {"anna": {"password": HASHED, "roles": ["admin", "viewer"]}}},
            "has several of the roles",
        ),
        (
            {"usernames": {"аnna": {"password": HASHED, "roles": ["admin"]}}},
            "cannot be taken over: name",
        ),
        (
            {"usernames": {"anna": {"password": HASHED, "roles": "admin", "email": "nobody"}}},
            "cannot be taken over: e-mail",
        ),
        (
            {
                "usernames": {
                    "anna": {"password": HASHED, "roles": ["admin"]},
                    "Anna": {"password": HASHED, "roles": ["admin"]},
                }
            },
            "one and the same",
        ),
    ],
)
def test_what_cannot_be_taken_over(given: object, why: str) -> None:
    with pytest.raises(InvalidCredentials, match=why) as caught:
        import_credentials(given)
    assert PASSWORD not in str(caught.value)


def test_a_role_for_those_who_have_none_of_ours() -> None:
    given = {"usernames": {"anna": {"password": HASHED, "roles": ["editor"]}}}
    [user] = import_credentials(given, Role.VIEWER)
    assert user.role is Role.VIEWER


def test_all_are_taken_over_or_none(office: Office) -> None:
    hashed = office.hasher.hash(PASSWORD)
    anna = {"password": hashed, "roles": ["super admin"]}
    bert = {"password": hashed, "roles": ["admin"]}
    both = {"usernames": {"anna": anna, "bert": bert}}
    alone = import_credentials({"usernames": {"bert": bert}}, None, office.hasher)
    with pytest.raises(LastSuperAdmin):
        office.users.take_over(alone, **WHO)
    office.add("carl")
    office.users.take_over(alone, **WHO)
    with pytest.raises(UserExists, match="'bert'"):
        office.users.take_over(import_credentials(both, None, office.hasher), **WHO)
    assert office.users.find("anna") is None
    with pytest.raises(InvalidUser, match="no user was given"):
        office.users.take_over((), **WHO)
