"""Handing out: gives signed bytes to those who carry them, the first time and again.

What is handed out again are the same bytes: a lasting one at each head for as long as it is open;
a trade only to relays, and only for blocks that are still to come. A trade that missed is never
handed out again, least of all publicly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import Final

from aineon.errors import StopLatched
from aineon.safety import Stop
from aineon.sending.carriers import Answer, CarrierSet, Parcel
from aineon.sending.crashpoints import CrashHook, CrashPoint
from aineon.sending.nonces import ChainNonces
from aineon.sending.outbox import Outbox
from aineon.sending.slots import Slot, Version
from aineon.sending.states import TransactionState

BLOCKS_AHEAD: Final = 3
"""Blocks for which a lasting transaction is offered to relays at each head."""
_UNSURE: Final = frozenset({TransactionState.SIGNED, TransactionState.UNRESOLVED})
_UNTOLD: Final = _UNSURE | {TransactionState.REFUSED}


class Hands:
    """Gives signed bytes away; asks the emergency stop each time.

    Args:
        outbox: where it is kept what was given away, and what was answered.
        carriers: who takes it.
        stop: the emergency stop.
        crash: called at each `CrashPoint`.
    """

    def __init__(self, outbox: Outbox, carriers: CarrierSet, stop: Stop, crash: CrashHook) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._stop = stop
        self._crash = crash

    async def give(
        self, version: Version, head: int, through: Collection[str] | None = None
    ) -> tuple[Answer, ...]:
        """Hand signed bytes to their carriers and keep what these answer.

        `through` names the carriers that get them; None is all of them.

        Raises:
            StopLatched: nothing was handed out.
            LedgerError: the database cannot be written; it may have been handed out.
        """
        parcel = _parcel_of(version, head)
        if self._carriers.is_public(version.kind) and not version.is_public:
            await asyncio.to_thread(self._outbox.mark_public, version)
        self._stop.check("broadcasting")
        self._crash(CrashPoint.BEFORE_BROADCAST)
        answers = await self._carriers.carry(version.kind, parcel, through)
        self._crash(CrashPoint.AFTER_BROADCAST)
        await asyncio.to_thread(self._outbox.record, version, answers)
        return answers

    async def give_again(self, slots: Sequence[Slot], seen: ChainNonces) -> tuple[str, ...]:
        """Hand out once more what is due, as long as nothing is stopped; returns its hashes.

        Raises:
            LedgerError: the database cannot be written.
        """
        due = [slot.newest for slot in slots if slot.is_open and self._is_due(slot.newest, seen)]
        handed_out = []
        for version in due:
            if self._stop.state().is_set:
                break
            self._crash(CrashPoint.BEFORE_REBROADCAST)
            with contextlib.suppress(StopLatched):
                await self.give(version, seen.head.number)
                handed_out.append(version.hash)
            self._crash(CrashPoint.AFTER_REBROADCAST)
        return tuple(handed_out)

    def _is_due(self, version: Version, seen: ChainNonces) -> bool:
        public = self._carriers.is_public(version.kind)
        if version.window is not None:
            untold = version.state in _UNSURE
            return not public and untold and bool(version.window.after(seen.head.number))
        if version.nonce < seen.latest:
            return False
        if not public:
            return True  # relays take bundles for a few blocks at a time
        return version.state in _UNTOLD or seen.pending <= version.nonce


def _parcel_of(version: Version, head: int) -> Parcel:
    if version.window is not None:
        blocks = version.window.after(head)
    else:
        blocks = tuple(range(head + 1, head + 1 + BLOCKS_AHEAD))
    return Parcel((version.raw,), (version.hash,), blocks)
