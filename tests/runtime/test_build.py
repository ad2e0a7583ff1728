"""The composition root: one place that knows the mode, one engine for all feeds."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest

import aineon
from aineon import open_engine
from aineon.engine.events import AttemptSubmitted, EngineEvent, StepProcessed
from aineon.errors import ConfigurationError, InvalidRecording
from aineon.feeds.pacing import PacedFeed
from aineon.primitives import Book
from aineon.runtime.build import build_engine, build_feed
from aineon.runtime.settings import Settings, load_settings

SMALL = {"feed": "sandbox", "seed": 7, "warm_up_blocks": 30, "blocks": 1, "pace_seconds": 0}


async def watch(**overrides: object) -> list[EngineEvent]:
    async with open_engine(mode="simulation", **{**SMALL, **overrides}) as engine:
        return [event async for event in engine.events()]


async def test_the_front_door_runs_the_whole_engine() -> None:
    events = await watch()
    steps = [event for event in events if isinstance(event, StepProcessed)]
    assert len(steps) >= 31
    assert any(step.entries for step in steps)


async def test_the_same_seed_gives_the_same_plans() -> None:
    one, other = [
        [event.attempt.plan.encode() for event in events if isinstance(event, AttemptSubmitted)]
        for events in (
            await watch(min_profit_wei=1, warm_up_blocks=150),
            await watch(min_profit_wei=1, warm_up_blocks=150),
        )
    ]
    assert one == other
    assert one


def test_a_pace_makes_the_sandbox_keep_time() -> None:
    assert isinstance(build_feed(load_settings({}, pace_seconds=1, feed="sandbox")), PacedFeed)
    assert not isinstance(build_feed(load_settings({}, pace_seconds=0, feed="sandbox")), PacedFeed)


def test_a_replay_needs_a_recording(tmp_path: Path) -> None:
    with pytest.raises((ConfigurationError, InvalidRecording)):
        build_feed(load_settings({}, feed="replay"))
    with pytest.raises(InvalidRecording, match="missing"):
        build_feed(load_settings({}, feed="replay", replay_file=str(tmp_path / "missing.json")))


def test_a_mode_that_cannot_be_composed_is_refused() -> None:
    live = Settings.model_construct(**{**Settings().model_dump(), "mode": Book.LIVE})
    with pytest.raises(ConfigurationError, match="live mode stays closed"):
        build_engine(live)


def test_the_mode_is_looked_at_in_the_composition_root_alone() -> None:
    """Control: the composition root itself is found by the same search."""
    root = Path(aineon.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if path.relative_to(root).parts[0]
        in {"amm", "market", "search", "feeds", "execution", "risk", "engine", "runtime"}
        and _compares_mode(path)
    }
    assert found == {"runtime/build.py"}


def _compares_mode(path: Path) -> bool:
    """Whether some comparison in `path` reads an attribute or name called `mode`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            for part in ast.walk(node):
                named = getattr(part, "attr", None) or getattr(part, "id", None)
                if named == "mode":
                    return True
    return False


def test_an_engine_that_was_never_iterated_closes_quietly() -> None:
    async def open_and_close() -> None:
        async with open_engine(mode="simulation", **SMALL):
            pass

    asyncio.run(open_and_close())
