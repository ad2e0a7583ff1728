"""What is told of a withdrawal before it is asked for, on a real chain; nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import ChainError
from aineon.ledger.commands import Command, CommandState, CommandTable
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from aineon.treasury import Strategy
from aineon.treasury.cashier import CashierRules
from aineon.treasury.cashier.previewing import Previewer
from aineon.treasury.closed import ClosedDesk
from aineon.treasury.commands import PREVIEW
from aineon.treasury.preview import Preview
from tests.databases import database_url
from tests.treasury.cashier.rig import ACCOUNT, PRICING, Rig, a_rig
from tests.treasury.desks import PARTNER, SAVINGS, WEI

FINE = {"amount": "2", "destination": SAVINGS}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        made.mine()
        yield made


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[CommandTable]:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        yield control.commands


class Broken:
    """A node that is away."""

    async def block(self, block: Any) -> None:
        raise ChainError("nobody answers")


def previewer(rig: Rig, commands: CommandTable, reader: Any = None) -> Previewer:
    rules = CashierRules(ACCOUNT, rig.desk.house.assets, rig.weth, PRICING)
    return Previewer(rig.desk, commands, rig.cashier, reader or rig.reader, rules)


async def answered(
    rig: Rig, commands: CommandTable, body: dict[str, Any], reader: Any = None, **how: Any
) -> Command:
    at, book = how.get("at", rig.at), how.get("book", Book.REHEARSAL)
    number = commands.ask(PREVIEW, body, "anna", at, book=book)
    assert await previewer(rig, commands, reader).tend(rig.at) == (number,)
    found = commands.find(number)
    assert found is not None
    return found


async def told(
    rig: Rig, commands: CommandTable, body: dict[str, Any], reader: Any = None
) -> Preview:
    found = await answered(rig, commands, body, reader)
    assert found.state is CommandState.DONE, found.answer
    return Preview.from_answer(found.answer)


async def test_everything_is_told_and_nothing_is_kept(rig: Rig, commands: CommandTable) -> None:
    seen = await told(rig, commands, FINE)
    assert (seen.amount, seen.destination, seen.asset_name) == (2 * WEI, SAVINGS, "ETH")
    assert (seen.state, seen.refusal, seen.cooling_seconds) == ("pending_approval", "", None)
    # Ten of ether and ten of wrapped ether.
    assert (seen.balance, seen.promised) == (20 * WEI, 0)
    assert seen.limits.left_wei(seen.worth_wei) == 198 * WEI
    assert seen.limits.left_count == 5
    assert "succeeds, and exactly this amount arrives" in seen.trial
    assert (seen.gas_used, seen.failure) == (21_000, "")
    with rig.desk.store.reading() as treasury:
        assert treasury.newest() == ()


async def test_fees_rise_with_the_strategy(rig: Rig, commands: CommandTable) -> None:
    seen = await told(rig, commands, FINE)
    by = {each.strategy: each for each in seen.offers}
    assert list(by) == list(Strategy)
    assert by[Strategy.SLOW].most_wei < by[Strategy.STANDARD].most_wei  # type: ignore[operator]
    assert by[Strategy.STANDARD].most_wei < by[Strategy.FAST].most_wei  # type: ignore[operator]
    assert by[Strategy.OPTIMIZED].most_wei == by[Strategy.STANDARD].most_wei
    assert all(each.likely_wei <= each.most_wei for each in seen.offers)  # type: ignore[operator]


async def test_optimized_says_that_it_would_wait(rig: Rig, commands: CommandTable) -> None:
    for _ in range(4):
        rig.mine_at(10**9)
    rig.mine_at(40 * 10**9)
    by = {each.strategy: each for each in (await told(rig, commands, FINE)).offers}
    assert "it waits for" in by[Strategy.OPTIMIZED].waits
    assert by[Strategy.OPTIMIZED].most_wei == by[Strategy.STANDARD].most_wei
    assert by[Strategy.STANDARD].waits == ""


async def test_a_token_is_tried_too(rig: Rig, commands: CommandTable) -> None:
    rig.cooled(900 * 10**6, rig.coin)
    seen = await told(rig, commands, FINE | {"asset": "coin", "amount": "1000.000001"})
    assert (seen.amount, seen.decimals, seen.balance) == (1_000_000_001, 6, 5_000 * 10**6)
    assert seen.promised == 900 * 10**6
    assert seen.gas_used is not None
    assert seen.gas_used > 21_000
    short = await told(rig, commands, FINE | {"asset": "coin", "amount": "6000"})
    assert "COIN does not move" in short.failure
    assert "fails" in short.trial
    assert all(each.most_wei is None for each in short.offers)


async def test_a_contract_that_takes_no_ether_is_found_out(
    rig: Rig, commands: CommandTable
) -> None:
    rig.desk.add_destination(rig.coin.address, "a contract", who="anna", at=rig.at)
    seen = await told(rig, commands, FINE | {"destination": rig.coin.address})
    assert "cannot be paid ether" in seen.failure
    assert "was added too recently" in seen.refusal


async def test_more_ether_than_is_there_unwrapped(rig: Rig, commands: CommandTable) -> None:
    seen = await told(rig, commands, FINE | {"amount": "12"})
    assert "wrapped ether is unwrapped first" in seen.trial
    assert seen.refusal == ""


async def test_what_would_be_refused_is_told_with_its_fees(
    rig: Rig, commands: CommandTable
) -> None:
    for body, words in (
        (FINE | {"destination": PARTNER}, "not on the allow-list"),
        (FINE | {"amount": "101"}, "the most that is withdrawn at once"),
        (FINE | {"amount": "0.01"}, "the least that is withdrawn at once"),
    ):
        seen = await told(rig, commands, body)
        assert words in seen.refusal
        assert seen.state == "draft"
        assert len(seen.offers) == len(Strategy)


async def test_without_a_node_the_book_is_told(rig: Rig, commands: CommandTable) -> None:
    seen = await told(rig, commands, FINE, Broken())
    assert (seen.block, seen.balance, seen.offers, seen.gas_used) == (None, None, (), None)
    assert "no node tells what it would do: nobody answers" in seen.trial
    assert seen.limits.daily_wei == 200 * WEI


@pytest.mark.parametrize("amount", ["1e400", "NaN", "-1", "0", "1.0000000000000000001"])
async def test_amounts_that_are_none_are_refused(
    rig: Rig, commands: CommandTable, amount: str
) -> None:
    found = await answered(rig, commands, FINE | {"amount": amount})
    assert found.state is CommandState.REFUSED
    assert amount in found.answer


async def test_what_is_not_for_this_book_or_too_old(rig: Rig, commands: CommandTable) -> None:
    other = await answered(rig, commands, FINE, book=Book.LIVE)
    assert "asked of the live book" in other.answer
    old = await answered(rig, commands, FINE, at=rig.at - 100)
    assert "look again" in old.answer
    assert {other.state, old.state} == {CommandState.REFUSED}


def test_a_closed_desk_refuses_previews_too(commands: CommandTable) -> None:
    number = commands.ask(PREVIEW, FINE, "anna", 0.0, book=Book.LIVE)
    assert ClosedDesk(commands).refuse_all("a contract is its treasury", 1.0) == (number,)
