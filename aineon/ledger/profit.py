"""ProfitTracker: what the trades of a book came to.

Totals and whole hours are read from roll-ups that were kept as the trades were booked; only
the hours that a period cuts through are added up from single rows. Sums are exact ints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, func, select

from aineon.chain.addresses import mainnet
from aineon.errors import LedgerError
from aineon.ledger.figures import (
    Balance,
    Balances,
    Drawdown,
    EquityCurve,
    EquityPoint,
    ProfitSummary,
)
from aineon.ledger.posting import Total, provenance_scope, run_scope
from aineon.ledger.reading import BookReader
from aineon.ledger.rollups import HOUR, Tally, hour_of
from aineon.ledger.rows import token_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import (
    ProfitHourRow,
    ProfitTotalRow,
    RunRow,
    SettlementRow,
    TokenRow,
    TokenTotalRow,
    table_of,
)
from aineon.ledger.views import Scope
from aineon.primitives import Address, Book

Period = Literal["hour", "day", "week", "month", "all"]
Bucket = Literal["hour", "day", "week"]

DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
PERIOD_SECONDS: Final = {"hour": HOUR, "day": DAY, "week": WEEK, "month": 30 * DAY}
BUCKET_SECONDS: Final = {"hour": HOUR, "day": DAY, "week": WEEK}
MOST_BUCKETS: Final = 5_000
MOST_POINTS: Final = 500
WRAPPED_ETHER: Final = frozenset({"0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"})
"""Wrapped ether on mainnet; a run may name its feed's own."""

# The first of January 1970 was a Thursday; weeks begin on Mondays.
_FIRST_MONDAY: Final = 4 * DAY

