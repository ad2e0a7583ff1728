"""UserStore: who may sign in, and as what.

Every change is in the audit before it is made; one that cannot be written down is not made.
Whatever changes what a session stands for (role, password, second factor) ends the sessions of
that user in the same transaction, so that no moment is left in which an old one would count. What
was asked of the engine in such a session, and waits for one, is refused with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, update

from aineon.access.names import folded, is_name, parse_display_name, parse_email, parse_name
from aineon.access.passwords import PasswordHasher, require_fit
from aineon.access.roles import Role
from aineon.access.store import USERS, AccessStore
from aineon.access.user_rows import (
    USER,
    NewUser,
    User,
    count_users,
    end_all,
    find_user,
    forget_devices,
    forget_second_factor,
    get_user,
    insert_user,
    refuse_last,
    refuse_taken,
    user_of,
)
from aineon.errors import AineonError, InvalidUser, LastSuperAdmin, SetupRefused
from aineon.ledger.audit import AuditTrail, JsonValue
from aineon.ledger.commands import refuse_waiting
from aineon.ledger.control import ControlStore

__all__ = ["NewUser", "User", "UserStore"]

_MOST_USERS: Final = 1000
_ANY: Final = "SELECT 1 FROM users LIMIT 1"
_ASKED_BEFORE: Final = (
    "whoever asked this was signed out by a change of the account before an engine took it; ask "
    "again"
)


class UserStore:
    """The users in the control database.

    Names are taken in any spelling. All methods raise `LedgerError` where the database cannot
    be read or written, and those that change something `AuditUnwritable` where that cannot be
    written down; then nothing is changed.

    Args:
        control: opened for writing.
        audit: where changes are written down first.
        hasher: of passwords.
    """

    def __init__(
        self, control: ControlStore, audit: AuditTrail, hasher: PasswordHasher | None = None
    ) -> None:
        self._store = AccessStore(control)
        self._audit = audit
        self._hasher = hasher or PasswordHasher()

    # --- reading ---------------------------------------------------------------------------

    def find(self, name: str) -> User | None:
        """Return a user; None where there is none of this name."""
        known = folded(name)
        with self._store.turn() as connection:
            return find_user(connection, known) if is_name(known) else None

    def get(self, name: str) -> User:
        """Return a user.

        Raises:
            UnknownUser: there is none of this name.
        """
        with self._store.turn() as connection:
            return get_user(connection, folded(name))

    def all(self) -> tuple[User, ...]:
        """Return all users by name."""
        with self._store.turn() as connection:
            return tuple(map(user_of, connection.execute(USER.order_by(USERS.c.name)).mappings()))

    def count(self) -> int:
        """Return how many users there are, disabled ones included."""
        with self._store.turn() as connection:
            return count_users(connection)

    def is_empty(self) -> bool:
        """Whether there is no user yet; asked at every visit, and waits for nobody."""
        return not self._store.glance(_ANY)

    # --- adding and removing ---------------------------------------------------------------

    def new(
        self, name: str, password: str, role: Role, *, display_name: str = "", email: str = ""
    ) -> NewUser:
        """Return a checked user to be; nothing is stored.

        Raises:
            InvalidUser: the name, the display name or the e-mail address is not allowed.
            PasswordRefused: the password is not.
        """
        known = parse_name(name)
        require_fit(password, known)
        return NewUser(
            known,
            parse_display_name(display_name, known),
            parse_email(email),
            role,
            self._hasher.hash(password),
        )

    def add(
        self,
        name: str,
        password: str,
        role: Role,
        *,
        who: str,
        at: float,
        display_name: str = "",
        email: str = "",
    ) -> User:
        """Add a user in the name of `who`; the first one has to be a super admin.

        Raises:
            InvalidUser, PasswordRefused: as `new`.
            UserExists: the name is taken.
            LastSuperAdmin: there would be users, and nobody to manage them.
        """
        new = self.new(name, password, role, display_name=display_name, email=email)
        return self.take_over((new,), who=who, at=at)[0]

    def take_over(self, users: tuple[NewUser, ...], *, who: str, at: float) -> tuple[User, ...]:
        """Add users whose passwords are hashed already: all of them, or none.

        Raises:
            InvalidUser: none is given, one of them twice, or a hash is not one of ours.
            UserExists: a name is taken.
            LastSuperAdmin: there would be users, and nobody to manage them.
        """
        self._require_hashes(users)
        names = ", ".join(user.name for user in users)

        def check(connection: Connection) -> dict[str, JsonValue]:
            for user in users:
                refuse_taken(connection, user.name)
            if not count_users(connection):
                _require_super_admin(users)
            if count_users(connection) + len(users) > _MOST_USERS:
                raise InvalidUser(f"there would be more than {_MOST_USERS} users")
            return {"users": {user.name: user.role.value for user in users}}

        def write(connection: Connection) -> None:
            for user in users:
                insert_user(connection, user, at)

        self._carry_out("user.add", names[:200], who, at, check, write)
        return tuple(map(self.get, (user.name for user in users)))

    def add_first(self, user: NewUser, *, who: str, at: float) -> User:
        """Add the first user, a super admin; of several who try at once, one succeeds.

        Raises:
            SetupRefused: there is a user already.
        """
        self._require_hashes((user,))
        _require_super_admin((user,))

        def check(connection: Connection) -> dict[str, JsonValue]:
            if count_users(connection):
                raise SetupRefused("there are users already; one of them adds the others")
            return {"users": {user.name: user.role.value}, "first": True}

        def write(connection: Connection) -> None:
            insert_user(connection, user, at)

        self._carry_out("user.add", user.name, who, at, check, write)
        return self.get(user.name)

    def remove(self, name: str, *, who: str, at: float) -> None:
        """Remove a user with all that is his: sessions, second factor, devices, waiting wishes.

        Raises:
            UnknownUser: there is none of this name.
            LastSuperAdmin: nobody else could manage users.
        """
        known = folded(name)

        def check(connection: Connection) -> dict[str, JsonValue]:
            user = get_user(connection, known)
            refuse_last(connection, user)
            return {"role": user.role.value}

        def write(connection: Connection) -> None:
            connection.execute(delete(USERS).where(USERS.c.name == known))
            refuse_waiting(connection, known, _ASKED_BEFORE, at)

        self._carry_out("user.remove", known, who, at, check, write)

    def require_not_last(self, name: str) -> None:
        """Check that users could still be managed without this one.

        Raises:
            UnknownUser: there is none of this name.
            LastSuperAdmin: nobody else could manage users.
        """
        with self._store.turn() as connection:
            refuse_last(connection, get_user(connection, folded(name)))

    # --- changing --------------------------------------------------------------------------

    def set_role(self, name: str, role: Role, *, who: str, at: float) -> None:
        """Give a user another role; his sessions end.

        Raises:
            UnknownUser: there is none of this name.
            LastSuperAdmin: nobody else could manage users.
        """

        def check(connection: Connection, user: User) -> dict[str, JsonValue]:
            if role is not Role.SUPER_ADMIN:
                refuse_last(connection, user)
            return {"old": user.role.value, "new": role.value}

        self._change("user.role", name, {"role": role.value}, who, at, check)

    def set_password(self, name: str, password: str, *, who: str, at: float) -> None:
        """Give a user another password; his sessions end.

        Raises:
            UnknownUser: there is none of this name.
            PasswordRefused: it is not allowed.
        """
        user = self.get(name)
        require_fit(password, user.name)
        values = {"password_hash": self._hasher.hash(password), "password_changed_at": at}
        self._change("user.password", user.name, values, who, at)

    def disable(self, name: str, *, who: str, at: float) -> None:
        """Let a user sign in no more, until he is enabled; his sessions end.

        Raises:
            UnknownUser: there is none of this name.
            LastSuperAdmin: nobody else could manage users.
        """
        self._change("user.disable", name, {"disabled": True}, who, at, _checked_last)

    def enable(self, name: str, *, who: str, at: float) -> None:
        """Let a user sign in again.

        Raises:
            UnknownUser: there is none of this name.
        """
        self._change("user.enable", name, {"disabled": False}, who, at)

    def describe(self, name: str, display_name: str, email: str, *, who: str, at: float) -> None:
        """Change how a user is shown and written to; his sessions stay.

        Raises:
            UnknownUser: there is none of this name.
            InvalidUser: one of both is not allowed.
        """
        known = folded(name)
        values = {
            "display_name": parse_display_name(display_name, known),
            "email": parse_email(email),
        }

        def check(connection: Connection) -> dict[str, JsonValue]:
            get_user(connection, known)
            return dict(values)

        def write(connection: Connection) -> None:
            connection.execute(update(USERS).where(USERS.c.name == known).values(**values))

        self._carry_out("user.describe", known, who, at, check, write)

    def end_sessions(self, name: str, *, who: str, at: float) -> None:
        """End all sessions of a user, and forget his devices.

        Raises:
            UnknownUser: there is none of this name.
        """
        self._change("session.end", name, {}, who, at, also=forget_devices)

    def reset_second_factor(self, name: str, *, who: str, at: float) -> None:
        """Forget a user's second factor, recovery codes and devices; his sessions end.

        Raises:
            UnknownUser: there is none of this name.
        """

        def check(connection: Connection, user: User) -> dict[str, JsonValue]:
            return {"had_one": user.has_second_factor}

        def forget(connection: Connection, known: str) -> None:
            forget_second_factor(connection, known)
            forget_devices(connection, known)

        self._change("second_factor.reset", name, {}, who, at, check, forget)

    # --- how -------------------------------------------------------------------------------

    def _change(
        self,
        action: str,
        name: str,
        values: Mapping[str, Any],
        who: str,
        at: float,
        check: Callable[[Connection, User], dict[str, JsonValue]] | None = None,
        also: Callable[[Connection, str], None] | None = None,
    ) -> None:
        """Change a user, and end his sessions with it."""
        known = folded(name)

        def look(connection: Connection) -> dict[str, JsonValue]:
            user = get_user(connection, known)
            return {} if check is None else check(connection, user)

        def write(connection: Connection) -> None:
            if values:
                connection.execute(update(USERS).where(USERS.c.name == known).values(**values))
            if also is not None:
                also(connection, known)
            end_all(connection, known)
            refuse_waiting(connection, known, _ASKED_BEFORE, at)

        self._carry_out(action, known, who, at, look, write)

    def _carry_out(
        self,
        action: str,
        subject: str,
        who: str,
        at: float,
        check: Callable[[Connection], dict[str, JsonValue]],
        write: Callable[[Connection], None],
    ) -> None:
        """Check, write down, and do; what is checked may have changed before it is done."""
        with self._store.turn() as connection:
            detail = check(connection)
        self._audit.append(who=who, action=action, subject=subject, detail=detail, at=at)
        try:
            with self._store.turn() as connection:
                check(connection)
                write(connection)
        except AineonError as error:
            undone = {"action": action, "why": str(error)}
            self._audit.append(who=who, action="user.fail", subject=subject, detail=undone, at=at)
            raise

    def _require_hashes(self, users: tuple[NewUser, ...]) -> None:
        if not users or len({user.name for user in users}) < len(users):
            raise InvalidUser("no user was given, or one of them twice")
        for user in users:
            if not self._hasher.takes(user.password_hash):
                raise InvalidUser(
                    f"the password of {user.name!r} is not hashed as bcrypt does it here; set a "
                    "new one"
                )


def _checked_last(connection: Connection, user: User) -> dict[str, JsonValue]:
    refuse_last(connection, user)
    return {}


def _require_super_admin(users: tuple[NewUser, ...]) -> None:
    if not any(user.role is Role.SUPER_ADMIN for user in users):
        raise LastSuperAdmin("the first user has to be a super admin, who adds the others")
