"""What needs the operator: each thing is named, with the page it is looked into on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import NodeTold, ReadingTold, RiskTold
from aineon.primitives import Book, SystemClock
from aineon.safety import Breaker, BreakerState
from app import state
from app.components.attention import needs_of
from app.condition import condition_of
from tests.console import places
from tests.console.seeing import open_page, stop_the_clock, text_of
from tests.ledger import booked


def control(folder: Path) -> ControlStore:
    return ControlStore.open(sqlite_url(folder / "control.db"))


def halt(folder: Path) -> None:
    with control(folder) as store:
        breaker = Breaker(store.breaker(Book.SIMULATION), SystemClock())
        breaker.move(BreakerState.HALTED, "daily_loss", "the day lost 2 ETH", "risk")


def ask(folder: Path) -> None:
    with control(folder) as store:
        store.requests.ask("rehearsal", "operator", time.time())


def stale_node(folder: Path) -> None:
    nodes = (NodeTold("node-1", "healthy"), NodeTold("node-2", "stale", "its head is 40 s old"))
    risk = RiskTold("running", "", readings=(ReadingTold("gas_price", "paused", "90 gwei"),))
    places.beat(folder, nodes=nodes, risk=risk)


def unresolved(folder: Path) -> None:
    with places.open_book(folder) as store:
        booked.trade(store, 1, booked.unresolved("sim-u", settled_at=time.time()))


NEEDS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "stop": (lambda f: places.latch(f, "the power is out"), "emergency stop is set", "risk"),
    "breaker": (halt, "The breaker is halted: the day lost 2 ETH.", "risk"),
    "request": (ask, "operator asked for the rehearsal", "settings"),
    "node": (stale_node, "Node node-2 is stale: its head is 40 s old.", "risk"),
    "anomaly": (stale_node, "Anomaly of gas price: 90 gwei.", "risk"),
    "unresolved": (unresolved, "1 attempt is unresolved", "performance"),
    "down": (lambda f: places.beat(f, beat_at=time.time() - 300), "silent for 5 min", "risk"),
}


def calm(folder: Path) -> None:
    places.beat(folder)
    with places.open_book(folder) as store:
        places.fill_nothing(store)


@pytest.mark.parametrize("name", NEEDS)
def test_each_thing_that_needs_somebody_is_named(folder: Path, name: str) -> None:
    make, words, page = NEEDS[name]
    calm(folder)
    make(folder)
    stop_the_clock()
    client = state.client()
    needs = needs_of(client, condition_of(client), client.scope(1))
    [found] = [need for need in needs if words in need.words]
    assert found.page == page


def test_where_nothing_needs_anybody_the_page_says_so(folder: Path) -> None:
    """Control: without any of it the list is empty."""
    calm(folder)
    stop_the_clock()
    client = state.client()
    assert needs_of(client, condition_of(client), client.scope(1)) == ()
    assert "Nothing needs you now." in text_of(open_page("overview"))


def test_what_is_urgent_comes_first_and_leads_to_its_page(folder: Path) -> None:
    calm(folder)
    unresolved(folder)
    places.latch(folder, "the power is out")
    stop_the_clock()
    test = open_page("overview")
    text = text_of(test)
    assert text.index("the power is out") < text.index("is unresolved")
    links = [element.proto.label for element in test.get("page_link")]
    assert links == ["Open Risk", "Open Performance"]


def test_what_cannot_be_read_is_a_need_of_its_own(folder: Path) -> None:
    places.no_database(folder)
    client = state.client()
    words = [need.words for need in needs_of(client, condition_of(client), None)]
    assert any(each.startswith("The emergency stop cannot be read") for each in words)
    assert any(each.startswith("The breaker cannot be read") for each in words)


def test_a_source_that_says_otherwise_is_urgent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AINEON_MODE", "rehearsal")
    state.client.cache_clear()
    places.busy_rehearsal(folder)
    client = state.client()
    needs = needs_of(client, condition_of(client), client.scope(1))
    [need] = [each for each in needs if "independent source" in each.words]
    assert (need.urgency, need.page) == ("now", "performance")
