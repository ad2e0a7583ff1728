"""SavedTable: settings that were changed at the console, in the control database.

Values are texts as the environment would give them; secrets among them are sealed before they
get here. What a value means, and whether it is allowed, is decided where settings are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, insert, inspect, select, update

from aineon.errors import LedgerError, LedgerNotFound, SettingMoved
from aineon.ledger.connect import Place, explained, parse_place, reader_engine
from aineon.ledger.settings_tables import SavedSettingRow
from aineon.ledger.tables import table_of

_SAVED: Final = table_of(SavedSettingRow)
_LONGEST_VALUE: Final = 20_000


@dataclass(frozen=True, slots=True)
class SavedSetting:
    """What was saved of a setting.

    Attributes:
        name: its environment variable.
        value: as text, sealed where it is a secret; None where the default was chosen again.
        version: how often it was changed.
        who: who changed it last, at `at`.
    """

    name: str
    value: str | None
    version: int
    who: str
    at: float


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A change of one setting: to `value`, where it is still of `version`; 0 is never saved."""

    name: str
    value: str | None
    version: int


class SavedTable:
    """Saved settings of the control database.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    def all(self) -> Mapping[str, SavedSetting]:
        """Return what was ever saved, by name; also what is back at its default."""
        with explained(self._place), self._engine.begin() as connection:
            return _all(connection)

    def change(self, changes: tuple[SettingChange, ...], who: str, at: float) -> None:
        """Make all changes, or none.

        Raises:
            SettingMoved: one of them was changed by somebody else in the meantime.
        """
        for change in changes:
            if change.value is not None and len(change.value) > _LONGEST_VALUE:
                raise LedgerError(
                    f"{change.name} has {len(change.value)} characters, {_LONGEST_VALUE} at most"
                )
        with explained(self._place), self._engine.begin() as connection:
            known = _all(connection)
            for change in changes:
                require_unmoved(known.get(change.name), change)
                _write(connection, change, who, at)


def require_unmoved(known: SavedSetting | None, change: SettingChange) -> None:
    """Check that a setting is still as it was when its change was thought of.

    Raises:
        SettingMoved: it is not.
    """
    if (0 if known is None else known.version) == change.version:
        return
    by = "" if known is None else f" by {known.who}"
    raise SettingMoved(
        f"{change.name} was changed{by} since this page was drawn; look at it again, and then "
        "decide"
    )


def read_saved(url: str, busy_timeout: float) -> Mapping[str, SavedSetting]:
    """Return what was saved in the control database at `url`, of whatever version that is.

    A start reads this before anything is upgraded, so that an upgrade loses no setting.

    Raises:
        LedgerError: it cannot be read.
    """
    place = parse_place(url)
    try:
        engine = reader_engine(place, busy_timeout)
    except LedgerNotFound:
        return {}
    try:
        with explained(place), engine.begin() as connection:
            if not inspect(connection).has_table(_SAVED.name, schema=place.schema):
                return {}
            return _all(connection)
    finally:
        engine.dispose()


def _all(connection: Connection) -> dict[str, SavedSetting]:
    rows = connection.execute(select(_SAVED).order_by(_SAVED.c.name)).mappings()
    return {row["name"]: _setting_of(row) for row in rows}


def _setting_of(row: RowMapping) -> SavedSetting:
    return SavedSetting(row["name"], row["value"], row["version"], row["who"], row["at"])


def _write(connection: Connection, change: SettingChange, who: str, at: float) -> None:
    row: dict[str, Any] = {"value": change.value, "who": who, "at": at}
    row["version"] = change.version + 1
    if change.version == 0:
        connection.execute(insert(_SAVED).values(name=change.name, **row))
    else:
        connection.execute(update(_SAVED).where(_SAVED.c.name == change.name).values(**row))
