"""BookReader: lists newest first, figures of the right scope, and words where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError
from aineon.ledger.reading import BookReader
from aineon.ledger.retention import Retention
from aineon.ledger.rollups import HOUR
from aineon.ledger.store import BookStore
from aineon.ledger.views import Scope
from aineon.primitives import Book, Provenance, SimulatedMoney
from tests.databases import database_url
from tests.ledger.booked import (
    NOON,
    attempt,
    included,
    near_miss,
    open_book,
    opportunity,
    price,
    reverted,
    run,
    step,
    taking,
    trade,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BookStore]:
    with open_book(tmp_path) as opened:
        yield opened


@pytest.fixture
def reader(store: BookStore) -> Iterator[BookReader]:
    with BookReader.of(store) as opened:
        yield opened


def test_an_empty_book_is_empty(reader: BookReader) -> None:
    assert reader.runs() == reader.recent_trades() == reader.recent_opportunities() == ()
    assert reader.latest_run() is None
    assert reader.trade_count() == 0
    assert reader.scope() == Scope(Provenance.SIMULATED)
    funnel = reader.funnel()
    assert (funnel.book, funnel.provenance) == (Book.SIMULATION, Provenance.SIMULATED)
    assert (funnel.steps, funnel.opportunities, funnel.counts, funnel.stopped) == (0, 0, {}, ())
    assert reader.takings_total().wei == SimulatedMoney(0)


def test_trades_newest_first_in_pages(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    for number in range(5):
        name = f"sim-{number}"
        trade(store, run_id, included(name) if number % 2 else reverted(name))
    store.write(attempts=[attempt(run_id, "sim-5")])
    names = [item.attempt.attempt_id for item in reader.recent_trades(limit=3)]
    assert names == ["sim-5", "sim-4", "sim-3"]
    names = [item.attempt.attempt_id for item in reader.recent_trades(limit=3, offset=3)]
    assert names == ["sim-2", "sim-1", "sim-0"]
    assert [item.outcome for item in reader.recent_trades()][:3] == [None, "reverted", "included"]
    assert [item.attempt.attempt_id for item in reader.recent_trades(outcome="included")] == [
        "sim-3",
        "sim-1",
    ]
    assert (reader.trade_count(), reader.trade_count("included")) == (6, 2)
    assert reader.recent_trades()[0].net is None
    assert reader.recent_trades()[1].net == SimulatedMoney(-7)
    assert {item.book for item in reader.recent_trades()} == {Book.SIMULATION}


def test_what_was_found_in_a_live_market_is_an_expectation(tmp_path: Path) -> None:
    """Control: what the block itself tells is live."""
    with BookStore.open(database_url(tmp_path / "live.db"), Book.LIVE) as store:
        run_id = store.begin_run(run(provenance=Provenance.LIVE))
        store.write(step(run_id), [opportunity(run_id)], near_misses=[near_miss(run_id)])
    with BookReader.open(database_url(tmp_path / "live.db"), Book.LIVE) as reader:
        (found,), (missed,) = reader.recent_opportunities(), reader.near_misses()
        assert found.provenance is missed.provenance is Provenance.ESTIMATED
        assert reader.recent_steps()[0].provenance is Provenance.LIVE


def test_scopes_keep_runs_and_provenances_apart(store: BookStore, reader: BookReader) -> None:
    first = store.begin_run(run())
    second = store.begin_run(run(feed="replay", provenance=Provenance.REPLAYED))
    trade(store, first, included("sim-1"))
    store.write(
        step(second),
        [opportunity(second)],
        [attempt(second, "sim-2", provenance=Provenance.REPLAYED)],
        takings=[taking(second)],
        prices=[price(second, pair="WETH/DAI")],
    )
    assert reader.scope() == Scope(Provenance.REPLAYED)
    assert reader.scope(first) == Scope(Provenance.SIMULATED, first)
    assert [item.provenance for item in reader.recent_trades()] == [
        Provenance.REPLAYED,
        Provenance.SIMULATED,
    ]
    mine = reader.scope(first)
    assert [item.attempt.attempt_id for item in reader.recent_trades(scope=mine)] == ["sim-1"]
    assert reader.trade_count(scope=mine) == reader.trade_count("included", mine) == 1
    assert reader.recent_opportunities(scope=mine) == reader.recent_takings(scope=mine) == ()
    assert (reader.price_pairs(mine), reader.price_pairs()) == ((), ("WETH/DAI",))
    assert reader.recent_opportunities()[0].provenance is Provenance.REPLAYED
    assert reader.funnel().opportunities == 1
    assert reader.funnel(scope=mine).opportunities == 0
    assert reader.takings_total(scope=mine).count == 0
    with pytest.raises(LedgerError, match="run 9 is not in "):
        reader.scope(9)


def test_opportunities_of_a_gate_and_a_time(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    for number, gate in enumerate(["min_profit", "cooldown", None, "min_profit"]):
        store.write(step(run_id), [opportunity(run_id, number, gate=gate, at=NOON + number)])
    blocks = [item.record.block_number for item in reader.recent_opportunities(gate="min_profit")]
    assert blocks == [3, 0]
    blocks = [item.record.block_number for item in reader.recent_opportunities(since=NOON + 2)]
    assert blocks == [3, 2]
    assert reader.recent_opportunities(limit=1)[0].at == NOON + 3


def test_the_best_that_were_stopped(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    nets = [5, -3, None, 10**20, 9]
    made = [opportunity(run_id, number, net_wei=net) for number, net in enumerate(nets)]
    submitted = opportunity(run_id, 9, net_wei=10**21, gate=None, attempt_id="sim-1")
    store.write(step(run_id), [*made, submitted])
    assert [item.record.net_wei for item in reader.best_stopped()] == [10**20, 9, 5, -3]
    assert [item.record.net_wei for item in reader.best_stopped(limit=1)] == [10**20]
    assert reader.best_stopped(since=NOON + 1) == ()


def test_near_misses_of_the_newest_step_that_has_any(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    assert reader.near_misses() == ()
    store.write(step(run_id, 1), near_misses=[near_miss(run_id, 1, rate=0.9999)])
    newest = [near_miss(run_id, 2, rate=rate) for rate in (0.991, 0.9985, 0.995)]
    store.write(step(run_id, 2), near_misses=newest)
    store.write(step(run_id, 3))
    assert [item.record.rate for item in reader.near_misses()] == [0.9985, 0.995, 0.991]
    other = store.begin_run(run())
    store.write(step(other, 1), near_misses=[near_miss(other, 1, rate=0.5)])
    assert [item.record.rate for item in reader.near_misses()] == [0.5]
    of_the_first = reader.near_misses(scope=Scope(Provenance.SIMULATED, run_id))
    assert [item.record for item in of_the_first] == [newest[1], newest[2], newest[0]]


def test_the_funnel_says_what_stopped_most_and_why(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    store.write(
        step(run_id, counts={"detected": 3, "sized": 3}),
        [
            opportunity(run_id, gate="cooldown", reason="pair traded 2 s ago"),
            opportunity(run_id, reason="net 4 wei is below 0.01 ETH"),
            opportunity(run_id, reason="net 9 wei is below 0.01 ETH"),
        ],
    )
    store.write(step(run_id, counts={"detected": 1}))
    funnel = reader.funnel()
    assert (funnel.steps, funnel.opportunities) == (2, 3)
    assert funnel.counts == {"detected": 4, "sized": 3}
    assert [(stop.gate, stop.count, stop.reason) for stop in funnel.stopped] == [
        ("min_profit", 2, "net 9 wei is below 0.01 ETH"),
        ("cooldown", 1, "pair traded 2 s ago"),
    ]


def test_a_time_whose_rows_are_gone_is_counted_by_the_hour(tmp_path: Path) -> None:
    with open_book(tmp_path, retention=Retention(steps=2, opportunities=2)) as store:
        run_id = store.begin_run(run())
        for number in range(6):
            at = NOON + 600 * number
            store.write(step(run_id, number, at=at), [opportunity(run_id, number, at=at)])
        with BookReader.of(store) as reader:
            kept, gone = reader.funnel(NOON + 2401), reader.funnel(NOON + 601)
            assert (kept.since, kept.steps, kept.opportunities) == (NOON + 2401, 1, 1)
            assert (gone.since, gone.steps, gone.opportunities) == (NOON, 6, 6)
            assert reader.funnel(NOON + HOUR).steps == 0


def test_takings_are_added_up_with_the_unknown_counted(
    store: BookStore, reader: BookReader
) -> None:
    run_id = store.begin_run(run())
    worth = [500, None, 10**24]
    store.write(step(run_id), takings=[taking(run_id, profit_wei=wei) for wei in worth])
    total = reader.takings_total()
    assert (total.count, total.wei, total.unknown) == (3, SimulatedMoney(10**24 + 500), 1)
    assert reader.takings_total(since=NOON + 1).count == 0
    assert [item.record.profit_wei for item in reader.recent_takings(since=NOON)] == worth[::-1]


def test_prices_oldest_first(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    for number in range(4):
        store.write(
            prices=[
                price(run_id, price=3000.0 + number),
                price(run_id, pair="WETH/DAI", price=1.0),
            ]
        )
    series = reader.price_series("WETH/USDC", limit=3)
    assert [item.record.price for item in series] == [3001.0, 3002.0, 3003.0]
    assert reader.price_pairs() == ("WETH/DAI", "WETH/USDC")


def test_a_reader_sees_what_is_booked_meanwhile(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    assert reader.trade_count() == 0
    trade(store, run_id, included())
    assert reader.trade_count() == 1


def test_one_session_sees_one_moment(store: BookStore, reader: BookReader) -> None:
    run_id = store.begin_run(run())
    store.write(attempts=[attempt(run_id, "sim-1"), attempt(run_id, "sim-2")])
    streamed = reader.trades()
    first = next(streamed)
    store.write(attempts=[attempt(run_id, "sim-later")])
    rest = [item.attempt.attempt_id for item in streamed]
    assert (first.attempt.attempt_id, rest) == ("sim-2", ["sim-1"])
