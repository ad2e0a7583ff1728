"""The tables of sign-in: users, sessions, second factors, and how much was tried.

`aineon.access` alone writes them. Of a password there is a slow hash, of a random token or code a
plain one, and a seed of one-time codes is sealed: a copy of the database opens nothing.
"""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from aineon.ledger.tables import ControlModel


class UserRow(ControlModel, table=True):
    """Somebody who may sign in."""

    __tablename__ = "users"

    name: str = Field(primary_key=True)
    display_name: str
    email: str
    role: str
    password_hash: str
    created_at: float
    password_changed_at: float
    disabled: bool


class SessionRow(ControlModel, table=True):
    """A session that stands; one that ended is deleted. `number` is what people call it."""

    __tablename__ = "user_sessions"

    token_hash: str = Field(primary_key=True)
    number: str = Field(unique=True)
    user_name: str = Field(foreign_key="users.name", ondelete="CASCADE", index=True)
    opened_at: float
    seen_at: float
    ends_at: float


class DeviceRow(ControlModel, table=True):
    """A browser in which a user has signed in before."""

    __tablename__ = "user_devices"

    token_hash: str = Field(primary_key=True)
    user_name: str = Field(foreign_key="users.name", ondelete="CASCADE", index=True)
    ends_at: float


class SecondFactorRow(ControlModel, table=True):
    """A user's one-time codes; `waiting` is a seed that no code has confirmed yet.

    `last_step` is the time step of the newest code that was taken: none is taken twice.
    """

    __tablename__ = "second_factors"

    user_name: str = Field(primary_key=True, foreign_key="users.name", ondelete="CASCADE")
    seed: str | None
    last_step: int | None = Field(sa_type=BigInteger)
    waiting: str | None
    waiting_since: float | None


class RecoveryCodeRow(ControlModel, table=True):
    """A recovery code that has not been used; a used one is deleted."""

    __tablename__ = "recovery_codes"

    code_hash: str = Field(primary_key=True)
    user_name: str = Field(foreign_key="users.name", ondelete="CASCADE", index=True)


class VoucherRow(ControlModel, table=True):
    """A code was given for exactly this; an unused one goes when its time is over."""

    __tablename__ = "code_vouchers"

    token_hash: str = Field(primary_key=True)
    user_name: str = Field(foreign_key="users.name", ondelete="CASCADE", index=True)
    subject: str
    ends_at: float


class ThrottleRow(ControlModel, table=True):
    """How much of a budget is spent; `key` is a hash, for people type passwords for names."""

    __tablename__ = "throttles"

    key: str = Field(primary_key=True)
    spent: int
    ends_at: float = Field(index=True)


class RefusalRow(ControlModel, table=True):
    """Refusals of a while that the audit tells of in one entry."""

    __tablename__ = "refusals"

    subject: str = Field(primary_key=True)
    since: float
    untold: int