_RUNS: Final = table_of(RunRow)
_TOKENS: Final = table_of(TokenRow)
_HOURS: Final = table_of(ProfitHourRow)
_TOTALS: Final = table_of(ProfitTotalRow)
_TOKEN_TOTALS: Final = table_of(TokenTotalRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_FIGURES: Final = tuple(_HOURS.c[field.name] for field in fields(Tally))


class ProfitTracker:
    """Profit figures of one scope of a book.

    Without a scope it follows all runs of the latest run's provenance, whichever that is when
    a figure is asked for.
    """

    def __init__(self, reader: BookReader, scope: Scope | None = None) -> None:
        self._reader = reader
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """What the figures are of."""
        return self._scope or self._reader.scope()

    def summary(self, period: Period, now: float) -> ProfitSummary:
        """Return the figures of the hour, day, week or 30 days that end at `now`.

        `now` counts as the end for "all" too: nothing later is included.

        Raises:
            LedgerError: an unknown period.
        """
        if period != "all" and period not in PERIOD_SECONDS:
            raise LedgerError(f"period {period!r} is not one of {', '.join(PERIOD_SECONDS)} or all")
        since = None if period == "all" else now - PERIOD_SECONDS[period]
        scope = self.scope
        with self._reader.session() as connection:
            tally = _window(connection, scope, since, now)
        return self._summary(scope, period, since, now, tally)

    def series(
        self,
        bucket: Bucket = "hour",
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[ProfitSummary, ...]:
        """Return the figures of each whole hour, day (UTC) or week (from Monday), in order.

        The first is the one that `since` lies in, the last the one that `until` lies in; None
        stands for the first and the last trade. Times without trades have figures of zero
        attempts. At most the newest `MOST_BUCKETS` are returned.

        Raises:
            LedgerError: an unknown kind of bucket.
        """
        if bucket not in BUCKET_SECONDS:
            raise LedgerError(f"bucket {bucket!r} is not one of {', '.join(BUCKET_SECONDS)}")
        scope = self.scope
        query = select(_HOURS.c.hour_start, *_FIGURES).where(in_scope(_HOURS.c.run_id, scope))
        if since is not None:
            query = query.where(_HOURS.c.hour_start >= _bucket_start(since, bucket))
        if until is not None:
            query = query.where(_HOURS.c.hour_start <= until)
        tallies: dict[int, Tally] = {}
        with self._reader.session() as connection:
            for hour_start, *figures in connection.execute(query):
                start = _bucket_start(hour_start, bucket)
                tallies.setdefault(start, Tally()).merge(Tally(*figures))
        length = BUCKET_SECONDS[bucket]
        return tuple(
            self._summary(scope, bucket, start, start + length, tallies.get(start, Tally()))
            for start in _starts(tallies, bucket, since, until)
        )

    def equity_curve(self, limit: int = MOST_POINTS) -> EquityCurve:
        """Return the running total of the known net after each trade.

        Of more than `limit` trades, evenly spaced ones are taken, the first and the last
        always among them. Trades whose net is not known leave the total where it is.

        Raises:
            LedgerError: `limit` is not from 2 to 500.
        """
        if not 2 <= limit <= MOST_POINTS:
            raise LedgerError(f"limit {limit!r} of a curve is not from 2 to {MOST_POINTS}")
        scope = self.scope
        name = "run" if scope.run_id is not None else "provenance"
        ordinal, total = _SETTLEMENTS.c[f"{name}_ordinal"], _SETTLEMENTS.c[f"{name}_total"]
        with self._reader.session() as connection:
            here = _settled_in(scope)
            count = connection.execute(select(func.max(ordinal)).where(here)).scalar_one() or 0
            query = (
                select(ordinal, _SETTLEMENTS.c.settled_at, total)
                .where(here, ordinal.in_(_spread(count, limit)))
                .order_by(ordinal)
            )
            points = [
                EquityPoint(number, at, self._reader.money(wei))
                for number, at, wei in connection.execute(query)
            ]
        return EquityCurve(
            self._reader.book, scope.provenance, scope.run_id, int(count), tuple(points)
        )

    def drawdown(self) -> Drawdown:
        """Return how far the running total has fallen below its highest point."""
        scope = self.scope
        with self._reader.session() as connection:
            total = _total(connection, scope)
        money = self._reader.money
        return Drawdown(
            book=self._reader.book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            net=money(total.tally.net),
            peak=money(total.curve.peak),
            current=money(total.curve.peak - total.tally.net),
            deepest=money(total.curve.deepest_fall),
            deepest_at=total.curve.deepest_fall_at,
        )

    def balances(self) -> Balances:
        """Return what the trades left, token by token: ETH first, then USDC, then the others.

        Profit stays in the token it was made in: gross profit less flash fee. Gas and builder
        payments go out of ETH, and wrapped ether counts as ETH.
        """
        scope = self.scope
        with self._reader.session() as connection:
            tally = _total(connection, scope).tally
            native = _native_tokens(connection, scope)
            query = (
                select(_TOKEN_TOTALS, _TOKENS.c.symbol, _TOKENS.c.decimals)
                .join(_TOKENS, _TOKENS.c.address == _TOKEN_TOTALS.c.token)
                .where(_TOKEN_TOTALS.c.scope == _scope_name(scope))
                .order_by(_TOKENS.c.symbol, _TOKENS.c.address)
            )
            rows = connection.execute(query).mappings().all()
        ether = -tally.gas - tally.builder
        others: dict[Address, Balance] = {}
        if self._reader.book is not Book.REHEARSAL:
            # Operators look for both; where no trade touched USDC, what trades left of it is zero.
            # A rehearsal's chain has a USDC of its own.
            dollar = mainnet().token_by_symbol("USDC")
            others[dollar.address] = Balance(dollar.symbol, dollar, 0, dollar.decimals)
        for row in rows:
            left = row["gross_profit"] - row["flash_fee"]
            if row["token"] in native:
                ether += left
            else:
                token = token_of(row["token"], row)
                others[token.address] = Balance(token.symbol, token, left, token.decimals)
        return Balances(
            book=self._reader.book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            balances=(Balance("ETH", None, ether, 18), *others.values()),
            gas_unknown=tally.gas_unknown,
            builder_unknown=tally.builder_unknown,
        )

    def _summary(
        self, scope: Scope, period: str, since: float | None, until: float, tally: Tally
    ) -> ProfitSummary:
        return ProfitSummary.of(self._reader.book, scope, period, since, until, tally)


def _scope_name(scope: Scope) -> str:
    if scope.run_id is not None:
        return run_scope(scope.run_id)
    return provenance_scope(scope.provenance)


def _settled_in(scope: Scope) -> ColumnElement[bool]:
    if scope.run_id is not None:
        return _SETTLEMENTS.c.run_id == scope.run_id
    return _SETTLEMENTS.c.provenance == scope.provenance.value


def _total(connection: Connection, scope: Scope) -> Total:
    query = select(_TOTALS).where(_TOTALS.c.scope == _scope_name(scope))
    row = connection.execute(query).mappings().first()
    return Total() if row is None else Total.from_row(row)


def _window(connection: Connection, scope: Scope, since: float | None, until: float) -> Tally:
    """Add up the settlements from `since` to `until`, both included."""
    later = select(_SETTLEMENTS.c.id).where(_settled_in(scope), _SETTLEMENTS.c.settled_at > until)
    nothing_later = connection.execute(later.limit(1)).first() is None
    if since is None and nothing_later:
        return _total(connection, scope).tally
    # Whole hours lie in [first, last); what sticks out on either side comes from rows.
    first = None if since is None else -(-since // HOUR) * HOUR
    last = None if nothing_later else hour_of(until)
    if first is not None and first > (until if last is None else last):
        return _rows(connection, scope, since, until)
    parts = [_whole_hours(connection, scope, first, last)]
    if first is not None and since is not None and since < first:
        parts.append(_rows(connection, scope, since, first, includes_end=False))
    if last is not None:
        parts.append(_rows(connection, scope, last, until))
    return Tally.of(parts)


def _whole_hours(
    connection: Connection, scope: Scope, first: float | None, last: float | None
) -> Tally:
    query = select(*_FIGURES).where(in_scope(_HOURS.c.run_id, scope))
    if first is not None:
        query = query.where(_HOURS.c.hour_start >= first)
    if last is not None:
        query = query.where(_HOURS.c.hour_start < last)
    return Tally.of(Tally(*row) for row in connection.execute(query))


def _rows(
    connection: Connection,
    scope: Scope,
    since: float | None,
    until: float,
    *,
    includes_end: bool = True,
) -> Tally:
    column = _SETTLEMENTS.c
    query = select(column.outcome, column.net, column.gas_cost, column.builder_payment).where(
        _settled_in(scope),
        column.settled_at <= until if includes_end else column.settled_at < until,
    )
    if since is not None:
        query = query.where(column.settled_at >= since)
    tally = Tally()
    for row in connection.execute(query):
        tally.add(*row)
    return tally


def _native_tokens(connection: Connection, scope: Scope) -> frozenset[str]:
    query = select(_RUNS.c.native_token).distinct().where(in_scope(_RUNS.c.id, scope))
    named = connection.execute(query).scalars()
    return WRAPPED_ETHER | {address for address in named if address is not None}


def _bucket_start(at: float, bucket: str) -> int:
    length = BUCKET_SECONDS[bucket]
    first = _FIRST_MONDAY if bucket == "week" else 0
    return int((at - first) // length) * length + first


def _starts(
    tallies: dict[int, Tally], bucket: str, since: float | None, until: float | None
) -> Iterator[int]:
    if not tallies and (since is None or until is None):
        return
    length = BUCKET_SECONDS[bucket]
    first = min(tallies) if since is None else _bucket_start(since, bucket)
    last = max(tallies) if until is None else _bucket_start(until, bucket)
    yield from range(max(first, last - (MOST_BUCKETS - 1) * length), last + length, length)


def _spread(count: int, limit: int) -> list[int]:
    """Return up to `limit` evenly spaced numbers from 1 to `count`, both ends included."""
    if count <= limit:
        return list(range(1, count + 1))
    return [1 + index * (count - 1) // (limit - 1) for index in range(limit)]
