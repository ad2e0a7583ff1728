"""Withdrawals on a real chain, from cooled to confirmed and posted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import NodeUnavailable
from aineon.ledger.accounts import wallet, withdrawn
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.reading import BookReader
from aineon.primitives import ETHER, Book, Token
from aineon.primitives.units import GWEI
from aineon.rehearsal.protocols import tokens
from aineon.treasury import Purpose, Strategy, WithdrawalState
from aineon.treasury.cashier.leaving import Leaving
from aineon.treasury.house import sweep_digest
from tests.databases import database_url
from tests.treasury.cashier.rig import ACCOUNT, UNTIL_FINAL, Rig, a_rig
from tests.treasury.desks import DAY, NOON, SAVINGS, WEI

S = WithdrawalState


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        yield made


async def test_ether_from_cooled_to_confirmed_and_posted(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    await rig.round()
    assert rig.now(asked).state is S.BROADCAST
    rig.mine()
    await rig.round()
    assert rig.now(asked).state is S.MINED
    assert rig.ether_of(SAVINGS) == 2 * WEI
    rig.mine(UNTIL_FINAL)
    await rig.round()
    done = rig.now(asked)
    assert done.state is S.CONFIRMED
    assert done.transaction_hash is not None
    assert done.block_number is not None
    rig.mine()
    await rig.round()
    assert rig.ether_of(SAVINGS) == 2 * WEI
    assert posted(rig, withdrawn(SAVINGS)) == 2 * WEI


async def test_a_token_is_paid_by_its_contract(rig: Rig) -> None:
    asked = rig.cooled(1_000 * 10**6, rig.coin)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.token_of(rig.coin, SAVINGS) == 1_000 * 10**6


async def test_what_is_not_there_waits(rig: Rig) -> None:
    asked = rig.cooled(6_000 * 10**6, rig.coin)
    done = await rig.round()
    assert "COIN that is not leaving already, less than this" in done.waiting[asked.id]
    assert rig.now(asked).state is S.COOLING
    poor = rig.cooled(9 * WEI)
    rig.give_ether(WEI // 10**6)
    done = await rig.round()
    assert "gas at its dearest included" in done.waiting[poor.id]


async def test_wrapped_ether_is_unwrapped_where_ether_lacks_and_posted_once(rig: Rig) -> None:
    """Control: without the posting the books would lack what was unwrapped."""
    rig.give_ether(WEI)
    asked = rig.cooled(5 * WEI)
    done = await rig.round()
    assert "are being unwrapped for it" in done.waiting[asked.id]
    rig.mine(UNTIL_FINAL)
    await rig.round()
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == 5 * WEI
    unwrapped = 10 * WEI - rig.token_of(rig.weth, ACCOUNT)
    assert unwrapped > 4 * WEI
    assert posted(rig, wallet(ACCOUNT), rig.weth) == -unwrapped


async def test_fees_that_rise_meanwhile_are_unwrapped_for_too(rig: Rig) -> None:
    """Control: where just what lacked was unwrapped, dearer gas would leave it lacking again."""
    rig.give_ether(WEI)
    asked = rig.cooled(5 * WEI)
    await rig.round()
    rig.mine()
    rig.mine_at(40 * GWEI)
    done = await rig.round()
    assert rig.now(asked).state is S.BROADCAST, done.waiting


async def test_ether_that_went_elsewhere_is_unwrapped_again(rig: Rig) -> None:
    rig.give_ether(WEI)
    asked = rig.cooled(5 * WEI)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    rig.give_ether(WEI)
    done = await rig.round()
    assert "are being unwrapped for it" in done.waiting[asked.id]
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.BROADCAST


async def test_a_crash_before_the_signature_pays_once(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    signed = rig.desk.dispatch.advance(asked, S.SIGNED, "then it crashed", rig.at)
    assert await rig.sender.status(signed.own_intent_id) is None
    for _ in range(3):
        await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_a_reorganisation_opens_what_was_mined(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    await rig.round()
    before = rig.anvil.ask("evm_snapshot")
    rig.mine()
    await rig.round()
    assert rig.now(asked).state is S.MINED
    rig.anvil.ask("evm_revert", before)
    rig.anvil.ask("anvil_dropAllTransactions")
    rig.mine(2)
    await rig.round()
    assert rig.now(asked).state is S.BROADCAST
    assert rig.now(asked).block_number is None
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_a_stop_keeps_everything_in(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    rig.stop.latch("something is wrong", "a test")
    done = await rig.round()
    assert "the emergency stop is set" in done.waiting[asked.id]
    rig.mine()
    assert rig.ether_of(SAVINGS) == 0
    rig.stop.clear("anna", rig.stop.state())
    await rig.round()
    rig.mine()
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_a_cancel_before_the_block_is_not_paid(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    await rig.round()
    rig.desk.cancel(asked.id, who="anna", at=rig.at)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CANCELLED
    assert rig.ether_of(SAVINGS) == 0


async def test_a_destination_that_cannot_receive_fails_before_it_is_signed(rig: Rig) -> None:
    rig.anvil.ask("anvil_setCode", SAVINGS, "0x60006000fd")
    asked = rig.cooled(2 * WEI)
    await rig.round()
    failed = rig.now(asked)
    assert failed.state is S.FAILED
    assert "cannot be paid ether" in failed.reason
    assert await rig.sender.status(asked.own_intent_id) is None


async def test_optimized_waits_for_a_cheap_block(rig: Rig) -> None:
    for _ in range(100):
        rig.mine_at(50 * GWEI)
    rig.mine_at(90 * GWEI)
    asked = rig.cooled(2 * WEI, strategy=Strategy.OPTIMIZED)
    done = await rig.round()
    assert "it waits for 50 gwei or less" in done.waiting[asked.id]
    assert rig.now(asked).state is S.COOLING
    rig.mine_at(50 * GWEI)
    done = await rig.round()
    assert rig.now(asked).state is S.BROADCAST, done.waiting


async def test_what_is_out_for_long_is_offered_more(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI, strategy=Strategy.SLOW)
    await rig.round()
    first = rig.now(asked).transaction_hash
    for _ in range(6):
        rig.mine_at(20 * GWEI)
    assert rig.ether_of(SAVINGS) == 0
    await rig.round()
    again = rig.now(asked)
    assert again.state is S.REPLACED
    assert again.transaction_hash != first
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_one_that_fails_holds_no_other_up(rig: Rig) -> None:
    broken = rig.cooled(1_000 * 10**6, rig.coin)
    fine = rig.cooled(WEI // 2)
    rig.anvil.ask("anvil_setCode", rig.coin.address, "0x60006000fd")
    done = await rig.round()
    assert broken.id in done.waiting
    assert rig.now(fine).state is S.BROADCAST


async def test_what_is_leaving_is_not_promised_twice(rig: Rig) -> None:
    """Control: one of them alone is paid, in the first test of a token."""
    first, second = (rig.cooled(3_000 * 10**6, rig.coin) for _ in range(2))
    done = await rig.round()
    assert rig.now(first).state is S.BROADCAST
    assert rig.now(second).state is S.COOLING
    assert "the account has 2,000 COIN that is not leaving already" in done.waiting[second.id]


async def test_what_was_handed_over_and_not_sent_is_leaving_too(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that is away between the book and the signature: it is sent at the next head."""
    first, second = (rig.cooled(3_000 * 10**6, rig.coin) for _ in range(2))
    tries = 0

    async def simulate(transactions: Any, block: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise NodeUnavailable("it is away")
        return await ask(transactions, block)

    ask = rig.reader.simulate
    monkeypatch.setattr(rig.reader, "simulate", simulate)
    await rig.round()
    assert rig.now(first).state is S.SIGNED
    assert rig.now(second).state is S.COOLING
    await rig.round()
    assert rig.now(first).state is S.BROADCAST


async def test_what_is_mined_after_the_head_is_leaving_still(rig: Rig) -> None:
    """Whoever trades looks at the chain too, and the outbox may know a newer block."""
    asked = rig.cooled(2 * WEI)
    await rig.round()
    rig.mine()
    await rig.round()
    mined = rig.now(asked)
    assert mined.state is S.MINED
    assert mined.block_number is not None
    assert Leaving([mined], 0, {}, mined.block_number - 1).of(ETHER) == 2 * WEI
    assert Leaving([mined], 0, {}, mined.block_number).of(ETHER) == 0


async def test_what_may_not_be_paid_any_more_is_not_sent(rig: Rig) -> None:
    """Control: with its destination in place it is, after the same crash."""
    asked = rig.cooled(2 * WEI)
    rig.desk.dispatch.advance(asked, S.SIGNED, "then it crashed", rig.at)
    rig.desk.remove_destination(SAVINGS, who="anna", at=rig.at)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    ended = rig.now(asked)
    assert ended.state is S.CANCELLED
    assert "may not be paid any more" in ended.reason
    assert rig.ether_of(SAVINGS) == 0


async def test_a_stop_leaves_what_is_due_where_it_can_be_taken_back(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    rig.stop.latch("something is wrong", "a test")
    await rig.round()
    assert rig.now(asked).state is S.COOLING


async def test_a_cancel_that_gas_outgrew_is_offered_more(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI, strategy=Strategy.SLOW)
    await rig.round()
    rig.desk.cancel(asked.id, who="anna", at=rig.at)
    await rig.round()
    for _ in range(6):
        rig.mine_at(20 * GWEI)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CANCELLED
    assert rig.ether_of(SAVINGS) == 0


async def test_holdings_count_wrapped_ether_as_ether(rig: Rig) -> None:
    head = await rig.reader.block("latest")
    assert head is not None
    held = await rig.cashier.holdings(head)
    assert held.balances[ETHER] == 20 * WEI
    assert held.balances[rig.coin] == 5_000 * 10**6
    assert rig.weth not in held.balances


def posted(rig: Rig, account: str, token: Token = ETHER) -> int:
    """What the books say of an account, in wei or a token's smallest unit."""
    with BookReader.open(database_url(rig.folder / "rehearsal.db"), Book.REHEARSAL) as reader:
        found = AccountsReader(reader, 31_337).balances()
    return sum(each.amount for each in found if (each.account, each.token) == (account, token))


async def test_an_unwrapping_that_gas_outgrew_is_offered_more(rig: Rig) -> None:
    """Control: until it is mined, whatever comes after it in the account's nonces waits too."""
    rig.give_ether(WEI)
    asked = rig.cooled(5 * WEI)
    await rig.round()
    name = f"unwrap:{asked.id}:{asked.version}:0"
    rig.desk.cancel(asked.id, who="anna", at=rig.at)
    for _ in range(6):
        rig.mine_at(90 * GWEI)
    before = await rig.sender.status(name)
    await rig.round()
    after = await rig.sender.status(name)
    assert before is not None
    assert after is not None
    assert (before.version.ordinal, after.version.ordinal) == (0, 1)
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.token_of(rig.weth, ACCOUNT) < 10 * WEI


async def test_why_a_withdrawal_waits_is_kept_until_it_does_not(rig: Rig) -> None:
    asked = rig.cooled(6_000 * 10**6, rig.coin)
    await rig.round()
    first = rig.now(asked)
    assert "not leaving already, less than this" in (first.waits_because or "")
    assert first.waits_since == rig.at
    await rig.round()
    assert rig.now(asked).waits_since == first.waits_since
    rig.anvil.ask("evm_setAutomine", True)
    tokens.mint(rig.deployer, rig.coin, ACCOUNT, 5_000 * 10**6)
    rig.anvil.ask("evm_setAutomine", False)
    await rig.round()
    assert rig.now(asked).state is S.BROADCAST
    assert (rig.now(asked).waits_because, rig.now(asked).waits_since) == (None, None)


async def test_a_sweep_does_not_promise_wrapped_ether_that_is_leaving(rig: Rig) -> None:
    """Control: counted as ether, it would be promised once more, and the sweep would wait."""
    away = rig.cooled(4 * WEI, rig.weth)
    await rig.round()
    assert rig.now(away).state is S.BROADCAST
    safe = rig.destination("the safe")
    rig.desk.remove_destination(safe, who="anna", at=NOON - 2 * DAY)
    rig.desk.add_destination(safe, "safe", who="anna", at=NOON - 2 * DAY, purpose=Purpose.SAFE)
    head = await rig.reader.block("latest")
    assert head is not None
    held = await rig.cashier.holdings(head)
    proof = sweep_digest(Book.REHEARSAL, safe)[:8]
    swept = rig.desk.sweep(held, who="anna", at=rig.at, proof=proof)
    ether = next(each for each in swept if each.asset == ETHER)
    assert 15 * WEI < ether.amount < 16 * WEI
    for _ in range(4):
        await rig.round()
        rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(ether).state is S.CONFIRMED, rig.now(ether)
