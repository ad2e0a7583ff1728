"""Posting: keeps the roll-ups in step with what is booked, within the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import SQLModel

from aineon.ledger.groups import Groups, Way, day_of
from aineon.ledger.records import AttemptRecord, BookEntry, SettlementRecord
from aineon.ledger.rollup_tables import (
    ActivityHourRow,
    GroupDayRow,
    ProfitHourRow,
    ProfitTotalRow,
    StrategyRunRow,
    StrategyTotalRow,
    TokenTotalRow,
)
from aineon.ledger.rollups import (
    Activity,
    Curve,
    StrategyRun,
    StrategyTotal,
    Tally,
    figures_of,
    hour_of,
)
from aineon.ledger.tables import table_of
from aineon.primitives import Provenance

T = TypeVar("T")


def run_scope(run_id: int) -> str:
    """Return the name under which one run's totals are kept."""
    return f"run:{run_id}"


def provenance_scope(provenance: str) -> str:
    """Return the name under which the totals of all runs of a provenance are kept."""
    return f"provenance:{Provenance(provenance).value}"


class Attempted(NamedTuple):
    """What a settlement needs to know of its attempt."""

    run_id: int
    base_token: str
    amount_in: int
    strategy_run: str
    venues: Sequence[str]
    pair: str
    route_key: str

    @classmethod
    def of(cls, attempt: AttemptRecord) -> Attempted:
        """Return it of an attempt that is booked beside its settlement."""
        return cls(
            attempt.run_id,
            attempt.base_token.address,
            attempt.amount_in,
            attempt.strategy_run,
            attempt.venues,
            attempt.pair,
            attempt.route_key,
        )

    @property
    def way(self) -> Way:
        """What it is grouped by."""
        return Way(tuple(self.venues), self.pair, self.route_key)


