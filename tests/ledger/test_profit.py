"""ProfitTracker: periods, rates, balances and the curve, in figures that can be checked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError
from aineon.ledger.periods import DAY, MOST_BUCKETS, WEEK
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import BookEntry
from aineon.ledger.rollups import HOUR
from aineon.ledger.store import BookStore
from aineon.primitives import Book, Provenance, SimulatedMoney, Token
from tests.ledger.booked import (
    ETHER,
    NOON,
    USDC,
    attempt,
    included,
    open_book,
    reverted,
    run,
    trade,
    unresolved,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BookStore]:
    with open_book(tmp_path) as opened:
        yield opened


@pytest.fixture
def tracker(store: BookStore) -> Iterator[ProfitTracker]:
    with BookReader.of(store) as reader:
        yield ProfitTracker(reader)


def test_without_attempts_there_is_no_rate_and_no_average(tracker: ProfitTracker) -> None:
    summary = tracker.summary("day", NOON)
    assert (summary.attempts, summary.unknown) == (0, 0)
    assert summary.net == summary.gas == SimulatedMoney(0)
    assert summary.success_rate is summary.average_net is summary.best_net is None
    assert tracker.series() == ()
    assert tracker.equity_curve().points == ()
    assert tracker.drawdown().deepest_at is None


def test_a_summary_in_figures(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, included("sim-1", gross=100))
    trade(store, run_id, included("sim-2", gross=15))
    trade(store, run_id, reverted("sim-3", gas=20))
    trade(store, run_id, unresolved("sim-4"))
    store.write(attempts=[attempt(run_id, "sim-5")])
    summary = tracker.summary("all", NOON + HOUR)
    assert (summary.book, summary.provenance) == (Book.SIMULATION, Provenance.SIMULATED)
    assert (summary.attempts, summary.included, summary.reverted) == (4, 2, 1)
    assert (summary.missed, summary.unresolved) == (0, 1)
    assert summary.success_rate == 2 / 3
    assert (summary.known, summary.unknown, summary.profitable) == (3, 1, 2)
    assert summary.net == SimulatedMoney(90 + 5 - 20)
    assert summary.gross == SimulatedMoney(99 + 14 + 0)
    assert (summary.gas, summary.gas_unknown) == (SimulatedMoney(7 + 7 + 20), 1)
    assert (summary.builder_payments, summary.builder_unknown) == (SimulatedMoney(4), 1)
    assert summary.average_net == SimulatedMoney(25)
    assert (summary.best_net, summary.worst_net) == (SimulatedMoney(90), SimulatedMoney(-20))


def test_what_is_known_of_no_attempt_is_not_zero(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, unresolved())
    summary = tracker.summary("all", NOON + HOUR)
    assert (summary.attempts, summary.unknown) == (1, 1)
    assert summary.net is summary.gross is summary.gas is summary.builder_payments is None
    assert summary.success_rate is summary.average_net is None


def test_periods_end_now_and_cut_through_hours(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    now = NOON + 1800
    ages = {"sim-1": 10, "sim-2": HOUR, "sim-3": HOUR + 1, "sim-4": DAY - 60, "sim-5": 8 * DAY}
    for name, age in ages.items():
        trade(store, run_id, included(name, settled_at=now - age))
    counts = {
        period: tracker.summary(period, now).attempts  # type: ignore[arg-type]
        for period in ("hour", "day", "week", "month", "all")
    }
    assert counts == {"hour": 2, "day": 4, "week": 4, "month": 5, "all": 5}
    assert tracker.summary("all", now - HOUR).attempts == 4
    assert tracker.summary("hour", now - HOUR).attempts == 2
    assert tracker.summary("hour", now).since == now - HOUR
    with pytest.raises(LedgerError, match="period 'year' is not one of hour, day, week, month"):
        tracker.summary("year", now)  # type: ignore[arg-type]


def test_series_by_hour_day_and_week(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    monday = NOON - (NOON - 4 * DAY) % WEEK
    for number, at in enumerate([monday, monday + 2 * HOUR, monday + DAY, monday + WEEK]):
        trade(store, run_id, included(f"sim-{number}", settled_at=at))
    days = tracker.series("day")
    assert [day.attempts for day in days] == [2, 1, 0, 0, 0, 0, 0, 1]
    assert days[0].net == SimulatedMoney(180)
    assert (days[0].since, days[0].until) == (monday, monday + DAY)
    assert [week.attempts for week in tracker.series("week")] == [3, 1]
    hours = tracker.series("hour", monday + 600, monday + 3 * HOUR)
    assert [hour.attempts for hour in hours] == [1, 0, 1, 0]
    empty = tracker.series("hour", monday + 4 * HOUR, monday + 5 * HOUR)
    assert [(hour.attempts, hour.net) for hour in empty] == [(0, SimulatedMoney(0))] * 2
    with pytest.raises(LedgerError, match="bucket 'minute' is not one of hour, day, week"):
        tracker.series("minute")  # type: ignore[arg-type]


def test_a_week_begins_on_monday_in_utc(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    # The 23rd of November 2026 is a Monday.
    monday = 1_795_392_000.0
    trade(store, run_id, included("sim-1", settled_at=monday - 1))
    trade(store, run_id, included("sim-2", settled_at=monday))
    assert [week.until for week in tracker.series("week")] == [monday, monday + WEEK]


def test_a_series_without_end_is_cut_to_the_newest(
    store: BookStore, tracker: ProfitTracker
) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, included("sim-1", settled_at=0.0))
    trade(store, run_id, included("sim-2"))
    hours = tracker.series("hour")
    assert len(hours) == MOST_BUCKETS
    assert (hours[0].attempts, hours[-1].attempts) == (0, 1)


def test_the_curve_is_thinned_and_keeps_its_ends(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    store.write_all(
        [
            BookEntry(
                attempts=(attempt(run_id, f"sim-{number}"),),
                settlements=(reverted(f"sim-{number}", gas=1, settled_at=NOON + number),),
            )
            for number in range(1, 101)
        ]
    )
    whole, thinned = tracker.equity_curve(), tracker.equity_curve(limit=10)
    assert (whole.trades, len(whole.points)) == (100, 100)
    assert (thinned.trades, len(thinned.points)) == (100, 10)
    assert [point.ordinal for point in thinned.points] == [1 + 11 * index for index in range(10)]
    assert [point.net_total for point in thinned.points] == [
        SimulatedMoney(-point.ordinal) for point in thinned.points
    ]
    assert thinned.points[-1].at == NOON + 100
    for limit in (1, 501):
        with pytest.raises(LedgerError, match=f"limit {limit} of a curve"):
            tracker.equity_curve(limit)


def test_drawdown(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    made = [
        included("sim-1", gross=110),
        reverted("sim-2", gas=30, settled_at=NOON + 50),
        included("sim-3", gross=15),
    ]
    for settlement in made:
        trade(store, run_id, settlement)
    found = tracker.drawdown()
    assert (found.net, found.peak) == (SimulatedMoney(75), SimulatedMoney(100))
    assert (found.current, found.deepest) == (SimulatedMoney(25), SimulatedMoney(30))
    assert found.deepest_at == NOON + 50


def test_balances_stay_in_their_tokens(store: BookStore, tracker: ProfitTracker) -> None:
    run_id = store.begin_run(run())
    trade(store, run_id, included("sim-1", gross=100))
    dollars = {"amount_out": 2_000 * 10**6 + 500, "gross_profit": 500, "flash_fee": 9}
    store.write(
        attempts=[attempt(run_id, "sim-2", base_token=USDC, amount_in=2_000 * 10**6)],
        settlements=[included("sim-2", **dollars)],
    )
    trade(store, run_id, reverted("sim-3", gas=ETHER))
    trade(store, run_id, unresolved("sim-4"))
    found = tracker.balances()
    eth, usdc = found.balances
    # ETH: 100 - flash fee 1, less the gas and builder payments of all attempts.
    assert (eth.symbol, eth.token, eth.decimals) == ("ETH", None, 18)
    assert eth.amount == 99 - (7 + 2) * 2 - ETHER
    assert (usdc.symbol, usdc.token, usdc.amount, usdc.decimals) == ("USDC", USDC, 491, 6)
    assert (found.gas_unknown, found.builder_unknown) == (1, 1)


def test_wrapped_ether_of_mainnet_is_ether_and_a_namesake_is_not(
    store: BookStore, tracker: ProfitTracker
) -> None:
    mainnet = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
    namesake = Token("0x" + "bad0" * 10, "WETH", 18)
    run_id = store.begin_run(run(native_token=None))
    for number, token in enumerate([mainnet, namesake]):
        trade(store, run_id, included(f"sim-{number}"), base_token=token)
    eth, usdc, other = tracker.balances().balances
    assert eth.amount == 99 - 18
    assert (usdc.symbol, usdc.amount) == ("USDC", 0)
    assert (other.token, other.amount) == (namesake, 99)


def test_replayed_profit_is_not_added_to_the_sandbox(
    store: BookStore, tracker: ProfitTracker
) -> None:
    sandbox = store.begin_run(run())
    trade(store, sandbox, included("sim-1"))
    assert tracker.summary("all", NOON + 60).provenance is Provenance.SIMULATED
    replay = store.begin_run(run(feed="replay", provenance=Provenance.REPLAYED))
    trade(store, replay, included("sim-2", gross=20), provenance=Provenance.REPLAYED)
    summary = tracker.summary("all", NOON + 60)
    assert (summary.provenance, summary.net) == (Provenance.REPLAYED, SimulatedMoney(10))
    assert [hour.attempts for hour in tracker.series()] == [1]
    assert tracker.equity_curve().trades == 1
    assert tracker.balances().balances[0].amount == 19 - 9


def test_one_run_alone(store: BookStore, tracker: ProfitTracker) -> None:
    first, second = store.begin_run(run()), store.begin_run(run())
    trade(store, first, included("sim-1"))
    trade(store, second, included("sim-2", gross=20))
    trade(store, first, unresolved("sim-3"))
    with BookReader.of(store) as reader:
        alone = ProfitTracker(reader, reader.scope(second))
        summary = alone.summary("all", NOON + 60)
        assert (summary.run_id, summary.attempts, summary.net) == (second, 1, SimulatedMoney(10))
        assert [point.net_total.wei for point in alone.equity_curve().points] == [10]
        assert alone.balances().balances[0].amount == 19 - 9
    assert tracker.summary("all", NOON + 60).net == SimulatedMoney(100)
