"""Every page in every state: no error, the right words, and the mesh."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from aineon.access.roles import Role
from aineon.ledger.periods import Period
from aineon.primitives import Book
from aineon.runtime.settings import load_settings
from app import state, visitors
from app.asking import Visitor
from app.components import periods, signed_in
from tests.console import places
from tests.console.places import PAGES
from tests.console.seeing import open_page, stop_the_clock, styles_of, text_of, turn_to
from tests.ledger.booked import near_miss, open_book, run, step

STATES = MappingProxyType(
    {
        "absent": (places.absent, "Not started", "aineon up"),
        "empty": (places.empty, "Starting", "The engine starts"),
        "warming up": (places.warming_up, "Warming up", "40 of 100 blocks"),
        "busy": (places.busy, "Engine: Running", "Heartbeat"),
        "stale": (places.quiet(10), "Stale", "from 15 s on it counts as down"),
        "down": (places.quiet(300), "Down", "silent for 5 min"),
        "finished": (places.ended("finished"), "Finished", "the figures below are final"),
        "stopped": (places.ended("stopped"), "Stopped", "Start AINEON again"),
        "failed": (places.ended("failed", "disk full"), "Failed", "disk full"),
        "paused": (places.paused("No node answers."), "Engine: Paused", "No node answers"),
        "no database": (places.no_database, "Unknown", "is not a database"),
    }
)
READS_BOOK = tuple(page for page in PAGES if page != "settings")


@pytest.mark.parametrize("name", STATES)
def test_every_page_says_how_things_are(folder: Path, name: str) -> None:
    prepare, word, words = STATES[name]
    prepare(folder)
    stop_the_clock()
    test = open_page("overview")
    for page in PAGES:
        turn_to(test, page)
        assert not test.exception, page
        text = text_of(test)
        assert word in text, page
        assert words in text, page
        assert f"{page.capitalize()} · Simulated" in text
        assert "SIMULATION – play money" in text, page
        assert "aineon-mesh" in styles_of(test), page
        assert "Traceback" not in text, page


def test_without_a_book_pages_say_so_and_show_no_figure(folder: Path) -> None:
    test = open_page("overview")
    for page in READS_BOOK:
        turn_to(test, page)
        assert "There is no book yet" in text_of(test), page
        assert not test.metric, page


@pytest.mark.usefixtures("locked_book")
def test_a_locked_book_is_said_in_words(folder: Path) -> None:
    stop_the_clock()
    test = open_page("overview")
    for page in READS_BOOK:
        turn_to(test, page)
        assert not test.exception, page
        text = text_of(test)
        assert "The book cannot be read now" in text, page
        assert "is locked by another program" in text, page
        assert "Engine: Running" in text, page


@pytest.fixture
def locked_book(folder: Path) -> Iterator[None]:
    places.busy(folder)
    with sqlite3.connect(folder / "simulation.db", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    connection.close()


def test_the_empty_book_shows_no_invented_figure(folder: Path) -> None:
    places.empty(folder)
    boxes = {box.label: box.value for box in open_page("overview").metric}
    assert boxes["Net of the run"] == "0 ETH"
    for unknown in ("Success rate", "Head block", "Base fee"):
        assert boxes[unknown] == "—"
    assert "No run has been recorded yet" in text_of(open_page("overview"))


def test_overview_shows_the_figures_of_the_run(folder: Path) -> None:
    places.busy(folder)
    test = open_page("overview")
    boxes = {box.label: (box.value, box.delta) for box in test.metric}
    assert boxes["Net of the run"] == ("+0.037 ETH", "gain, simulated")
    assert boxes["Success rate"][0] == "50.0%"
    assert boxes["Success rate"][1] == "1 included, 1 reverted, 0 missed, 1 unresolved"
    assert boxes["Attempts in flight"] == ("1", "at most 3")
    assert boxes["Base fee"][0] == "12 gwei"
    text = text_of(test)
    assert "Run 1 (the latest run)" in text
    assert "Profit below the minimum" in text
    assert "net 4 wei is below 0.01 ETH" in text
    assert "in flight" in text


def test_what_is_not_known_is_never_zero(folder: Path) -> None:
    places.busy(folder)
    trades = open_page("performance").dataframe[-1].value
    row = trades[trades["Outcome"] == "unresolved"].iloc[0]
    assert row["Net (ETH)"] is None
    assert row["Gas (ETH)"] is None
    boxes = {box.label: box.delta for box in open_page("performance").metric}
    assert "without 1 not known" in boxes["Net profit"]
    assert "without 1 not known" in boxes["Gas paid"]


def test_amounts_of_tables_are_exact(folder: Path) -> None:
    places.busy(folder)
    trades = open_page("performance").dataframe[-1].value
    row = trades[trades["Attempt"] == "sim-1"].iloc[0]
    assert str(row["Net (ETH)"]) == "0.040000000000000000"
    assert row["Net (wei)"] == "40000000000000000"
    assert row["Figures"] == "simulated"


def test_figures_are_of_the_latest_run_unless_another_is_chosen(folder: Path) -> None:
    places.busy(folder)
    with places.open_book(folder) as store:
        places.fill_nothing(store)
    test = open_page("overview")
    assert "Run 2 (the latest run)" in text_of(test)
    assert test.metric[0].value == "0 ETH"
    test.selectbox(key="run").select("Run 1").run()
    assert "Run 1 (an earlier choice)" in text_of(test)
    assert test.metric[0].value == "+0.037 ETH"
    test.selectbox(key="run").select("All runs").run()
    assert "count it more than once" in text_of(test)


def test_filters_of_opportunities(folder: Path) -> None:
    places.busy(folder)
    test = open_page("opportunities")
    assert "2 of the newest 2 opportunities" in text_of(test)
    test.selectbox(key="venue").select("sushiswap").run()
    assert "2 of the newest 2 opportunities" in text_of(test)
    assert test.selectbox(key="gate").options == ["Any", "Profit below the minimum"]


@pytest.mark.parametrize("period", ["Last hour", "Last 24 hours", "Last 7 days", "Last 30 days"])
def test_periods_of_performance(folder: Path, period: str) -> None:
    places.busy(folder)
    test = open_page("performance")
    test.button_group(key="period").set_value(period).run()
    assert not test.exception
    assert test.metric[0].value == "+0.037 ETH"


def test_another_period_draws_the_files_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places.busy(folder)
    pick, steps = periods.pick, []

    def picking() -> Period:
        steps.append("pick")
        return pick()

    def renewing(_: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
        def marked(body: Callable[[], None]) -> Callable[[], None]:
            return lambda: (steps.append("begin"), body(), steps.append("end"))[1]

        return marked

    monkeypatch.setattr(periods, "pick", picking)
    monkeypatch.setattr("app.components.live.live", renewing)
    test = open_page("performance")
    # In what renews itself it would draw that alone, and leave the files below as they were.
    assert steps[-3:] == ["pick", "begin", "end"]
    test.button_group(key="period").set_value("Last hour").run()
    assert "of the period that is picked: last hour" in text_of(test)


def test_settings_show_every_parameter_and_no_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_GAS_PRICE", "33")
    monkeypatch.setenv("ETHERSCAN_API_KEY", "a-secret-that-nobody-sees")
    places.absent(folder)
    state.client.cache_clear()
    text = text_of(open_page("settings"))
    for parameter in places.PARAMETERS.values():
        assert parameter.env in text
    assert "33 gwei" in text
    assert "a-secret-that-nobody-sees" not in text
    assert "known to the engine only" in text


def test_withdrawals_offer_nothing_to_press(folder: Path) -> None:
    places.busy(folder)
    test = open_page("withdrawals")
    assert "Nothing can be withdrawn in simulation" in text_of(test)
    assert [button.key for button in test.button] == ["open_stop_head", "open_stop"]


@pytest.mark.parametrize(
    ("engine_mode", "has_mesh"), [("live", False), ("simulation", True), (None, True)]
)
def test_the_mesh_goes_only_where_book_and_engine_are_live(
    folder: Path, live_console: Callable[[], None], engine_mode: str | None, *, has_mesh: bool
) -> None:
    if engine_mode is not None:
        places.beat(folder, mode=engine_mode)
    places.open_book(folder, Book.LIVE).close()
    live_console()
    test = open_page("overview")
    assert not test.exception
    assert ("aineon-mesh" in styles_of(test)) is has_mesh
    assert ("aineon-live" in styles_of(test)) is not has_mesh
    said = text_of(test)
    assert ("not confirmed by the engine" in said) is has_mesh
    assert ("Live, not confirmed" in said) is has_mesh
    assert "play money" not in said
    assert "Simulated" not in said


def test_a_live_engine_does_not_take_the_mesh_off_a_simulation(folder: Path) -> None:
    places.beat(folder, mode="live")
    assert "aineon-mesh" in styles_of(open_page("overview"))


@pytest.fixture
def live_console(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No settings are allowed to say live yet, so a test has to write it into them."""

    def make() -> None:
        settings = load_settings().model_copy(update={"mode": Book.LIVE})
        monkeypatch.setattr(state, "load_settings", lambda: settings)
        somebody = Visitor("ada", Role.ADMIN, 1)
        for module in (visitors, signed_in):
            monkeypatch.setattr(module, "visitor_of_now", lambda: somebody)
        state.client.cache_clear()

    return make


def test_near_misses_are_shown_with_what_was_missing(folder: Path) -> None:
    places.busy(folder)
    with open_book(folder) as store:
        run_id = store.begin_run(run())
        store.write(
            step(run_id, 1),
            near_misses=[
                near_miss(run_id, 1, rate=0.9985),
                near_miss(run_id, 1, rate=0.9999, amount_in=None, gas_cost=None),
            ],
        )
    test = open_page("opportunities")
    assert not test.exception
    [shown] = [each.value for each in test.dataframe if "Short by" in each.value.columns]
    assert shown["Short by"].tolist() == pytest.approx([1.0, 15.0])
    assert shown["Why not"].tolist() == [near_miss(run_id, 1).reason] * 2