@dataclass(slots=True)
class Total:
    """All settlements of a scope: their sums, and the course of the running total."""

    tally: Tally = field(default_factory=Tally)
    curve: Curve = field(default_factory=Curve)

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the total in a row of `profit_totals`."""
        curve = Curve(**{name.name: row[name.name] for name in fields(Curve)})
        return cls(Tally.from_row(row), curve)


@dataclass(slots=True)
class TokenTotal:
    """Gross profit and flash fees in one token's smallest unit."""

    gross_profit: int = 0
    flash_fee: int = 0

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the total in a row of `token_totals`."""
        return cls(row["gross_profit"], row["flash_fee"])


class _Sheet(Generic[T]):
    """How one roll-up table is read and written; statements are built once, for speed."""

    def __init__(
        self,
        model: type[SQLModel],
        from_row: Callable[[Mapping[Any, Any]], T],
        blank: Callable[[], T],
        to_columns: Callable[[T], dict[str, Any]],
    ) -> None:
        table = table_of(model)
        keys = table.primary_key.columns
        # A bind parameter of an UPDATE may not be named as a column is.
        self.key_names = [f"key_{column.name}" for column in keys]
        here = [column == bindparam(f"key_{column.name}") for column in keys]
        self.select = select(table).where(*here)
        self.update = update(table).where(*here)
        self.insert = insert(table)
        self.columns = [column.name for column in keys]
        self.from_row = from_row
        self.blank = blank
        self.to_columns = to_columns


class _Shelf(Generic[T]):
    """Rows of one roll-up table: taken when first needed, put back once at the end."""

    def __init__(self, connection: Connection, sheet: _Sheet[T]) -> None:
        self._connection = connection
        self._sheet = sheet
        self._taken: dict[tuple[Any, ...], T] = {}
        self._known: set[tuple[Any, ...]] = set()

    def take(self, *key: Any) -> T:
        """Return the roll-up under `key`, to be changed in place."""
        if key in self._taken:
            return self._taken[key]
        sheet = self._sheet
        found = self._connection.execute(sheet.select, self._named(key)).mappings().first()
        if found is not None:
            self._known.add(key)
        self._taken[key] = sheet.blank() if found is None else sheet.from_row(found)
        return self._taken[key]

    def put_back(self) -> None:
        """Write everything that was taken."""
        changed: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        for key, value in self._taken.items():
            columns = self._sheet.to_columns(value)
            if key in self._known:
                changed.append(columns | self._named(key))
            else:
                new.append(columns | dict(zip(self._sheet.columns, key, strict=True)))
        for statement, rows in ((self._sheet.update, changed), (self._sheet.insert, new)):
            if rows:
                self._connection.execute(statement, rows)

    def _named(self, key: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(self._sheet.key_names, key, strict=True))


_TOTALS: Final = _Sheet(
    ProfitTotalRow,
    Total.from_row,
    Total,
    lambda total: {**asdict(total.tally), **asdict(total.curve)},
)
_HOURS: Final = _Sheet(ProfitHourRow, Tally.from_row, Tally, asdict)
_GROUPS: Final = _Sheet(GroupDayRow, Groups.from_row, Groups, lambda groups: groups.columns)
_TOKENS: Final = _Sheet(TokenTotalRow, TokenTotal.from_row, TokenTotal, asdict)
_ACTIVITY: Final = _Sheet(ActivityHourRow, Activity.from_row, Activity, asdict)
_STRATEGY_TOTALS: Final = _Sheet(StrategyTotalRow, StrategyTotal.from_row, StrategyTotal, asdict)
_STRATEGIES: Final = _Sheet(
    StrategyRunRow, StrategyRun.from_row, StrategyRun, lambda run: run.columns
)


class Posting:
    """The roll-ups that one transaction touches."""

    def __init__(self, connection: Connection) -> None:
        self._totals = _Shelf(connection, _TOTALS)
        self._hours = _Shelf(connection, _HOURS)
        self._groups = _Shelf(connection, _GROUPS)
        self._tokens = _Shelf(connection, _TOKENS)
        self._activity = _Shelf(connection, _ACTIVITY)
        self._strategies = _Shelf(connection, _STRATEGIES)
        self._strategy_totals = _Shelf(connection, _STRATEGY_TOTALS)

    def post_activity(self, entry: BookEntry) -> None:
        """Count an entry's step, opportunities and takings."""
        step = entry.step
        if step is not None:
            hour = self._activity.take(step.run_id, hour_of(step.at))
            hour.add_step(step)
            for taking in entry.takings:
                hour.add_taking(taking)
        for opportunity in entry.opportunities:
            hour = self._activity.take(opportunity.run_id, hour_of(opportunity.at))
            hour.add_opportunity(opportunity)

    def post_attempt(self, attempt: AttemptRecord) -> None:
        """Count an attempt in its strategy run."""
        with self._changed(attempt.strategy_run) as strategy:
            strategy.submit(attempt)

    def post_settlement(
        self, settlement: SettlementRecord, attempted: Attempted, provenance: str
    ) -> dict[str, int]:
        """Add a settlement up and return the columns that place it in its scopes."""
        figures = figures_of(settlement)
        run_id = attempted.run_id
        self._hours.take(run_id, hour_of(settlement.settled_at)).add(*figures)
        self._groups.take(run_id, day_of(settlement.settled_at)).add(attempted.way, *figures[:3])
        with self._changed(attempted.strategy_run) as strategy:
            strategy.settle(settlement)
        columns: dict[str, int] = {}
        scopes = {"run": run_scope(run_id), "provenance": provenance_scope(provenance)}
        for name, scope in scopes.items():
            total = self._totals.take(scope)
            total.tally.add(*figures)
            total.curve.follow(total.tally.net, settlement.settled_at)
            columns[f"{name}_ordinal"] = total.tally.attempts
            columns[f"{name}_total"] = total.tally.net
            if settlement.gross_profit is not None:
                token = self._tokens.take(scope, attempted.base_token)
                token.gross_profit += settlement.gross_profit
                token.flash_fee += settlement.flash_fee
        return columns

    def flush(self) -> None:
        """Write all roll-ups that were touched."""
        shelves = (self._totals, self._hours, self._groups, self._tokens, self._activity)
        for shelf in (*shelves, self._strategies, self._strategy_totals):
            shelf.put_back()

    @contextmanager
    def _changed(self, name: str) -> Iterator[StrategyRun]:
        """Lend a strategy run, and count it as what it is afterwards."""
        strategy = self._strategies.take(name)
        was_counted, before = strategy.submitted > 0, strategy.whole_net
        yield strategy
        for scope in (run_scope(strategy.run_id), provenance_scope(strategy.provenance)):
            total = self._strategy_totals.take(scope)
            if was_counted:
                total.take_out(before)
            total.put(strategy.whole_net)
