"""The keeper between the control database and a real chain: asked, paid once, posted, answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import ChainError, LeaseHeld
from aineon.ledger.accounts import withdrawn
from aineon.ledger.commands import CommandState, CommandTable
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from aineon.sending import LocalSigner, PublicMempool, Sender
from aineon.treasury import Service, Withdrawal, WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.closed import ClosedDesk
from aineon.treasury.commands import KINDS
from aineon.treasury.keeper import Keeper
from aineon.treasury.service import Automatic
from tests.databases import database_url
from tests.treasury.cashier.rig import ACCOUNT, KEY, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_cashier import posted
from tests.treasury.desks import SAVINGS, WEI

S = WithdrawalState


class RigClock:
    """The rig's time."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now(self) -> float:
        return self._rig.at


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        # Each keeper has a sender of its own.
        await made.sender.aclose()
        yield made


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[CommandTable]:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        yield control.commands


class Keepers:
    """Engines' keepers, each begun anew: nothing is left of another one but what is kept."""

    def __init__(self, rig: Rig, commands: CommandTable) -> None:
        self._rig = rig
        self._commands = commands
        self._begun: list[Keeper] = []

    def begin(self, **changes: Any) -> Keeper:
        rig = self._rig
        public = PublicMempool("anvil", rig.anvil.url, 30.0)
        sender = Sender(rig.book, LocalSigner(KEY), rig.reader, rig.stop, public=public)
        rules = CashierRules(ACCOUNT, rig.desk.house.assets, rig.weth, PRICING)
        cashier = Cashier(rig.desk.dispatch, sender, rig.reader, rig.book, rules)
        service = Service(rig.desk, self._commands, Automatic())
        parts: dict[str, Any] = {"reader": rig.reader, "clock": RigClock(rig), **changes}
        self._begun.append(Keeper(service, cashier, sender, **parts))
        return self._begun[-1]

    async def aclose(self) -> None:
        for each in self._begun:
            await each.aclose()


@pytest.fixture
async def keepers(rig: Rig, commands: CommandTable) -> AsyncIterator[Keepers]:
    made = Keepers(rig, commands)
    yield made
    await made.aclose()


def ask(rig: Rig, commands: CommandTable, amount: str = "0.75") -> int:
    """Ask for what needs no approval."""
    body = {"amount": amount, "destination": SAVINGS}
    return commands.ask("withdrawal.request", body, "anna", rig.at, book=Book.REHEARSAL)


async def head(rig: Rig, keeper: Keeper, count: int = 1) -> None:
    """Make blocks, let time pass, and let the keeper look."""
    rig.mine(count)
    rig.at += 12 * count
    await keeper.tend()


def asked_for(rig: Rig) -> Withdrawal:
    (found,) = rig.desk.store.in_states(frozenset(S))
    return found


def cooled(rig: Rig) -> None:
    due = asked_for(rig).cooling_until
    assert due is not None
    rig.at = due


async def test_what_is_asked_for_is_answered_paid_and_posted(
    rig: Rig, commands: CommandTable, keepers: Keepers
) -> None:
    keeper = keepers.begin()
    number = ask(rig, commands)
    await head(rig, keeper)
    told = commands.find(number)
    assert told is not None
    assert told.state is CommandState.DONE
    assert "(0.75 ETH to " in told.answer
    cooled(rig)
    await head(rig, keeper)
    assert asked_for(rig).state is S.BROADCAST
    await head(rig, keeper, UNTIL_FINAL)
    assert asked_for(rig).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == WEI * 3 // 4
    assert posted(rig, withdrawn(SAVINGS)) == WEI * 3 // 4


