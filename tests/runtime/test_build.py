"""The composition root: one place that knows the mode, one engine for all feeds."""

from __future__ import annotations

import ast
import asyncio
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import aineon
from aineon import open_engine
from aineon.engine.events import AttemptSubmitted, EngineEvent, StepProcessed
from aineon.errors import ConfigurationError, InvalidRecording
from aineon.feeds.pacing import PacedFeed
from aineon.primitives import Book, Token
from aineon.rehearsal.chains import CHAIN_ID
from aineon.runtime.build import build_engine, build_feed
from aineon.runtime.settings import Settings, load_settings
from aineon.search.lenders import standard_lenders

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
    with pytest.raises(ConfigurationError, match="carried out on a chain only where there"):
        build_engine(live)


@pytest.mark.parametrize("chain_id", [1, 10, 8_453, 11_155_111])
def test_a_rehearsal_signs_for_no_chain_but_its_own(tmp_path: Path, chain_id: int) -> None:
    """Nodes of a real chain, a real key and a contract there: nothing is composed of them."""
    given: dict[str, str] = {
        "AINEON_MODE": "rehearsal",
        "AINEON_FEED": "chain",
        "AINEON_RPC_URLS": "https://node.example.org",
        "AINEON_EXECUTOR": "0x" + "12" * 20,
        "PRIVATE_KEY": "0x" + secrets.token_hex(32),
    }
    settings = load_settings(given, data_dir=str(tmp_path))
    link: Any = SimpleNamespace(reader=SimpleNamespace(chain_id=chain_id))
    with pytest.raises(ConfigurationError, match=f"chain id is {chain_id}; allowed is only"):
        build_engine(
            settings, link=link, book_url=settings.book_url, control_url=settings.control_url
        )
    # It is in no book either.
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chain_id", [CHAIN_ID, 31_337_123_456_789])
def test_a_rehearsal_goes_on_to_its_own_chain(chain_id: int) -> None:
    """Control: it is the id that is refused above; here the next thing that lacks is told of."""
    native = Token("0x" + "ee" * 20, "WETH", 18)
    link: Any = SimpleNamespace(
        reader=SimpleNamespace(chain_id=chain_id), lenders=lambda _: standard_lenders(0)
    )
    feed: Any = SimpleNamespace(native_token=native)
    settings = load_settings({}, mode="rehearsal", feed="chain")
    with pytest.raises(ConfigurationError, match="carried out on a chain only where there"):
        build_engine(settings, link=link, feed=feed)


def test_the_mode_is_looked_at_in_the_composition_root_alone() -> None:
    """Control: the composition root itself is found by the same search.

    Beside it only the supervisor looks, who chooses which processes run, and who lets people in,
    which depends on whether real money is at stake; no engine at all.
    """
    root = Path(aineon.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if path.relative_to(root).parts[0]
        in {"amm", "market", "search", "feeds", "execution", "risk", "engine", "runtime"}
        and _compares_mode(path)
    }
    assert found == {"runtime/build.py", "runtime/switching.py", "runtime/access.py"}


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
