"""The watch: it tells what changes, once, and reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat, NodeTold
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock, SimulatedMoney
from aineon.runtime.notices.kinds import NoticeKind
from aineon.runtime.notices.watch import Watch
from aineon.runtime.settings import load_given
from aineon.safety.breaker import BreakerChange, BreakerState
from aineon.safety.stop import StopReason
from tests.ledger import booked

MILLI = 10**15
NOW = 2_000_000_000.0
EVIL = "·everyone/·x··http···evil·example·"


class House:
    """A control database, a book and a watch over both, at a time of its own."""

    def __init__(self, folder: Path, control: ControlStore) -> None:
        self.folder = folder
        self.control = control
        self.clock = ManualClock(NOW)
        settings = load_given(env={"AINEON_DATA_DIR": str(folder)})
        self.store = BookStore.open(settings.book_url, Book.SIMULATION)
        self.run_id = self.store.begin_run(booked.run(started_at=NOW))
        self.trades = 0
        self.beat()
        self.watch = Watch(settings, control, self.clock)
        assert self.told() == []

    def beat(self, **changes: object) -> None:
        plain = Heartbeat(
            "running", "", "simulation", "sandbox", "simulated", 1, 1, NOW, self.clock.now()
        )
        self.control.beat(replace(plain, **changes))  # type: ignore[arg-type]

    def told(self) -> list[tuple[NoticeKind, str]]:
        return [(seen.kind, seen.words) for seen in self.watch.look()]

    def trade(self, milli: int, pair: str = "WETH/USDC") -> None:
        self.trades += 1
        name = f"sim-{self.trades}"
        net = SimulatedMoney(milli * MILLI)
        plain = booked.included(
            name,
            gross=milli * MILLI,
            flash_fee=0,
            gas_cost=SimulatedMoney(0),
            builder_payment=SimulatedMoney(0),
            net=net,
        )
        if milli < 0:
            plain = booked.reverted(name, gas=-milli * MILLI)
        booked.trade(self.store, self.run_id, plain, pair=pair)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ControlStore.open(f"sqlite:///{tmp_path / 'control.db'}") as control:
        made = House(tmp_path, control)
        yield made
        made.store.close()


def test_trades_from_the_least_amount_on_each_once(house: House) -> None:
    house.trade(99)
    house.trade(100)
    house.trade(2500, "@everyone/[x](http://evil.example)")
    house.trade(-300)
    assert set(house.told()) == {
        (NoticeKind.TRADE, "A trade was included, WETH/USDC: +0.1 ETH net"),
        (NoticeKind.TRADE, f"A trade was included, {EVIL}: +2.5 ETH net"),
        (NoticeKind.LOSS, "A trade cost money, WETH/USDC: -0.3 ETH net"),
    }
    assert house.told() == []


def test_a_silent_engine_is_told_once_and_so_is_its_return(house: House) -> None:
    house.clock.advance(14)
    assert house.told() == []
    house.clock.advance(2)
    assert house.told() == [(NoticeKind.ENGINE, "The engine has been silent for 16 s.")]
    house.clock.advance(100)
    assert house.told() == []
    house.beat()
    assert house.told() == [(NoticeKind.ENGINE, "The engine is back: running.")]


def test_a_heartbeat_of_an_earlier_start_is_given_time(tmp_path: Path) -> None:
    with ControlStore.open(f"sqlite:///{tmp_path / 'control.db'}") as control:
        house = House(tmp_path, control)
        house.clock.advance(500)
        watch = Watch(load_given(env={"AINEON_DATA_DIR": str(tmp_path)}), control, house.clock)
        assert watch.look() == ()
        house.clock.advance(121)
        [seen] = watch.look()
        assert seen.words == "The engine has been silent for 621 s."
        house.store.close()


def test_an_engine_that_fails_and_one_that_ends(house: House) -> None:
    house.beat(state="failed", detail="disk full")
    assert house.told() == [(NoticeKind.ENGINE, "The engine failed: disk full")]
    house.beat(state="finished")
    house.clock.advance(500)
    assert house.told() == []


def test_stops_and_what_clears_them(house: House) -> None:
    house.control.stops.latch(StopReason("database", "a *test*", "anna", NOW))
    assert house.told() == [(NoticeKind.STOP, "Emergency stop set by anna: a ∗test∗")]
    (house.folder / "STOP").touch()
    assert [kind for kind, _ in house.told()] == [NoticeKind.STOP]
    (house.folder / "STOP").unlink()
    assert house.told() == []
    house.control.stops.clear("anna", NOW, house.control.stops.look())
    assert house.told() == [(NoticeKind.STOP, "The emergency stop was cleared.")]


def test_moves_of_the_breaker(house: House) -> None:
    running, halted = BreakerState.RUNNING, BreakerState.HALTED
    change = BreakerChange(running, halted, "daily_loss", "1.2 ETH lost", "risk desk", NOW)
    house.control.breaker(Book.SIMULATION).append(change)
    words = "Breaker running to halted by risk desk: 1.2 ETH lost"
    assert house.told() == [(NoticeKind.BREAKER, words)]
    assert house.told() == []


def test_a_drift_alarm_is_told_once(house: House) -> None:
    def after(*alarms: tuple[float, str]) -> list[tuple[NoticeKind, str]]:
        told = [{"at": at, "what": "dearer", "words": words} for at, words in alarms]
        house.beat(optimizer={"role": "observe", "alarms": told})
        return house.told()

    first, second = (1.0, "bids are dearer"), (2.0, "some pairs fail")
    assert after(first) == [(NoticeKind.DRIFT, "The market has changed: bids are dearer")]
    assert after(second, first) == [(NoticeKind.DRIFT, "The market has changed: some pairs fail")]
    assert after(second, first) == []
    # What stands there already when somebody begins to look is no news.
    house.beat(optimizer=None)
    assert house.told() == []
    # The market began anew, and its time with it.
    assert after((0.5, "new")) == [(NoticeKind.DRIFT, "The market has changed: new")]


def test_a_node_that_stumbles_is_no_news_and_one_that_stays_down_is(house: House) -> None:
    well, down = NodeTold("node-1", "healthy"), NodeTold("node-1", "down", "no answer")

    def after(seconds: float, node: NodeTold) -> list[tuple[NoticeKind, str]]:
        house.clock.advance(seconds)
        house.beat(nodes=(node,))
        return house.told()

    assert after(1, well) == []
    assert after(1, down) == []
    assert after(10, well) == []
    assert after(1, down) == []
    assert after(29, down) == []
    assert after(1, down) == [(NoticeKind.NODE, "Node node-1 is down: no answer")]
    assert after(31, down) == []
    assert after(1, well) == []
    assert after(30, well) == [(NoticeKind.NODE, "Node node-1 is healthy")]


def test_what_cannot_be_read_keeps_nothing_else_from_being_told(house: House) -> None:
    house.store.close()
    (house.folder / "simulation.db").write_bytes(b"this is no database" * 100)
    house.control.stops.latch(StopReason("database", "stop", "anna", NOW))
    assert [kind for kind, _ in house.told()] == [NoticeKind.STOP]
