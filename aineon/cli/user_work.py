"""What `aineon users` does, once its arguments are read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from aineon.access.credentials import export_credentials, import_credentials
from aineon.access.names import parse_name
from aineon.access.roles import Role
from aineon.access.users import User, UserStore
from aineon.cli.failures import OK
from aineon.cli.secret_input import ask_secret
from aineon.errors import ConfigurationError, PasswordRefused, UserExists
from aineon.ledger.control import ControlStore
from aineon.primitives import SystemClock
from aineon.primitives.private_files import write_private
from aineon.runtime.auditing import audit_of, whoever_starts
from aineon.runtime.settings import Settings

Say = Callable[[str], None]

_LONGEST_LINE: Final = 1000
_LONGEST_FILE: Final = 1_000_000
_TRIES: Final = 3
_HEADER: Final = ("NAME", "SHOWN AS", "ROLE", "SECOND FACTOR", "SINCE (UTC)", "STATE")


def add_user(
    settings: Settings, name: str, role: str, display_name: str, email: str, say: Say
) -> int:
    """Add a user."""
    known, trusted = parse_name(name), Role.parse(role)
    with _users(settings) as users:
        if users.find(known) is not None:
            # Known at once, and not only after a password was thought of.
            raise UserExists(f"there is a user {known!r} already")
        password = _new_password()
        user = users.add(
            known,
            password,
            trusted,
            who=whoever_starts(),
            at=SystemClock().now(),
            display_name=display_name,
            email=email,
        )
    say(f"{user.name} may sign in as {user.role}.")
    return OK


def list_users(settings: Settings, say: Say) -> int:
    """Show all users, one a line."""
    with _users(settings) as users:
        found = users.all()
    if not found:
        say("There is no user yet; `aineon users add NAME --role super-admin` adds the first.")
        return OK
    rows = [_HEADER, *map(_row_of, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
    return OK


def set_role(settings: Settings, name: str, role: str, say: Say) -> int:
    """Give a user another role."""
    trusted = Role.parse(role)
    with _users(settings) as users:
        user = users.get(name)
        users.set_role(user.name, trusted, who=whoever_starts(), at=SystemClock().now())
    say(f"{user.name} is {trusted} now, and was {user.role}; all sessions have ended.")
    return OK


def set_password(settings: Settings, name: str, say: Say) -> int:
    """Give a user another password."""
    with _users(settings) as users:
        user = users.get(name)
        password = _new_password()
        users.set_password(user.name, password, who=whoever_starts(), at=SystemClock().now())
    say(f"{user.name} has a new password; all sessions have ended.")
    return OK


def change_user(settings: Settings, what: str, name: str, say: Say) -> int:
    """Do to a user what takes no more than a name."""
    with _users(settings) as users:
        user = users.get(name)
        change, words = _changes(users)[what]
        change(user.name, who=whoever_starts(), at=SystemClock().now())
    say(f"{user.name} {words}.")
    return OK


def import_users(settings: Settings, file: Path, default_role: str | None, say: Say) -> int:
    """Take users over from a file."""
    role = None if default_role is None else Role.parse(default_role)
    new = import_credentials(_content_of(file), role)
    with _users(settings) as users:
        users.take_over(new, who=whoever_starts(), at=SystemClock().now())
    for user in new:
        say(f"{user.name} may sign in as {user.role}.")
    return OK


def export_users(settings: Settings, file: Path, say: Say) -> int:
    """Write users to a file."""
    with _users(settings) as users:
        found = users.all()
    text = json.dumps(export_credentials(found), indent=2, ensure_ascii=False)
    try:
        write_private(file, f"{text}\n".encode())
    except FileExistsError:
        raise ConfigurationError(
            f"{file} exists, and is not overwritten; name another one"
        ) from None
    left_out = sum(user.disabled for user in found)
    disabled = f"; {left_out} disabled left out" if left_out else ""
    say(f"{len(found) - left_out} users are in {file}{disabled}. It holds their passwords' hashes.")
    return OK


@contextmanager
def _users(settings: Settings) -> Iterator[UserStore]:
    with ControlStore.open(settings.control_url) as control:
        yield UserStore(control, audit_of(settings, control))


def _changes(users: UserStore) -> Mapping[str, tuple[Callable[..., None], str]]:
    return {
        "remove": (users.remove, "may not sign in any more, and is forgotten"),
        "disable": (users.disable, "may not sign in any more; all sessions have ended"),
        "enable": (users.enable, "may sign in again"),
        "reset-second-factor": (
            users.reset_second_factor,
            "has no second factor now, and can set up another one; all sessions have ended",
        ),
        "end-sessions": (users.end_sessions, "is signed out everywhere"),
    }


def _row_of(user: User) -> tuple[str, ...]:
    since = datetime.fromtimestamp(user.created_at, UTC).strftime("%Y-%m-%d %H:%M")
    factor = "yes" if user.has_second_factor else "no"
    state = "disabled" if user.disabled else "may sign in"
    return (user.name, user.display_name, user.role.value, factor, since, state)


def _new_password() -> str:
    """Return a password: the one line of a pipe, or typed twice; who takes it checks it.

    Raises:
        PasswordRefused: the pipe holds something else, or two differ three times.
        ConfigurationError: there is no terminal to ask at.
    """
    if sys.stdin is not None and not sys.stdin.isatty():
        return _line_of(sys.stdin.read(_LONGEST_LINE))
    for _ in range(_TRIES):
        password = ask_secret("New password")
        if ask_secret("The same again") == password:
            return password
    raise PasswordRefused("the two passwords differed three times; nothing was changed")


def _line_of(text: str) -> str:
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password or len(text) >= _LONGEST_LINE:
        raise PasswordRefused(
            "standard input is to hold the password and nothing else, in one line; without a "
            "pipe, it is asked for"
        )
    return password


def _content_of(file: Path) -> object:
    try:
        with file.open("rb") as opened:
            text = opened.read(_LONGEST_FILE + 1).decode()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8 text") from None
    if len(text) > _LONGEST_FILE:
        raise ConfigurationError(f"{file} is larger than {_LONGEST_FILE} characters")
    yaml = import_module("yaml")
    try:
        content: object = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        # Without the parser's own words, which show the lines around the error.
        raise ConfigurationError(f"{file} is neither YAML nor JSON") from None
    return content
