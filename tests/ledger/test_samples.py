"""Samples: what was judged is kept as it was, and nobody learns from a market's future."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aineon.errors import LedgerError, LedgerNotFound, MixedBooks
from aineon.ledger import samples
from aineon.ledger.records import OpportunityRecord, SampleRecord
from aineon.ledger.retention import Retention
from aineon.ledger.samples import MarketSeen, SampleTable
from aineon.ledger.store import BookStore
from aineon.primitives import Provenance
from tests.ledger.booked import (
    ETHER,
    NOON,
    book_url,
    open_book,
    opportunity,
    reader_of,
    run,
    scratch_book,
    step,
)

SET = "0123456789abcdef"


def sample(run_id: int, minute: int, **changes: Any) -> SampleRecord:
    plain = SampleRecord(
        run_id=run_id,
        block_number=5 * minute,
        at=NOON + 60 * minute,
        known_at=NOON + 60 * minute + 12,
        pair="USDC/WETH",
        vector=struct.pack("<3d", minute, float("nan"), -0.1),
        feature_set=SET,
        net_wei=ETHER // 100,
        gas_wei=ETHER // 1000,
        needed_payment_wei=ETHER // 300,
        reachable=True,
        won=None,
        offered_bps=None,
        censored=False,
        decided_by="table",
        lands=0.25,
        provenance=Provenance.SIMULATED,
    )
    return replace(plain, **changes)


def begun(store: BookStore, *minutes: int, **changes: Any) -> int:
    """Begin a run, and book a sample of it for each of these minutes."""
    number = store.begin_run(run(**changes))
    store.write(step(number), samples=[sample(number, minute) for minute in minutes])
    return number


def minutes_of(store: BookStore, until: int, limit: int = 100, **changes: Any) -> list[int]:
    market = MarketSeen.of(run(**changes), NOON + 60 * until)
    found = SampleTable.of(store).newest(market, SET, limit)
    return [each.block_number // 5 for each in found]


def test_a_sample_comes_back_as_it_was() -> None:
    with scratch_book() as store:
        number = store.begin_run(run())
        told = [
            sample(number, 1),
            sample(number, 2, needed_payment_wei=None, reachable=False, won=False, offered_bps=900),
            sample(number, 3, gas_wei=None, lands=None, censored=True, won=True, reachable=True),
        ]
        store.write(step(number), samples=told)
        market = MarketSeen.of(run(), NOON + 3600)
        assert list(SampleTable.of(store).newest(market, SET, 10)) == told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lands": 1.5}, "lands 1.5 of a SampleRecord is not a number from 0 to 1"),
        ({"vector": "nan"}, "vector 'nan' of a SampleRecord is not a bytes"),
        ({"known_at": -1.0}, "known_at"),
        ({"net_wei": 0.5}, "net_wei 0.5"),
    ],
)
def test_what_is_no_sample_is_refused(changes: dict[str, Any], words: str) -> None:
    with scratch_book() as store:
        number = store.begin_run(run())
        with pytest.raises(LedgerError, match=words):
            store.write(step(number), samples=[sample(number, 1, **changes)])


def test_a_live_sample_never_gets_into_the_simulation_book() -> None:
    with scratch_book() as store:
        number = store.begin_run(run())
        with pytest.raises(MixedBooks):
            store.write(step(number), samples=[sample(number, 1, provenance=Provenance.LIVE)])


def test_what_is_not_known_yet_is_not_read() -> None:
    with scratch_book() as store:
        begun(store, 1, 2, 3, 4)
        assert minutes_of(store, until=3) == [1, 2], "the third was known 12 seconds later"
        assert minutes_of(store, until=60) == [1, 2, 3, 4]
        assert minutes_of(store, until=60, limit=2) == [3, 4], "the newest, oldest first"


def test_who_reads_slowly_holds_no_transaction_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "PAGE", 2)
    with scratch_book() as store:
        begun(store, *range(1, 8))
        table = SampleTable.of(store)
        market = MarketSeen.of(run(), NOON + 3600)
        open_ones: list[str] = []
        event.listen(store.engine, "begin", lambda _: open_ones.append("begun"))
        for ended in ("commit", "rollback"):
            event.listen(store.engine, ended, lambda _: open_ones.pop())
        found = []
        for each in table.newest(market, SET, 6):
            found.append(each.block_number // 5)
            assert open_ones == [], f"after {found}"
        assert found == [2, 3, 4, 5, 6, 7]


def test_where_two_runs_saw_the_same_blocks_the_newer_one_counts() -> None:
    with scratch_book() as store:
        first = begun(store, 1, 2, 3, 4, 5)
        second = begun(store, 4, 5, 6)
        market = MarketSeen.of(run(), NOON + 3600)
        found = [(each.run_id, each.block_number // 5) for each in SampleTable.of(store).newest(
            market, SET, 100
        )]  # fmt: skip
        assert found == [(first, 1), (first, 2), (first, 3), (second, 4), (second, 5), (second, 6)]


def test_a_run_that_begins_anew_learns_nothing_from_its_own_future() -> None:
    with scratch_book() as store:
        begun(store, 1, 2, 3, 4, 5)
        assert minutes_of(store, until=0) == []


@pytest.mark.parametrize(
    "other", [{"seed": 8}, {"seed": None}, {"feed": "chain"}, {"detail": "another recording"}]
)
def test_another_market_is_not_learned_from(other: dict[str, Any]) -> None:
    with scratch_book() as store:
        begun(store, 1, 2)
        assert minutes_of(store, until=60, **other) == []
        begun(store, 7, **other)
        assert minutes_of(store, until=60, **other) == [7]
        assert minutes_of(store, until=60) == [1, 2]


def test_samples_of_other_features_are_left_alone() -> None:
    with scratch_book() as store:
        number = begun(store, 1)
        store.write(step(number, 2), samples=[sample(number, 2, feature_set="another")])
        assert minutes_of(store, until=60) == [1]


def test_the_newest_sample_names_the_market_and_its_time() -> None:
    with scratch_book() as store:
        table = SampleTable.of(store)
        assert table.market() is None
        assert table.count() == (0, 0)
        begun(store, 9)
        begun(store, 2, seed=8)
        assert table.market() == MarketSeen("sandbox", 8, "seeded", NOON + 132)
        assert table.count() == (2, 2)
        assert table.count(after=1) == (1, 2)
        assert table.count(after=2) == (0, 2)


def test_the_oldest_samples_go_when_there_are_too_many(tmp_path: Path) -> None:
    with open_book(tmp_path, retention=Retention(samples=3)) as store:
        begun(store, 1, 2, 3, 4, 5)
        assert minutes_of(store, until=60) == [3, 4, 5]


def test_a_book_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotFound):
        SampleTable.open(book_url(tmp_path))
    with open_book(tmp_path) as store:
        begun(store, 1)
    with SampleTable.open(book_url(tmp_path)) as table:
        assert table.count() == (1, 1)


SCORED: dict[str, Any] = {
    "lands": 0.4,
    "bid_bps": 6000,
    "expected_net_wei": -5,
    "band_low_wei": -7,
    "band_high_wei": 40,
    "decided_by": "mean",
    "decision_words": "every bid costs more than it brings",
    "reasons": {"rsi_14": -0.2, "log_net": 0.1},
    "regime": "quiet",
    "model_version": "20260101T000000Z-0123456789ab",
}


def test_what_the_optimizer_thought_comes_back_with_the_opportunity() -> None:
    with scratch_book() as store:
        number = store.begin_run(run())
        told: list[OpportunityRecord] = [
            opportunity(number, 1),
            opportunity(number, 2, **SCORED),
        ]
        store.write(step(number), opportunities=told)
        found = [each.record for each in reader_of(store).recent_opportunities()]
    assert found[::-1] == told
    assert list(found[0].reasons or ()) == ["rsi_14", "log_net"], "the strongest stays first"
