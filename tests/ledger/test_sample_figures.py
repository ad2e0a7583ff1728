"""What the samples of a book come to, by run and by who decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aineon.ledger.reading import BookReader
from aineon.ledger.records import SampleRecord
from aineon.ledger.sample_figures import sample_figures
from aineon.ledger.store import BookStore
from aineon.primitives import Book, Provenance
from tests.ledger import booked


def sample(run_id: int, **changes: Any) -> SampleRecord:
    plain = SampleRecord(
        run_id=run_id,
        block_number=40,
        at=booked.NOON,
        known_at=booked.NOON + 12,
        pair="USDC/WETH",
        vector=b"\0" * 8,
        feature_set="aa",
        net_wei=10**16,
        gas_wei=10**15,
        needed_payment_wei=10**15,
        reachable=True,
        won=None,
        offered_bps=None,
        censored=False,
        decided_by="rule",
        lands=None,
        provenance=Provenance.SIMULATED,
    )
    return replace(plain, **changes)


def test_samples_are_counted_by_what_is_known_of_them() -> None:
    store = BookStore.open("sqlite://", Book.SIMULATION)
    first, second = store.begin_run(booked.run()), store.begin_run(booked.run())
    bound = {"censored": True, "offered_bps": 9_000}
    unreached = {"needed_payment_wei": None, "reachable": False}
    store.write(
        samples=[
            sample(first),
            sample(first, **unreached, won=False, offered_bps=5_000, known_at=booked.NOON + 99),
            sample(first, **bound, won=True, decided_by="table", lands=0.4),
            sample(first, needed_payment_wei=None, reachable=None),
            sample(second, decided_by="table"),
        ]
    )
    reader = BookReader.of(store)
    found = sample_figures(reader, reader.scope(first))
    assert (found.samples, found.known, found.bounded) == (4, 2, 1)
    assert (found.attempted, found.won) == (2, 1)
    assert found.deciders == {"rule": 3, "table": 1}
    assert (found.oldest, found.newest) == (booked.NOON + 12, booked.NOON + 99)
    assert found.provenance is Provenance.SIMULATED
    everything = sample_figures(reader, reader.scope(None))
    assert (everything.samples, everything.run_id) == (5, None)


def test_a_run_without_samples_has_no_times() -> None:
    store = BookStore.open("sqlite://", Book.SIMULATION)
    run = store.begin_run(booked.run())
    reader = BookReader.of(store)
    found = sample_figures(reader, reader.scope(run))
    assert (found.samples, found.deciders) == (0, {})
    assert found.oldest is None
    assert found.newest is None
