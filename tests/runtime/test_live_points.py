"""What live mode needs beside its settings, as the terminal and the console are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.runtime import live_points
from aineon.runtime.doctor import Check, Verdict
from aineon.runtime.settings import Settings
from aineon.runtime.stop_desk import stop_desk
from tests.runtime.onchain import settings_in

CHAIN = Check("nodes", Verdict.OK, "all is well on the chain")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    async def look(_: Settings) -> tuple[Check, ...]:
        return (CHAIN,)

    monkeypatch.setattr(live_points, "look_at_chain", look)
    return settings_in(tmp_path)


def test_at_the_terminal_a_second_factor_is_a_note(settings: Settings) -> None:
    people, stop, chain = live_points.terminal_points(settings)
    assert (people.name, people.verdict) == ("sign-in", Verdict.NOTE)
    assert (stop.name, stop.verdict) == ("stop", Verdict.OK)
    assert chain == CHAIN


def test_the_console_asks_for_one(settings: Settings) -> None:
    people = next(point for point in live_points.live_points(settings) if point.name == "sign-in")
    assert people.verdict is Verdict.PROBLEM


def test_a_stop_is_in_the_way_of_both(settings: Settings) -> None:
    with stop_desk(settings) as desk:
        desk.stop.latch("a test", "somebody", 1.0)
    for points in (live_points.terminal_points(settings), live_points.live_points(settings)):
        stop = next(point for point in points if point.name == "stop")
        assert stop.verdict is Verdict.PROBLEM
        assert "a test" in stop.words


def test_a_look_creates_nothing(settings: Settings) -> None:
    live_points.terminal_points(settings)
    assert not settings.data_dir.exists() or list(settings.data_dir.iterdir()) == []
