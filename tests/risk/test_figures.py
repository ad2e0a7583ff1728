"""Risk figures: by their definitions, on what the book holds, and None where that is too little."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import Provenance, SimulatedMoney
from aineon.risk.figures import (
    LEAST_DAYS,
    LEAST_LANDED,
    LEAST_TRADES,
    NEWEST_TRADES,
    RiskFigures,
    risk_figures,
    tail_of,
)
from tests.ledger import booked

DAY = 86_400
NOW = booked.NOON


@given(st.lists(st.integers(-(10**20), 10**20), min_size=1, max_size=300))
def test_the_tail_is_the_definition(nets: list[int]) -> None:
    at_risk, shortfall = tail_of(nets)
    worst = sorted(nets)[: max(1, len(nets) * 5 // 100)]
    assert at_risk == -max(worst)
    # The mean loss, rounded up: never told smaller than it is.
    assert (shortfall - 1) * len(worst) < -sum(worst) <= shortfall * len(worst)
    assert shortfall >= at_risk


def figures_of(store: BookStore, run: int | None = None, now: float = NOW) -> RiskFigures:
    reader = BookReader.of(store)
    try:
        return risk_figures(reader, reader.scope(run), now)
    finally:
        reader.close()


def lose(store: BookStore, run: int, losses: list[int], apart: float = 1.0) -> None:
    """Book reverts that cost so much gas, the newest last, ending now."""
    for number, loss in enumerate(losses):
        at = NOW - (len(losses) - number) * apart
        name = f"sim-{run}-{number}"
        booked.trade(store, run, booked.reverted(name, gas=loss, settled_at=at))


def test_nothing_is_told_of_too_few_trades(tmp_path: Path) -> None:
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        lose(store, run, [10] * (LEAST_TRADES - 1))
        few = figures_of(store).trades
        lose(store, store.begin_run(booked.run()), [10])
        enough = figures_of(store).trades
    assert (few.sample, few.value_at_risk, few.expected_shortfall) == (LEAST_TRADES - 1, None, None)
    # Control: one more, and there is a figure.
    assert enough.value_at_risk == enough.expected_shortfall == SimulatedMoney(10)


def test_value_at_risk_and_expected_shortfall_of_trades(tmp_path: Path) -> None:
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        lose(store, run, list(range(1, 201)))
        booked.trade(store, run, booked.unresolved("sim-x", settled_at=NOW))
        found = figures_of(store, run)
    # The ten worst of 200 lost 191 to 200.
    assert found.trades.value_at_risk == SimulatedMoney(191)
    assert found.trades.expected_shortfall == SimulatedMoney(196)
    assert (found.trades.sample, found.trades.unknown) == (200, 1)
    assert (found.run_id, found.provenance) == (run, Provenance.SIMULATED)


def test_only_the_newest_trades_count(tmp_path: Path) -> None:
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        lose(store, run, [10**9] * 50 + [5] * NEWEST_TRADES)
        assert figures_of(store).trades.value_at_risk == SimulatedMoney(5)


def test_days_count_whole_ones_and_quiet_ones(tmp_path: Path) -> None:
    midnight = NOW // DAY * DAY
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        for back, loss in ((LEAST_DAYS, 7), (30, 100), (5, 300), (0, 10**9)):
            at = midnight - back * DAY + 60
            booked.trade(store, run, booked.reverted(f"sim-{back}", gas=loss, settled_at=at))
        found = figures_of(store).days
        earlier = figures_of(store, now=NOW - DAY).days
    # Three days of sixty are the tail; today is not over and is left out.
    assert found.sample == LEAST_DAYS
    assert found.value_at_risk == SimulatedMoney(7)
    assert found.expected_shortfall == SimulatedMoney(136)
    # Control: a day earlier there was one too few.
    assert (earlier.sample, earlier.value_at_risk) == (LEAST_DAYS - 1, None)


@pytest.mark.parametrize("count", [LEAST_LANDED - 1, LEAST_LANDED])
def test_slippage_is_what_was_kept_less_than_predicted(tmp_path: Path, count: int) -> None:
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        plain = booked.attempt(run)
        for number in range(count):
            name = f"sim-{number}"
            # The expected profit is after the flash fee; ten basis points of the input are missing.
            lost = plain.amount_in // 1000
            settled = booked.included(
                name, gross=plain.expected_profit + 5 - lost, flash_fee=5, settled_at=NOW
            )
            booked.trade(store, run, settled)
        found = figures_of(store).slippage
    assert found.sample == count
    if count < LEAST_LANDED:
        assert (found.median_bps, found.worst_bps) == (None, None)
    else:
        assert found.median_bps == pytest.approx(10.0)
        assert found.worst_bps == pytest.approx(10.0)
    assert plain.expected_net_wei is not None
    assert found.predicted == SimulatedMoney(count * plain.expected_net_wei)


def test_an_empty_book_tells_nothing(tmp_path: Path) -> None:
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run())
        found = figures_of(store, run)
    assert found.trades.value_at_risk is None
    assert found.days.value_at_risk is None
    assert (found.slippage.sample, found.slippage.realised) == (0, None)
