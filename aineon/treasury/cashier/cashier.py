"""Cashier: carries out what has cooled, follows what is out, and posts what is final.

A round is one head. First comes what is out, then what somebody wants cancelled, then new work.
What a withdrawal is to become is kept before it is done: SIGNED before anything is signed. A crash
anywhere leaves a withdrawal whose intent is sent again, and the same intent pays once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aineon.chain.reader import Call, ChainReader
from aineon.errors import ChainError, SendingError, StopLatched, TreasuryError
from aineon.ledger.accounts.book import Accounts
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Address, Block, Token, TokenAmount
from aineon.sending import Fees, Intent, Sender, SentIntent, Standing
from aineon.treasury.cashier.following import progress_of
from aineon.treasury.cashier.leaving import Leaving
from aineon.treasury.cashier.payments import balance_data, payment_of
from aineon.treasury.cashier.pressing import Pressing
from aineon.treasury.cashier.pricing import GasWeather, Pricing, price, read_weather
from aineon.treasury.cashier.trying import balance_of, try_payment
from aineon.treasury.cashier.unwrapping import UNWRAP_GAS, Unwrapper
from aineon.treasury.dispatch import Dispatch
from aineon.treasury.rules import Holdings
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Strategy, Withdrawal

_S = WithdrawalState
_PAYMENT_GAS: Final = 100_000
"""What the gas reserve counts for one payment of a token."""


@dataclass(frozen=True, slots=True)
class CashierRules:
    """What the cashier works with.

    Attributes:
        account: whose money it is; the sender signs for it.
        assets: what may be withdrawn.
        wrapped: wrapped ether, which is unwrapped where a withdrawal lacks ether; None where the
            chain has none.
        pricing: of gas.
    """

    account: Address
    assets: tuple[Token, ...]
    wrapped: Token | None
    pricing: Pricing = field(default_factory=Pricing)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to.

    Attributes:
        moved: withdrawals that changed.
        waiting: withdrawal's id to why it waits.
    """

    moved: tuple[Withdrawal, ...] = ()
    waiting: dict[str, str] = field(default_factory=dict)


class Scene(NamedTuple):
    """The block at which a round works; its weather is None where the base fee is not known."""

    head: Block
    weather: GasWeather | None
    now: float


