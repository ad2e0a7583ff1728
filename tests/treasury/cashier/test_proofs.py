"""What is believed: the audit that can be written, the clock that the chain confirms, the logs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aineon.chain.reader import Receipt
from aineon.ledger.accounts import wallet, withdrawn
from aineon.treasury import WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules
from tests.treasury.cashier.rig import ACCOUNT, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_cashier import posted
from tests.treasury.desks import DAY, SAVINGS, WEI, AuditInMemory

S = WithdrawalState
COIN = 10**6


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        yield made


def audit_of(rig: Rig) -> AuditInMemory:
    audit = rig.desk.dispatch.journal._audit
    assert isinstance(audit, AuditInMemory)
    return audit


async def test_ether_is_unwrapped_only_where_that_can_be_audited(rig: Rig) -> None:
    rig.give_ether(WEI)
    asked = rig.cooled(5 * WEI)
    audit, had = audit_of(rig), rig.token_of(rig.weth, ACCOUNT)
    audit.broken = True
    done = await rig.round()
    rig.mine(3)
    assert "not unwrapped for it yet: the audit cannot be written" in done.waiting[asked.id]
    assert rig.token_of(rig.weth, ACCOUNT) == had
    # Control: as soon as it can be written it is, before anything leaves.
    audit.broken = False
    await rig.round()
    rig.mine()
    assert audit.actions[-1] == "withdrawal.unwrap"
    assert rig.token_of(rig.weth, ACCOUNT) < had


async def test_a_clock_that_the_chain_denies_begins_nothing(rig: Rig) -> None:
    head = await rig.reader.block("latest")
    assert head is not None
    assert head.timestamp is not None
    truth = float(head.timestamp)
    where = rig.destination("clock")
    rig.desk.remove_destination(where, who="anna", at=truth)
    rig.desk.add_destination(where, "young", who="anna", at=truth)
    rules = CashierRules(
        ACCOUNT, rig.desk.house.assets, rig.weth, PRICING, most_seconds_apart=300.0
    )
    rig.cashier = Cashier(rig.desk.dispatch, rig.sender, rig.reader, rig.book, rules)
    rig.at = truth + 2 * DAY
    asked = rig.cooled(WEI, where=where)
    done = await rig.round()
    assert rig.now(asked).state is S.COOLING
    assert "seconds ahead of block" in done.waiting[asked.id]
    # Control: when the chain has come as far, it is paid.
    rig.anvil.ask("evm_setNextBlockTimestamp", hex(int(rig.at)))
    rig.mine()
    await rig.round()
    assert rig.now(asked).state is S.BROADCAST


async def test_a_token_is_paid_when_its_logs_say_so(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: of the second one the logs show all of it."""
    short, whole = rig.cooled(100 * COIN, rig.coin), rig.cooled(200 * COIN, rig.coin)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    told = type(rig.reader).receipt

    async def less(self: Any, transaction_hash: str) -> Receipt | None:
        receipt = await told(self, transaction_hash)
        sent = await rig.sender.status(rig.now(short).own_intent_id)
        if receipt is None or sent is None or sent.version.hash != transaction_hash:
            return receipt
        [log] = receipt.logs
        taken = "0x" + (60 * COIN).to_bytes(32, "big").hex()
        return replace(receipt, logs=({**log, "data": taken},))

    monkeypatch.setattr(type(rig.reader), "receipt", less)
    await rig.round()
    ended = rig.now(short)
    assert ended.state is S.FAILED
    assert "needs a look: 60 COIN arrived and 60 COIN left" in ended.reason
    assert rig.now(whole).state is S.CONFIRMED
    # What moved is posted, whatever was approved.
    assert posted(rig, withdrawn(SAVINGS), rig.coin) == 260 * COIN
    assert posted(rig, wallet(ACCOUNT), rig.coin) == -260 * COIN
