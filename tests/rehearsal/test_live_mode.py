"""Live mode from end to end: a chain that is no rehearsal's, real contracts, keys of our own.

Its money is a test's, and nothing in the engine knows that: the chain's id is none of those that
play money is signed for.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyotp
import pytest

from aineon.access.roles import Role
from aineon.engine.events import AttemptSettled, AttemptSubmitted, EngineEvent, StepProcessed
from aineon.errors import AineonError, ChainError, ConfigurationError
from aineon.execution.settlement import OnchainSettlement
from aineon.ledger.control import ControlStore
from aineon.ledger.reading import BookReader
from aineon.ledger.views import Trade
from aineon.primitives import Book, LiveMoney, Provenance, SystemClock, Token, parse_address
from aineon.primitives.units import ETHER
from aineon.rehearsal import listing
from aineon.rehearsal.accounts import Account, Accounts
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.our_contract import deploy_executor, lend_own_money
from aineon.rehearsal.rehearsal import Rehearsal
from aineon.rehearsal.world import OPTIONS
from aineon.runtime.access import access_of, sign_in_required
from aineon.runtime.build import running
from aineon.runtime.doctor import Verdict
from aineon.runtime.live_points import live_points
from aineon.runtime.live_word import written_phrase
from aineon.runtime.settings import Settings, load_settings
from aineon.safety import STOP_FILE

pytestmark = [pytest.mark.usefixtures("at_hand")]

CHAIN_ID = 424_242
LENT = 20 * ETHER
PATIENCE = 300
PASSWORD = "violet tram under the bridge"


def somebody(role: str) -> Account:
    """A role with a key that nobody else has."""
    from eth_account import Account as Signer

    key = "0x" + secrets.token_hex(32)
    return Account(role, parse_address(Signer.from_key(key).address), key)


@dataclass(frozen=True)
class Chain:
    """A chain that trades, and what an engine is told of it."""

    rehearsal: Rehearsal
    given: dict[str, Any]

    def settings(self, folder: Path, **changes: Any) -> Settings:
        return load_settings(env={}, data_dir=str(folder), **{**self.given, **changes})


@asynccontextmanager
async def a_chain(folder: Path) -> AsyncIterator[Chain]:
    """Build the chain, with an executor whose roles have keys of their own."""
    options = replace(OPTIONS, chain_id=CHAIN_ID)
    async with await Rehearsal.start(seed=3, options=options) as rehearsal:
        given = await asyncio.to_thread(_told, rehearsal, folder)
        yield Chain(rehearsal, given)


def _told(rehearsal: Rehearsal, folder: Path) -> dict[str, Any]:
    world = rehearsal.world
    roles = ("owner", "operator", "guardian", "treasury")
    accounts: Accounts = replace(world.accounts, **{role: somebody(role) for role in roles})
    for role in roles:
        address = getattr(accounts, role).address
        world.anvil.ask("anvil_setBalance", address, hex(10 * ETHER))
    ether, vault = world.wrapped_ether, world.venues.balancer_v2.vault
    bases = [world.tokens[symbol] for symbol in listing.BASES]
    executor = deploy_executor(world.deployer, accounts, ether, vault, world.aave.pool, bases)
    lend_own_money(world.deployer, accounts.treasury.address, ether, executor, LENT)
    chain_file = folder / "chain.json"
    world.write_addresses(chain_file)
    return {
        "mode": "live",
        "feed": "chain",
        "chain_file": str(chain_file),
        # Two ways to the one node there is: live mode wants to compare.
        "rpc_urls": f"{world.anvil.url},{world.anvil.websocket_url}",
        "relay_urls": rehearsal.relay.url,
        "executor_address": executor,
        "private_key": accounts.operator.key,
        "withdrawal_private_key": accounts.treasury.key,
        "withdrawal_address": somebody("savings").address,
        "min_profit_wei": 10**12,
        "live_confirmation": written_phrase(CHAIN_ID, executor),
    }


def enrol_somebody(settings: Settings) -> None:
    """Add an admin with a second factor."""
    clock = SystemClock()
    with ControlStore.open(settings.control_url) as control:
        access = access_of(settings, control, clock)
        access.users.add("anna", PASSWORD, Role.SUPER_ADMIN, who="test", at=clock.now())
        seed = access.second_factor.enrol_begin("anna", clock.now()).secret
        code = pyotp.TOTP(seed).at(int(clock.now()))
        access.second_factor.enrol_confirm("anna", code, clock.now())


async def live_events(chain: Chain, settings: Settings) -> AsyncGenerator[EngineEvent, None]:
    """Run live mode; a block is made whenever the engine has done with the one before it."""
    await chain.rehearsal.blocks.next_block()
    async with running(settings, keep=True) as engine:
        async for event in engine.events():
            yield event
            if isinstance(event, StepProcessed):
                await chain.rehearsal.blocks.next_block()


async def included(chain: Chain, settings: Settings) -> OnchainSettlement:
    """Run live mode until a trade is included and final; returns what it came to."""
    settled = None
    async with aclosing(live_events(chain, settings)) as events:
        async for event in events:
            if isinstance(event, AttemptSettled) and event.settlement.outcome == "included":
                # Booked with the step that it is part of.
                settled = event.settlement
            elif isinstance(event, StepProcessed) and settled_in(settings):
                assert isinstance(settled, OnchainSettlement)
                return settled
    raise AssertionError("the engine ended before a trade was included")


def settled_in(settings: Settings) -> tuple[Trade, ...]:
    """Return the trades of the live book that were included."""
    with BookReader.open(settings.book_url, Book.LIVE) as book:
        return tuple(each for each in book.trades(limit=50) if each.outcome == "included")


async def test_live_mode_from_end_to_end(tmp_path: Path) -> None:
    async with a_chain(tmp_path) as chain:
        settings = chain.settings(tmp_path / "var")
        with pytest.raises(ConfigurationError, match="start: no admin has set up"):
            await opened(settings)
        enrol_somebody(settings)
        await nothing_starts_that_must_not(chain, settings)
        settled = await asyncio.wait_for(included(chain, settings), PATIENCE)
        await what_was_earned_is_booked(chain, settings, settled)
        await the_stop_keeps_everything_unsigned(chain, settings)
        await asyncio.to_thread(books_and_chain_agree, chain, settings)
    assert sign_in_required(settings)


async def opened(settings: Settings) -> None:
    """Open an engine in live mode, and let go of it."""
    async with running(settings, keep=True):
        pass


async def nothing_starts_that_must_not(chain: Chain, settings: Settings) -> None:
    """Each refusal names its reason, and neither signs nor keeps anything."""
    published = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"live_confirmation": None}, "AINEON_LIVE_CONFIRMATION is not set"),
        ({"live_confirmation": written_phrase(1, chain.given["executor_address"])}, "names some"),
        ({"private_key": published}, "test keys that anvil and hardhat publish"),
        ({"private_key": somebody("x").key}, "the contract's operator is"),
        ({"rpc_urls": chain.rehearsal.world.anvil.url}, "fewer than two nodes know block"),
        ({"withdrawal_private_key": published}, "published test key"),
    )
    for changes, words in wrong:
        with pytest.raises(AineonError, match=words):
            await opened(chain.settings(settings.data_dir, **changes))
    with Anvil.start(AnvilOptions(chain_id=10)) as other, pytest.raises(ChainError, match="10"):
        await opened(chain.settings(settings.data_dir, rpc_urls=other.url))
    assert not (settings.data_dir / "live.db").exists()


async def what_was_earned_is_booked(
    chain: Chain, settings: Settings, settled: OnchainSettlement
) -> None:
    [trade, *_] = settled_in(settings)
    assert trade.provenance is Provenance.LIVE
    assert trade.settlement is not None
    assert trade.settlement.finalised
    assert (trade.settlement.chain_id, trade.settlement.transaction_hash) == (
        CHAIN_ID,
        settled.transaction_hash,
    )
    assert type(trade.net) is LiveMoney
    assert trade.net == settled.net
    assert trade.attempt.attempt_id.startswith("live-")
    receipt = await asyncio.to_thread(
        chain.rehearsal.world.anvil.ask, "eth_getTransactionReceipt", settled.transaction_hash
    )
    assert int(receipt["status"], 16) == 1
    # The other books were never opened.
    files = {path.name for path in settings.data_dir.glob("*.db")}
    assert files == {"live.db", "control.db"}
    with ControlStore.open(settings.control_url) as control:
        heartbeat = control.heartbeat()
    assert heartbeat is not None
    assert (heartbeat.mode, heartbeat.provenance) == ("live", "live")
    assert not (settings.data_dir / STOP_FILE).exists()


async def the_stop_keeps_everything_unsigned(chain: Chain, settings: Settings) -> None:
    """With the stop set the engine follows the chain, and signs nothing."""
    (settings.data_dir / STOP_FILE).write_text("enough", encoding="utf-8")
    points = {point.name: point for point in await asyncio.to_thread(live_points, settings)}
    assert points["stop"].verdict is Verdict.PROBLEM
    assert [name for name, point in points.items() if point.verdict is Verdict.PROBLEM] == ["stop"]
    steps = 0
    async with aclosing(live_events(chain, settings)) as events:
        async for event in events:
            assert not isinstance(event, AttemptSubmitted)
            steps += isinstance(event, StepProcessed)
            if steps == 12:
                return


def books_and_chain_agree(chain: Chain, settings: Settings) -> None:
    """What the book says was earned and paid is what treasury and operator have, to the wei."""
    world = chain.rehearsal.world
    with BookReader.open(settings.book_url, Book.LIVE) as book:
        assert not book.pending()
        trades = [trade for trade in book.trades(limit=500) if trade.settlement is not None]
    earned: Counter[Token] = Counter()
    paid = 0
    for trade in trades:
        told = trade.settlement
        assert told is not None
        paid += wei_of(told.gas_cost)
        if told.outcome == "included":
            assert told.verification == "verified", told.verification_detail
            assert told.gross_profit is not None
            earned[trade.attempt.base_token] += told.gross_profit - told.flash_fee
            # It is paid in ether, and so out of what was earned in it.
            earned[world.wrapped_ether] -= wei_of(told.builder_payment)
    assert earned
    operator, treasury = (account_of(chain, key) for key in ("", "withdrawal_"))
    for token in (world.tokens[symbol] for symbol in listing.BASES):
        (held,) = world.deployer.call(token.address, "balanceOf(address)", ["uint256"], treasury)
        assert held - (LENT if token == world.wrapped_ether else 0) == earned[token]
    left = int(world.anvil.ask("eth_getBalance", operator, "latest"), 16)
    assert 10 * ETHER - left == paid


def wei_of(money: LiveMoney | None) -> int:
    return 0 if money is None else money.wei


def account_of(chain: Chain, key: str) -> str:
    from eth_account import Account as Signer

    return str(Signer.from_key(chain.given[f"{key}private_key"]).address)
