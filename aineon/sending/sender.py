"""Sender: everything that leaves goes through here, and nothing leaves twice.

At its start, and at every head after it, the order is: the nonce fence, then settling what is
open by hash, then handing the same bytes out again, and only then new work.

Why a missed trade does not block its nonce. A trade is sent privately for a few blocks. Where
they pass without it, its nonce is still free, and its bytes may lie with relays that kept them.
Waiting would stop all trading; a later nonce could not be mined before this one. So the next
trade is signed for the SAME nonce. That is safe, because every signed trade is safe alone, later
and reordered: the contract refuses it after its deadline and below its least profit. Whichever
is mined first spends the nonce and makes the other one worthless: at most one is ever mined, and
the worst an unfaithful relay can do is to have a stale trade revert, for gas. Trades whose
blocks have not passed yet compete for a nonce in the same way.

Lasting intents (approvals, withdrawals) keep their nonce for themselves: only a further version
of the same, or a cancel, may join them there. They may take the nonce of a trade that is not
mined. Where the trade is mined after all, the lasting intent waits until that block is final and
is then signed for a new nonce: before that, a reorganisation could have both mined.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from aineon.chain.reader import ChainReader
from aineon.errors import (
    KeyNotHere,
    LeaseLost,
    LedgerError,
    NonceFenced,
    SafetyError,
    SendingError,
    StopLatched,
)
from aineon.ledger.store import BookStore
from aineon.primitives import Clock, SystemClock
from aineon.safety import Stop
from aineon.sending.canon import Canon
from aineon.sending.carriers import Answer, Carrier, CarrierSet, Verdict, summary
from aineon.sending.crashpoints import CrashHook, CrashPoint, no_crash
from aineon.sending.handing import Hands
from aineon.sending.intent import Fees, Intent, cancel_of
from aineon.sending.lease import LEASE_SECONDS, Lease, Party
from aineon.sending.nonces import ChainNonces, FenceReport, Unexplained, inspect, read_nonces
from aineon.sending.outbox import Outbox
from aineon.sending.outbox_changes import ForeignSpend
from aineon.sending.outbox_signing import Order
from aineon.sending.settling import Judgement, Reconciled, gather, judge
from aineon.sending.signer import Signer
from aineon.sending.slots import Slot, Version, gap_in
from aineon.sending.standing import SentIntent

WHO: Final = "sending"
FRESH_SECONDS: Final = 36.0
"""How old the chain's count may be when something is signed: three blocks."""
_MOST_PASSES: Final = 3
Slots = tuple[Slot, ...]
_Known = tuple[Slots, int]