class Cashier:
    """Carries withdrawals out.

    Args:
        dispatch: what is due and out, and where it is kept how far it has come.
        sender: started, and reconciled at each head by whoever owns it.
        reader: the chain.
        store: the book that payments are posted to; its outbox is the sender's.
        rules: see there.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        sender: Sender,
        reader: ChainReader,
        store: BookStore,
        rules: CashierRules,
    ) -> None:
        self._dispatch = dispatch
        self._sender = sender
        self._reader = reader
        self._accounts = Accounts(store)
        self._rules = rules
        most = rules.pricing.most_fee_wei
        self._gas_of_one = most * _PAYMENT_GAS
        self._pressing = Pressing(sender, rules.account, most)
        spare = most * (_PAYMENT_GAS + 2 * UNWRAP_GAS)
        self._unwrapper = Unwrapper(sender, reader, store, rules.account, rules.wrapped, spare)

    async def holdings(self, head: Block) -> Holdings:
        """Return what the account has at block `head`; wrapped ether counts as ether.

        Raises:
            ChainError: no node answers.
        """
        rules, block = self._rules, head.hash or head.number
        tokens = [token for token in self._tokens() if token != rules.wrapped]
        calls = [Call(token.address, balance_data(rules.account)) for token in tokens]
        told = await self._reader.calls(calls, block)
        balances = {
            token: int.from_bytes(answer, "big")
            for token, answer in zip(tokens, told, strict=True)
            if answer is not None and len(answer) == 32
        }
        balances[ETHER] = await self._reader.balance(rules.account, block)
        balances[ETHER] += await self._unwrapper.held(block)
        payments = len(self._rules.assets) + 1
        reserve = payments * _PAYMENT_GAS * rules.pricing.most_fee_wei
        return Holdings(balances, reserve)

    async def round(self, head: Block, now: float) -> Round:
        """Do what is to be done at block `head`; `now` is in seconds since the Unix epoch.

        A withdrawal whose turn fails waits, and the others go on.

        Raises:
            ChainError: no node tells what gas costs.
            AuditUnwritable, LedgerError: nothing can be kept, so nothing goes on.
        """
        done = Round()
        # First, whatever else fails: what is final and not posted looks like missing money.
        await asyncio.to_thread(self._unwrapper.post, now)
        scene = Scene(head, await read_weather(self._reader, head), now)
        for each in await asyncio.to_thread(self._dispatch.to_cancel):
            await self._turn(each, done, self._cancel(each, done, scene))
        out = await asyncio.to_thread(self._dispatch.out)
        moved = [await self._turn(each, done, self._follow(each, done, scene)) for each in out]
        leaving = Leaving(await asyncio.to_thread(self._dispatch.out), self._gas_of_one)
        for each in await asyncio.to_thread(self._dispatch.due, now):
            begun = await self._turn(each, done, self._begin(each, done, scene, leaving))
            moved.append(begun)
            leaving = leaving if begun is None else leaving.and_also(begun)
        return Round(tuple(each for each in moved if each is not None), done.waiting)

    async def _turn(
        self, withdrawal: Withdrawal, done: Round, work: Awaitable[Withdrawal | None]
    ) -> Withdrawal | None:
        """Work on one withdrawal; where that fails it waits, and the others have their turns."""
        try:
            return await work
        except (ChainError, SendingError, TreasuryError) as error:
            done.waiting[withdrawal.id] = str(error)
            return None

    # --- what is out -----------------------------------------------------------------------

    async def _follow(self, withdrawal: Withdrawal, done: Round, scene: Scene) -> Withdrawal | None:
        sent = await self._sender.status(_intent_id(withdrawal))
        if sent is None or sent.standing is Standing.DISPLACED:
            return await self._resume(withdrawal, done, scene)
        if sent.standing is Standing.IN_FLIGHT and scene.weather is not None:
            if withdrawal.cancel_asked_by is None:
                why = await self._pressing.speed_up(withdrawal, sent, scene.head, scene.weather)
                if why:
                    done.waiting[withdrawal.id] = why
            sent = await self._sender.status(sent.intent_id) or sent
        return await self._keep(withdrawal, sent, scene.now)

    async def _resume(self, withdrawal: Withdrawal, done: Round, scene: Scene) -> Withdrawal | None:
        """Send what is to be signed and of which nothing can be mined; as long as it may be paid.

        Nothing of it was signed, or a stranger spent its nonce for good: the outbox then signs a
        new one, and knows that it cannot pay twice by it.
        """
        try:
            await asyncio.to_thread(self._dispatch.require_payable, withdrawal, scene.now)
        except TreasuryError as error:
            words = f"nothing of it can be mined, and it may not be paid any more: {error}"
            return await self._end(withdrawal, words, scene)
        fees = self._fees(withdrawal, done, scene)
        return None if fees is None else await self._send(withdrawal, done, scene, fees)

    async def _end(self, withdrawal: Withdrawal, words: str, scene: Scene) -> Withdrawal:
        """End what nothing can be mined of."""
        if withdrawal.state is _S.MINED:
            withdrawal = await self._to(withdrawal, _S.BROADCAST, "its block is gone", scene)
        return await self._to(withdrawal, _S.CANCELLED, words, scene)

    async def _to(
        self, withdrawal: Withdrawal, state: WithdrawalState, words: str, scene: Scene
    ) -> Withdrawal:
        return await asyncio.to_thread(self._dispatch.advance, withdrawal, state, words, scene.now)

    async def _keep(
        self, withdrawal: Withdrawal, sent: SentIntent, now: float
    ) -> Withdrawal | None:
        progress = progress_of(withdrawal, sent)
        if progress is None:
            return None
        if progress.state is _S.CONFIRMED:
            # Posted first: what is confirmed is in the books, whatever crashes in between.
            await asyncio.to_thread(self._post, withdrawal, sent, now)
        if progress.state in {_S.CONFIRMED, _S.FAILED} and withdrawal.state is not _S.MINED:
            withdrawal = await self._advance(withdrawal, _S.MINED, "it is in a block", now, sent)
        elif progress.state is _S.CANCELLED and withdrawal.state is _S.MINED:
            # A reorganisation took its block away, and the cancel was mined in its place.
            withdrawal = await self._advance(withdrawal, _S.BROADCAST, "it is out", now, sent)
        return await asyncio.to_thread(
            self._dispatch.advance,
            withdrawal,
            progress.state,
            progress.reason,
            now,
            transaction_hash=progress.transaction_hash,
            block_number=progress.block_number,
        )

    async def _advance(
        self,
        withdrawal: Withdrawal,
        state: WithdrawalState,
        reason: str,
        now: float,
        sent: SentIntent,
    ) -> Withdrawal:
        landing = sent.version.landing
        return await asyncio.to_thread(
            self._dispatch.advance,
            withdrawal,
            state,
            reason,
            now,
            transaction_hash=sent.version.hash,
            block_number=None if landing is None else landing.block_number,
        )

    def _post(self, withdrawal: Withdrawal, sent: SentIntent, now: float) -> None:
        self._accounts.post_withdrawal(
            transaction_hash=sent.version.hash,
            withdrawal_id=withdrawal.id,
            destination=withdrawal.destination,
            asset=withdrawal.asset,
            amount=withdrawal.amount,
            at=now,
        )

    async def _cancel(self, withdrawal: Withdrawal, done: Round, scene: Scene) -> None:
        sent = await self._sender.status(_intent_id(withdrawal))
        if sent is None or sent.standing is Standing.DISPLACED:
            # Nothing of it can be mined, and from now on nothing will be signed.
            await self._end(withdrawal, "it was cancelled; nothing of it can be mined", scene)
            return
        if sent.standing is Standing.IN_FLIGHT and scene.weather is not None:
            why = await self._pressing.cancel(withdrawal, sent, scene.head, scene.weather)
            if why:
                done.waiting[withdrawal.id] = why

    # --- what is due -----------------------------------------------------------------------

    async def _begin(
        self, withdrawal: Withdrawal, done: Round, scene: Scene, leaving: Leaving
    ) -> Withdrawal | None:
        fees = self._fees(withdrawal, done, scene)
        if fees is None or not await self._is_covered(withdrawal, done, scene, fees, leaving):
            return None
        tried = await try_payment(self._reader, self._rules.account, withdrawal, scene.head)
        if tried.failure:
            return await self._to(withdrawal, _S.FAILED, tried.failure, scene)
        try:
            # Before it is handed over: what cannot be signed now can still be taken back.
            await self._sender.require_ready()
        except (SendingError, StopLatched) as error:
            done.waiting[withdrawal.id] = f"nothing is signed now: {error}"
            return None
        signed = await self._to(withdrawal, _S.SIGNED, "handed over to be signed", scene)
        return await self._send(signed, done, scene, fees) or signed

    async def _send(
        self, withdrawal: Withdrawal, done: Round, scene: Scene, fees: Fees
    ) -> Withdrawal | None:
        """Have a signed withdrawal's intent sent; where that cannot be now, the next round does."""
        if withdrawal.cancel_asked_by is not None:
            return None
        tried = await try_payment(self._reader, self._rules.account, withdrawal, scene.head)
        if tried.failure:
            done.waiting[withdrawal.id] = f"it is not sent yet: {tried.failure}"
            return None
        sent = await self._try_sending(
            withdrawal, payment_of(withdrawal, tried.gas_limit, fees), done
        )
        return None if sent is None else await self._keep(withdrawal, sent, scene.now)

    async def _try_sending(
        self, withdrawal: Withdrawal, intent: Intent, done: Round
    ) -> SentIntent | None:
        try:
            return await self._sender.send(intent)
        except (SendingError, StopLatched) as error:
            done.waiting[withdrawal.id] = f"it is not sent yet: {error}"
            return None

    async def _is_covered(
        self, withdrawal: Withdrawal, done: Round, scene: Scene, fees: Fees, leaving: Leaving
    ) -> bool:
        """Whether the account has what leaves and its gas, beside all that is out already."""
        head, account = scene.head, self._rules.account
        if not withdrawal.is_native:
            held = await balance_of(self._reader, account, withdrawal, head)
            free = held - leaving.of(withdrawal.asset)
            if free < withdrawal.amount:
                done.waiting[withdrawal.id] = (
                    f"the account has {TokenAmount(withdrawal.asset, max(free, 0))} that is not "
                    "leaving already, less than this"
                )
                return False
        gas = fees.max_fee_wei * (_PAYMENT_GAS + UNWRAP_GAS)
        ether = await self._reader.balance(account, head.hash or head.number)
        free = ether - leaving.of(ETHER)
        needed = gas + (withdrawal.amount if withdrawal.is_native else 0)
        if free >= needed:
            return True
        if withdrawal.is_native and free >= gas:
            # Whatever the withdrawal's strategy: until it is mined, the next nonce waits for it.
            fast = self._fees(withdrawal, done, scene, Strategy.FAST) or fees
            words = await self._unwrapper.unwrap(withdrawal, needed - free, head, fast)
            done.waiting[withdrawal.id] = words
            return False
        done.waiting[withdrawal.id] = (
            f"the account has {TokenAmount(ETHER, max(free, 0))} that is not leaving already, and "
            f"{TokenAmount(ETHER, needed)} are needed, gas at its dearest included"
        )
        return False

    # --- the rest --------------------------------------------------------------------------

    def _fees(
        self,
        withdrawal: Withdrawal,
        done: Round,
        scene: Scene,
        strategy: Strategy | None = None,
    ) -> Fees | None:
        if scene.weather is None:
            done.waiting[withdrawal.id] = "the next block's base fee is not known"
            return None
        waited = scene.now - (withdrawal.cooling_until or withdrawal.changed_at)
        offered = price(strategy or withdrawal.strategy, scene.weather, self._rules.pricing, waited)
        if isinstance(offered, str):
            done.waiting[withdrawal.id] = offered
            return None
        return offered

    def _tokens(self) -> Sequence[Token]:
        return [token for token in self._rules.assets if token != ETHER]


def _intent_id(withdrawal: Withdrawal) -> str:
    return withdrawal.intent_id or withdrawal.own_intent_id
