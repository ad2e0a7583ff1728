"""Credentials in streamlit-authenticator's format, read and written.

    credentials:
      usernames:
        anna:
          email: anna@example.org
          first_name: Anna
          last_name: Karenina
          password: $2b$12$…
          roles: [admin]

Passwords go from one to the other as they are hashed. What neither has a word for stays behind:
its counters and logged-in marks there, second factors here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from aineon.access.names import parse_display_name, parse_email, parse_name
from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.access.users import NewUser, User
from aineon.errors import AccessError, InvalidCredentials, UnknownRole

_MOST_USERS: Final = 1000


def export_credentials(users: Iterable[User]) -> dict[str, Any]:
    """Return users as streamlit-authenticator's configuration; disabled ones are left out.

    It holds the hashes of their passwords: keep it as you would keep the database.
    """
    enabled = (user for user in users if not user.disabled)
    return {"credentials": {"usernames": {user.name: _entry_of(user) for user in enabled}}}


def import_credentials(
    given: object, default_role: Role | None = None, hasher: PasswordHasher | None = None
) -> tuple[NewUser, ...]:
    """Return the users of such a configuration, for `UserStore.take_over`.

    Args:
        given: the configuration as a mapping, with or without `credentials` around it.
        default_role: of whoever has none of ours; None refuses them.
        hasher: tells which hashes are taken.

    Raises:
        InvalidCredentials: it is something else, or one of them cannot be taken over; the message
            says which and why, and shows no password.
    """
    entries = _usernames(given)
    hasher = hasher or PasswordHasher()
    users = tuple(_user_of(name, entry, default_role, hasher) for name, entry in entries.items())
    if len({user.name for user in users}) < len(users):
        raise InvalidCredentials("two of the user names are one and the same, but for their case")
    return users


def _entry_of(user: User) -> dict[str, Any]:
    first, _, last = user.display_name.rpartition(" ")
    return {
        "email": user.email,
        "failed_login_attempts": 0,
        "first_name": first or last,
        "last_name": last if first else "",
        "logged_in": False,
        "password": user.password_hash,
        "roles": [user.role.value],
    }


def _usernames(given: object) -> Mapping[str, Any]:
    inner = given.get("credentials", given) if isinstance(given, Mapping) else None
    entries = inner.get("usernames") if isinstance(inner, Mapping) else None
    if not isinstance(entries, Mapping) or not 0 < len(entries) <= _MOST_USERS:
        raise InvalidCredentials(
            f"there is no `credentials: usernames:` with 1 to {_MOST_USERS} users in it"
        )
    return entries


def _user_of(
    name: object, entry: object, default_role: Role | None, hasher: PasswordHasher
) -> NewUser:
    if not isinstance(name, str) or not isinstance(entry, Mapping):
        raise InvalidCredentials(f"user {name!r:.80} is not a name with properties below it")
    hashed = entry.get("password")
    if not isinstance(hashed, str) or not hasher.takes(hashed):
        raise InvalidCredentials(
            f"user {name!r:.80} has no password that bcrypt hashed with the cost that is used "
            "here; hash it with streamlit-authenticator's Hasher"
        )
    try:
        known = parse_name(name)
        return NewUser(
            known,
            parse_display_name(_shown_name(entry), known),
            parse_email(str(entry.get("email") or "")),
            _role_of(known, entry.get("roles"), default_role),
            hashed,
        )
    except InvalidCredentials:
        raise
    except AccessError as error:
        raise InvalidCredentials(f"user {name!r:.80} cannot be taken over: {error}") from error


def _shown_name(entry: Mapping[str, Any]) -> str:
    """As streamlit-authenticator puts it together; its versions before 0.4 have `name`."""
    parts = (str(entry.get(part) or "") for part in ("first_name", "last_name"))
    return " ".join(filter(None, parts)) or str(entry.get("name") or "")


def _role_of(name: str, given: object, default_role: Role | None) -> Role:
    words = given if isinstance(given, list | tuple) else [given] if given else []
    found = {role for word in words if (role := _known_role(str(word))) is not None}
    if len(found) == 1:
        return found.pop()
    if not found and default_role is not None:
        return default_role
    which = "several" if found else "none"
    raise InvalidCredentials(
        f"user {name!r} has {which} of the roles {', '.join(Role)}; everybody has exactly one"
    )


def _known_role(word: str) -> Role | None:
    try:
        return Role.parse(word)
    except UnknownRole:
        return None
