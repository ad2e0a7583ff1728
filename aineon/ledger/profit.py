"""ProfitTracker: what the trades of a book came to.

Totals and whole hours are read from roll-ups that were kept as the trades were booked; only
the hours that a period cuts through are added up from single rows. Sums are exact ints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from aineon.chain.addresses import mainnet
from aineon.errors import LedgerError
from aineon.ledger.breakdown import Breakdown, read_breakdown
from aineon.ledger.figures import (
    Balance,
    Balances,
    Drawdown,
    EquityCurve,
    EquityPoint,
    ProfitSummary,
    Sharpe,
    StrategyFigures,
    StrategySummary,
)
from aineon.ledger.periods import (
    FIXED_SECONDS,
    PERIOD_SECONDS,
    Bucket,
    Period,
    bucket_end,
    bucket_start,
    newest_starts,
    require_bucket,
)
from aineon.ledger.reading import BookReader
from aineon.ledger.rollup_tables import ProfitHourRow, TokenTotalRow
from aineon.ledger.rollups import Tally
from aineon.ledger.rows import token_of
from aineon.ledger.scoping import in_scope
from aineon.ledger.statistics import LEAST_BUCKETS, sharpe_of
from aineon.ledger.strategies import read_strategies, recent_strategies
from aineon.ledger.tables import RunRow, SettlementRow, TokenRow, table_of
from aineon.ledger.views import Scope
from aineon.ledger.windows import FIGURES, scope_name, settled_in, total_of, window
from aineon.primitives import Address, Book

MOST_POINTS: Final = 500
WRAPPED_ETHER: Final = frozenset({"0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"})
"""Wrapped ether on mainnet; a run may name its feed's own."""

