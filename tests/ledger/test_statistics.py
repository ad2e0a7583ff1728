"""Sharpe, months, the dates of a fall, and what failures cost, in figures checked by hand."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import LedgerError
from aineon.ledger.periods import (
    DAY,
    MOST_BUCKETS,
    bucket_end,
    bucket_start,
    newest_starts,
    require_bucket,
)
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.rollups import HOUR
from aineon.ledger.statistics import LEAST_BUCKETS, sharpe_of
from aineon.ledger.store import BookStore
from aineon.primitives import SimulatedMoney
from tests.ledger.booked import (
    NOON,
    USDC,
    attempt,
    included,
    reader_of,
    reverted,
    run,
    scratch_book,
    trade,
    unresolved,
)

MIDNIGHT = NOON - NOON % DAY


@pytest.fixture
def store() -> Iterator[BookStore]:
    with scratch_book() as opened:
        yield opened


@pytest.fixture
def tracker(store: BookStore) -> ProfitTracker:
    return ProfitTracker(reader_of(store))


# --- Sharpe ------------------------------------------------------------------------------------


@given(st.lists(st.integers(-(10**21), 10**21), min_size=LEAST_BUCKETS, max_size=40))
def test_sharpe_equals_the_textbook(nets: list[int]) -> None:
    found = sharpe_of(nets, DAY)
    # Both exact until the last step, as sums of floats are not: these nets may all but cancel out.
    mean, deviation = float(statistics.mean(map(Fraction, nets))), statistics.stdev(nets)
    assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.deviation == pytest.approx(deviation, rel=1e-9)
    if deviation:
        assert found.ratio == pytest.approx(mean / deviation, rel=1e-6, abs=1e-12)
        assert found.annualised == pytest.approx((found.ratio or 0) * math.sqrt(365))
    else:
        assert found.ratio is found.annualised is None


def test_too_few_buckets_say_nothing() -> None:
    nets = [1, 2] * 10
    assert sharpe_of(nets[: LEAST_BUCKETS - 1], DAY).ratio is None
    assert sharpe_of(nets[:LEAST_BUCKETS], DAY).ratio is not None
    assert sharpe_of([], DAY).mean is None
    assert sharpe_of([5], DAY) == (5.0, None, None, None)


def test_a_steady_profit_of_huge_amounts_has_no_deviation() -> None:
    steady = sharpe_of([10**60 + 1] * 20, DAY)
    assert (steady.deviation, steady.ratio) == (0.0, None)


def test_days_without_trades_count_as_zero_and_today_is_not_over(
    store: BookStore, tracker: ProfitTracker
) -> None:
    run_id = store.begin_run(run())
    for number, day in enumerate([0, 0, 3, 11, 12]):
        at = MIDNIGHT + day * DAY + HOUR
        trade(store, run_id, included(f"sim-{number}", gross=110, settled_at=at))
    trade(store, run_id, unresolved("sim-9", settled_at=MIDNIGHT + HOUR))
    found = tracker.sharpe(MIDNIGHT + 12 * DAY + 2 * HOUR)
    nets = [200, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 100]
    assert (found.bucket, found.buckets, found.unknown) == ("day", 12, 1)
    assert found.mean_wei == pytest.approx(statistics.fmean(nets))
    assert found.ratio == pytest.approx(statistics.fmean(nets) / statistics.stdev(nets))
    assert tracker.sharpe(MIDNIGHT + 5 * DAY).ratio is None
    assert tracker.sharpe(MIDNIGHT + 12 * DAY, "hour").buckets == 12 * 24 - 1
    assert tracker.sharpe(MIDNIGHT - DAY).buckets == 0
    with pytest.raises(LedgerError, match="bucket 'month' is not one of hour, day, week"):
        tracker.sharpe(NOON, "month")


# --- the calendar ------------------------------------------------------------------------------


@given(st.floats(0, 4e9), st.sampled_from(["hour", "day", "week", "month"]))
def test_every_moment_lies_in_one_bucket(at: float, bucket: str) -> None:
    start = bucket_start(at, bucket)
    end = bucket_end(start, bucket)
    assert start <= at < end or (bucket == "week" and at < 4 * DAY)
    assert bucket_start(end - 1, bucket) == start
    assert bucket_start(end, bucket) == end
    if bucket == "month":
        first = datetime.fromtimestamp(start, UTC)
        assert (first.day, first.hour, first.minute, first.second) == (1, 0, 0, 0)


def test_months_are_those_of_the_calendar(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    moments = [(2027, 1, 31, 23), (2027, 2, 1, 0), (2027, 2, 28, 23), (2027, 4, 1, 0)]
    for number, (year, month, day, hour) in enumerate(moments):
        at = datetime(year, month, day, hour, tzinfo=UTC).timestamp()
        trade(store, run_id, included(f"sim-{number}", settled_at=at))
    months = tracker.series("month")
    assert [month.attempts for month in months] == [1, 2, 0, 1]
    assert [round((month.until - (month.since or 0)) / DAY) for month in months] == [31, 28, 31, 30]
    with pytest.raises(LedgerError, match="bucket 'year' is not one of hour, day, week, month"):
        require_bucket("year")
    assert len(newest_starts(0, 86_400 * 365 * 600, "month")) == MOST_BUCKETS


# --- falls, failures, fees ---------------------------------------------------------------------


def test_a_fall_has_a_beginning_a_depth_and_an_end(
    store: BookStore, tracker: ProfitTracker
) -> None:
    run_id = store.begin_run(run())

    def net(number: int, wei: int) -> None:
        at = NOON + number * HOUR
        record = included(f"sim-{number}", gross=wei + 10, settled_at=at)
        trade(store, run_id, record)

    def falls() -> tuple[int, float | None, float | None, float | None, float | None]:
        found = tracker.drawdown()
        dates = (found.deepest_from, found.deepest_at, found.recovered_at, found.peak_at)
        hours = [None if at is None else (at - NOON) / HOUR for at in dates]
        return (found.deepest.wei, *hours)  # type: ignore[return-value]

    net(0, -5)
    assert falls() == (5, None, 0, None, None)
    net(1, 5)
    assert falls() == (5, None, 0, 1, None)
    net(2, 20)
    net(3, -8)
    assert falls() == (8, 2, 3, None, 2)
    net(4, -1)
    net(5, 3)
    assert falls() == (9, 2, 4, None, 2)
    net(6, 6)
    assert falls() == (9, 2, 4, 6, 2)
    net(7, -2)
    assert falls() == (9, 2, 4, 6, 2)


def test_what_failed_and_what_it_cost(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, included("sim-1"))
    trade(store, run_id, reverted("sim-2", gas=20))
    trade(store, run_id, reverted("sim-3", gas=0, outcome="missed"))
    trade(store, run_id, unresolved("sim-4"))
    found = tracker.summary("all", NOON + HOUR)
    assert (found.failed, found.reverted, found.missed) == (2, 1, 1)
    assert found.failed_gas == SimulatedMoney(20)
    assert found.gas == SimulatedMoney(27)
    assert tracker.summary("day", NOON + HOUR).failed_gas == SimulatedMoney(20)


def test_flash_fees_by_token(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, included("sim-1"))
    store.write(
        attempts=[attempt(run_id, "sim-2", base_token=USDC)],
        settlements=[included("sim-2", flash_fee=4)],
    )
    fees = {each.symbol: each.flash_fee for each in tracker.balances().balances}
    assert fees == {"ETH": 1, "USDC": 4}
