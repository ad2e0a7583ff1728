"""Speed of the ledger: one step written durably, and pages read from a hundred thousand trades."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import BookEntry
from aineon.ledger.store import BookStore
from tests.ledger.booked import (
    NOON,
    attempt,
    included,
    open_book,
    opportunity,
    reverted,
    run,
    step,
    taking,
)

TRADES = 100_000
PORTION = 1_000
DAYS = 30
NOW = NOON + DAYS * 86_400


def test_write_a_step_with_20_opportunities(benchmark: Any, tmp_path: Path) -> None:
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        numbers = itertools.count()

        def write() -> None:
            number = next(numbers)
            name = f"sim-{number}"
            store.write(
                step(run_id, number),
                [opportunity(run_id, number) for _ in range(20)],
                [attempt(run_id, name)],
                [included(name)],
                [taking(run_id)],
            )

        benchmark(write)


def test_write_a_step_without_opportunities(benchmark: Any, tmp_path: Path) -> None:
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        numbers = itertools.count()
        benchmark(lambda: store.write(step(run_id, next(numbers))))


def fill(store: BookStore) -> None:
    run_id = store.begin_run(run())
    for start in range(0, TRADES, PORTION):
        attempts, settlements = [], []
        for number in range(start, start + PORTION):
            name = f"sim-{number}"
            at = NOON + (NOW - NOON) * number / TRADES
            strategy_run = f"{run_id}:{number // 2}:0"
            attempts.append(attempt(run_id, name, submitted_at=at, strategy_run=strategy_run))
            kind = included if number % 3 else reverted
            settlements.append(kind(name, settled_at=at))
        store.write_all(
            [
                BookEntry(
                    step(run_id, start, at=NOON + (NOW - NOON) * start / TRADES),
                    tuple(opportunity(run_id, start) for _ in range(200)),
                    tuple(attempts),
                    tuple(settlements),
                )
            ]
        )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookReader]:
    with open_book(tmp_path_factory.mktemp("book")) as store:
        fill(store)
        with BookReader.of(store) as opened:
            yield opened


READS = {
    "summary of everything": lambda reader: ProfitTracker(reader).summary("all", NOW),
    "summary of a day": lambda reader: ProfitTracker(reader).summary("day", NOW - 1800),
    "summary of 30 days": lambda reader: ProfitTracker(reader).summary("month", NOW),
    "series of 30 days by hour": lambda reader: ProfitTracker(reader).series("hour"),
    "series of weeks": lambda reader: ProfitTracker(reader).series("week"),
    "curve": lambda reader: ProfitTracker(reader).equity_curve(),
    "drawdown": lambda reader: ProfitTracker(reader).drawdown(),
    "balances": lambda reader: ProfitTracker(reader).balances(),
    "series of months": lambda reader: ProfitTracker(reader).series("month"),
    "Sharpe by day": lambda reader: ProfitTracker(reader).sharpe(NOW),
    "Sharpe by hour": lambda reader: ProfitTracker(reader).sharpe(NOW, "hour"),
    "strategy runs": lambda reader: ProfitTracker(reader).strategy_runs(),
    "newest 50 strategy runs": lambda reader: ProfitTracker(reader).recent_strategy_runs(),
    "newest 200 trades": lambda reader: reader.recent_trades(200),
    "newest 200 opportunities": lambda reader: reader.recent_opportunities(200),
    "opportunities of a gate": lambda reader: reader.recent_opportunities(200, gate="min_profit"),
    "newest 100 steps": lambda reader: reader.recent_steps(),
    "takings": lambda reader: reader.takings_total(),
    "near misses": lambda reader: reader.near_misses(),
    "pending": lambda reader: reader.pending(),
    "newest 50 trades": lambda reader: reader.recent_trades(),
    "trades of the last page": lambda reader: reader.recent_trades(offset=TRADES - 50),
    "newest 50 included": lambda reader: reader.recent_trades(outcome="included"),
    "count of trades": lambda reader: reader.trade_count(),
    "count of included": lambda reader: reader.trade_count("included"),
    "funnel": lambda reader: reader.funnel(),
    "best that were stopped": lambda reader: reader.best_stopped(),
}


@pytest.mark.parametrize("name", READS)
def test_read_from_100_000_trades(benchmark: Any, reader: BookReader, name: str) -> None:
    assert benchmark(READS[name], reader) is not None
