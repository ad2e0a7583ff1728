"""The composed engine: limits from settings, the day from the book, a breaker that outlives it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aineon.engine.engine import Engine
from aineon.ledger.connect import sqlite_url
from aineon.ledger.store import BookStore
from aineon.primitives import Book, SimulatedMoney
from aineon.runtime.build import build_engine
from aineon.runtime.risking import limits_of
from aineon.runtime.settings import Settings, load_settings
from aineon.safety import BreakerState
from tests.ledger import booked

LOSS = 10**15


def settings_in(folder: Path, **changes: Any) -> Settings:
    plain = {"data_dir": folder, "feed": "sandbox", "warm_up_blocks": 0, "pace_seconds": 0.0}
    return load_settings({}, **(plain | {"blocks": 1} | changes))


def book_a_loss(folder: Path) -> None:
    with BookStore.open(sqlite_url(folder / "simulation.db"), Book.SIMULATION) as store:
        run = store.begin_run(booked.run(started_at=time.time()))
        lost = booked.reverted("sim-x", gas=LOSS, settled_at=time.time())
        assert lost.net == SimulatedMoney(-LOSS)
        booked.trade(store, run, lost, submitted_at=time.time())


def composed(settings: Settings) -> Engine:
    return build_engine(settings, book_url=settings.book_url, control_url=settings.control_url)


async def state_of(settings: Settings) -> BreakerState:
    engine = composed(settings)
    assert engine.watching is not None
    state = engine.watching.desk.breaker.state
    await engine.aclose()
    return state


@pytest.mark.parametrize(
    ("limit", "state"), [(LOSS, BreakerState.HALTED), (LOSS + 1, BreakerState.RUNNING)]
)
async def test_the_days_loss_comes_from_the_book(
    tmp_path: Path, limit: int, state: BreakerState
) -> None:
    book_a_loss(tmp_path)
    assert await state_of(settings_in(tmp_path, max_daily_loss_wei=limit)) is state
    # It survives a restart, and a higher limit lifts no halt.
    assert await state_of(settings_in(tmp_path)) is state


def test_limits_come_from_the_settings(tmp_path: Path) -> None:
    settings = settings_in(
        tmp_path,
        allowed_venues="uniswap_v2, sushiswap",
        max_price_impact_bps="70",
        max_position_wei="5",
        max_concurrent="2",
    )
    limits = limits_of(settings)
    assert limits.venues_allowed == {"uniswap_v2", "sushiswap"}
    assert limits.max_slippage_bps == 70
    assert limits.max_exposure_wei == limits.max_token_exposure_wei == 10 * 10**18


async def test_listed_tokens_reach_the_screen(tmp_path: Path) -> None:
    engine = composed(settings_in(tmp_path, denied_tokens="0x" + "ab" * 20))
    assert engine.watching is not None
    refusal = engine.watching.desk._screen.check([booked.USDC])
    denied = engine.watching.desk._screen.check([type(booked.USDC)("0x" + "ab" * 20, "X", 18)])
    await engine.aclose()
    assert refusal is None or refusal.gate != "token_denied"
    assert denied is not None
    assert denied.gate == "token_denied"
