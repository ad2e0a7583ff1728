"""BookStore: what is written is kept exactly, together, and in the right book."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger.reading import BookReader
from aineon.ledger.records import BookEntry, RunRecord
from aineon.ledger.retention import Retention
from aineon.ledger.store import BookStore
from aineon.ledger.types import LARGEST_WEI
from aineon.primitives import Book, LiveMoney, Provenance, RehearsalMoney, SimulatedMoney, Token
from tests.ledger.booked import (
    NOON,
    USDC,
    WETH,
    attempt,
    book_url,
    included,
    open_book,
    opportunity,
    price,
    run,
    scratch_book,
    step,
    taking,
    unresolved,
)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with open_book(tmp_path) as opened:
        yield opened


def test_everything_comes_back_as_it_was_written(store: BookStore) -> None:
    run_id = store.begin_run(run())
    records = {
        "step": step(run_id, block_time=NOON - 1.5),
        "opportunities": [opportunity(run_id), opportunity(run_id, gate=None, net_wei=-(2**255))],
        "attempts": [attempt(run_id)],
        "settlements": [included()],
        "takings": [taking(run_id, profit_token=USDC, profit=-(2**200), profit_wei=None)],
        "prices": [price(run_id)],
    }
    store.write(**records)
    with BookReader.of(store) as reader:
        assert [item.record for item in reader.runs()] == [run()]
        assert [item.record for item in reader.recent_steps()] == [records["step"]]
        found = [item.record for item in reader.recent_opportunities()]
        assert found[::-1] == records["opportunities"]
        (trade,) = reader.recent_trades()
        assert (trade.attempt, trade.settlement) == (attempt(run_id), included())
        (seen,) = reader.recent_takings()
        assert (seen.record, seen.at) == (records["takings"][0], NOON)
        assert [item.record for item in reader.price_series("WETH/USDC")] == records["prices"]
        assert reader.recent_opportunities()[0].record.base_token.symbol == "WETH"


def test_unknown_stays_unknown(store: BookStore) -> None:
    run_id = store.begin_run(run(seed=None, native_token=None))
    nothing = {"gas_units": None, "gas_cost": None, "net_profit": None, "net_wei": None}
    store.write(
        step(run_id, base_fee_wei=None, scan_seconds=None),
        [opportunity(run_id, confidence=None, **nothing)],
        [attempt(run_id, expected_net_wei=None)],
        [unresolved()],
    )
    with BookReader.of(store) as reader:
        record = reader.recent_opportunities()[0].record
        assert {name: getattr(record, name) for name in nothing} == nothing
        assert reader.recent_steps()[0].record.base_fee_wei is None
        assert reader.recent_trades()[0].settlement == unresolved()


def test_all_or_nothing(store: BookStore) -> None:
    run_id = store.begin_run(run())
    store.write(step(run_id, 1), [opportunity(run_id)], [attempt(run_id, "sim-1")])
    with pytest.raises(LedgerError, match=r"sim-0 cannot be settled because it is not booked"):
        store.write(
            step(run_id, 2),
            [opportunity(run_id, 2, base_token=USDC)],
            [attempt(run_id, "sim-2")],
            [included("sim-1"), included("sim-0")],
            [taking(run_id)],
            [price(run_id)],
        )
    with BookReader.of(store) as reader:
        assert [item.number for item in reader.recent_steps()] == [1]
        assert len(reader.recent_opportunities()) == 1
        assert reader.recent_takings() == ()
        assert reader.price_pairs() == ()
        assert reader.funnel().opportunities == 1
    assert [left.attempt_id for left in store.unsettled()] == ["sim-1"]
    # The refused transaction's token must be stored when it is seen again.
    store.write(step(run_id, 3), [opportunity(run_id, 3, base_token=USDC)])
    with BookReader.of(store) as reader:
        assert reader.recent_opportunities(1)[0].record.base_token.symbol == "USDC"


def test_several_entries_are_one_transaction(store: BookStore) -> None:
    run_id = store.begin_run(run())
    good = BookEntry(step(run_id, 1), attempts=(attempt(run_id),))
    with pytest.raises(LedgerError):
        store.write_all([good, BookEntry(settlements=(included("sim-0"),))])
    assert store.unsettled() == []
    store.write_all([good, BookEntry(step(run_id, 2), settlements=(included(),))])
    with BookReader.of(store) as reader:
        assert len(reader.recent_steps()) == 2
        assert reader.trade_count("included") == 1


def test_attempts_and_settlements_are_booked_once(store: BookStore) -> None:
    run_id = store.begin_run(run())
    store.write(attempts=[attempt(run_id)], settlements=[included()])
    with pytest.raises(LedgerError, match=r"contradicts what is booked: .*attempts.attempt_id"):
        store.write(attempts=[attempt(run_id)])
    with pytest.raises(LedgerError, match=r"contradicts what is booked: .*settlements.attempt_id"):
        store.write(settlements=[unresolved()])
    with BookReader.of(store) as reader:
        assert reader.recent_trades()[0].outcome == "included"


def test_a_run_has_to_begin_before_anything_is_booked_in_it(store: BookStore) -> None:
    with pytest.raises(LedgerError, match="run 5 is not in .*; begin it first"):
        store.write(step(5))


def test_takings_need_their_step(store: BookStore) -> None:
    run_id = store.begin_run(run())
    with pytest.raises(LedgerError, match="takings need the step"):
        store.write(takings=[taking(run_id)])


@pytest.mark.parametrize("money", [LiveMoney(1), RehearsalMoney(1)])
@pytest.mark.parametrize("field", ["gas_cost", "builder_payment", "net"])
def test_money_of_another_book_is_refused(store: BookStore, field: str, money: Any) -> None:
    run_id = store.begin_run(run())
    with pytest.raises(MixedBooks, match=f"{field} is {type(money).__name__}, .*simulation book"):
        store.write(attempts=[attempt(run_id)], settlements=[included(**{field: money})])
    assert store.unsettled() == []


def test_the_live_book_takes_live_money_and_no_other(tmp_path: Path) -> None:
    with BookStore.open(book_url(tmp_path), Book.LIVE) as live:
        with pytest.raises(MixedBooks, match="provenance 'simulated' does not belong"):
            live.begin_run(run())
        run_id = live.begin_run(run(provenance=Provenance.LIVE))
        theirs = attempt(run_id, provenance=Provenance.LIVE)
        with pytest.raises(MixedBooks):
            live.write(attempts=[theirs], settlements=[included()])
        real = included(gas_cost=LiveMoney(1), builder_payment=LiveMoney(0), net=LiveMoney(5))
        live.write(attempts=[theirs], settlements=[real])
        with BookReader.of(live) as reader:
            assert reader.recent_trades()[0].net == LiveMoney(5)


def test_live_figures_stay_out_of_the_simulation_book(store: BookStore) -> None:
    with pytest.raises(MixedBooks, match="provenance 'live' does not belong"):
        store.begin_run(run(provenance=Provenance.LIVE))


BAD = [
    ({"amount_in": 1.0}, "amount_in 1.0 .* is not an int of at most 78 digits"),
    ({"amount_in": LARGEST_WEI + 1}, "at most 78 digits"),
    ({"hops": True}, "hops True .* is not an int"),
    ({"hops": 2**31}, "at most 32 bits"),
    ({"gas_units": 2**63}, "at most 64 bits"),
    ({"block_number": None}, "block_number None"),
    ({"at": math.nan}, "a time in seconds"),
    ({"at": NOON * 1000}, "a time in seconds since 1970 and before the year 10000"),
    ({"confidence": 1.01}, "a number from 0 to 1"),
    ({"confidence": math.inf}, "a finite number"),
    ({"reason": None}, "reason None .* is not text"),
    ({"reason": "\0"}, "is not text"),
    ({"reason": "\ud800"}, "UTF-8"),
    ({"venues": ["a"]}, "a tuple of texts"),
    ({"base_token": "WETH"}, "is not a Token"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_what_a_field_cannot_hold_is_refused(
    store: BookStore, change: dict[str, Any], sentence: str
) -> None:
    run_id = store.begin_run(run())
    with pytest.raises(LedgerError, match=sentence):
        store.write(step(run_id), [opportunity(run_id, **change)])
    with BookReader.of(store) as reader:
        assert reader.recent_steps() == ()


def test_settlements_are_checked_against_themselves(store: BookStore) -> None:
    run_id = store.begin_run(run())
    store.write(attempts=[attempt(run_id)])
    with pytest.raises(LedgerError, match="outcome 'won' .* is not one of included, reverted"):
        store.write(settlements=[included(outcome="won")])
    with pytest.raises(LedgerError, match="a net with an unknown part is unknown"):
        store.write(settlements=[included(gas_cost=None)])
    with pytest.raises(LedgerError, match="gross profit 101 .* is not its amount out"):
        store.write(settlements=[included(gross_profit=101)])
    with pytest.raises(LedgerError, match="counts .* is not a mapping of names to counts"):
        store.write(step(run_id, counts={"detected": -1}))


def test_the_unsettled_are_what_a_crash_left(tmp_path: Path) -> None:
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        store.write(attempts=[attempt(run_id, f"sim-{number}") for number in range(3)])
        store.write(settlements=[included("sim-1")])
    with open_book(tmp_path) as store:
        left = store.unsettled()
        assert left == [attempt(run_id, "sim-0"), attempt(run_id, "sim-2")]
        store.write(settlements=[unresolved(one.attempt_id) for one in left])
        assert store.unsettled() == []


def test_only_the_newest_observations_are_kept(tmp_path: Path) -> None:
    kept = Retention(steps=3, opportunities=4, takings=2, prices=1)
    with open_book(tmp_path, retention=kept) as store:
        run_id = store.begin_run(run())
        for number in range(10):
            store.write(
                step(run_id, number),
                [opportunity(run_id, number), opportunity(run_id, number)],
                [attempt(run_id, f"sim-{number}")],
                [included(f"sim-{number}")],
                [taking(run_id, block_number=number)],
                [price(run_id, block_number=number)],
            )
        with BookReader.of(store) as reader:
            blocks = [item.record.block_number for item in reader.recent_steps()]
            assert blocks == [9, 8, 7]
            blocks = [item.record.block_number for item in reader.recent_opportunities()]
            assert blocks == [9, 9, 8, 8]
            assert len(reader.recent_takings()) == 2
            assert len(reader.price_series("WETH/USDC")) == 1
            assert reader.trade_count() == reader.trade_count("included") == 10
            assert reader.funnel().opportunities == 20
            assert reader.takings_total().count == 10


@pytest.mark.parametrize("kept", [0, -1, 1.5, True])
def test_a_retention_that_keeps_nothing_is_refused(kept: Any) -> None:
    with pytest.raises(LedgerError, match="retention of steps"):
        Retention(steps=kept)


def test_a_token_is_described_once_it_is_known(store: BookStore) -> None:
    run_id = store.begin_run(run(native_token=None))
    nameless = Token(USDC.address)
    with BookReader.of(store) as reader:
        store.write(step(run_id), [opportunity(run_id, base_token=nameless)])
        assert reader.recent_opportunities()[0].record.base_token.decimals is None
        store.write(step(run_id), [opportunity(run_id, base_token=USDC)])
        store.write(step(run_id), [opportunity(run_id, base_token=nameless)])
        described = {item.record.base_token.symbol for item in reader.recent_opportunities()}
        assert described == {"USDC"}


def test_a_book_in_memory() -> None:
    with BookStore.open("sqlite://", Book.SIMULATION) as store:
        run_id = store.begin_run(run())
        store.write(step(run_id), attempts=[attempt(run_id)])
        with BookReader.of(store) as reader:
            assert reader.trade_count() == 1
        store.write(settlements=[included()])
        assert store.unsettled() == []


def test_runs_are_numbered_in_order(store: BookStore) -> None:
    assert [store.begin_run(run()) for _ in range(3)] == [1, 2, 3]


@settings(max_examples=15)
@given(st.integers(-(2**255), 2**255 - 1), st.integers(0, 2**256 - 1))
def test_wei_survives_the_book(net: int, amount: int) -> None:
    with scratch_book() as store:
        run_id = store.begin_run(run())
        money = {"net": SimulatedMoney(net), "gas_cost": SimulatedMoney(0)}
        store.write(
            attempts=[attempt(run_id, amount_in=amount, base_token=WETH)],
            settlements=[included(amount_out=None, gross_profit=None, **money)],
        )
        with BookReader.of(store) as reader:
            (trade,) = reader.recent_trades()
            assert trade.attempt.amount_in == amount
            assert trade.net == SimulatedMoney(net)


def test_the_record_of_a_run_names_its_feed(store: BookStore) -> None:
    replayed = RunRecord("replay", Provenance.REPLAYED, None, "blocks.json", NOON)
    store.begin_run(replayed)
    with BookReader.of(store) as reader:
        latest = reader.latest_run()
        assert latest is not None
        assert (latest.record, latest.provenance) == (replayed, Provenance.REPLAYED)