_RUNS: Final = table_of(RunRow)
_TOKENS: Final = table_of(TokenRow)
_HOURS: Final = table_of(ProfitHourRow)
_TOKEN_TOTALS: Final = table_of(TokenTotalRow)
_SETTLEMENTS: Final = table_of(SettlementRow)


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
            tally = window(connection, scope, since, now)
        return self._summary(scope, period, since, now, tally)

    def series(
        self,
        bucket: Bucket = "hour",
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[ProfitSummary, ...]:
        """Return the figures of each hour, day, week (from Monday) or month (UTC), in order.

        The first is the one that `since` lies in, the last the one that `until` lies in; None
        stands for the first and the last trade. Times without trades have figures of zero
        attempts. At most the newest `MOST_BUCKETS` are returned.

        Raises:
            LedgerError: an unknown kind of bucket.
        """
        require_bucket(bucket)
        scope = self.scope
        query = select(_HOURS.c.hour_start, *FIGURES).where(in_scope(_HOURS.c.run_id, scope))
        if since is not None:
            query = query.where(_HOURS.c.hour_start >= bucket_start(since, bucket))
        if until is not None:
            query = query.where(_HOURS.c.hour_start <= until)
        tallies: dict[int, Tally] = {}
        with self._reader.session() as connection:
            for hour_start, *figures in connection.execute(query):
                start = bucket_start(hour_start, bucket)
                if start in tallies:
                    tallies[start].merge(Tally(*figures))
                else:
                    tallies[start] = Tally(*figures)
        return tuple(
            self._summary(
                scope, bucket, start, bucket_end(start, bucket), tallies.get(start, Tally())
            )
            for start in _starts(tallies, bucket, since, until)
        )

    def equity_curve(self, limit: int = MOST_POINTS, since: float | None = None) -> EquityCurve:
        """Return the running total of the known net after each trade settled from `since` on.

        The total itself is counted from the first trade on, whatever `since` is.

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
            here = settled_in(scope)
            count = connection.execute(select(func.max(ordinal)).where(here)).scalar_one() or 0
            first = 1
            if since is not None:
                later = select(func.min(ordinal)).where(here, _SETTLEMENTS.c.settled_at >= since)
                first = connection.execute(later).scalar_one() or count + 1
            query = (
                select(ordinal, _SETTLEMENTS.c.settled_at, total)
                .where(here, ordinal.in_(_spread(first, count, limit)))
                .order_by(ordinal)
            )
            points = [
                EquityPoint(number, at, self._reader.money(wei))
                for number, at, wei in connection.execute(query)
            ]
        return EquityCurve(
            self._reader.book,
            scope.provenance,
            scope.run_id,
            int(count) + 1 - first,
            tuple(points),
        )

    def drawdown(self) -> Drawdown:
        """Return how far the running total has fallen below its highest point."""
        scope = self.scope
        with self._reader.session() as connection:
            total = total_of(connection, scope)
        money = self._reader.money
        return Drawdown(
            book=self._reader.book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            net=money(total.tally.net),
            peak=money(total.curve.peak),
            current=money(total.curve.peak - total.tally.net),
            deepest=money(total.curve.deepest_fall),
            deepest_from=total.curve.deepest_fall_from,
            deepest_at=total.curve.deepest_fall_at,
            recovered_at=total.curve.recovered_at,
            peak_at=total.curve.peak_at,
        )

    def sharpe(self, now: float, bucket: Bucket = "day") -> Sharpe:
        """Return the Sharpe ratio of the known net by whole buckets that have ended by `now`.

        They are counted from the one with the first settled attempt on; those without attempts
        are zero, because nothing was earned then. Of more than `MOST_BUCKETS` the newest count.

        Raises:
            LedgerError: a bucket other than `hour`, `day` and `week`, which are always as long.
        """
        require_bucket(bucket, tuple(FIXED_SECONDS))
        scope = self.scope
        query = select(_HOURS.c.hour_start, _HOURS.c.net).where(in_scope(_HOURS.c.run_id, scope))
        nets: dict[int, int] = {}
        with self._reader.session() as connection:
            for hour_start, net in connection.execute(query):
                start = bucket_start(hour_start, bucket)
                nets[start] = nets.get(start, 0) + net
            tally = total_of(connection, scope).tally
        last = bucket_start(now, bucket) - FIXED_SECONDS[bucket]
        starts = newest_starts(min(nets), last, bucket) if nets else ()
        figures = sharpe_of([nets.get(start, 0) for start in starts], FIXED_SECONDS[bucket])
        return Sharpe(
            book=self._reader.book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            bucket=bucket,
            buckets=len(starts),
            least_buckets=LEAST_BUCKETS,
            mean_wei=figures.mean,
            deviation_wei=figures.deviation,
            ratio=figures.ratio,
            annualised=figures.annualised,
            unknown=tally.attempts - tally.known,
        )

    def strategy_runs(self) -> StrategySummary:
        """Return the figures of strategy runs, each counted as one, however many its attempts."""
        return read_strategies(self._reader, self.scope)

    def recent_strategy_runs(self, limit: int = 50) -> tuple[StrategyFigures, ...]:
        """Return strategy runs, those submitted last first."""
        return recent_strategies(self._reader, self.scope, limit)

    def breakdown(self, since: float | None = None) -> Breakdown:
        """Return what the attempts settled from `since` on came to by venue, pair, shape, hour."""
        return read_breakdown(self._reader, self.scope, since)

    def balances(self) -> Balances:
        """Return what the trades left, token by token: ETH first, then USDC, then the others.

        Profit stays in the token it was made in: gross profit less flash fee. Gas and builder
        payments go out of ETH, and wrapped ether counts as ETH.
        """
        scope = self.scope
        with self._reader.session() as connection:
            tally = total_of(connection, scope).tally
            native = _native_tokens(connection, scope)
            query = (
                select(_TOKEN_TOTALS, _TOKENS.c.symbol, _TOKENS.c.decimals)
                .join(_TOKENS, _TOKENS.c.address == _TOKEN_TOTALS.c.token)
                .where(_TOKEN_TOTALS.c.scope == scope_name(scope))
                .order_by(_TOKENS.c.symbol, _TOKENS.c.address)
            )
            rows = connection.execute(query).mappings().all()
        ether, ether_fee = -tally.gas - tally.builder, 0
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
                ether_fee += row["flash_fee"]
            else:
                token = token_of(row["token"], row)
                others[token.address] = Balance(
                    token.symbol, token, left, token.decimals, row["flash_fee"]
                )
        return Balances(
            book=self._reader.book,
            provenance=scope.provenance,
            run_id=scope.run_id,
            balances=(Balance("ETH", None, ether, 18, ether_fee), *others.values()),
            gas_unknown=tally.gas_unknown,
            builder_unknown=tally.builder_unknown,
        )

    def _summary(
        self, scope: Scope, period: str, since: float | None, until: float, tally: Tally
    ) -> ProfitSummary:
        return ProfitSummary.of(self._reader.book, scope, period, since, until, tally)


def _native_tokens(connection: Connection, scope: Scope) -> frozenset[str]:
    query = select(_RUNS.c.native_token).distinct().where(in_scope(_RUNS.c.id, scope))
    named = connection.execute(query).scalars()
    return WRAPPED_ETHER | {address for address in named if address is not None}


def _starts(
    tallies: dict[int, Tally], bucket: str, since: float | None, until: float | None
) -> Iterator[int]:
    if not tallies and (since is None or until is None):
        return
    first = min(tallies) if since is None else bucket_start(since, bucket)
    last = max(tallies) if until is None else bucket_start(until, bucket)
    yield from newest_starts(first, last, bucket)


def _spread(first: int, last: int, limit: int) -> list[int]:
    """Return up to `limit` evenly spaced numbers from `first` to `last`, both ends included."""
    if last - first < limit:
        return list(range(first, last + 1))
    return [first + index * (last - first) // (limit - 1) for index in range(limit)]
