"""The words of the Performance page: falls with their dates, and how profit varies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aineon.ledger.figures import Drawdown, Sharpe
from aineon.primitives import Book, Provenance, SimulatedMoney
from app.components.performance import fall_words, sharpe_words
from tests.console import places
from tests.console.seeing import open_page, text_of

WEI = SimulatedMoney
NOON = 1_800_014_400.0
FALL = Drawdown(
    book=Book.SIMULATION,
    provenance=Provenance.SIMULATED,
    run_id=1,
    net=WEI(0),
    peak=WEI(10**18),
    current=WEI(0),
    deepest=WEI(10**17),
    deepest_from=NOON,
    deepest_at=NOON + 3600,
    recovered_at=None,
    peak_at=NOON,
)
SHARPE = Sharpe(
    Book.SIMULATION, Provenance.SIMULATED, 1, "day", 34, 10, 1.0, 2.0, 0.5, 9.552, unknown=0
)


def test_a_fall_is_told_with_its_dates() -> None:
    assert fall_words(replace(FALL, deepest_at=None)) == "it never fell below a peak"
    told = fall_words(FALL)
    assert told.startswith("deepest fall 0.1")
    assert "12:00" in told
    assert "13:00" in told
    assert told.endswith("not made good yet")
    assert "from the start to" in fall_words(replace(FALL, deepest_from=None))
    assert "made good at" in fall_words(replace(FALL, recovered_at=NOON + 7200))


def test_a_sharpe_ratio_says_of_what() -> None:
    words = "Sharpe ratio 0.500 by day, over 34 whole days (9.55 annualised)"
    assert sharpe_words(SHARPE) == words
    unknown = sharpe_words(replace(SHARPE, bucket="hour", buckets=3, ratio=None, annualised=None))
    assert "3 whole hours have ended, and at least 10" in unknown


def test_the_page_shows_strategy_runs(folder: Path) -> None:
    places.busy(folder)
    test = open_page("performance")
    assert not test.exception
    assert "Strategy runs" in text_of(test)
    assert "Sharpe ratio" in text_of(test)
    tables = [each.value for each in test.dataframe]
    assert any("Strategy run" in table.columns for table in tables)
