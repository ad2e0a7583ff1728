"""What there is to choose in sending, what paper taught of it, and what is kept over a restart."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.optimizer import Optimizer
from aineon.optimizer.arms import Channel
from aineon.optimizer.bandit import Way
from aineon.optimizer.bandit.ways import ALL_RELAYS, EACH_BLOCK
from aineon.primitives import Book, ManualClock
from aineon.primitives.units import ETHER
from aineon.runtime.books import Books
from aineon.runtime.learning import channel_of, maker_of
from aineon.runtime.model_desk import ModelDesk
from aineon.runtime.model_places import models_folder
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.ways import KEPT, ways_of_sending
from aineon.sending.carriers import CarrierSet
from aineon.sending.intent import IntentKind
from tests.runtime.trainings import RUN, TAPE, samples_of

CHAIN = replace(RUN, feed="chain", seed=None)


def settings_with(tmp_path: Path, **given: str) -> Settings:
    plain = {"mode": "live", "feed": "chain", "optimizer": "decide", "data_dir": str(tmp_path)}
    relays = "https://one.example/key-1,https://two.example/key-2"
    return load_settings(env={}, **{**plain, "relay_urls": relays, **given})


def books_of(settings: Settings) -> Books:
    nothing: Any = None
    return Books(nothing, nothing, nothing, CHAIN)


@pytest.mark.parametrize(
    ("given", "ways"),
    [
        ({}, 6),
        ({"target_blocks": "1"}, 3),
        ({"relay_urls": "https://one.example"}, 2),
        ({"relay_urls": "https://one.example", "target_blocks": "1"}, 0),
        ({"optimizer": "observe"}, 0),
        ({"relay_urls": "none", "public_mempool": "on"}, 0),
    ],
)
def test_there_is_a_choice_where_the_optimizer_decides(
    tmp_path: Path, given: dict[str, str], ways: int
) -> None:
    settings = settings_with(tmp_path, **given)
    chooser = ways_of_sending(settings, books_of(settings))
    assert len(chooser.bandit.reach if chooser else ()) == ways
    assert ways_of_sending(settings, None) is None


@pytest.mark.parametrize(
    ("given", "channel"),
    [
        ({}, Channel.PRIVATE),
        # Relays carry trades wherever there are any: what is allowed beside them is for the rest.
        ({"public_mempool": "on"}, Channel.PRIVATE),
        ({"public_mempool": "on", "relay_urls": "none"}, Channel.PUBLIC),
        ({"public_mempool": "off", "relay_urls": "none"}, Channel.PRIVATE),
    ],
)
def test_a_miss_costs_gas_only_where_trades_really_go_in_public(
    tmp_path: Path, given: dict[str, str], channel: Channel
) -> None:
    settings = settings_with(tmp_path, **given)
    assert channel_of(settings) is channel
    if settings.relay_urls or settings.public_mempool:
        nothing: Any = SimpleNamespace(is_public=True, name="public")
        relays: Any = [SimpleNamespace(is_public=False, name=url) for url in settings.relay_urls]
        carriers = CarrierSet(relays, nothing if settings.public_mempool else None)
        assert carriers.is_public(IntentKind.TRADE) is (channel is Channel.PUBLIC), "as it is sent"


@pytest.mark.parametrize(("landed", "of", "share"), [(15, 20, 0.75), (15, 19, 0.3)])
def test_it_starts_from_what_paper_taught(
    tmp_path: Path, landed: int, of: int, share: float
) -> None:
    settings = settings_with(tmp_path, paper_inclusion_rate="0.3")
    paper = settings.model_copy(update={"mode": Book.SIMULATION})
    with BookStore.open(paper.book_url, Book.SIMULATION) as store:
        elsewhere, here = (store.begin_run(each) for each in (RUN, CHAIN))
        rows = samples_of(TAPE.rows(slice(0, of)), here)
        tried = [replace(row, won=place < landed) for place, row in enumerate(rows)]
        untried = samples_of(TAPE.rows(slice(of, 60)), here)
        others = [replace(row, run_id=elsewhere, won=False) for row in rows]
        store.write(samples=[*tried, *untried, *others])
    chooser = ways_of_sending(settings, books_of(settings))
    assert chooser is not None
    alone, usual = (
        chooser.bandit.reach[Way(place, EACH_BLOCK, Channel.PRIVATE)].mean
        for place in ("relay-1", ALL_RELAYS)
    )
    assert usual == pytest.approx(0.98)
    assert alone == pytest.approx((1 - (1 - share) ** 0.5) / share)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(load_settings(env={}, data_dir=str(tmp_path)).control_url) as store:
        yield store


def test_what_was_learned_is_kept_by_the_desk_and_only_for_the_same_relays(
    tmp_path: Path, control: ControlStore
) -> None:
    settings = settings_with(tmp_path)
    books = replace(books_of(settings), control=control)
    chooser = ways_of_sending(settings, books)
    assert chooser is not None
    learning: Any = type("Place", (), {"expect_past": lambda self: None})()
    desk = ModelDesk(settings, learning, maker_of(settings), books, ManualClock(0.0), chooser)
    place = models_folder(settings, CHAIN) / KEPT
    desk._keep()
    assert not place.exists(), "there is nothing new yet"
    way = next(iter(chooser.bandit.reach))
    chooser.bandit.learn(way, True, 0.5, 1_000.0)
    desk._keep()
    assert "example" not in place.read_text()
    again, moved = (
        ways_of_sending(each, books)
        for each in (
            settings,
            settings_with(tmp_path, relay_urls="https://b.example,https://a.example"),
        )
    )
    assert again is not None
    assert moved is not None
    assert again.bandit.reach[way].tried == 1
    assert moved.bandit.reach[way].tried == 0


async def test_what_was_learned_is_kept_while_the_past_is_studied_and_at_the_end(
    tmp_path: Path, control: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(tmp_path)
    books = replace(books_of(settings), control=control)
    chooser = ways_of_sending(settings, books)
    assert chooser is not None
    place: Any = SimpleNamespace(expect_past=lambda: None, began=1.0, now=None)
    desk = ModelDesk(settings, place, maker_of(settings), books, ManualClock(0.0), chooser)
    studying, go_on, kept = threading.Event(), threading.Event(), threading.Event()
    file = models_folder(settings, CHAIN) / KEPT

    def study() -> None:
        studying.set()
        go_on.wait(60)

    keep = desk._keep

    def keep_and_tell() -> None:
        keep()
        if file.exists():
            kept.set()

    monkeypatch.setattr(desk, "_relearn", study)
    monkeypatch.setattr(desk, "_keep", keep_and_tell)
    nothing: Any = None
    way = next(iter(chooser.bandit.reach))
    running = asyncio.create_task(desk.run(nothing))
    try:
        assert await asyncio.to_thread(studying.wait, 60)
        chooser.bandit.learn(way, True, 0.5, 1_000.0)
        assert await asyncio.to_thread(kept.wait, 60), "it is kept while the past is studied"
        chooser.bandit.learn(way, True, 0.5, 1_001.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    finally:
        go_on.set()
    again = ways_of_sending(settings, books)
    assert again is not None
    assert again.bandit.reach[way].tried == 2


@pytest.mark.parametrize("text", ["", "[]", '{"relays": 1}', "damaged", "[" * 60_000])
def test_what_cannot_be_read_is_learned_anew(tmp_path: Path, text: str) -> None:
    settings = settings_with(tmp_path)
    place = models_folder(settings, CHAIN) / KEPT
    place.parent.mkdir(parents=True)
    place.write_text(text)
    for mode in (0o600, 0o644):
        place.chmod(mode)
        assert ways_of_sending(settings, books_of(settings)) is not None
    place.write_text(json.dumps({"relays": "others", "bandit": {}}))
    assert ways_of_sending(settings, books_of(settings)) is not None


def test_every_optimizer_of_a_run_has_the_same_memory_of_ways(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    chooser = ways_of_sending(settings, books_of(settings))
    assert chooser is not None
    make = maker_of(settings, chooser.bandit)
    chooser.bandit.learn(next(iter(chooser.bandit.reach)), True, 0.5, 0.0)
    for optimizer in (make(), make()):
        assert isinstance(optimizer, Optimizer)
        told = optimizer.standing()
        assert sum(each.tried for each in told.ways) == 1
        assert told.exploring_left_wei == settings.optimizer_exploring_wei == 2 * ETHER // 1000
