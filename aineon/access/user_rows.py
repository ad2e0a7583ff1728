"""Users as rows: found, stored and counted within a transaction that is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select

from aineon.access.names import is_name
from aineon.access.roles import Role
from aineon.access.store import DEVICES, FACTORS, RECOVERY, SESSIONS, USERS, VOUCHERS
from aineon.errors import LastSuperAdmin, UnknownUser, UserExists


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in.

    Attributes:
        name: in its one spelling; see `aineon.access.names`.
        display_name: as people write it.
        email: empty where none is known.
        password_hash: bcrypt's.
        has_second_factor: whether one-time codes are asked of him.
        disabled: whether he may not sign in for now.
    """

    name: str
    display_name: str
    email: str
    role: Role
    password_hash: str = field(repr=False)
    has_second_factor: bool
    created_at: float
    password_changed_at: float
    disabled: bool


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be, whose password is hashed already; `UserStore.new` makes one."""

    name: str
    display_name: str
    email: str
    role: Role
    password_hash: str = field(repr=False)


def find_user(connection: Connection, name: str) -> User | None:
    """Return the user of this folded name; None where there is none."""
    row = connection.execute(USER.where(USERS.c.name == name)).mappings().first()
    return None if row is None else user_of(row)


def get_user(connection: Connection, name: str) -> User:
    """Return the user of this folded name.

    Raises:
        UnknownUser: there is none.
    """
    user = find_user(connection, name) if is_name(name) else None
    if user is None:
        raise UnknownUser(f"there is no user {name!r:.80}")
    return user


def end_all(connection: Connection, name: str) -> None:
    """End a user's sessions; what was vouched for goes with them."""
    for table in (SESSIONS, VOUCHERS):
        connection.execute(delete(table).where(table.c.user_name == name))


def forget_devices(connection: Connection, name: str) -> None:
    """Forget the browsers in which a user has signed in."""
    connection.execute(delete(DEVICES).where(DEVICES.c.user_name == name))


def forget_second_factor(connection: Connection, name: str) -> None:
    """Forget a user's seed and recovery codes."""
    for table in (FACTORS, RECOVERY):
        connection.execute(delete(table).where(table.c.user_name == name))


USER: Final[Select[Any]] = select(
    *USERS.c, FACTORS.c.seed.is_not(None).label("has_second_factor")
).outerjoin_from(USERS, FACTORS, FACTORS.c.user_name == USERS.c.name)


def user_of(row: RowMapping) -> User:
    """Return the user that a row of `USER` holds."""
    values = dict(row) | {"role": Role(row["role"])}
    values["has_second_factor"] = bool(row["has_second_factor"])
    return User(**values)


def insert_user(connection: Connection, user: NewUser, at: float) -> None:
    """Store a new user."""
    connection.execute(
        insert(USERS).values(
            name=user.name,
            display_name=user.display_name,
            email=user.email,
            role=user.role.value,
            password_hash=user.password_hash,
            created_at=at,
            password_changed_at=at,
            disabled=False,
        )
    )


def count_users(connection: Connection) -> int:
    """Return how many users there are."""
    return int(connection.execute(select(func.count()).select_from(USERS)).scalar_one())


def refuse_taken(connection: Connection, name: str) -> None:
    """Check that nobody has this name.

    Raises:
        UserExists: somebody does.
    """
    if find_user(connection, name) is not None:
        raise UserExists(f"there is a user {name!r} already")


def refuse_last(connection: Connection, user: User) -> None:
    """Check that a super admin is left who can sign in, were it not for `user`.

    Raises:
        LastSuperAdmin: none is.
    """
    if user.role is not Role.SUPER_ADMIN or user.disabled:
        return
    others = select(func.count()).where(
        USERS.c.name != user.name,
        USERS.c.role == Role.SUPER_ADMIN.value,
        USERS.c.disabled.is_(False),
    )
    if not connection.execute(others).scalar_one():
        raise LastSuperAdmin(
            f"{user.name!r} is the last super admin who can sign in; make another one first"
        )
