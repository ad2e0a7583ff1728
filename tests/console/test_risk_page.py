"""The Risk page: breaker with history, limits with headroom, anomalies, exposure and figures."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import ExposureTold, LimitTold, ReadingTold, RiskTold
from aineon.primitives import Book, ManualClock
from aineon.runtime.settings import load_settings
from aineon.runtime.stop_desk import latch
from aineon.safety import Breaker, BreakerState
from app import state
from app.components.attention import needs_of
from app.condition import condition_of
from tests.console import places
from tests.console.seeing import charts_of, open_page, text_of
from tests.ledger import booked

ETHER = 10**18
RISK = RiskTold(
    breaker="running",
    reason="",
    limits=(
        LimitTold("max_daily_loss_wei", "0.25 ETH", "0.75 ETH", 0.25),
        LimitTold("max_attempts_per_minute", "7 made", "53 more"),
    ),
    readings=(
        ReadingTold("gas_price", "degraded", "the base fee of 40 gwei is +14.0 deviations"),
        ReadingTold("head_lag", "running", "the newest head is 2 s old"),
    ),
    exposure=(ExposureTold("token", "WETH", 3 * ETHER), ExposureTold("venue", "curve", ETHER)),
    resting=("0x77 jumped by 100 % in price",),
    depths=40,
    depth_median=0.0123,
    depth_worst=0.25,
)


def move(folder: Path, *moves: tuple[BreakerState, str, str]) -> None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        breaker = Breaker(control.breaker(Book.SIMULATION), ManualClock(1_800_000_000.0))
        for state, cause, reason in moves:
            breaker.move(state, cause, reason, "risk")


def table_with(test: Any, column: str) -> list[dict[str, Any]]:
    [found] = [each.value for each in test.dataframe if column in each.value.columns]
    rows: list[dict[str, Any]] = found.to_dict("records")
    return rows


def test_a_breaker_that_never_moved_is_running(folder: Path) -> None:
    places.busy(folder)
    test = open_page("risk")
    assert not test.exception
    assert "Running." in text_of(test)
    assert not [each for each in test.dataframe if "Cause" in each.value.columns]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (BreakerState.DEGRADED, "twice the minimum profit, at half the size"),
        (BreakerState.PAUSED, "it goes on by itself once the reason is gone"),
        (BreakerState.HALTED, "until somebody has looked into the damage"),
    ],
)
def test_each_state_is_said_with_its_reason_and_history(
    folder: Path, state: BreakerState, words: str
) -> None:
    places.busy(folder)
    moves = [(state, "cause", "figures and limit")]
    move(folder, *moves)
    test = open_page("risk")
    text = text_of(test)
    assert f"{state.value.capitalize()}." in text
    assert words in text
    [row] = table_with(test, "Cause")
    assert (row["From"], row["To"], row["Cause"], row["By"]) == (
        "running",
        state.value,
        "cause",
        "risk",
    )


def test_a_breaker_that_cannot_be_read_counts_as_paused(folder: Path) -> None:
    places.busy(folder)
    with sqlite3.connect(folder / "control.db") as connection:
        connection.execute("DROP TABLE breaker_changes")
    connection.close()
    assert "It counts as paused, because its state cannot be read" in text_of(open_page("risk"))


def test_limits_are_told_with_what_is_used_and_left(folder: Path) -> None:
    places.busy(folder)
    places.beat(folder, risk=RISK)
    rows = {row["Limit"]: row for row in table_with(open_page("risk"), "Headroom")}
    assert (rows["Maximum daily loss"]["In force"], rows["Maximum daily loss"]["Now"]) == (
        "1 ETH",
        "0.25 ETH",
    )
    assert rows["Maximum daily loss"]["Headroom"] == "0.75 ETH"
    assert rows["Attempts a minute"]["Headroom"] == "53 more"
    assert rows["Maximum price impact"]["Now"] == "each hop of an opportunity"
    assert rows["Maximum daily loss"]["Used"] == pytest.approx(25.0)
    assert rows["Attempts in flight"]["Used"] == pytest.approx(100 / 3)
    assert rows["Maximum gas price"]["Used"] == pytest.approx(26.0, abs=5)
    assert rows["Denied tokens"]["Now"] == "each token of a route"


def test_limits_on_each_attempt_name_the_one_that_came_closest(folder: Path) -> None:
    places.busy(folder)
    with places.open_book(folder) as store:
        expected = {"expected_net_wei": 20 * places.MILLI, "confidence": 0.8}
        store.write(attempts=[booked.attempt(1, "sim-c", amount_in=100 * ETHER, **expected)])
    rows = {row["Limit"]: row for row in table_with(open_page("risk"), "Headroom")}
    assert rows["Maximum position"]["Now"] == "largest attempted 100 ETH"
    assert rows["Maximum position"]["Used"] == pytest.approx(10.0)
    assert rows["Confidence threshold"]["Now"] == "least attempted 0.800"
    assert rows["Confidence threshold"]["Used"] == pytest.approx(87.5)


def test_slippage_names_what_was_expected_and_what_came_of_it(folder: Path) -> None:
    places.busy(folder)
    test = open_page("risk")
    assert "were expected to leave" in text_of(test)
    assert "slippage" in charts_of(test)


def test_anomalies_and_exposure(folder: Path) -> None:
    places.busy(folder)
    places.beat(folder, risk=RISK)
    test = open_page("risk")
    states = [(row["Watched"], row["State"]) for row in table_with(test, "Watched")]
    assert states == [("gas price", "rough"), ("head lag", "fine"), ("pool jump", "left alone")]
    assert [(row["Name"], row["Worth"]) for row in table_with(test, "Worth")] == [
        ("WETH", "3 ETH"),
        ("curve", "1 ETH"),
    ]
    assert "the newest 40 attempts took 1.23% of a pool's depth" in text_of(test)


def test_figures_below_their_sample_are_a_dash_with_what_is_needed(folder: Path) -> None:
    places.busy(folder)
    boxes = {box.label: (box.value, box.delta) for box in open_page("risk").metric}
    assert boxes["Value at risk (95 %)"] == (
        "—",
        "2 trades, simulated, without 1 not known; 100 are needed",
    )
    assert boxes["Daily value at risk"][0] == "—"
    assert boxes["Slippage"] == ("—", "1 included, simulated; 20 are needed")


def test_figures_of_a_larger_book(folder: Path) -> None:
    """Control: with a large enough sample the boxes are filled."""
    places.busy(folder)
    with places.open_book(folder) as store:
        run = store.begin_run(booked.run(detail=""))
        for number in range(120):
            booked.trade(store, run, booked.reverted(f"sim-x{number}", gas=places.MILLI))
    boxes = {box.label: (box.value, box.delta) for box in open_page("risk").metric}
    assert boxes["Value at risk (95 %)"] == ("0.001 ETH", "120 trades, simulated")
    assert boxes["Expected shortfall"][0] == "0.001 ETH"


def test_a_stop_by_file_is_seen(folder: Path) -> None:
    places.busy(folder)
    (folder / "STOP").write_text("the power is out\n", encoding="utf-8")
    assert "Set: the power is out" in text_of(open_page("risk"))


def test_a_stop_that_is_kept_in_two_places_is_told_once(folder: Path) -> None:
    places.busy(folder)
    latch(load_settings(), "a doubt", "anna")
    test = open_page("risk")
    [told] = [each.value for each in test.error if "a doubt" in each.value]
    assert "in file and database" in told
    client = state.client()
    needs = needs_of(client, condition_of(client), None)
    assert [each.words for each in needs if "doubt" in each.words] == [
        "The emergency stop is set: a doubt (by anna)."
    ]
