"""The audit's table, in the control database. Nothing in it is ever changed or deleted."""

from __future__ import annotations

from sqlmodel import Field

from aineon.ledger.tables import ControlModel


class AuditRow(ControlModel, table=True):
    """One entry, each column as it went into the hash."""

    __tablename__ = "audit"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: float
    who: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str
