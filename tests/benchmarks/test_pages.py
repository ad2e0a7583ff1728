"""What a page costs: a rerun of its script over a hundred thousand trades.

Measured is the processor's time of the script alone, data read anew each time: neither the
test's own reading of the page nor what other programs do on the machine is in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.ledger.records import BookEntry
from app import state
from tests.console import places
from tests.console.seeing import AppTest, open_page, stop_the_clock, turn_to
from tests.ledger import booked

TRADES, PORTION, DAYS = 100_000, 1_000, 30
PAGES = (
    *("overview", "performance", "performance-optimizer", "opportunities"),
    *("risk", "withdrawals", "settings"),
)
ROUNDS = 9
KEY = "0xw>0xp>0xu>0xq>0xw"
WAYS = (
    (("uniswap_v2", "sushiswap"), "WETH/USDC"),
    (("uniswap_v3", "curve"), "WETH/DAI"),
    (("balancer_v2", "uniswap_v3"), "WETH/WBTC"),
)


def entries(run_id: int, now: float) -> Iterator[BookEntry]:
    """Yield a book of thirty days: every third attempt reverts, 100 opportunities a step."""
    first = now - DAYS * 86_400
    for start in range(0, TRADES, PORTION):
        attempts, settlements = [], []
        for number in range(start, start + PORTION):
            name, at = f"sim-{number}", first + (now - first) * number / TRADES
            venues, pair = WAYS[number % len(WAYS)]
            attempts.append(
                booked.attempt(
                    run_id,
                    name,
                    submitted_at=at,
                    strategy_run=f"{run_id}:{number // 2}:0",
                    venues=venues,
                    pair=pair,
                    route_key=KEY,
                )
            )
            kind = booked.included if number % 3 else booked.reverted
            settlements.append(kind(name, settled_at=at))
        yield BookEntry(
            step=booked.step(run_id, start, at=first + (now - first) * start / TRADES),
            opportunities=tuple(
                booked.opportunity(run_id, start, at=now, route_key=KEY) for _ in range(100)
            ),
            attempts=tuple(attempts),
            settlements=tuple(settlements),
            takings=(booked.taking(run_id, block_number=start),),
            prices=tuple(
                booked.price(run_id, block_number=start, at=now, venue=venue)
                for venue in ("uniswap_v2", "uniswap_v3", "curve", "sushiswap")
            ),
            near_misses=tuple(booked.near_miss(run_id, start) for _ in range(12)),
        )


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppTest]:
    folder: Path = tmp_path_factory.mktemp("console")
    now = time.time()
    places.beat(folder)
    with places.open_book(folder) as store:
        run_id = store.begin_run(booked.run(started_at=now - DAYS * 86_400, detail=""))
        for entry in entries(run_id, now):
            store.write_all([entry])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AINEON_DATA_DIR", str(folder))
        patch.setitem(os.environ, "AINEON_ENV_FILE", "off")
        state.client.cache_clear()
        stop_the_clock()
        yield open_page("overview")
        state.client().close()
        state.client.cache_clear()


@pytest.fixture
def script_seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collects what each run of the page's script takes of the processor."""
    from streamlit.runtime.scriptrunner import script_runner

    found: list[float] = []
    run: Callable[..., Any] = script_runner.ScriptRunner._run_script

    def timed(self: Any, *arguments: Any, **options: Any) -> Any:
        began = time.thread_time()
        try:
            return run(self, *arguments, **options)
        finally:
            found.append(time.thread_time() - began)

    monkeypatch.setattr(script_runner.ScriptRunner, "_run_script", timed)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_rerun_of_a_page(
    benchmark: Any, console: AppTest, script_seconds: list[float], page: str
) -> None:
    name, _, section = page.partition("-")
    if page != "overview":
        turn_to(console, name)
    if section:
        console.button_group(key=f"{name}_section").set_value(section.title()).run()
    assert not console.exception

    def rerun() -> None:
        state.client().memory.clear()
        console.run()

    script_seconds.clear()
    benchmark.pedantic(rerun, rounds=ROUNDS, warmup_rounds=1)
    taken = sorted(script_seconds[-ROUNDS:])
    benchmark.extra_info |= {"min": taken[0], "median": taken[len(taken) // 2]}
