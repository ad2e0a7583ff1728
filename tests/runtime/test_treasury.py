"""Who keeps the treasury beside the engine, and what whoever asks is told where nobody does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import TreasuryClosed, Unavailable
from aineon.ledger.commands import Command
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.market import Market
from aineon.primitives import Book, SystemClock
from aineon.rehearsal.listing import LISTINGS
from aineon.rehearsal.relay import Relay
from aineon.rehearsal.world import World
from aineon.runtime.books import Books
from aineon.runtime.build import running
from aineon.runtime.carrying import rehearsal_stop_of, sender_of, signer_of
from aineon.runtime.chain_link import ChainLink, connect
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.treasury import PLAY_MONEY, ChainTreasury
from aineon.search import CostModel
from aineon.sending import Sender
from aineon.treasury import WithdrawalState
from aineon.treasury.store import TreasuryView

KEY = "0x" + "5c" * 31 + "07"
SAVINGS = "0x1111aaaa2222bbbb3333cccc4444dddd5555eeee"
SOON = {
    "destination_age_hours": "0",
    "withdrawal_cooling_minutes": "0",
    "withdrawal_cooling_alone_minutes": "0",
}


@pytest.fixture(scope="module")
def built() -> Iterator[World]:
    try:
        world = asyncio.run(World.build(5, listings=(LISTINGS[0], LISTINGS[5])))
    except Unavailable as why:
        pytest.skip(f"the rehearsal's packages are not at hand: {why}")
    yield world
    asyncio.run(world.aclose())


@pytest.fixture
def world(built: World) -> Iterator[World]:
    before = built.anvil.ask("evm_snapshot")
    yield built
    assert built.anvil.ask("evm_revert", before)


@dataclass
class Engine:
    """What an engine has, but for its loop."""

    settings: Settings
    link: ChainLink
    books: Books
    trading: Sender
    treasury: ChainTreasury

    def ask(self, kind: str, **body: str) -> int:
        now, commands = SystemClock().now(), self.books.control.commands
        return commands.ask(kind, body, "anna", now, book=Book.REHEARSAL)

    async def answer(self, number: int) -> Command:
        return await answer(self.books.control, number)


async def answer(control: ControlStore, number: int) -> Command:
    async with asyncio.timeout(30):
        while True:
            told = control.commands.find(number)
            assert told is not None
            if not told.is_open:
                return told
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def an_engine(world: World, folder: Path, **changes: str) -> AsyncIterator[Engine]:
    world.write_addresses(folder / "chain.json")
    clock, roles = SystemClock(), world.accounts
    async with await Relay.start(world.head()) as relay:
        told = {
            "mode": "rehearsal",
            "feed": "chain",
            "chain_file": str(folder / "chain.json"),
            "rpc_urls": world.anvil.url,
            "relay_urls": relay.url,
            "executor_address": world.executor,
            "private_key": roles.operator.key,
            "withdrawal_private_key": roles.treasury.key,
        }
        settings = load_settings(env={}, data_dir=str(folder), **{**told, **SOON, **changes})
        link = await connect(settings)
        run: Any = None
        book = BookStore.open(settings.book_url, Book.REHEARSAL)
        with book, ControlStore.open(settings.control_url) as control:
            books = Books(control, book, run, run)
            stop, signer = rehearsal_stop_of(settings, control, clock), signer_of(settings)
            costs = CostModel(native_token=link.addresses.native_token)
            trading = sender_of(settings, link, books, signer, stop, clock)
            treasury = ChainTreasury(
                settings,
                link,
                books,
                costs,
                stop,
                trading,
                signer.address,
                lambda chain_id: chain_id != link.reader.chain_id,
                clock,
            )
            try:
                yield Engine(settings, link, books, trading, treasury)
            finally:
                await trading.aclose()
                await link.aclose()


@contextlib.asynccontextmanager
async def beside(treasury: ChainTreasury, market: Market | None = None) -> AsyncIterator[None]:
    """Have it run as beside an engine's loop."""
    task = asyncio.create_task(treasury.run(market or Market()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_treasurys_own_key_pays(world: World, tmp_path: Path) -> None:
    """A public mempool takes it here, because nobody makes bundles into blocks."""
    async with (
        an_engine(world, tmp_path, public_mempool="on") as engine,
        beside(engine.treasury),
    ):
        added = await engine.answer(engine.ask("destination.add", address=SAVINGS, label="savings"))
        assert added.state == "done", added.answer
        asked = engine.ask("withdrawal.request", amount="0.5", destination=SAVINGS)
        assert (await engine.answer(asked)).state == "done"
        async with asyncio.timeout(30):
            while await engine.link.reader.balance(SAVINGS) == 0:
                world.anvil.ask("anvil_mine", "0x1")
                await asyncio.sleep(0.3)
        assert await engine.link.reader.balance(SAVINGS) == 10**18 // 2
    url = engine.settings.book_url
    with TreasuryView.open(url, Book.REHEARSAL) as view, view.reading() as treasury:
        (paid,) = treasury.newest()
    assert paid.state in {WithdrawalState.BROADCAST, WithdrawalState.MINED}


async def test_what_is_ours_is_no_destination(world: World, tmp_path: Path) -> None:
    roles = world.accounts
    ours = [
        *(each.address for each in (roles.treasury, roles.operator, roles.owner, roles.guardian)),
        world.executor,
        world.aave.pool,
        world.venues.balancer_v2.vault,
        world.wrapped_ether.address,
    ]
    pools = world.read_pools()
    async with an_engine(world, tmp_path) as engine, beside(engine.treasury, Market(pools)):
        pool = engine.ask("destination.add", address=pools[0].address, label="pool")
        assert "is a pool of the market" in (await engine.answer(pool)).answer
        numbers = [engine.ask("destination.add", address=each, label="own") for each in ours]
        for number in numbers:
            told = await engine.answer(number)
            assert told.state == "refused"
            assert "money sent there is lost, or stays here" in told.answer


async def test_one_account_for_both_has_one_sender(world: World, tmp_path: Path) -> None:
    """Control: with a key of its own it has a sender of its own."""
    both = world.accounts.treasury.key
    async with an_engine(world, tmp_path, private_key=both) as engine:
        shared = await engine.treasury.open(Market())
        assert shared._cashier._sender is engine.trading
        assert shared._sender is None
    async with an_engine(world, tmp_path) as engine:
        keeper = await engine.treasury.open(Market())
        assert keeper._sender is not None
        assert keeper._cashier._sender is keeper._sender
        await keeper.aclose()


async def test_another_key_than_the_treasurys_is_told(world: World, tmp_path: Path) -> None:
    other = world.accounts.owner
    async with (
        an_engine(world, tmp_path, withdrawal_private_key=other.key) as engine,
        beside(engine.treasury),
    ):
        told = await engine.answer(engine.ask("withdrawal.cancel", id="w-0"))
    assert told.state == "refused"
    assert f"the key for withdrawals is that of {other.address}" in told.answer


async def test_a_contract_as_treasury_is_told(world: World, tmp_path: Path) -> None:
    async with an_engine(world, tmp_path, withdrawal_private_key=KEY) as engine:
        world.anvil.ask("anvil_setCode", world.accounts.treasury.address, "0x00")
        with pytest.raises(TreasuryClosed, match="is a contract; its owners withdraw from it"):
            await engine.treasury.open(Market())


async def test_a_key_that_was_used_before_stops_no_trading(world: World, tmp_path: Path) -> None:
    world.anvil.ask("anvil_setNonce", world.accounts.treasury.address, "0x3")
    async with an_engine(world, tmp_path) as engine:
        with pytest.raises(TreasuryClosed, match="has sent 3 transactions of which this book"):
            await engine.treasury.open(Market())
        assert not engine.treasury._stop.state().is_set


async def test_a_fault_of_ours_is_told_and_tried_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(market: Market) -> None:
        raise RuntimeError("nobody thought of this")

    async with an_engine(world, tmp_path) as engine:
        monkeypatch.setattr(engine.treasury, "open", fails)
        async with beside(engine.treasury):
            told = await engine.answer(engine.ask("withdrawal.cancel", id="w-0"))
    assert "the treasury failed (RuntimeError)" in told.answer


async def test_a_simulation_answers_that_it_has_no_treasury(tmp_path: Path) -> None:
    settings = load_settings(
        env={}, feed="sandbox", blocks=1, pace_seconds=0.05, data_dir=str(tmp_path)
    )
    with ControlStore.open(settings.control_url) as control:
        number = control.commands.ask(
            "withdrawal.cancel", {"id": "w-0"}, "anna", SystemClock().now(), book=Book.REHEARSAL
        )
        async with running(settings, keep=True) as engine:
            events = engine.events()
            await anext(events)
            told = await answer(control, number)
            await events.aclose()
    assert (told.state, told.answer) == ("refused", PLAY_MONEY)
