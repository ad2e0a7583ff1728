"""Cashier: carries out what has cooled, follows what is out, and posts what is final.

A round is one head. First comes what is out, then what somebody wants cancelled, then new work.
What a withdrawal is to become is kept before it is done: SIGNED before anything is signed. A crash
anywhere leaves a withdrawal whose intent is sent again, and the same intent pays once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from aineon.chain.reader import Call, ChainReader
from aineon.errors import ChainError, SendingError, StopLatched, TreasuryError
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Block, Token
from aineon.sending import Fees, Intent, Sender, SentIntent, Standing
from aineon.treasury.cashier.batching import Batcher
from aineon.treasury.cashier.converting import Converter
from aineon.treasury.cashier.covering import cover
from aineon.treasury.cashier.leaving import Leaving
from aineon.treasury.cashier.payments import balance_data, payment_of
from aineon.treasury.cashier.payouts import Payout, payouts_of
from aineon.treasury.cashier.pressing import Pressing, made_anew
from aineon.treasury.cashier.pricing import price, read_weather
from aineon.treasury.cashier.recording import Moved, Recorder
from aineon.treasury.cashier.scene import PAYMENT_GAS, CashierRules, Round, Scene
from aineon.treasury.cashier.trying import Tried, try_batch, try_payment
from aineon.treasury.cashier.unwrapping import UNWRAP_GAS, Unwrapper
from aineon.treasury.dispatch import Dispatch
from aineon.treasury.rules import Holdings
from aineon.treasury.states import WithdrawalState
from aineon.treasury.timing import doubt_of_time
from aineon.treasury.withdrawal import Strategy, Withdrawal

_S = WithdrawalState


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
        self._rules = rules
        most = rules.pricing.most_fee_wei
        self._gas_of_one = most * PAYMENT_GAS
        self._recorder = Recorder(dispatch, sender, reader, store)
        self._pressing = Pressing(sender, rules.account, most)
        self._batcher = Batcher(reader, rules)
        spare = most * (PAYMENT_GAS + 2 * UNWRAP_GAS)
        self._converter = Converter(
            sender,
            reader,
            store,
            dispatch.journal,
            rules.account,
            rules.pricing,
            self._pressing,
            rules.conversion,
        )
        self._unwrapper = Unwrapper(
            sender, reader, store, dispatch.journal, rules.account, rules.wrapped, spare
        )

    async def holdings(self, head: Block) -> Holdings:
        """Return what the account has at block `head`; wrapped ether counts as ether.

        What is being sold is left out, and its gas: no rule and no sweep can have it any more.

        Raises:
            ChainError: no node answers.
            LedgerError: the book cannot be read.
        """
        rules, block = self._rules, head.hash or head.number
        tokens = [token for token in self._tokens() if token != rules.wrapped]
        calls = [Call(token.address, balance_data(rules.account)) for token in tokens]
        told = await self._reader.calls(calls, block)
        sold = await self._converter.leaving(head)
        balances = {
            token: max(int.from_bytes(answer, "big") - sold.get(token, 0), 0)
            for token, answer in zip(tokens, told, strict=True)
            if answer is not None and len(answer) == 32
        }
        balances[ETHER] = await self._reader.balance(rules.account, block)
        balances[ETHER] += await self._unwrapper.held(block)
        balances[ETHER] = max(balances[ETHER] - sold.get(ETHER, 0), 0)
        payments = len(self._rules.assets) + 1
        reserve = payments * PAYMENT_GAS * rules.pricing.most_fee_wei
        return Holdings(balances, reserve, self._gas_of_one, rules.wrapped)

    def doubt_of_time(self, head: Block, now: float) -> str:
        """Return why nothing may be begun now by this machine's clock; empty where it may."""
        return doubt_of_time(head, now, self._rules.most_seconds_apart)

    async def round(self, head: Block, now: float) -> Round:
        """Do what is to be done at block `head`; `now` is in seconds since the Unix epoch.

        A withdrawal whose turn fails waits, and the others go on. Why they wait is kept.

        Raises:
            ChainError: no node tells what gas costs.
            AuditUnwritable, LedgerError: nothing can be kept, so nothing goes on.
        """
        done = Round()
        # First, whatever else fails: what is final and not posted looks like missing money.
        await asyncio.to_thread(self._unwrapper.post, now)
        weather = await read_weather(self._reader, head)
        scene = Scene(head, weather, now, self.doubt_of_time(head, now))
        if scene.weather is not None:
            await self._unwrapper.press(self._pressing, head, scene.weather)
        for each in payouts_of(await asyncio.to_thread(self._dispatch.to_cancel)):
            await self._turn(each, done, self._cancel(each, done, scene))
        moved: list[Withdrawal] = []
        for each in payouts_of(await asyncio.to_thread(self._dispatch.out)):
            moved += await self._turn(each, done, self._follow(each, done, scene))
        moved += await self._work_off(done, scene)
        await asyncio.to_thread(self._dispatch.note_waiting, done.waiting, now)
        return Round(tuple(moved), done.waiting, await self._convert(scene))

    async def _convert(self, scene: Scene) -> str:
        """Post what was converted, and take the next step; where that fails it waits."""
        try:
            await self._converter.post(scene.now)
            if scene.doubt:
                return f"nothing is converted now: {scene.doubt}"
            spoken_for = await asyncio.to_thread(self._dispatch.promised, scene.head.number)
            return await self._converter.step(scene, lambda token: spoken_for.get(token, 0))
        except (ChainError, SendingError) as error:
            return f"nothing is converted now: {error}"

    async def _turn(self, payout: Payout, done: Round, work: Awaitable[Moved]) -> Moved:
        """Work on one payout; where that fails it waits, and the others have their turns."""
        try:
            return await work
        except (ChainError, SendingError, TreasuryError) as error:
            done.wait(payout, str(error))
            return ()

    # --- what is out -----------------------------------------------------------------------

    async def _follow(self, payout: Payout, done: Round, scene: Scene) -> Moved:
        sent = await self._sender.status(payout.intent_id)
        if sent is not None and await self._is_of_former_key(payout):
            return await self._follow_only(payout, sent, done, scene)
        if sent is None or sent.standing is Standing.DISPLACED:
            return await self._resume(payout, done, scene)
        if sent.standing is Standing.IN_FLIGHT and scene.weather is not None:
            # What was signed, and not what settings would make of it now.
            intent = await asyncio.to_thread(self._sender.outbox.intent, payout.intent_id)
            if not payout.is_to_be_cancelled and intent is not None:
                why = await self._pressing.speed_up(
                    sent, made_anew(intent), scene.head, scene.weather
                )
                if why:
                    done.wait(payout, why)
            sent = await self._sender.status(sent.intent_id) or sent
        return await self._recorder.keep(payout, sent, scene.now)

    async def _is_of_former_key(self, payout: Payout) -> bool:
        outbox = self._sender.outbox
        signed_by = await asyncio.to_thread(outbox.signed_by, payout.intent_id)
        return signed_by not in {None, self._rules.account}

    async def _follow_only(
        self, payout: Payout, sent: SentIntent, done: Round, scene: Scene
    ) -> Moved:
        """Follow what a former key has signed; nothing more can be signed of it."""
        if sent.standing is Standing.DISPLACED:
            words = "nothing of it can be mined, and the key that signed it is not here any more"
            return await self._recorder.end(payout, words, scene)
        if sent.standing is Standing.IN_FLIGHT:
            done.wait(payout, "it is out, signed by a key that is not here any more")
        return await self._recorder.keep(payout, sent, scene.now)

    async def _resume(self, payout: Payout, done: Round, scene: Scene) -> Moved:
        """Send what is to be signed and of which nothing can be mined; as long as it may be paid.

        Nothing of it was signed, or a stranger spent its nonce for good: the outbox then signs a
        new one, and knows that it cannot pay twice by it.
        """
        if scene.doubt:
            done.wait(payout, scene.doubt)
            return ()
        if payout.batch_id is not None and self._rules.multisend is None:
            return await self._recorder.end(payout, "nothing here pays several at once", scene)
        try:
            for each in payout.members:
                await asyncio.to_thread(self._dispatch.require_payable, each, scene.now)
        except TreasuryError as error:
            words = f"nothing of it can be mined, and it may not be paid any more: {error}"
            return await self._recorder.end(payout, words, scene)
        fees = self._fees(payout, done, scene)
        return () if fees is None else await self._send(payout, done, scene, fees)

    async def _cancel(self, payout: Payout, done: Round, scene: Scene) -> Moved:
        sent = await self._sender.status(payout.intent_id)
        if sent is None or sent.standing is Standing.DISPLACED:
            # Nothing of it can be mined, and from now on nothing will be signed.
            words = "it was cancelled; nothing of it can be mined"
            return await self._recorder.end(payout, words, scene)
        if await self._is_of_former_key(payout):
            done.wait(payout, "it cannot be cancelled: the key that signed it is not here any more")
            return ()
        if sent.standing is Standing.IN_FLIGHT and scene.weather is not None:
            why = await self._pressing.cancel(sent, scene.head, scene.weather)
            if why:
                done.wait(payout, why)
        return ()

    # --- what is due -----------------------------------------------------------------------

    async def _work_off(self, done: Round, scene: Scene) -> list[Withdrawal]:
        """Begin what is due: first what is cheaper together, then everything else alone."""
        due = await asyncio.to_thread(self._dispatch.due, scene.now)
        moved: list[Withdrawal] = []
        if scene.doubt:
            for each in due:
                done.wait(Payout.of(each), scene.doubt)
            return moved
        for group in await self._batcher.groups(due, scene.head):
            leaving = await self._leaving(scene.head)
            moved += await self._turn(group, done, self._begin_batch(group, done, scene, leaving))
        # What was handed over is not due any more, whatever has become of it since.
        for each in await asyncio.to_thread(self._dispatch.due, scene.now):
            alone = Payout.of(each)
            # Why it did not go with others is of no matter any more.
            done.waiting.pop(each.id, None)
            leaving = await self._leaving(scene.head)
            moved += await self._turn(alone, done, self._begin(alone, done, scene, leaving))
        return moved

    async def _leaving(self, head: Block) -> Leaving:
        """Look at the book each time: a turn that failed may have handed something over."""
        out = await asyncio.to_thread(self._dispatch.out)
        sold = await self._converter.leaving(head)
        return Leaving(out, self._gas_of_one, sold, head.number)

    async def _begin(self, payout: Payout, done: Round, scene: Scene, leaving: Leaving) -> Moved:
        fees = self._fees(payout, done, scene)
        if fees is None or not await self._is_covered(payout, done, scene, fees, leaving):
            return ()
        tried = await self._try(payout, scene)
        if tried.failure:
            return (await self._recorder.to(payout.first, _S.FAILED, tried.failure, scene),)
        if not await self._is_ready(payout, done):
            return ()
        words = "handed over to be signed"
        signed = await self._recorder.to(payout.first, _S.SIGNED, words, scene)
        return await self._send(Payout.of(signed), done, scene, fees) or (signed,)

    async def _begin_batch(
        self, group: Payout, done: Round, scene: Scene, leaving: Leaving
    ) -> Moved:
        """Have several paid by one transaction; where that cannot be, each is begun alone."""
        fees = self._fees(group, done, scene)
        if fees is None:
            return ()
        covered = await cover(self._reader, self._rules.account, group, fees, leaving, scene.head)
        if covered.missing or not await self._batcher.is_cheaper(group, scene.head):
            return ()
        if not await self._is_ready(group, done):
            return ()
        signed = Payout.of(
            *await asyncio.to_thread(
                self._dispatch.sign_together, group.members, group.proposed_batch_id, scene.now
            )
        )
        return await self._send(signed, done, scene, fees) or signed.members

    async def _is_ready(self, payout: Payout, done: Round) -> bool:
        try:
            # Before it is handed over: what cannot be signed now can still be taken back.
            await self._sender.require_ready()
        except (SendingError, StopLatched) as error:
            done.wait(payout, f"nothing is signed now: {error}")
            return False
        return True

    async def _send(self, payout: Payout, done: Round, scene: Scene, fees: Fees) -> Moved:
        """Have a signed payout's intent sent; where that cannot be now, the next round does."""
        if payout.is_to_be_cancelled:
            return ()
        tried = await self._try(payout, scene)
        if tried.failure and payout.batch_id is not None:
            return await self._recorder.end(payout, tried.failure, scene)
        if tried.failure:
            done.wait(payout, f"it is not sent yet: {tried.failure}")
            return ()
        sent = await self._try_sending(payout, self._intent(payout, tried.gas_limit, fees), done)
        return () if sent is None else await self._recorder.keep(payout, sent, scene.now)

    async def _try_sending(self, payout: Payout, intent: Intent, done: Round) -> SentIntent | None:
        try:
            return await self._sender.send(intent)
        except (SendingError, StopLatched) as error:
            done.wait(payout, f"it is not sent yet: {error}")
            return None

    async def _is_covered(
        self, payout: Payout, done: Round, scene: Scene, fees: Fees, leaving: Leaving
    ) -> bool:
        """Whether the account has what leaves and its gas; wrapped ether is unwrapped for it."""
        account = self._rules.account
        found = await cover(self._reader, account, payout, fees, leaving, scene.head)
        if not found.missing:
            return True
        words = found.missing
        if found.ether:
            # Whatever the withdrawal's strategy: until it is mined, the next nonce waits for it.
            fast = self._fees(payout, done, scene, Strategy.FAST) or fees
            words = await self._unwrapper.unwrap(payout.first, found.ether, fast, scene)
        done.wait(payout, words)
        return False

    # --- the rest --------------------------------------------------------------------------

    async def _try(self, payout: Payout, scene: Scene) -> Tried:
        account, multisend = self._rules.account, self._rules.multisend
        if payout.batch_id is None or multisend is None:
            return await try_payment(self._reader, account, payout.first, scene.head)
        if not await self._batcher.is_genuine(scene.head):
            # An address without code takes ether too, and would pay nobody.
            return Tried(0, "the contract that pays several at once is not the one that is meant")
        return await try_batch(self._reader, account, payout.members, multisend, scene.head)

    def _intent(self, payout: Payout, gas_limit: int, fees: Fees) -> Intent:
        return payment_of(payout, self._rules.multisend, gas_limit, fees)

    def _fees(
        self, payout: Payout, done: Round, scene: Scene, strategy: Strategy | None = None
    ) -> Fees | None:
        if scene.weather is None:
            done.wait(payout, "the next block's base fee is not known")
            return None
        waited = scene.now - payout.waits_from
        offered = price(strategy or payout.strategy, scene.weather, self._rules.pricing, waited)
        if isinstance(offered, str):
            done.wait(payout, offered)
            return None
        return offered

    def _tokens(self) -> Sequence[Token]:
        return [token for token in self._rules.assets if token != ETHER]
