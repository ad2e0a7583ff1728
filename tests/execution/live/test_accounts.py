"""The accounts of real trades equal the chain, to the wei; what is taken away stops everything."""

from __future__ import annotations

import pytest

from aineon.execution.settlement import Outcome
from aineon.ledger.accounts import NATIVE, wallet
from aineon.ledger.accounts.names import GAS
from aineon.ledger.accounts.reading import AccountsReader, Reconciliation
from aineon.ledger.reading import BookReader
from aineon.ledger.reconciling import Reconciler
from aineon.primitives import Address
from aineon.primitives.units import GWEI
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import Deployer
from aineon.search.lenders import AAVE_V3, FLASH_SWAP
from aineon.sending.intent import Fees, Intent, IntentKind
from tests.execution.live.rig import UNTIL_FINAL, Rig
from tests.ledger.accounts.chain import FRIEND


def reconciler(rig: Rig) -> Reconciler:
    async def holders(block_hash: str) -> tuple[Address, ...]:
        return rig.scene.operator, rig.scene.treasury

    return Reconciler(rig.reader, rig.store, rig.stop, 1, holders=holders, tokens=rig.scene.bases)


async def compared(rig: Rig, with_: Reconciler) -> Reconciliation:
    """Make all that is there final, and compare it."""
    rig.mine(UNTIL_FINAL)
    await rig.block()  # which tells the relay how far the chain is
    await rig.look()
    found = await with_.look((await rig.newest()).number)
    assert found is not None
    return found


@pytest.mark.parametrize("money", [FLASH_SWAP, AAVE_V3])
async def test_books_and_chain_agree_after_trades_that_went_well_and_badly(
    rig: Rig, money: str
) -> None:
    comparing = reconciler(rig)
    assert (await compared(rig, comparing)).verdict == "opened"
    attempt = await rig.attempt(rig.profit(money).plan)
    await rig.block()
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.INCLUDED
    assert (settlement.operator, settlement.treasury) == (rig.scene.operator, rig.scene.treasury)
    assert (await compared(rig, comparing)).verdict == "agreed"

    plan = await rig.retargeted(rig.profit(FLASH_SWAP).plan)
    failing = await rig.attempt(plan)
    rig.compete(plan)
    rig.force(rig.raw_of(failing))
    rig.mine()
    settlement = await rig.until_settled(failing.attempt_id)
    assert settlement.outcome is Outcome.REVERTED
    found = await compared(rig, comparing)
    assert (found.verdict, found.words[:20]) == ("agreed", "books and chain agre")
    assert AccountsReader(BookReader.of(rig.store)).unbalanced() == ()


async def test_the_gas_of_what_is_no_trade_is_posted_when_it_is_final(rig: Rig) -> None:
    comparing = reconciler(rig)
    assert (await compared(rig, comparing)).verdict == "opened"
    fees = Fees(100 * GWEI, GWEI)
    approval = Intent("approval-1", IntentKind.APPROVAL, rig.scene.treasury, 60_000, fees)
    await rig.sender.send(approval)
    rig.force(rig.sender.outbox.versions("approval-1")[0].raw)
    rig.mine()
    assert (await compared(rig, comparing)).verdict == "agreed"
    reader = AccountsReader(BookReader.of(rig.store))
    (gas,) = [each.amount for each in reader.balances() if each.account == GAS]
    (version,) = rig.sender.outbox.versions("approval-1")
    assert version.landing is not None
    assert gas == version.landing.gas_used * version.landing.gas_price_wei
    assert reader.recent_entries()[0].detail == "gas of a transaction for approval"


async def test_money_that_goes_missing_stops_everything(rig: Rig) -> None:
    comparing = reconciler(rig)
    await compared(rig, comparing)
    held = rig.scene._held(rig.scene.native, rig.scene.treasury)
    rig.scene.ask("anvil_impersonateAccount", rig.scene.treasury)
    thief = Deployer(rig.scene.world.anvil.rpc, rig.scene.treasury)
    stolen = call_data("transfer(address,uint256)", FRIEND, held // 3)
    rig.automined(lambda: thief.transact(rig.scene.native.address, stolen))
    found = await compared(rig, comparing)
    assert found.verdict == "shortfall"
    state = rig.stop.state()
    assert state.is_set
    assert str(held) in str(state)
    assert str(held - held // 3) in str(state)


async def test_the_executor_compares_as_blocks_come(rig: Rig) -> None:
    rig.executor._reconciler = reconciler(rig)
    for _ in range(4):
        rig.mine(UNTIL_FINAL)
        await rig.look()
        task = rig.executor._reconciler._task
        assert task is not None
        await task
    reader = AccountsReader(BookReader.of(rig.store))
    verdicts = [each.verdict for each in reader.reconciliations()]
    assert verdicts == ["agreed", "agreed", "agreed", "opened"]
    balances = {(each.account, each.token): each.amount for each in reader.balances()}
    ether = await rig.reader.balance(rig.scene.operator)
    assert balances[wallet(rig.scene.operator), NATIVE] == ether
