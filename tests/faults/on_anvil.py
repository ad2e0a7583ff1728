"""Engines on anvil: real signatures, a real node, and carriers that fail on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aineon.chain.client import ON_DEMAND, ChainClient, ClientOptions, Endpoint
from aineon.errors import RehearsalRefused
from aineon.ledger.store import BookStore
from aineon.primitives import ManualClock
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.rpc import Rpc
from aineon.safety import Stop, StopFile
from aineon.sending.carriers import Answer, Carrier, Parcel, Verdict
from aineon.sending.crashpoints import CrashHook, no_crash
from aineon.sending.keys import parse_private_key
from aineon.sending.sender import Sender
from aineon.sending.signer import LocalSigner
from tests.faults.processes import BASE
from tests.sending.engines import open_book
from tests.sending.fakes import recipient

ETHER = 10**18
FINAL_AFTER = 4
OPTIONS = AnvilOptions(slots_in_epoch=FINAL_AFTER // 2, kept_states=400, order="fifo")


@dataclass(frozen=True)
class Identity:
    """What the client compares the node with."""

    chain_id: int = 31_337
    genesis_hash: str | None = None


def signer_of(number: int) -> LocalSigner:
    """An account of its own for each number."""
    return LocalSigner(parse_private_key("0x" + f"{0xA51 + number:04x}7c3e" * 8))


def start_anvil(signers: Sequence[LocalSigner], options: AnvilOptions = OPTIONS) -> Anvil:
    """Start a node that mines when it is told to, and give the accounts ether."""
    node = Anvil.start(options)
    node.ask("evm_setAutomine", False)
    for signer in signers:
        node.ask("anvil_setBalance", signer.address, hex(1000 * ETHER))
    return node


def received(rpc: Rpc, numbers: Sequence[int]) -> list[int]:
    """What the recipients have by now, in wei: the oracle."""
    asked = [("eth_getBalance", (recipient(number), "latest")) for number in numbers]
    portions = [asked[first : first + 500] for first in range(0, len(asked), 500)]
    return [int(each, 16) for portion in portions for each in rpc.ask_many(portion)]


@dataclass
class AnvilCarrier:
    """Carries to a node; takes one fault for each parcel, then all goes well.

    Faults: `lost` (never arrives, no answer), `unheard` (arrives, the answer is lost), `refused`
    (says no and drops it), `liar` (says no and keeps it), `broken` (raises).
    """

    rpc: Rpc
    faults: list[str] = field(default_factory=list)
    is_public: bool = True

    @property
    def name(self) -> str:
        return "public" if self.is_public else "relay"

    async def carry(self, parcel: Parcel) -> Sequence[Answer]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "broken":
            raise RuntimeError("a mistake of ours")
        if fault == "lost":
            return [Answer(self.name, Verdict.UNCLEAR, "did not answer")]
        if fault == "refused":
            return [Answer(self.name, Verdict.REFUSED, "no")]
        try:
            for raw in parcel.raw:
                self.rpc.ask("eth_sendRawTransaction", "0x" + raw.hex())
        except RehearsalRefused as error:
            return [Answer(self.name, Verdict.REFUSED, str(error))]
        if fault == "unheard":
            return [Answer(self.name, Verdict.UNCLEAR, "did not answer")]
        if fault == "liar":
            return [Answer(self.name, Verdict.REFUSED, "no")]
        return [Answer(self.name, Verdict.ACCEPTED)]

    async def aclose(self) -> None:
        """The connection is its maker's."""


@dataclass
class Engine:
    """A sender on a node, with all that it stands on."""

    sender: Sender
    stop: Stop
    reader: ChainClient
    clock: ManualClock


@asynccontextmanager
async def engine(
    folder: Path,
    urls: Sequence[str],
    signer: LocalSigner,
    *,
    public: Carrier | None = None,
    relays: Sequence[Carrier] = (),
    clock: ManualClock | None = None,
    crash: CrashHook = no_crash,
    options: ClientOptions = ON_DEMAND,
    holder: str = "engine",
    book: BookStore | None = None,
    **more: Any,
) -> AsyncIterator[Engine]:
    """An engine over the book in `folder` that reads the chain at `urls`; not started yet.

    `book` is one that was opened before a fork, and let go of all its connections then: a book
    opened anew must work out each of its statements anew, which is most of what a life costs.
    """
    clock = clock or ManualClock(BASE)
    stop = Stop([StopFile(folder / "STOP")], clock=clock)
    endpoints = [Endpoint(f"node-{place}", url) for place, url in enumerate(urls, 1)]
    async with await ChainClient.connect(endpoints, Identity(), options=options) as reader:
        with _letting_go(book) if book is not None else open_book(folder) as store:
            sender = Sender(
                store, signer, reader, stop,
                public=public, relays=relays, clock=clock, crash=crash, holder=holder, **more,
            )  # fmt: skip
            async with sender:
                yield Engine(sender, stop, reader, clock)


@contextmanager
def _letting_go(book: BookStore) -> Iterator[BookStore]:
    try:
        yield book
    finally:
        book.engine.dispose()