class Sender:
    """Signs and sends for one account on one chain.

    Args:
        store: the rehearsal's or the live book, which holds the outbox.
        signer: of the account.
        reader: the chain; nothing is ever sent through it.
        stop: asked before each signature and each hand-over.
        relays: where trades go; lasting intents too, where `public` is None.
        public: the public mempool, where the operator's settings allow it. Trades go there only
            where there are no relays at all.
        holder: this engine, for messages: machine and process.
        clock: seconds since the epoch.
        crash: called at each `CrashPoint`.

    Raises:
        SendingError: neither relays nor the public mempool are given.
        MixedBooks: the book is a simulation.
    """

    def __init__(
        self,
        store: BookStore,
        signer: Signer,
        reader: ChainReader,
        stop: Stop,
        *,
        relays: Sequence[Carrier] = (),
        public: Carrier | None = None,
        holder: str = "an engine",
        clock: Clock | None = None,
        crash: CrashHook = no_crash,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        clock = clock or SystemClock()
        party = Party(reader.chain_id, signer.address)
        self._signer = signer
        self._reader = reader
        self._stop = stop
        self._carriers = CarrierSet(relays, public)
        self._clock = clock
        self._crash = crash
        self._lease = Lease(store.place, store.engine, party, holder, clock, lease_seconds, crash)
        self._outbox = Outbox(store, self._lease, self._permit_signing, clock, crash)
        self._hands = Hands(self._outbox, self._carriers, stop, crash)
        self._unexplained = Unexplained()
        self._canon = Canon()
        self._seen: ChainNonces | None = None
        self._seen_at = 0.0
        self._final: int | None = None
        self._fence = FenceReport(obstacles=("the chain was not looked at yet",))
        self._heart: asyncio.Task[None] | None = None
        # One at a time: two sends at once would choose the same nonce and one would fail.
        self._turn = asyncio.Lock()

    @property
    def outbox(self) -> Outbox:
        """What was signed."""
        return self._outbox

    async def start(self) -> Reconciled:
        """Take the lease and bring the outbox up to date with the chain.

        Raises:
            LeaseHeld: another engine signs for this account.
            ChainError: no node answers.
            LedgerError: the database cannot be written.
        """
        await asyncio.to_thread(self._lease.acquire)
        self._heart = asyncio.create_task(self._beat(), name="lease")
        return await self.reconcile()

    async def require_ready(self) -> None:
        """Check that new work would be signed now; nothing is signed by it.

        Raises:
            StopLatched, NonceFenced, LeaseLost, LedgerError, ChainError: as `send`.
        """
        async with self._turn:
            await asyncio.to_thread(self._lease.check)
            await self._pass_fence()

    async def send(self, intent: Intent, through: Collection[str] | None = None) -> SentIntent:
        """Have `intent` signed, kept and handed out; a known one is only looked up.

        `through` names the relays that get it now; None is all of them. Where none of those took
        it, the same bytes go to all at once; so they do where they are handed out again later,
        because nobody knows whether anybody took them.

        What the carriers answered decides nothing: `status` tells what the chain says, as of the
        latest `reconcile`. Where this raises after the signature, the intent is kept, and
        `status` knows it.

        Raises:
            StopLatched: the emergency stop is set.
            NonceFenced: the chain knows a nonce that the outbox does not explain.
            InvalidIntent: `through` names a relay that is none of ours; nothing was signed.
            NonceWaiting, Underpriced, InvalidIntent, LeaseLost, LedgerError: as `Outbox.begin`.
            ChainError: no node answers.
        """
        self._carriers.chosen(intent.kind, through)
        async with self._turn:
            head = await self._pass_fence()
            order = self._order(intent, intent.fees, head)
            placed = await asyncio.to_thread(self._outbox.begin, order)
            if not placed.is_new:
                return await self._sent(intent.intent_id)
            answers = await self._hands.give(placed.version, head, through)
            if through is not None and summary(answers) is not Verdict.ACCEPTED:
                answers += await self._hands.give(placed.version, head)
            return await self._sent(intent.intent_id, answers)

    async def reprice(self, intent: Intent, fees: Fees) -> SentIntent:
        """Sign and hand out a further version of `intent`, at its own nonce, for other fees.

        Raises:
            NonceWaiting: it is mined, cancelled or spent.
            As `send` otherwise.
        """
        async with self._turn:
            head = await self._pass_fence()
            order = self._order(intent, fees, head)
            placed = await asyncio.to_thread(self._outbox.reprice, order)
            answers = await self._hands.give(placed.version, head)
            return await self._sent(intent.intent_id, answers)

    async def cancel(self, intent_id: str, fees: Fees) -> SentIntent:
        """Try to keep an intent from being mined, by spending its nonce on nothing.

        Which of the two is mined, the chain decides; `fees` must outbid what is public.

        Raises:
            InvalidIntent: nothing of it is still to be mined.
            As `send` otherwise.
        """
        return await self.send(cancel_of(intent_id, self._signer.address, fees))

    async def retire(self, intent_id: str) -> None:
        """Have nothing signed of an intent any more; see `Outbox.retire`.

        Raises:
            NonceWaiting, LeaseLost, LedgerError: as there.
        """
        async with self._turn:
            await asyncio.to_thread(self._outbox.retire, intent_id)

    async def status(self, intent_id: str) -> SentIntent | None:
        """Return how an intent stands; None where it was never signed."""
        return (await self.statuses([intent_id])).get(intent_id)

    async def statuses(self, intent_ids: Sequence[str]) -> dict[str, SentIntent]:
        """Return how intents stand, in one look; those that were never signed are missing."""
        return await asyncio.to_thread(self._outbox.standings, intent_ids)

    async def may_land(self) -> tuple[Version, ...]:
        """Return what was signed and may still be mined, the emergency stop or not."""
        slots = await asyncio.to_thread(self._outbox.slots)
        return tuple(version for slot in slots if slot.is_open for version in slot.versions)

    async def reconcile(self) -> Reconciled:
        """Look at the chain: fence, settle by hash, hand out again. Call it at every head.

        Raises:
            LeaseLost: another engine has taken over.
            ChainError: no node answers.
            LedgerError: the database cannot be written.
        """
        async with self._turn:
            await asyncio.to_thread(self._lease.check)
            seen, known = await self._look()
            judged, slots = await self._settle(seen, known)
            if await self._fill_gap(seen, slots):
                slots = await asyncio.to_thread(self._outbox.slots)
            handed_out = () if self._fence.alarms else await self._hands.give_again(slots, seen)
            return Reconciled(
                seen.head.number,
                judged.changes,
                judged.foreign,
                self._fence.words,
                handed_out,
                self._stop.state(),
                self._final,
            )

    async def aclose(self) -> None:
        """Let go of the lease and the connections; what is in flight stays recorded."""
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heart
            self._heart = None
            with contextlib.suppress(LedgerError):
                # It runs out by itself where the database cannot be written.
                await asyncio.to_thread(self._lease.release)
        await self._carriers.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    # --- fence and settling ----------------------------------------------------------------

    async def _look(self) -> tuple[ChainNonces, _Known]:
        """Read the chain's count, and latch the stop where it knows more than the outbox."""
        head = await self._reader.block("latest")
        if head is None:
            raise SendingError("the node knows no newest block, so no nonce can be told")
        seen = await read_nonces(self._reader, self._signer.address, head)
        known = await asyncio.to_thread(self._outbox.known)
        self._seen, self._seen_at = seen, self._clock.now()
        self._judge_fence(inspect(self._signer.address, seen, *known))
        return seen, known

    async def _settle(self, seen: ChainNonces, known: _Known) -> tuple[Judgement, Slots]:
        """Book what the chain says; return it, and the nonces that are not spent after it.

        `known` is what the outbox holds: nobody else writes there between two looks.
        """
        total = Judgement()
        finalised = await self._reader.block("finalized")
        final = self._final = None if finalised is None else finalised.number
        for _ in range(_MOST_PASSES):
            slots = known[0]
            evidence = await gather(
                self._reader, self._signer.address, seen, final, slots, self._canon
            )
            judged = judge(slots, evidence)
            self._crash(CrashPoint.AFTER_EVIDENCE)
            # Before it is booked: a crash in between must not leave a theft without a stop.
            self._latch(map(_words_of, judged.foreign))
            if judged.changes or judged.foreign:
                await asyncio.to_thread(self._outbox.settle, judged.changes, judged.foreign)
                known = await asyncio.to_thread(self._outbox.known)
            total = Judgement(
                (*total.changes, *judged.changes),
                (*total.foreign, *judged.foreign),
                judged.unexplained,
                (*total.reopened, *judged.reopened),
            )
            if not judged.changes:
                break
        if not self._fence.alarms:
            # Once more: what was settled by hash explains nonces that were open before.
            report = inspect(self._signer.address, seen, *known)
            unexplained = self._unexplained.inspect(total.unexplained, seen.head.number)
            self._judge_fence(
                FenceReport(
                    (*report.alarms, *unexplained.alarms),
                    (*report.obstacles, *unexplained.obstacles),
                )
            )
        return total, known[0]

    def _judge_fence(self, report: FenceReport) -> None:
        self._fence = report
        self._latch(report.alarms)

    def _latch(self, alarms: Iterable[str]) -> None:
        for alarm in alarms:
            with contextlib.suppress(SafetyError):
                # It holds in this process in any case, and the places it should be kept in are
                # asked, and count as set, at the next look.
                self._stop.latch(alarm, WHO)

    async def _pass_fence(self) -> int:
        """Return the newest block's number where new work may be signed."""
        self._stop.check("signing")
        if self._seen is None:
            raise SendingError("the sender is not started: the chain was not looked at yet")
        seen = self._seen
        # A clock that was set back would make an old count look fresh for as long.
        if not 0 <= self._clock.now() - self._seen_at <= FRESH_SECONDS:
            seen, known = await self._look()
            await self._settle(seen, known)
        if self._fence.words:
            raise NonceFenced(f"nothing is signed: {self._fence.words}")
        return seen.head.number

    def _permit_signing(self) -> None:
        self._stop.check("signing")

    # --- the rest --------------------------------------------------------------------------

    async def _fill_gap(self, seen: ChainNonces, slots: Slots) -> bool:
        """Spend a nonce on nothing where that is better than leaving it to its trades.

        Returns whether it was tried.
        """
        gap = gap_in([slot for slot in slots if slot.is_open])
        if gap is None or self._fence.words or self._stop.state().is_set:
            return False
        slot, fees = gap
        filler = cancel_of(slot.newest.intent_id, self._signer.address, fees)
        order = self._order(filler, fees, seen.head.number)
        with contextlib.suppress(StopLatched, KeyNotHere):
            # The stop may be set between the look above and the signature; and what an account
            # has out whose key is not here goes on being handed out, gap or not.
            placed = await asyncio.to_thread(self._outbox.begin, order)
            if placed.is_new:
                await self._hands.give(placed.version, seen.head.number)
        return True

    def _order(self, intent: Intent, fees: Fees, head: int) -> Order:
        return Order(intent, self._signer, fees, head, self._carriers.is_public(intent.kind))

    async def _sent(self, intent_id: str, answers: Sequence[Answer] = ()) -> SentIntent:
        standing = (await self.statuses([intent_id]))[intent_id]
        return replace(standing, answers=tuple(answers))

    async def _beat(self) -> None:
        """Keep the lease between heads; where it is lost, the outbox says so at the next write."""
        with contextlib.suppress(LeaseLost):
            while True:
                await asyncio.sleep(self._lease.seconds / 3)
                with contextlib.suppress(LedgerError):
                    await asyncio.to_thread(self._lease.beat)


def _words_of(spend: ForeignSpend) -> str:
    return (
        f"nonce {spend.nonce} was spent by {spend.transaction_hash} in block "
        f"{spend.block_number}, which this outbox never signed"
    )
