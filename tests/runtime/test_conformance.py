"""Simulation and the live path differ in the last step alone: both make the same plans.

Two engines are composed from settings that differ in the mode, and follow the same recorded
blocks. What tries and carries plans out is replaced by something that writes them down and
submits nothing, so that no attempt feeds back into what comes after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from aineon.engine.engine import Engine
from aineon.execution.executor import NotSubmitted, PreflightResult
from aineon.execution.live.executor import LiveExecutor
from aineon.execution.paper import PaperExecutor
from aineon.execution.plan import ExecutionPlan
from aineon.execution.preflight import ChainPreflight, LocalPreflight
from aineon.feeds.replay import ReplayFeed, record
from aineon.feeds.sandbox import SandboxFeed
from aineon.market import Market
from aineon.primitives import Block, Book, Provenance
from aineon.primitives.units import ETHER
from aineon.risk import Limits
from aineon.runtime import build
from aineon.runtime.live_word import confirmed, phrase
from aineon.runtime.settings import Settings
from aineon.search import Scanner
from aineon.search.lenders import aave_v3
from tests.runtime.onchain import a_link, book_of, settings_in

MODES = (Book.SIMULATION, Book.REHEARSAL)
REAL_CHAIN = 424_242
Planted = Mapping[str, Any]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some blocks of the sandbox, with their pools."""
    path = tmp_path_factory.mktemp("recording") / "blocks.jsonl"
    asyncio.run(record(SandboxFeed(seed=7, warm_up=90, blocks=1), path))
    return path


class Notebook:
    """Executor and preflight in one: every plan passes our arithmetic, and none is submitted."""

    in_flight = ()
    moved_pools: Mapping[Any, Any] = MappingProxyType({})
    trouble = ""

    def __init__(self) -> None:
        self.plans: list[bytes] = []

    async def check(self, plan: ExecutionPlan, market: Market) -> PreflightResult:
        return await LocalPreflight().check(plan, market)

    async def submit(
        self, plan: ExecutionPlan, block: Block, step: int, preflight: PreflightResult
    ) -> NotSubmitted:
        self.plans.append(plan.encode())
        return NotSubmitted("notebook", "it was written down instead")

    def pending(self) -> Sequence[Any]:
        return ()

    def view(self, market: Market) -> Market:
        return market

    def taker_of(self, route: Any) -> None:
        return None

    def forget(self, changed: Any) -> None:
        pass

    async def settle(
        self, market: Market, block: Block, changed: Any, auctions: Any = None
    ) -> Sequence[Any]:
        return ()

    async def give_up(self, reason: str, after_block: int | None = None) -> Sequence[Any]:
        return ()

    async def aclose(self) -> None:
        pass


def compose(mode: Book, recording: Path, folder: Path) -> Engine:
    settings = settings_in(folder, mode=mode, min_profit_wei=1)
    feed, link = ReplayFeed(recording), a_link()
    if mode is Book.LIVE:
        # What only real money takes: another chain, the operator's word, blocks that are no replay.
        link = a_link(chain_id=REAL_CHAIN)
        settings = confirmed(settings, REAL_CHAIN, phrase(REAL_CHAIN))
        feed.provenance = Provenance.LIVE
    return build.build_engine(settings, link=link, feed=feed, **book_of(settings))


async def plans_of(mode: Book, recording: Path, folder: Path) -> list[bytes]:
    """What an engine of this mode would have carried out."""
    engine, notebook = compose(mode, recording, folder), Notebook()
    judging: Any = engine._judging
    await engine.executor.aclose()
    engine.executor = judging._executor = judging._preflight = notebook
    async for _ in engine.events():
        pass
    return notebook.plans


@pytest.fixture(scope="module")
def simulated(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The plans of the simulation."""
    return asyncio.run(plans_of(Book.SIMULATION, recording, tmp_path_factory.mktemp("simulation")))


@pytest.mark.parametrize("mode", [Book.REHEARSAL, Book.LIVE])
async def test_all_modes_make_the_same_plans_byte_for_byte(
    mode: Book, simulated: list[bytes], recording: Path, tmp_path: Path
) -> None:
    assert len(simulated) > 1
    assert simulated == await plans_of(mode, recording, tmp_path)


async def test_the_last_step_is_what_the_mode_chooses(recording: Path, tmp_path: Path) -> None:
    """Otherwise the two compositions would be one, and their comparison would say nothing."""
    engines = [compose(mode, recording, tmp_path) for mode in MODES]
    kinds = [(type(e.executor), type(_preflight(e)), _preflight(e)._operator) for e in engines]
    for engine in engines:
        await engine.executor.aclose()
        await engine.aclose()
    (paper, by_node, nobody), (live, by_chain, operator) = kinds
    assert (paper, live) == (PaperExecutor, LiveExecutor)
    assert by_node is by_chain is ChainPreflight
    assert nobody != operator


def _preflight(engine: Engine) -> Any:
    return engine._judging._preflight


# --- the control: a look at the mode, planted in each part upstream of the executors ------------


def _one_lender(settings: Settings) -> Planted:
    lenders = (
        (aave_v3(),) if settings.mode is Book.REHEARSAL else build._lenders(settings, a_link())
    )
    return {"_lenders": lambda *_: lenders}


def _higher_limit(settings: Settings) -> Planted:
    limits: Limits = build._limits(settings)
    if settings.mode is Book.REHEARSAL:
        limits = replace(limits, min_profit_wei=ETHER)
    return {"_limits": lambda _: limits}


def _less_for_builders(settings: Settings) -> Planted:
    rules = build._plan_rules(settings)
    if settings.mode is Book.REHEARSAL:
        rules = replace(rules, builder_payment_bps=rules.builder_payment_bps - 1)
    return {"_plan_rules": lambda _: rules}


def _later_deadline(settings: Settings) -> Planted:
    rules = build._plan_rules(settings)
    if settings.mode is Book.REHEARSAL:
        rules = replace(rules, deadline_blocks=rules.deadline_blocks + 1)
    return {"_plan_rules": lambda _: rules}


def _shorter_cycles(settings: Settings) -> Planted:
    def scanner(bases: Any, max_hops: int, *arguments: Any, **options: Any) -> Scanner:
        fewer = 2 if settings.mode is Book.REHEARSAL else max_hops
        return Scanner(bases, fewer, *arguments, **options)

    return {"Scanner": scanner}


def _cheaper_gas(settings: Settings) -> Planted:
    real = build.CostModel

    def costs(*, priority_fee_wei: int, **options: Any) -> Any:
        fee = priority_fee_wei - 1 if settings.mode is Book.REHEARSAL else priority_fee_wei
        return real(priority_fee_wei=fee, **options)

    return {"CostModel": costs}


@pytest.mark.parametrize(
    "plant",
    [
        _one_lender,
        _higher_limit,
        _less_for_builders,
        _later_deadline,
        _shorter_cycles,
        _cheaper_gas,
    ],
)
async def test_a_planted_look_at_the_mode_is_found(
    plant: Callable[[Settings], Planted],
    simulated: list[bytes],
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    composed = build.build_engine

    def planted(settings: Settings, **arguments: Any) -> Engine:
        with monkeypatch.context() as patch:
            for name, replacement in plant(settings).items():
                patch.setattr(build, name, replacement)
            return composed(settings, **arguments)

    monkeypatch.setattr(build, "build_engine", planted)
    assert await plans_of(Book.REHEARSAL, recording, tmp_path) != simulated
