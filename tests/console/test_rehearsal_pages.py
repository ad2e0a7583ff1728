"""The rehearsal's book on every page, and the button between simulation and rehearsal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aineon.access.roles import Role
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import RequestState, RequestTable
from aineon.primitives import Book
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.settings import load_settings
from app import state, visitors
from app.asking import Visitor
from app.components import signed_in
from tests.console import places
from tests.console.places import PAGES
from tests.console.seeing import (
    AppTest,
    open_page,
    open_settings,
    stop_the_clock,
    styles_of,
    text_of,
    turn_to,
)


@pytest.fixture
def rehearsal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console of the rehearsal's book."""
    monkeypatch.setenv("AINEON_MODE", "rehearsal")
    state.client.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def _supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")


@contextmanager
def requests(folder: Path) -> Iterator[RequestTable]:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        yield control.requests


def test_every_page_says_that_it_is_a_rehearsal(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    stop_the_clock()
    test = open_page("overview")
    for page in PAGES:
        turn_to(test, page)
        assert not test.exception, page
        text = text_of(test)
        assert f"{page.capitalize()} · Rehearsal" in text
        assert "REHEARSAL – play money" in text, page
        assert "SIMULATION" not in text, page
        assert "Engine: Running" in text, page
        assert "REHEARSAL – play money" in styles_of(test), page


def table_with(test: AppTest, *columns: str) -> list[dict[str, object]]:
    [found] = [each.value for each in test.dataframe if {*columns} <= {*each.value.columns}]
    rows: list[dict[str, object]] = found.to_dict("records")
    return rows


def test_trades_show_transaction_and_what_was_compared(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    rows = table_with(open_page("performance"), "Compared")
    assert [row["Checked"] for row in rows[1:]] == ["unverified", "differs", "verified"]
    assert [row["Outcome"] for row in rows] == ["in flight"] + ["included"] * 3
    assert rows[1]["Transaction"] == places.HASH
    assert rows[2]["Compared"] == (
        "receipts say 40000000000000000 wei, node-2 says 39000000000000000 wei"
    )
    assert all("Look up" not in row for row in rows)


@pytest.mark.parametrize("page", ["overview", "performance"])
def test_what_is_pending_stands_apart_and_in_no_sum(rehearsal: Path, page: str) -> None:
    places.busy_rehearsal(rehearsal)
    test = open_page(page)
    [row] = table_with(test, "Seen (UTC)", "Attempt")
    assert row["Figures"] == "pending"
    assert row["Outcome"] == "included, if the block stays"
    assert (row["Attempt"], row["Transaction"], row["Block"]) == ("chain-9", places.HASH, 77)
    assert test.metric[0].value == "+0.12 ETH"


def test_a_simulation_has_no_columns_of_a_chain(folder: Path) -> None:
    places.busy(folder)
    for page in ("overview", "performance"):
        columns = {name for each in open_page(page).dataframe for name in each.value.columns}
        assert not columns & {"Transaction", "Checked", "Look up", "Seen (UTC)", "Compared"}


def test_mainnet_transactions_can_be_looked_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings().model_copy(update={"mode": Book.LIVE})
    monkeypatch.setattr(state, "load_settings", lambda: settings)
    somebody = Visitor("ada", Role.ADMIN, 1)
    for module in (visitors, signed_in):
        monkeypatch.setattr(module, "visitor_of_now", lambda: somebody)
    state.client.cache_clear()
    places.beat(folder, mode="live")
    with places.open_book(folder, Book.LIVE) as store:
        places.fill_from_chain(store, chain_id=1)
    rows = table_with(open_page("performance"), "Compared")
    assert rows[1]["Look up"] == f"https://etherscan.io/tx/{places.HASH}"
    assert not [button for button in open_page("overview").button if "rehears" in button.label]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_files_say_rehearsal(rehearsal: Path, ending: str) -> None:
    places.busy_rehearsal(rehearsal)
    client = state.client()
    export = client.export(client.scope(1), ending)
    assert export.file_name.startswith("aineon-REHEARSAL-SIMULATED-trades-run1-")
    assert "rehearsal" in export.text()


def test_balances_name_no_token_of_another_chain(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    assert "USDC" not in [row["Token"] for row in table_with(open_page("performance"), "Exact")]


def test_nodes_and_the_emergency_stop(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    test = open_page("risk")
    assert [row["State"] for row in table_with(test, "Node")] == ["healthy", "stale"]
    assert "Not set in the control database" in text_of(test)
    places.latch(rehearsal, "the nonces do not agree")
    state.client().memory.clear()
    text = text_of(open_page("risk"))
    assert "the nonces do not agree (by operator" in text
    assert "Nothing is signed or sent" in text


def test_an_emergency_stop_that_cannot_be_read_counts_as_set(folder: Path) -> None:
    places.no_database(folder)
    assert "counts as set, because it cannot be read" in text_of(open_page("risk"))


def test_an_engine_of_another_mode_lends_no_figures(folder: Path) -> None:
    places.busy(folder)
    places.beat(folder, mode="rehearsal", pools=4711)
    test = open_page("overview")
    text = text_of(test)
    assert "Engine: Other mode" in text
    assert "last heard of in rehearsal; this is the book of simulation" in text
    assert "4,711" not in text


# --- the button ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["overview", "settings"])
def test_the_button_asks_for_the_rehearsal(folder: Path, page: str) -> None:
    places.busy(folder)
    test = open_page(page) if page == "overview" else open_settings("Mode")
    test.button(key=f"rehearse_{page}").click().run()
    assert not test.exception
    with requests(folder) as table:
        [waiting] = table.waiting()
    assert waiting.mode == "rehearsal"
    assert "asked for the rehearsal" in text_of(test)
    assert test.button(key=f"rehearse_{page}").disabled


def test_the_button_of_a_rehearsal_leads_back(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    test = open_page("overview")
    test.button(key="simulate_overview").click().run()
    with requests(rehearsal) as table:
        [waiting] = table.waiting()
    assert waiting.mode == "simulation"


def test_a_refused_request_says_why_and_can_be_made_again(folder: Path) -> None:
    places.busy(folder)
    with requests(folder) as table:
        number = table.ask("rehearsal", "anna", time.time())
        table.answer(number, RequestState.REFUSED, "npm is not at hand", time.time())
    test = open_settings("Mode")
    assert "The rehearsal could not be had: npm is not at hand." in text_of(test)
    assert not test.button(key="rehearse_settings").disabled


def test_what_is_being_made_ready_is_said(folder: Path) -> None:
    places.busy(folder)
    with requests(folder) as table:
        table.take(table.ask("rehearsal", "anna", time.time()), "its chain is built", time.time())
    test = open_page("overview")
    said = r"anna asked for the rehearsal \d+ s ago: its chain is built\."
    assert re.search(said, text_of(test))


def test_a_request_that_nobody_sees_to_is_said(folder: Path) -> None:
    places.busy(folder)
    with requests(folder) as table:
        table.ask("rehearsal", "anna", time.time() - 30)
    assert "nobody has seen to it yet" in text_of(open_page("overview"))


def test_without_a_supervisor_the_button_rests(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SUPERVISED_VARIABLE)
    places.busy(folder)
    test = open_page("overview")
    assert test.button(key="rehearse_overview").disabled
    assert "where aineon up" in text_of(test).replace("`", "")


def test_live_mode_is_not_offered_to_whoever_has_not_signed_in(folder: Path) -> None:
    places.busy(folder)
    shown = open_settings("Mode")
    assert "Real money takes somebody who has signed in" in text_of(shown)
    assert not [button for button in shown.button if button.label == "Go live"]


def test_accounts_are_shown_with_what_the_chain_said_of_them(rehearsal: Path) -> None:
    places.busy_rehearsal(rehearsal)
    test = open_page("performance")
    accounts = {row["Account"]: row for row in table_with(test, "Account", "Smallest units")}
    assert accounts["expense:gas"]["Token"] == "ETH"
    assert accounts["expense:gas"]["Entries"] == 3
    assert "Not compared with the chain yet." in text_of(test)
