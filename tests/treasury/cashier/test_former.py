"""The treasury's key was changed while a payment was out: it is followed, and signed no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from aineon.errors import KeyNotHere
from aineon.ledger.accounts import wallet, withdrawn
from aineon.primitives import Address
from aineon.safety import Stop, StopFile
from aineon.sending import LocalSigner, PublicMempool, Sender, parse_private_key
from aineon.treasury import WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.cashier.former import FormerAccounts, Keyless, watching_stop
from tests.treasury.cashier.rig import ACCOUNT, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_cashier import posted
from tests.treasury.desks import SAVINGS, WEI

S = WithdrawalState
NEW_KEY = parse_private_key("0x" + "5ea1" * 15 + "0c18")
NEW = LocalSigner(NEW_KEY).address


@dataclass
class Change:
    """A rig whose treasury has another key by now."""

    rig: Rig
    former: FormerAccounts
    sender: Sender

    async def round(self) -> dict[str, str]:
        """One head, as the keeper works through it."""
        await self.sender.reconcile()
        await self.former.tend()
        head = await self.rig.reader.block("latest")
        assert head is not None
        self.rig.at += 12
        return (await self.rig.cashier.round(head, self.rig.at)).waiting


@asynccontextmanager
async def changed_key(rig: Rig) -> AsyncIterator[Change]:
    """End the engine that has the former key, and begin one that has another."""
    await rig.sender.aclose()
    rig.anvil.ask("anvil_setBalance", NEW, hex(10 * WEI))

    def public() -> PublicMempool:
        return PublicMempool("anvil", rig.anvil.url, 30.0)

    def sender_for(account: Address) -> Sender:
        stop = watching_stop(rig.stop)
        return Sender(rig.book, Keyless(account), rig.reader, stop, public=public())

    former = FormerAccounts(rig.book, 31_337, [NEW], sender_for)
    async with Sender(
        rig.book, LocalSigner(NEW_KEY), rig.reader, rig.stop, public=public()
    ) as sender:
        await sender.start()
        rules = CashierRules(NEW, rig.desk.house.assets, rig.weth, PRICING)
        rig.cashier = Cashier(rig.desk.dispatch, sender, rig.reader, rig.book, rules)
        try:
            yield Change(rig, former, sender)
        finally:
            await former.aclose()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        yield made


async def test_what_a_former_key_signed_comes_to_its_end(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    await rig.round()
    async with changed_key(rig) as change:
        waiting = await change.round()
        assert "a key that is not here any more" in waiting[asked.id]
        rig.desk.cancel(asked.id, who="anna", at=rig.at)
        waiting = await change.round()
        assert rig.now(asked).state is S.BROADCAST
        rig.mine(UNTIL_FINAL)
        await change.round()
        await change.round()
        assert rig.now(asked).state is S.CONFIRMED
        assert rig.ether_of(SAVINGS) == 2 * WEI
        assert posted(rig, withdrawn(SAVINGS)) == 2 * WEI
        assert posted(rig, wallet(ACCOUNT)) < -2 * WEI
        assert not rig.stop.state().is_set


async def test_control_followed_by_nobody_it_never_ends(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    await rig.round()
    async with changed_key(rig) as change:
        rig.mine(UNTIL_FINAL)
        await change.sender.reconcile()
        head = await rig.reader.block("latest")
        assert head is not None
        await rig.cashier.round(head, rig.at)
        assert rig.now(asked).state is S.BROADCAST


async def test_what_a_former_key_unwrapped_is_in_the_books(rig: Rig) -> None:
    """What is there of wrapped ether is then what the books say, and none of it is missing."""
    rig.give_ether(WEI)
    had = rig.token_of(rig.weth, ACCOUNT)
    rig.cooled(5 * WEI)
    await rig.round()
    async with changed_key(rig) as change:
        rig.mine(UNTIL_FINAL)
        await change.round()
        await change.round()
        unwrapped = had - rig.token_of(rig.weth, ACCOUNT)
        assert unwrapped > 0
        assert posted(rig, wallet(ACCOUNT), rig.weth) == -unwrapped


async def test_what_was_not_signed_yet_is_paid_by_the_new_key_once(rig: Rig) -> None:
    asked = rig.cooled(2 * WEI)
    rig.desk.dispatch.advance(asked, S.SIGNED, "then the key was changed", rig.at)
    async with changed_key(rig) as change:
        await change.round()
        rig.mine(UNTIL_FINAL)
        await change.round()
        assert rig.now(asked).state is S.CONFIRMED
        assert rig.ether_of(SAVINGS) == 2 * WEI
        assert posted(rig, wallet(NEW)) < -2 * WEI


async def test_a_former_key_used_elsewhere_ends_it_and_stops_nothing(rig: Rig) -> None:
    """Its owner moves what is left by hand, and takes the payment's nonce with it."""
    asked = rig.cooled(2 * WEI)
    await rig.round()
    rig.anvil.ask("anvil_dropAllTransactions")
    rig.anvil.ask("anvil_impersonateAccount", ACCOUNT)
    spent = {"from": ACCOUNT, "to": NEW, "value": hex(WEI), "gas": hex(21_000), "nonce": "0x0"}
    rig.anvil.ask("eth_sendTransaction", spent)
    rig.mine(UNTIL_FINAL)
    async with changed_key(rig) as change:
        for _ in range(3):
            await change.round()
            rig.mine()
        assert rig.now(asked).state is S.CANCELLED
        assert rig.ether_of(SAVINGS) == 0
        assert not rig.stop.state().is_set


def test_nothing_is_signed_without_a_key() -> None:
    with pytest.raises(KeyNotHere, match="is not here any more"):
        Keyless(ACCOUNT).sign(None)  # type: ignore[arg-type]


def test_a_stop_of_the_installation_holds_for_former_accounts(tmp_path: Path) -> None:
    outer = Stop([StopFile(tmp_path / "STOP")])
    watching_stop(outer).latch("the chain knows a nonce", "a test")
    assert not outer.state().is_set
    other = watching_stop(outer)
    assert not other.state().is_set
    outer.latch("something is wrong", "a test")
    assert other.state().is_set
