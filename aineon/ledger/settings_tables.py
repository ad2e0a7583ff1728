"""The tables of what was chosen at the console: saved settings, and notices with their targets."""

from __future__ import annotations

from sqlmodel import Field

from aineon.ledger.tables import ControlModel


class SavedSettingRow(ControlModel, table=True):
    """A setting that was saved, under the name of its environment variable.

    It stays, without a value, where the default was chosen again: so its version never returns.
    """

    __tablename__ = "saved_settings"

    name: str = Field(primary_key=True)
    value: str | None
    version: int
    who: str
    at: float


class NoticeRow(ControlModel, table=True):
    """Something that operators are to be told, and whether they were."""

    __tablename__ = "notices"

    number: int | None = Field(default=None, primary_key=True)
    kind: str
    mode: str
    words: str
    at: float
    state: str = Field(index=True)
    detail: str
    changed_at: float


class NoticeTargetRow(ControlModel, table=True):
    """How a target of notices took the last ones; its name tells nothing of its address."""

    __tablename__ = "notice_targets"

    name: str = Field(primary_key=True)
    reached_at: float | None
    failed_at: float | None
    words: str
