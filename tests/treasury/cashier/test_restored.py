"""A backup was restored after its withdrawals were paid: nothing of it is paid again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import SendingError
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Book, ManualClock, SystemClock
from aineon.runtime import backups
from aineon.runtime.adopting import adopt, history_of
from aineon.runtime.auditing import open_audit
from aineon.runtime.settings import Settings, load_settings
from aineon.sending import LocalSigner, PublicMempool, Sender
from aineon.treasury import Desk, Origin, Rule, Strategy, TreasuryStore
from aineon.treasury import WithdrawalState as S
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.restored import RESTORED
from tests.databases import files_only
from tests.treasury.cashier.rig import ACCOUNT, KEY, PRICING, UNTIL_FINAL, Rig, a_rig
from tests.treasury.cashier.test_former import NEW, NEW_KEY
from tests.treasury.desks import DAY, SAVINGS, WEI, AuditInMemory

pytestmark = files_only


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with a_rig(tmp_path) as made:
        yield made


def settings_of(rig: Rig) -> Settings:
    return load_settings({}, data_dir=rig.folder)


def kept(rig: Rig) -> Path:
    with open_audit(settings_of(rig)) as audit:
        audit.append(who="anna", action="stop.latch", subject="x", detail={}, at=1.0)
    folder = rig.folder / "kept"
    backups.create(settings_of(rig), folder, print)
    return folder


def restored(rig: Rig) -> None:
    """Go back as `aineon backup restore` does."""
    clock = ManualClock(rig.at)
    backups.restore(settings_of(rig), rig.folder / "kept", ["rehearsal", "control"], clock)


def by_hand(rig: Rig) -> None:
    """Go back as whoever copies files does."""
    for companion in ("-wal", "-shm"):
        (rig.folder / f"rehearsal.db{companion}").unlink(missing_ok=True)
    shutil.copyfile(rig.folder / "kept" / "rehearsal.db", rig.folder / "rehearsal.db")


async def paid_after_backup(rig: Rig) -> str:
    asked = rig.cooled(2 * WEI)
    kept(rig)
    await rig.round()
    rig.mine(UNTIL_FINAL)
    await rig.round()
    assert rig.now(asked).state is S.CONFIRMED
    assert rig.ether_of(SAVINGS) == 2 * WEI
    await leave(rig)
    return asked.id


async def leave(rig: Rig) -> None:
    await rig.sender.aclose()
    rig.book.engine.dispose()


async def work(rig: Rig, key: int = KEY) -> Desk:
    """Let an engine work on the book that lies there now; somebody clears every stop."""
    signer = LocalSigner(key)
    with BookStore.open(
        settings_of(rig).model_copy(update={"mode": Book.REHEARSAL}).book_url, Book.REHEARSAL
    ) as book:
        desk = Desk(TreasuryStore(book), rig.desk.house, AuditInMemory())
        public = PublicMempool("anvil", rig.anvil.url, 30.0)
        later = ManualClock(SystemClock().now() + 7200)  # the lease in the backup has run out
        async with Sender(book, signer, rig.reader, rig.stop, public=public, clock=later) as sender:
            await sender.start()
            rules = CashierRules(signer.address, desk.house.assets, rig.weth, PRICING)
            cashier = Cashier(desk.dispatch, sender, rig.reader, book, rules)
            for _ in range(3):
                rig.stop.clear("ada", rig.stop.state())
                await sender.reconcile()
                head = await rig.reader.block("latest")
                assert head is not None
                rig.at += 12
                await cashier.round(head, rig.at)
                rig.mine(UNTIL_FINAL)
            await sender.reconcile()
    return desk


@pytest.mark.parametrize(("back", "received"), [(restored, 2), (by_hand, 4)])
async def test_a_key_changed_since_pays_nothing_again(
    rig: Rig, back: Callable[[Rig], None], received: int
) -> None:
    """Control: of files that were copied by hand it does; its outbox has no nonce to fence by."""
    name = await paid_after_backup(rig)
    rig.anvil.ask("anvil_setBalance", NEW, hex(10 * WEI))
    back(rig)
    await work(rig, NEW_KEY)
    assert rig.ether_of(SAVINGS) == received * WEI
    if back is restored:
        with BookStore.open(f"sqlite:///{rig.folder / 'rehearsal.db'}", Book.REHEARSAL) as book:
            ended = TreasuryStore(book).get(name)
        assert (ended.state, ended.reason) == (S.CANCELLED, RESTORED)
        with ControlStore.open_reader(settings_of(rig).control_url) as control:
            told = [each.decision for each in control.audit(settings_of(rig).anchor_path).last(9)]
        assert ("withdrawal.restore", name) in [(each.action, each.subject) for each in told]


async def adopted(rig: Rig) -> None:
    with BookStore.open(f"sqlite:///{rig.folder / 'rehearsal.db'}", Book.REHEARSAL) as book:
        seen = await history_of(rig.reader, book, ACCOUNT)
        later = ManualClock(SystemClock().now() + 3600)
        adopt(book, seen, seen.phrase, "ada", AuditInMemory(), later)


async def test_a_history_that_is_adopted_pays_nothing_again(rig: Rig) -> None:
    """Control: of files that were copied by hand nothing is adopted while it would be paid."""
    name = await paid_after_backup(rig)
    by_hand(rig)
    with pytest.raises(SendingError, match=rf"1 withdrawals are open .* {name}: 2 ETH to .*cancel"):
        await adopted(rig)
    restored(rig)
    await adopted(rig)
    await work(rig)
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_what_was_replaced_since_is_not_signed_anew(rig: Rig) -> None:
    """The backup knows a first version, and the chain has another one that nobody here knows."""
    rig.cooled(2 * WEI)
    await rig.round()
    kept(rig)
    await leave(rig)
    rig.anvil.ask("anvil_dropAllTransactions")
    rig.anvil.ask("anvil_impersonateAccount", ACCOUNT)
    paid = {"from": ACCOUNT, "to": SAVINGS, "value": hex(2 * WEI), "gas": "0x5208", "nonce": "0x0"}
    rig.anvil.ask("eth_sendTransaction", paid)
    rig.mine(UNTIL_FINAL)
    restored(rig)
    await work(rig)
    assert rig.ether_of(SAVINGS) == 2 * WEI


async def test_no_past_time_of_a_schedule_is_made_up_for(rig: Rig) -> None:
    rule = Rule(
        "weekly",
        Origin.SCHEDULED,
        ETHER,
        None,
        "0 6 * * *",
        0,
        WEI,
        SAVINGS,
        Strategy.STANDARD,
        "anna",
        rig.at,
    )
    rig.desk.add_rule(rule, who="anna", at=rig.at)
    kept(rig)
    await leave(rig)
    rig.at += 3 * DAY
    # Control: as the backup has it, the newest of three times is due.
    assert replace(rule).due_slot(rig.at) is not None
    restored(rig)
    with BookStore.open(f"sqlite:///{rig.folder / 'rehearsal.db'}", Book.REHEARSAL) as book:
        [found] = TreasuryStore(book).rules()
    assert found.due_slot(rig.at) is None
    assert found.due_slot(rig.at + DAY) is not None


async def test_what_was_asked_and_not_answered_is_asked_again(rig: Rig) -> None:
    url = settings_of(rig).control_url
    with ControlStore.open(url) as control:
        number = control.commands.ask("withdrawal.request", {}, "anna", rig.at, book=Book.REHEARSAL)
    kept(rig)
    await leave(rig)
    restored(rig)
    with ControlStore.open_reader(url) as control:
        found = control.commands.find(number)
    assert found is not None
    assert (found.is_open, found.answer) == (False, RESTORED)
