"""A withdrawal from its destination to its final block, through a browser and on a real chain."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.primitives import SystemClock
from aineon.runtime.settings import Settings
from aineon.sending import LocalSigner, PublicMempool, Sender
from aineon.treasury import Approvers, Desk, House, Service
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.cashier.previewing import Previewer
from aineon.treasury.keeper import Keeper
from aineon.treasury.service import Automatic
from tests.console import axe, browsing, places
from tests.treasury.cashier.rig import ACCOUNT, KEY, PRICING, Rig, a_rig
from tests.treasury.desks import POLICY, WEI, AuditInMemory
from tests.treasury.test_bad_input import CHECKSUMMED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium on this machine"),
]
COOLING_SECONDS = 2.0
BLOCKS = 12
"""At each tick; the chain calls final what lies 64 blocks back."""


class Engine:
    """The treasury's side of an engine, with a real chain, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over = threading.Event()
        self._ready = threading.Event()
        self.trouble: BaseException | None = None
        self.paid = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Engine:
        self._thread.start()
        self._ready.wait(120)
        if self.trouble is not None:
            self._thread.join()
            raise self.trouble
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._keep())
        except BaseException as error:  # noqa: BLE001 (told to the test's own thread)
            self.trouble = error
        finally:
            self._ready.set()

    async def _keep(self) -> None:
        async with a_rig(self._folder) as rig:
            await rig.sender.aclose()
            with ControlStore.open(sqlite_url(self._folder / "control.db")) as control:
                keeper = asyncio.create_task(_keeper(rig, control).run())
                try:
                    while not self._over.is_set() and not keeper.done():
                        self._tick(rig)
                        await asyncio.sleep(0.25)
                finally:
                    keeper.cancel()
                    await asyncio.gather(keeper, return_exceptions=True)

    def _tick(self, rig: Rig) -> None:
        limits = Settings(withdrawal_approvers=Approvers.SINGLE).limits_in_force()
        places.beat(self._folder, mode="rehearsal", feed="chain", limits=limits)
        rig.mine(BLOCKS)
        self.paid = rig.ether_of(CHECKSUMMED.lower())  # type: ignore[arg-type]
        self._ready.set()


def _keeper(rig: Rig, control: ControlStore) -> Keeper:
    policy = replace(
        POLICY,
        approvers=Approvers.SINGLE,
        cooling_alone_seconds=COOLING_SECONDS,
        destination_age_seconds=0,
    )
    known = rig.desk.house
    house = House(known.chain_id, policy, known.assets, worth=known.worth)
    desk = Desk(rig.desk.store, house, AuditInMemory())
    public = PublicMempool("anvil", rig.anvil.url, 30.0)
    sender = Sender(rig.book, LocalSigner(KEY), rig.reader, rig.stop, public=public)
    rules = CashierRules(ACCOUNT, house.assets, rig.weth, PRICING)
    cashier = Cashier(desk.dispatch, sender, rig.reader, rig.book, rules)
    return Keeper(
        Service(desk, control.commands, Automatic()),
        cashier,
        sender,
        rig.reader,
        SystemClock(),
        previewer=Previewer(desk, control.commands, cashier, rig.reader, rules),
    )


@pytest.fixture
def page(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, list[str], Engine]]:
    """The console's first page in a browser, before an engine that keeps a treasury."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(Engine(tmp_path))
        home = tmp_path_factory.mktemp("home")
        address, _ = stack.enter_context(browsing.console(tmp_path, home, AINEON_MODE="rehearsal"))
        context = stack.enter_context(browsing.browser())
        yield (*browsing.open_page(context, address), engine)


def turn(page: Any, section: str, heading: str) -> None:
    page.locator('[data-testid="stButtonGroup"]').get_by_text(section, exact=True).click()
    page.wait_for_selector(f'h2:has-text("{heading}")', timeout=60_000)
    browsing.settle(page)
    no_barriers(page, section)


def no_barriers(page: Any, where: str) -> None:
    """Nothing keeps people out of what is shown, as far as axe-core is at hand."""
    if axe.AXE.is_complete():
        assert axe.violations(page) == [], where


def fill(page: Any, label: str, value: str) -> None:
    page.get_by_role("textbox", name=label).first.fill(value)


def press(page: Any, label: str, answer: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    await_text(page, answer)


def await_text(page: Any, words: str) -> None:
    # A table keeps a hidden copy of its cells, for those who cannot see it.
    page.locator(f"text={words} >> visible=true").first.wait_for()


def test_a_withdrawal_from_destination_to_final_block(
    page: tuple[Any, list[str], Engine],
) -> None:
    tab, complaints, engine = page
    tab.set_default_timeout(90_000)
    tab.locator('[data-testid="stSidebarNavLink"]', has_text="Withdrawals").click()
    tab.wait_for_selector('h1:has-text("Withdrawals · Rehearsal")')

    turn(tab, "Destinations", "Add an address")
    fill(tab, "Address", CHECKSUMMED)
    fill(tab, "Label", "cold wallet")
    fill(tab, "to add a destination", "confirm")
    press(tab, "Add", "is on the allow-list")

    turn(tab, "Request", "Request a withdrawal")
    fill(tab, "Amount", "1.25")
    tab.locator(".st-key-withdrawal_destination input").click()
    tab.get_by_role("option", name="cold wallet").click()
    press(tab, "Review", "exactly this amount arrives")
    assert "0x5aAe b605 3F3E" in tab.locator(".st-key-review").inner_text()
    browsing.settle(tab)
    no_barriers(tab, "Review")
    fill(tab, "to request a withdrawal", "confirm")
    press(tab, "Ask for this withdrawal", "pending_approval")

    turn(tab, "Approve and cancel", "Approve or reject")
    digest = tab.locator(".stMarkdown code").first.inner_text()
    fill(tab, "first 8 characters", digest[:8])
    fill(tab, "to approve a withdrawal", "confirm")
    press(tab, "Approve", "no second person approved")

    turn(tab, "History", "All withdrawals")
    await_text(tab, "which is final")
    deadline = time.monotonic() + 60
    while engine.paid != WEI * 5 // 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert engine.paid == WEI * 5 // 4
    assert complaints == []
