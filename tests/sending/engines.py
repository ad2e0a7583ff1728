"""Engines of the tests: a sender over a fake chain, with a book and a stop in a folder."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from aineon.ledger.connect import sqlite_url
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock
from aineon.safety import Stop, StopFile
from aineon.sending.crashpoints import CrashHook, no_crash
from aineon.sending.intent import Fees, Intent, IntentKind, Window
from aineon.sending.sender import Sender
from tests.databases import database_url, is_on_server
from tests.sending.fakes import FakeCarrier, FakeChain, FakeReader, PlainSigner, recipient

GWEI = 10**9
FEES = Fees(30 * GWEI, GWEI)


def payment(number: int = 0, fees: Fees = FEES) -> Intent:
    """A payment to a recipient of its own."""
    name = f"withdrawal:{number}"
    return Intent(name, IntentKind.WITHDRAWAL, recipient(number), 21_000, fees, value=1)


def trade(number: int, first: int, last: int | None = None, fees: Fees = FEES) -> Intent:
    """A trade whose "profit" goes to a recipient of its own."""
    window = Window(first, first if last is None else last)
    name = f"trade:{number}"
    to = recipient(number)
    return Intent(name, IntentKind.TRADE, to, 300_000, fees, value=1, data=b"\1", window=window)


@functools.cache
def _empty_book() -> bytes:
    """A rehearsal book with nothing in it; migrating one takes a third of a second."""
    folder = Path(tempfile.mkdtemp())
    BookStore.open(sqlite_url(folder / "rehearsal.db"), Book.REHEARSAL).close()
    content = (folder / "rehearsal.db").read_bytes()
    shutil.rmtree(folder)
    return content


def open_book(folder: Path) -> BookStore:
    """Open the rehearsal book of a folder."""
    path = folder / "rehearsal.db"
    if not is_on_server() and not path.exists():
        path.write_bytes(_empty_book())
    return BookStore.open(database_url(path), Book.REHEARSAL)


class Life:
    """One engine in a folder; start another one in the same folder to restart it."""

    def __init__(
        self,
        folder: Path,
        chain: FakeChain,
        *,
        public: FakeCarrier | None = None,
        relays: tuple[FakeCarrier, ...] = (),
        clock: ManualClock | None = None,
        crash: CrashHook = no_crash,
        holder: str = "engine",
        reader: FakeReader | None = None,
        **options: Any,
    ) -> None:
        self.chain = chain
        self.clock = clock or ManualClock(1_700_000_000.0)
        self.store = open_book(folder)
        self.stop = Stop([StopFile(folder / "STOP")], clock=self.clock)
        self.reader = reader or FakeReader(chain)
        if public is None and not relays:
            public = FakeCarrier(chain)
        self.sender = Sender(
            self.store,
            PlainSigner(),
            self.reader,
            self.stop,
            relays=relays,
            public=public,
            holder=holder,
            clock=self.clock,
            crash=crash,
            **options,
        )

    async def close(self) -> None:
        await self.sender.aclose()
        self.store.close()

    async def __aenter__(self) -> Life:
        await self.sender.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