@pytest.mark.parametrize("stage", [S.SIGNED, S.BROADCAST, S.MINED])
async def test_a_restart_in_the_middle_pays_once(
    rig: Rig, commands: CommandTable, keepers: Keepers, stage: WithdrawalState
) -> None:
    first = keepers.begin()
    ask(rig, commands)
    await head(rig, first)
    cooled(rig)
    if stage is S.SIGNED:
        rig.desk.dispatch.advance(asked_for(rig), S.SIGNED, "then it crashed", rig.at)
    else:
        await head(rig, first)
    if stage is S.MINED:
        await head(rig, first)
    assert asked_for(rig).state is stage
    await first.aclose()
    second = keepers.begin()
    await head(rig, second)
    for _ in range(2):
        await head(rig, second, UNTIL_FINAL)
    assert asked_for(rig).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == WEI * 3 // 4


async def test_of_two_keepers_one_pays_and_both_answer(
    rig: Rig, commands: CommandTable, keepers: Keepers
) -> None:
    one, other = keepers.begin(), keepers.begin()
    await head(rig, one)
    number = ask(rig, commands)
    with pytest.raises(LeaseHeld):
        await head(rig, other)
    told = commands.find(number)
    # The desk needs no lease: it was served before the refusal was told.
    assert told is not None
    assert told.state is CommandState.DONE
    cooled(rig)
    for count in (1, 1, UNTIL_FINAL, 1):
        rig.mine(count)
        rig.at += 12 * count
        done, refused = await asyncio.gather(one.tend(), other.tend(), return_exceptions=True)
        assert done is None
        assert isinstance(refused, LeaseHeld)
    assert asked_for(rig).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == WEI * 3 // 4
    # Control: once the first has ended, the other is given the lease and pays what is due.
    await one.aclose()
    ask(rig, commands)
    await head(rig, other)
    rig.at += 3600
    await head(rig, other)
    await head(rig, other)
    assert rig.ether_of(SAVINGS) == WEI * 3 // 2


async def test_an_engine_that_ends_in_the_middle_ends_what_it_has_begun(
    rig: Rig, commands: CommandTable, keepers: Keepers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled as it is about to sign: the book stays open under it, and it is paid once."""
    keeper = keepers.begin()
    ask(rig, commands)
    await head(rig, keeper)
    cooled(rig)
    rig.mine()
    loop, signed = asyncio.get_running_loop(), asyncio.Event()
    advance = rig.desk.dispatch.advance

    def watched(old: Withdrawal, state: WithdrawalState, *rest: Any, **facts: Any) -> Withdrawal:
        loop.call_soon_threadsafe(signed.set)
        return advance(old, state, *rest, **facts)

    monkeypatch.setattr(rig.desk.dispatch, "advance", watched)
    running = asyncio.create_task(keeper.run())
    await signed.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert asked_for(rig).state is S.BROADCAST
    await head(rig, keepers.begin(), UNTIL_FINAL)
    assert asked_for(rig).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == WEI * 3 // 4


async def test_whoever_asks_is_answered_while_the_node_is_away(
    rig: Rig, commands: CommandTable, keepers: Keepers
) -> None:
    class Away:
        async def block(self, which: str) -> None:
            raise ChainError("no node answers")

    keeper = keepers.begin(reader=Away())
    number = ask(rig, commands)
    with pytest.raises(ChainError):
        await keeper.tend()
    told = commands.find(number)
    assert told is not None
    assert told.state is CommandState.DONE
    # What is there is not known: a sweep is refused, and not waited for.
    number = commands.ask("withdrawal.sweep", {"proof": ""}, "anna", rig.at, book=Book.REHEARSAL)
    await keeper.tend()
    told = commands.find(number)
    assert told is not None
    assert told.state is CommandState.REFUSED
    assert "is not known now" in told.answer


def test_a_closed_desk_refuses_and_leaves_what_another_took(commands: CommandTable) -> None:
    body = {"amount": "1", "destination": SAVINGS}
    first, second = (
        commands.ask("withdrawal.request", body, who, 1.0, book=Book.REHEARSAL)
        for who in ("anna", "bert")
    )
    commands.take(first, 2.0)
    assert ClosedDesk(commands).refuse_all("there is no treasury", 3.0) == (second,)
    told = commands.find(second)
    assert told is not None
    assert (told.state, told.answer) == (CommandState.REFUSED, "there is no treasury")
    assert [each.number for each in commands.open(KINDS)] == [first]
