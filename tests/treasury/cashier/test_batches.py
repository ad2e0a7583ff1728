"""Several withdrawals by one transaction: all of them paid once, or each of them alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from aineon.errors import InvalidIntent, LedgerError, NonceWaiting
from aineon.ledger.accounts import EntryKind, JournalEntry, withdrawn
from aineon.ledger.accounts.book import shares_of_gas
from aineon.ledger.accounts.posting import post
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.reading import BookReader
from aineon.primitives import Book
from aineon.sending import Fees
from aineon.treasury import Strategy, Withdrawal, WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.cashier.payments import payment_of
from aineon.treasury.cashier.payouts import Payout
from tests.databases import database_url
from tests.treasury.cashier.rig import ACCOUNT, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_cashier import posted
from tests.treasury.desks import WEI

S = WithdrawalState
FEES = Fees(10**9, 10**9)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        made.batches()
        yield made


def three(rig: Rig, balance: int = 1, **how: Any) -> list[Withdrawal]:
    """Three withdrawals that may be signed now, to three addresses."""
    names = ("anna's wallet", "the office", "cold storage")
    where = [rig.destination(name, balance) for name in names]
    return [rig.cooled(WEI + place, where=each, **how) for place, each in enumerate(where)]


def states(rig: Rig, asked: list[Withdrawal]) -> set[WithdrawalState]:
    return {rig.now(each).state for each in asked}


def paid(rig: Rig, asked: list[Withdrawal]) -> list[bool]:
    return [rig.ether_of(each.destination) == each.amount + 1 for each in asked]


async def test_a_batch_from_cooled_to_confirmed_and_posted(rig: Rig) -> None:
    asked = three(rig)
    await rig.round()
    found = [rig.now(each) for each in asked]
    assert {each.state for each in found} == {S.BROADCAST}
    assert len({each.transaction_hash for each in found}) == 1
    assert len({each.intent_id for each in found}) == 1
    rig.mine()
    await rig.round()
    assert states(rig, asked) == {S.MINED}
    rig.mine(UNTIL_FINAL)
    await rig.round()
    found = [rig.now(each) for each in asked]
    assert {each.state for each in found} == {S.CONFIRMED}
    assert paid(rig, asked) == [True] * 3
    assert [posted(rig, withdrawn(each.destination)) for each in asked] == [
        each.amount for each in asked
    ]
    receipt = rig.anvil.ask("eth_getTransactionReceipt", found[0].transaction_hash)
    cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    shares = [each.gas_wei for each in found]
    assert None not in shares
    assert sum(share or 0 for share in shares) == cost
    # Cheaper than three transactions of their own.
    assert int(receipt["gasUsed"], 16) < 3 * 21_000


async def test_control_those_that_do_not_agree_go_alone(rig: Rig) -> None:
    where = rig.destination("anna's wallet")
    wanted = [Strategy.STANDARD, Strategy.STANDARD, Strategy.FAST]
    asked = [rig.cooled(WEI, where=where, strategy=each) for each in wanted]
    await rig.round()
    assert len({rig.now(each).transaction_hash for each in asked}) == 3
    assert {rig.now(each).batch_id for each in asked} == {None}


async def test_accounts_that_do_not_exist_yet_are_dearer_together(rig: Rig) -> None:
    """Control: those that exist share a transaction, in the first test."""
    asked = three(rig, balance=0)
    await rig.round()
    assert states(rig, asked) == {S.BROADCAST}
    assert {rig.now(each).batch_id for each in asked} == {None}


async def test_another_contract_at_the_address_is_not_called(rig: Rig) -> None:
    rig.batches(code_hash="0x" + "00" * 32)
    asked = three(rig)
    await rig.round()
    assert states(rig, asked) == {S.BROADCAST}
    assert {rig.now(each).batch_id for each in asked} == {None}


async def test_one_that_cannot_be_paid_keeps_no_other_from_it(rig: Rig) -> None:
    asked = three(rig)
    rig.anvil.ask("anvil_setCode", asked[0].destination, "0x60006000fd")
    await rig.round()
    assert [rig.now(each).state for each in asked] == [S.FAILED, S.BROADCAST, S.BROADCAST]


async def test_a_batch_that_is_reverted_is_paid_one_by_one(rig: Rig) -> None:
    """One destination takes nothing any more when the batch is mined."""
    asked = three(rig)
    await rig.round()
    rig.anvil.ask("anvil_setCode", asked[0].destination, "0x60006000fd")
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.SIGNED}
    assert {rig.now(each).batch_id for each in asked} == {None}
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert [rig.now(each).state for each in asked] == [S.SIGNED, S.CONFIRMED, S.CONFIRMED]
    assert paid(rig, asked) == [False, True, True]
    waits = rig.now(asked[0])
    assert "it is not sent yet" in (waits.waits_because or "")
    assert waits.waits_since is not None


async def test_who_takes_his_part_back_keeps_no_other_from_being_paid(rig: Rig) -> None:
    asked = three(rig)
    await rig.round()
    rig.desk.cancel(asked[1].id, who="anna", at=rig.at)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    for _ in range(3):
        await rig.round()
        rig.mine(UNTIL_FINAL)
    await rig.round()
    assert [rig.now(each).state for each in asked] == [S.CONFIRMED, S.CANCELLED, S.CONFIRMED]
    assert paid(rig, asked) == [True, False, True]


async def test_a_crash_before_the_signature_pays_the_same_batch_once(rig: Rig) -> None:
    asked = three(rig)
    group = Payout.of(*asked)
    name = group.proposed_batch_id
    rig.desk.dispatch.sign_together(group.members, name, rig.at)
    assert await rig.sender.status(name) is None
    for _ in range(2):
        await rig.round()
        rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.CONFIRMED}
    assert {rig.now(each).intent_id for each in asked} == {name}
    assert paid(rig, asked) == [True] * 3


async def test_a_batch_whose_part_may_not_be_paid_any_more_is_taken_apart(rig: Rig) -> None:
    asked = three(rig)
    name = Payout.of(*asked).proposed_batch_id
    signed = rig.desk.dispatch.sign_together(Payout.of(*asked).members, name, rig.at)
    rig.desk.remove_destination(asked[1].destination, who="anna", at=rig.at)
    for _ in range(3):
        await rig.round()
        rig.mine(UNTIL_FINAL)
    await rig.round()
    assert [rig.now(each).state for each in asked] == [S.CONFIRMED, S.CANCELLED, S.CONFIRMED]
    assert paid(rig, asked) == [True, False, True]
    # Whoever has not heard of it, as an engine that was replaced, is refused the signature.
    multisend = rig.batches()
    late = payment_of(Payout.of(*signed), multisend, 100_000, FEES)
    with pytest.raises(InvalidIntent, match="was retired"):
        await rig.sender.send(late)


async def test_a_contract_that_is_gone_is_paid_nothing(rig: Rig) -> None:
    """Signed before a crash; an address without code would take the ether and pay nobody."""
    multisend = rig.batches()
    asked = three(rig)
    group = Payout.of(*asked)
    rig.desk.dispatch.sign_together(group.members, group.proposed_batch_id, rig.at)
    rig.anvil.ask("anvil_setCode", multisend.address, "0x")
    for _ in range(3):
        await rig.round()
        rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.CONFIRMED}
    assert paid(rig, asked) == [True] * 3
    assert rig.ether_of(multisend.address) == 0


async def test_what_may_be_mined_is_not_retired(rig: Rig) -> None:
    asked = three(rig)
    await rig.round()
    name = rig.now(asked[0]).intent_id
    assert name is not None
    with pytest.raises(NonceWaiting, match="cannot be retired"):
        await rig.sender.retire(name)


async def test_a_reorganisation_opens_the_whole_batch(rig: Rig) -> None:
    asked = three(rig)
    await rig.round()
    before = rig.anvil.ask("evm_snapshot")
    rig.mine()
    await rig.round()
    assert states(rig, asked) == {S.MINED}
    rig.anvil.ask("evm_revert", before)
    rig.anvil.ask("anvil_dropAllTransactions")
    rig.mine(2)
    await rig.round()
    assert states(rig, asked) == {S.BROADCAST}
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.CONFIRMED}
    assert paid(rig, asked) == [True] * 3


async def test_a_batch_is_offered_more_where_none_are_made_any_more(rig: Rig) -> None:
    """The setting was changed while it was out; every later nonce waits for it."""
    asked = three(rig, strategy=Strategy.SLOW)
    await rig.round()
    rules = CashierRules(ACCOUNT, rig.desk.house.assets, rig.weth, PRICING)
    rig.cashier = Cashier(rig.desk.dispatch, rig.sender, rig.reader, rig.book, rules)
    for _ in range(6):
        rig.mine_at(20 * 10**9)
    await rig.round()
    assert states(rig, asked) == {S.REPLACED}
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.CONFIRMED}
    assert paid(rig, asked) == [True] * 3


async def test_a_batch_that_is_out_for_long_is_offered_more(rig: Rig) -> None:
    asked = three(rig, strategy=Strategy.SLOW)
    await rig.round()
    for _ in range(6):
        rig.mine_at(20 * 10**9)
    await rig.round()
    assert states(rig, asked) == {S.REPLACED}
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert states(rig, asked) == {S.CONFIRMED}
    assert paid(rig, asked) == [True] * 3


async def test_the_books_never_know_a_part_of_a_batch_alone(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever compares takes a transaction as posted when one entry of it is there."""
    asked = three(rig)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    posts = []

    def power_goes(connection: Connection, entry: JournalEntry) -> bool:
        posts.append(entry)
        if len(posts) == 2:
            raise LedgerError("the power goes")
        return post(connection, entry)

    with monkeypatch.context() as patched:
        patched.setattr("aineon.ledger.accounts.book.post", power_goes)
        with pytest.raises(LedgerError, match="the power goes"):
            await rig.round()
    assert entries(rig, EntryKind.WITHDRAWAL) == 0
    assert states(rig, asked) == {S.BROADCAST}
    # Control: where nothing happens in between, each has its entry.
    await rig.round()
    assert entries(rig, EntryKind.WITHDRAWAL) == 3


def entries(rig: Rig, kind: EntryKind) -> int:
    with BookReader.open(database_url(rig.folder / "rehearsal.db"), Book.REHEARSAL) as reader:
        return sum(each.kind == kind for each in AccountsReader(reader, 31_337).entries())


@pytest.mark.parametrize("gas", [0, 1, 2, 7, 10**18 + 1])
def test_shares_of_gas_add_up(gas: int) -> None:
    shares = shares_of_gas(gas, ["c", "a", "b"])
    assert sum(shares.values()) == gas
    assert max(shares.values()) - min(shares.values()) <= 1
