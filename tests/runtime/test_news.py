"""The engine's word that something was booked: sent beside its work, and never in its way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.cli.run import run_reported
from aineon.primitives import Book
from aineon.runtime.news import Announcer, announced, channel_of
from aineon.runtime.settings import Settings, load_settings
from tests.server.broker import Broker, until

CHANNEL = b"aineon.simulation.booked"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


def announcer(broker: Broker, seconds: float = 30.0) -> Announcer:
    return Announcer(broker.url, Book.SIMULATION, seconds, pause_seconds=0.01)


def announcers() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "aineon-announcer"]


def test_every_mode_is_heard_apart() -> None:
    assert len({channel_of(mode) for mode in Book}) == len(Book)


def test_a_word_says_nothing_but_that_there_is_something(broker: Broker) -> None:
    with announcer(broker) as telling:
        telling.follow("whatever the engine did")
        until(lambda: broker.published)
    assert set(broker.published) == {(CHANNEL, b"booked")}


def test_what_was_booked_last_is_told_before_the_end(broker: Broker) -> None:
    with announcer(broker):
        assert broker.published == []
    until(lambda: broker.published)
    until(lambda: not announcers())


@pytest.mark.parametrize("how", ["mutely", "in_garbage", "refusing"])
def test_a_server_that_fails_is_said_once_and_again_when_it_is_well(
    broker: Broker, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aineon.runtime.news")
    broker.answers = getattr(broker, how)
    with announcer(broker, seconds=0.05) as telling:
        for failed in range(3):
            before = broker.asked
            telling.follow(failed)
            until(lambda before=before: broker.asked > before)
        until(lambda: caplog.records)
        broker.answers = broker.rightly
        while not broker.published:
            telling.follow("more")
        until(lambda: len(caplog.records) == 2)
    warning, well = caplog.records
    assert (warning.levelname, well.levelname) == ("WARNING", "INFO")
    assert "look by the clock" in warning.getMessage()
    assert "secret-of-it" not in caplog.text


def test_a_server_that_is_gone_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    with Broker() as broker:
        pass
    with announcer(broker, seconds=0.05) as telling:
        for number in range(100):
            telling.follow(number)
        until(lambda: caplog.records)
    until(lambda: not announcers())
    assert len(caplog.records) == 1


def test_without_an_address_nothing_is_sent_and_no_thread_runs(tmp_path: Path) -> None:
    settings = load_settings(env={"AINEON_DATA_DIR": str(tmp_path)})
    with announced(settings) as follow:
        follow("something")
        assert announcers() == []


def short_run(folder: Path, url: str) -> Settings:
    env = {"AINEON_DATA_DIR": str(folder), "REDIS_URL": url}
    return load_settings(env=env, blocks=3, warm_up_blocks=2, seed=7, sandbox_pools=20)


def test_a_run_that_keeps_its_book_tells_of_it(broker: Broker, tmp_path: Path) -> None:
    settings = short_run(tmp_path, broker.url)
    assert run_reported(settings, keep=False, as_json=True) == 0
    assert broker.asked == 0
    assert run_reported(settings, keep=True, as_json=True) == 0
    until(lambda: broker.published)
    assert set(broker.published) == {(CHANNEL, b"booked")}


def test_a_run_goes_on_where_the_server_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Broker() as broker:
        pass
    assert run_reported(short_run(tmp_path, broker.url), keep=True, as_json=True) == 0
    until(lambda: not announcers())
    assert len([each for each in caplog.records if "REDIS_URL" in each.getMessage()]) == 1
