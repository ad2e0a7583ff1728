"""Following attempts from the hand-over to what can no longer change.

An attempt is told of as settled only when its outcome is final: its receipt lies in a finalised
block, or the last block it was meant for is final without it. Until then what is seen is an
observation, and a reorganisation merely takes it back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.errors import (
    AineonError,
    ExecutionError,
    InvalidLog,
    NodeRefused,
    SafetyError,
    UnknownBlock,
)
from aineon.execution.live.accounting import Account, Accountant
from aineon.execution.live.journal import LATE, Entry, Journal
from aineon.execution.live.reverts import Cause
from aineon.execution.live.verification import Claim, Witness, verify
from aineon.execution.settlement import (
    Attempt,
    Observation,
    OnchainMoney,
    OnchainSettlement,
    Outcome,
    Verification,
)
from aineon.market import Market
from aineon.primitives import Clock
from aineon.safety import Stop
from aineon.sending.intent import IntentKind
from aineon.sending.outbox_changes import Change
from aineon.sending.sender import Sender
from aineon.sending.slots import Landing, Version
from aineon.sending.standing import SentIntent, Standing
from aineon.sending.states import TransactionState

MOST_FAULTS: Final = 3
"""Faults of ours in a row after which the emergency stop is latched."""

RECEIPT_PATIENCE: Final = 8
"""Looks after which an attempt is settled although no node has its receipt any more."""

WITNESS_SECONDS: Final = 0.05
"""How long a look waits for witnesses; what they say later is told at the next one."""

_WHO: Final = "execution"
_LANDED: Final = frozenset({TransactionState.MINED, TransactionState.FINALISED})


@dataclass(slots=True)
class _Followed:
    """An attempt, and what is known of it.

    Attributes:
        intent_id: under which it was sent.
        is_told: whether anybody was told that it was submitted.
        standing: as of the latest look.
        account: what it came to in the block it is in; None where it is in none.
        seen_at: when that was seen first.
        unread: looks in which it was final and no node told its receipt.
        settling: computes its settlement, once it is final.
    """

    intent_id: str
    attempt: Attempt
    is_told: bool
    standing: Standing = Standing.IN_FLIGHT
    account: Account | None = None
    seen_at: float = 0.0
    unread: int = 0
    settling: asyncio.Task[OnchainSettlement] | None = field(default=None, repr=False)


class Following:
    """The attempts that are not settled.

    Args:
        sender: knows what was signed, and how it stands.
        reader: the chain.
        journal: what earlier engines left.
        accountant: computes what a receipt comes to.
        witnesses: who is asked whether it is true.
        stop: latched after too many faults of ours.
        money: the book's own money.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        sender: Sender,
        reader: ChainReader,
        journal: Journal,
        accountant: Accountant,
        witnesses: Sequence[Witness],
        stop: Stop,
        money: type[OnchainMoney],
        clock: Clock,
    ) -> None:
        self._sender = sender
        self._reader = reader
        self._journal = journal
        self._accountant = accountant
        self._witnesses = tuple(witnesses)
        self._stop = stop
        self._money = money
        self._clock = clock
        self._followed: dict[str, _Followed] = {}
        self._faults: list[str] = []

    @property
    def in_flight(self) -> tuple[Attempt, ...]:
        """What may still land and is not mined."""
        return tuple(
            each.attempt
            for each in self._followed.values()
            if each.is_told and each.standing is Standing.IN_FLIGHT
        )

    def pending(self) -> tuple[Observation, ...]:
        """What is seen and not final, oldest block first."""
        seen = [each for each in self._followed.values() if each.account is not None]
        observations = map(self._observation, seen)
        return tuple(sorted(observations, key=lambda each: each.block_number))

    def follow(self, attempt: Attempt) -> None:
        """Follow an attempt that was submitted."""
        self._followed[attempt.attempt_id] = _Followed(attempt.attempt_id, attempt, is_told=True)

    def watch(self, attempt: Attempt) -> None:
        """Follow an attempt that was signed and refused: it may be mined all the same."""
        self._followed[attempt.attempt_id] = _Followed(attempt.attempt_id, attempt, is_told=False)

    def forget_after(self, block: int) -> None:
        """Take back what was seen after `block`: a reorganisation has."""
        for each in self._followed.values():
            if each.account is not None and each.account.receipt.block_number > block:
                each.account, each.standing = None, Standing.IN_FLIGHT

    async def adopt(self) -> None:
        """Follow what earlier engines left, and count on from the faults that they had in a row.

        Raises:
            LedgerError: the book cannot be read.
            ExecutionError: an attempt in it cannot be.
        """
        for entry in await asyncio.to_thread(self._journal.unsettled):
            self._adopt(entry)
        for entry in await asyncio.to_thread(self._journal.late):
            self._adopt(entry)
        self._faults = await asyncio.to_thread(self._journal.faults)

    async def look(
        self, final: int | None, market: Market, changes: Iterable[Change]
    ) -> list[OnchainSettlement]:
        """Look where all attempts stand; return those that have ended for good.

        Args:
            final: number of the newest finalised block; None where the chain has none.
            market: tells what base tokens are worth.
            changes: what the sender has just learnt.

        Raises:
            ChainError: no node answers.
            LedgerError: the database cannot be read.
        """
        await self._adopt_landed(changes)
        followed = [each for each in self._followed.values() if each.settling is None]
        statuses = await self._sender.statuses([each.intent_id for each in followed])
        for each in followed:
            await self._look_at(each, statuses.get(each.intent_id), final, market)
        return await self._settled()

    async def aclose(self) -> None:
        """Ask nobody any more."""
        tasks = [each.settling for each in self._followed.values() if each.settling is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for witness in self._witnesses:
            await witness.aclose()

    # --- who is followed -------------------------------------------------------------------

    def _adopt(self, entry: Entry) -> None:
        attempt = entry.attempt
        if entry.outcome is not None:
            # It has its settlement, which nothing may change; this is another event.
            attempt = replace(attempt, attempt_id=attempt.attempt_id + LATE)
        if attempt.attempt_id not in self._followed:
            is_told = entry.is_booked and entry.outcome is None
            self._followed[attempt.attempt_id] = _Followed(entry.intent_id, attempt, is_told)

    async def _adopt_landed(self, changes: Iterable[Change]) -> None:
        """Follow what was given up and is mined after all."""
        known = {each.intent_id for each in self._followed.values()}
        for change in changes:
            version = change.version
            of_trade = version.kind is IntentKind.TRADE and change.state in _LANDED
            if of_trade and version.intent_id not in known:
                entry = await asyncio.to_thread(self._journal.entry, version.intent_id)
                if entry is not None and entry.outcome in {None, Outcome.MISSED}:
                    self._adopt(entry)

    # --- one attempt -----------------------------------------------------------------------

    async def _look_at(
        self, each: _Followed, status: SentIntent | None, final: int | None, market: Market
    ) -> None:
        if status is None:
            # Refused before anything was signed.
            del self._followed[each.attempt.attempt_id]
            return
        each.standing, version = status.standing, status.version
        if status.standing in {Standing.MINED, Standing.FINAL}:
            await self._account(each, version, market)
        else:
            each.account = None
        if status.standing is Standing.FINAL:
            self._conclude_landed(each, version)
        elif status.standing is Standing.MISSED and _is_over(version, final):
            self._conclude_missed(each, version)

    async def _account(self, each: _Followed, version: Version, market: Market) -> None:
        landing = version.landing
        assert landing is not None
        if each.account is not None and each.account.receipt.block_hash == landing.block_hash:
            return
        each.account = None
        receipt = await self._reader.receipt(version.hash)
        if receipt is None or receipt.block_hash != landing.block_hash:
            return
        # Nodes forget old states; one attempt that they cannot tell of must not end the look.
        with contextlib.suppress(InvalidLog, ExecutionError, NodeRefused, UnknownBlock):
            each.account = await self._accountant.account(
                receipt, each.attempt.plan, version, market
            )
            each.seen_at = self._clock.now()
            self._count_fault(each.intent_id, each.account)

    def _count_fault(self, intent_id: str, account: Account) -> None:
        if account.outcome is Outcome.INCLUDED:
            self._faults.clear()
        elif account.cause is Cause.FAULT and intent_id not in self._faults:
            self._faults.append(intent_id)
            if len(self._faults) >= MOST_FAULTS:
                words = f"{len(self._faults)} trades in a row reverted by faults of ours"
                with contextlib.suppress(SafetyError):
                    # This process stays stopped in any case.
                    self._stop.latch(f"{words}, the last one: {account.reason}", _WHO)

    def _observation(self, each: _Followed) -> Observation:
        account = each.account
        assert account is not None
        return Observation(
            attempt=each.attempt,
            chain_id=self._reader.chain_id,
            transaction_hash=account.receipt.transaction_hash,
            outcome=account.outcome,
            block_number=account.receipt.block_number,
            net=None if account.net_wei is None else self._money(account.net_wei),
            seen_at=each.seen_at,
        )

    # --- what is final ---------------------------------------------------------------------

    def _conclude_landed(self, each: _Followed, version: Version) -> None:
        if each.account is None:
            each.unread += 1
            if each.unread < RECEIPT_PATIENCE:
                return
        each.settling = asyncio.create_task(self._landed(each, version), name="verification")

    def _conclude_missed(self, each: _Followed, version: Version) -> None:
        if each.is_told:
            each.settling = asyncio.create_task(self._missed(each, version), name="verification")
        else:
            # Nobody was told of it, and it cost nothing.
            del self._followed[each.attempt.attempt_id]

    async def _landed(self, each: _Followed, version: Version) -> OnchainSettlement:
        account, landing = each.account, version.landing
        assert landing is not None
        is_late = each.attempt.attempt_id != each.intent_id
        late = "mined after it had been settled as missed: " if is_late else ""
        if account is None:
            return self._unread(each, version, landing)
        claim = Claim(version.hash, account.receipt, each.attempt.plan, account.places)
        said, detail = await verify(claim, self._witnesses)
        if account.discrepancy:
            said, detail = Verification.DIFFERS, f"{account.discrepancy}; {detail}"
        return OnchainSettlement(
            attempt=each.attempt,
            outcome=account.outcome,
            reason=late + account.reason,
            settled_block=landing.block_number,
            chain_id=self._reader.chain_id,
            transaction_hash=version.hash,
            finalised=True,
            amount_out=account.amount_out,
            gross_profit=account.gross_profit,
            flash_fee=account.flash_fee,
            gas_used=landing.gas_used,
            gas_cost=self._money(account.gas_wei),
            builder_payment=self._money(account.builder_wei),
            net=None if account.net_wei is None else self._money(account.net_wei),
            verification=said,
            verification_detail=detail,
            operator=account.receipt.sender,
            treasury=account.places.treasury,
            at_fault=account.cause is Cause.FAULT,
        )

    def _unread(self, each: _Followed, version: Version, landing: Landing) -> OnchainSettlement:
        """What is known of a transaction whose receipt was seen once and can be had no more."""
        return OnchainSettlement(
            attempt=each.attempt,
            outcome=Outcome.INCLUDED if landing.succeeded else Outcome.REVERTED,
            reason=f"in block {landing.block_number}; no node tells its receipt any more",
            settled_block=landing.block_number,
            chain_id=self._reader.chain_id,
            transaction_hash=version.hash,
            finalised=True,
            gas_used=landing.gas_used,
            gas_cost=self._money(landing.gas_used * landing.gas_price_wei),
            verification_detail="its logs could not be read, so what it earned is not known",
            operator=self._sender.outbox.party.sender,
        )

    async def _missed(self, each: _Followed, version: Version) -> OnchainSettlement:
        nothing = self._money(0)
        said, detail = Verification.UNVERIFIED, "no node could be asked"
        with contextlib.suppress(AineonError):
            places = await self._accountant.places(await self._head())
            claim = Claim(version.hash, None, each.attempt.plan, places)
            said, detail = await verify(claim, self._witnesses)
        return OnchainSettlement(
            attempt=each.attempt,
            outcome=Outcome.MISSED,
            reason=_why_missed(version),
            settled_block=version.window.last if version.window else None,
            chain_id=self._reader.chain_id,
            transaction_hash=version.hash,
            finalised=True,
            gas_used=0,
            gas_cost=nothing,
            builder_payment=nothing,
            net=nothing,
            verification=said,
            verification_detail=detail,
        )

    async def _head(self) -> int:
        head = await self._reader.block("latest")
        if head is None:
            raise ExecutionError("the node knows no newest block")
        return head.number

    async def _settled(self) -> list[OnchainSettlement]:
        settling = [each for each in self._followed.values() if each.settling is not None]
        tasks = [each.settling for each in settling if each.settling is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=WITNESS_SECONDS)
        settlements = []
        for each in settling:
            if each.settling is not None and each.settling.done():
                settlements.append(each.settling.result())
                del self._followed[each.attempt.attempt_id]
        return settlements


def _is_over(version: Version, final: int | None) -> bool:
    """Whether a trade that was missed can only cost gas, if it ever comes."""
    if version.state is TransactionState.REPLACED:
        return True
    return version.window is not None and final is not None and version.window.last <= final


def _why_missed(version: Version) -> str:
    assert version.window is not None
    if version.state in {TransactionState.REPLACED, TransactionState.SUPERSEDED}:
        return f"another transaction of ours took nonce {version.nonce} first; it cost nothing"
    return f"no builder took it up before block {version.window.last} had passed; it cost nothing"
