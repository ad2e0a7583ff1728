"""A treasury behind the console: a real desk in the engine's place, over real databases."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.errors import AineonError, ChainError
from aineon.ledger.commands import Command
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Book, Clock, SystemClock
from aineon.runtime.settings import Settings, load_settings
from aineon.treasury import Desk, Holdings, Purpose, Service, TreasuryStore
from aineon.treasury.approvals import SecondFactor
from aineon.treasury.cashier import CashierRules
from aineon.treasury.cashier.previewing import Previewer
from aineon.treasury.policy import Approvers
from aineon.treasury.service import Automatic
from app.actions import EFFECTS
from app.asking import Asked, Result, Visitor
from app.effects import auditing, engine, withdrawals
from tests.console import places
from tests.treasury.desks import DAY, EXECUTOR, SAFE, SAVINGS, WEI, AuditInMemory, house
from tests.treasury.template import open_book

BOOK = Book.REHEARSAL


class Away:
    """A node that is away: what the book alone knows is told all the same."""

    async def block(self, block: Any) -> None:
        raise ChainError("nobody answers")


@dataclass
class Treasury:
    """A desk as the engine would keep it, and the control database that it is asked through."""

    folder: Path
    desk: Desk
    book: BookStore
    control: ControlStore
    clock: Clock = field(default_factory=SystemClock)

    @property
    def settings(self) -> Settings:
        return load_settings().model_copy(update={"mode": BOOK})

    def commands(self, kinds: tuple[str, ...]) -> tuple[Command, ...]:
        """Return what was asked, newest first."""
        return self.control.commands.newest(kinds, 100)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve what is asked until the block ends."""
        places.beat(self.folder, mode=BOOK.value, feed="chain")
        over = threading.Event()
        commands = self.control.commands
        service = Service(self.desk, commands, Automatic())
        rules = CashierRules(EXECUTOR, self.desk.house.assets, None)
        previewer = Previewer(self.desk, commands, None, Away(), rules)  # type: ignore[arg-type]

        async def tend() -> None:
            while not over.is_set():
                now = self.clock.now()
                # What fails is tried again, as the keeper does it.
                with suppress(AineonError):
                    await previewer.tend(now)
                    await service.tend(now, Holdings({ETHER: 9 * WEI}))
                await asyncio.sleep(0.02)

        thread = threading.Thread(target=lambda: asyncio.run(tend()))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@cache
def _control_template() -> bytes:
    """A control database whose tables are there already: creating them takes a while."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "control.db"
        ControlStore.open(sqlite_url(path)).close()
        whole = Path(place) / "whole.db"
        shutil.copyfile(path, whole)
        return whole.read_bytes()


def make(
    folder: Path,
    approvers: Approvers = Approvers.SINGLE,
    factor: SecondFactor | None = None,
    kept: Book = BOOK,
) -> Treasury:
    """Make a treasury with two destinations, one of them the safe address, both of them aged."""
    book = open_book(folder, kept)
    desk = Desk(TreasuryStore(book), house(approvers=approvers), AuditInMemory(), factor)
    early = time.time() - 2 * DAY
    desk.add_destination(SAVINGS, "savings", who="anna", at=early)
    desk.add_destination(SAFE, "refuge", who="anna", at=early, purpose=Purpose.SAFE)
    path = folder / "control.db"
    if not path.exists():
        path.write_bytes(_control_template())
    control = ControlStore.open(sqlite_url(path))
    return Treasury(folder, desk, book, control)


@contextmanager
def a_treasury(folder: Path, monkeypatch: pytest.MonkeyPatch, **how: Any) -> Iterator[Treasury]:
    """A treasury whose answers are waited for however slow the machine is."""
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 60.0)
    monkeypatch.setattr(withdrawals, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(auditing, "PATIENCE_SECONDS", 60.0)
    made = make(folder, **how)
    try:
        yield made
    finally:
        made.book.close()
        made.control.close()


def press(
    treasury: Treasury,
    action: Action,
    body: Mapping[str, str],
    *,
    who: str = "anna",
    token: str = "",
    **changes: Any,
) -> Result:
    """Have an effect carried out, as `perform` does for a visitor about whom all is fine."""
    visitor = Visitor(who, Role.ADMIN, "1")
    settings = changes.pop("settings", treasury.settings)
    asked = Asked(
        action, visitor, settings, treasury.clock, {"book": BOOK.value, **body}, token, **changes
    )
    return EFFECTS[action](asked)
