"""Adding, changing and removing the console's users."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aineon.access.names import parse_display_name, parse_email, parse_name
from aineon.access.passwords import require_fit
from aineon.access.roles import Role
from aineon.access.users import UserStore
from aineon.errors import UserExists
from app.asking import Asked, Result
from app.effects.own import access

NAME: Final = "name"
CHANGE: Final = "change"
ROLE: Final = "role"
PASSWORD: Final = "password"  # noqa: S105 (the name of a field)
DISPLAY_NAME: Final = "display_name"
EMAIL: Final = "email"


def look_at_new(asked: Asked) -> None:
    """Look at the form of a new user, which hashes nothing.

    Raises:
        AccessError: the user cannot be added; the message says why.
    """
    body = asked.body
    name = parse_name(body.get(NAME, ""))
    require_fit(body.get(PASSWORD, ""), name)
    Role.parse(body.get(ROLE, ""))
    parse_display_name(body.get(DISPLAY_NAME, ""), name)
    parse_email(body.get(EMAIL, ""))
    with access(asked) as found:
        if found.users.find(name) is not None:
            raise UserExists(f"there is a user {name} already; choose another name")


def look_at_name(asked: Asked) -> None:
    """Look whether the form names a user.

    Raises:
        UnknownUser: there is none of this name.
    """
    with access(asked) as found:
        found.users.get(asked.body.get(NAME, ""))


def look_at_removal(asked: Asked) -> None:
    """Look whether the form names a user without whom users can still be managed.

    Raises:
        UnknownUser, LastSuperAdmin: it does not.
    """
    with access(asked) as found:
        found.users.require_not_last(asked.body.get(NAME, ""))


def look_at_change(asked: Asked) -> Result | None:
    """Look at the form of a user's change.

    Returns:
        That it names no change; None where it does.

    Raises:
        AccessError: the change cannot be made; the message says why.
    """
    change = asked.body.get(CHANGE, "")
    if change not in _CHANGES:
        return Result(False, f"Nothing was done: a change is one of {', '.join(_CHANGES)}.")
    with access(asked) as found:
        user = found.users.get(asked.body.get(NAME, ""))
        if change == ROLE:
            role = Role.parse(asked.body.get(ROLE, ""))
            if role is user.role:
                return Result(False, f"Nothing was done: {user.name} is {role} already.")
        if change == PASSWORD:
            require_fit(asked.body.get(PASSWORD, ""), user.name)
        if change == "disable" or (change == ROLE and role is not Role.SUPER_ADMIN):
            found.users.require_not_last(user.name)
    return None


def add(asked: Asked) -> Result:
    """Add a user with a first password, which is to be changed after the first sign-in."""
    body, at = asked.body, asked.clock.now()
    with access(asked) as found:
        user = found.users.add(
            body.get(NAME, ""),
            body.get(PASSWORD, ""),
            Role.parse(body.get(ROLE, "")),
            who=asked.visitor.name,
            at=at,
            display_name=body.get(DISPLAY_NAME, ""),
            email=body.get(EMAIL, ""),
        )
    return Result(True, f"{user.name} may sign in now, as {user.role}.")


def change(asked: Asked) -> Result:
    """Make the change of a user that the body names."""
    if slip := look_at_change(asked):
        return slip
    with access(asked) as found:
        words = _CHANGES[asked.body[CHANGE]](found.users, asked)
    return Result(True, words)


def remove(asked: Asked) -> Result:
    """Remove a user with sessions and second factor."""
    name = asked.body.get(NAME, "")
    with access(asked) as found:
        found.users.remove(name, who=asked.visitor.name, at=asked.clock.now())
    return Result(True, f"{name} may sign in no more.")


def reset_second_factor(asked: Asked) -> Result:
    """Forget a user's second factor, who lost it."""
    name = asked.body.get(NAME, "")
    with access(asked) as found:
        found.users.reset_second_factor(name, who=asked.visitor.name, at=asked.clock.now())
    return Result(True, f"{name} has no second factor any more, and sets up a new one.")


def _set_role(users: UserStore, asked: Asked) -> str:
    name, role = asked.body.get(NAME, ""), Role.parse(asked.body.get(ROLE, ""))
    users.set_role(name, role, who=asked.visitor.name, at=asked.clock.now())
    return f"{name} is {role} now, and signs in anew."


def _set_password(users: UserStore, asked: Asked) -> str:
    name, password = asked.body.get(NAME, ""), asked.body.get(PASSWORD, "")
    users.set_password(name, password, who=asked.visitor.name, at=asked.clock.now())
    return f"{name} has another password, and signs in anew."


def _disable(users: UserStore, asked: Asked) -> str:
    name = asked.body.get(NAME, "")
    users.disable(name, who=asked.visitor.name, at=asked.clock.now())
    return f"{name} may sign in no more, until that is allowed again."


def _enable(users: UserStore, asked: Asked) -> str:
    name = asked.body.get(NAME, "")
    users.enable(name, who=asked.visitor.name, at=asked.clock.now())
    return f"{name} may sign in again."


def _end_sessions(users: UserStore, asked: Asked) -> str:
    name = asked.body.get(NAME, "")
    users.end_sessions(name, who=asked.visitor.name, at=asked.clock.now())
    return f"All sessions of {name} have ended."


_CHANGES: Final[Mapping[str, Callable[[UserStore, Asked], str]]] = {
    "role": _set_role,
    "password": _set_password,
    "disable": _disable,
    "enable": _enable,
    "end sessions": _end_sessions,
}
"""What can be changed of a user, as the body names it."""
