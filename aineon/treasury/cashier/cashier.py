"""Cashier: carries out what has cooled, follows what is out, and posts what is final.

A round is one head. First comes what is out, then what somebody wants cancelled, then new work.
What a withdrawal is to become is kept before it is done: SIGNED before anything is signed. A crash
anywhere leaves a withdrawal whose intent is sent again, and the same intent pays once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aineon.chain.reader import Call, ChainReader
from aineon.errors import SendingError, StopLatched, TreasuryError
from aineon.ledger.accounts.book import Accounts
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Address, Block, Token, TokenAmount
from aineon.sending import Fees, Intent, Sender, SentIntent, Standing
from aineon.treasury.cashier.following import needs_sending, progress_of
from aineon.treasury.cashier.payments import balance_data, payment_of
from aineon.treasury.cashier.pricing import GasWeather, Pricing, price, read_weather
from aineon.treasury.cashier.trying import balance_of, try_payment
from aineon.treasury.cashier.unwrapping import UNWRAP_GAS, Unwrapper
from aineon.treasury.dispatch import Dispatch
from aineon.treasury.rules import Holdings
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Withdrawal

_S = WithdrawalState
_PAYMENT_GAS: Final = 100_000
"""What the gas reserve counts for one payment of a token."""
_STUCK_BLOCKS: Final = 5
"""Blocks after which what is out is offered more gas."""


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
        spare = rules.pricing.most_fee_wei * (_PAYMENT_GAS + 2 * UNWRAP_GAS)
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
            ChainError: no node answers.
            AuditUnwritable, LedgerError: nothing can be kept, so nothing goes on.
        """
        done = Round()
        weather = await read_weather(self._reader, head)
        out = await asyncio.to_thread(self._dispatch.out)
        moved = [await self._follow(each, done, head, weather, now) for each in out]
        for each in await asyncio.to_thread(self._dispatch.to_cancel):
            await self._cancel(each, done, weather, now)
        due = await asyncio.to_thread(self._dispatch.due, now)
        moved += [await self._begin(each, done, head, weather, now) for each in due]
        await asyncio.to_thread(self._unwrapper.post, now)
        return Round(tuple(each for each in moved if each is not None), done.waiting)

    # --- what is out -----------------------------------------------------------------------

    async def _follow(
        self,
        withdrawal: Withdrawal,
        done: Round,
        head: Block,
        weather: GasWeather | None,
        now: float,
    ) -> Withdrawal | None:
        sent = await self._sender.status(_intent_id(withdrawal))
        if needs_sending(sent):
            fees = self._fees(withdrawal, done, weather, now)
            return None if fees is None else await self._send(withdrawal, done, head, fees, now)
        assert sent is not None
        if sent.standing is Standing.IN_FLIGHT and weather is not None:
            sent = await self._speed_up(withdrawal, sent, done, head, weather)
        return await self._keep(withdrawal, sent, now)

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

    async def _speed_up(
        self,
        withdrawal: Withdrawal,
        sent: SentIntent,
        done: Round,
        head: Block,
        weather: GasWeather,
    ) -> SentIntent:
        """Offer more gas for what is out for long and cannot be mined at what it offers."""
        version = sent.version
        out_for = head.number - version.signed_head
        if out_for < _STUCK_BLOCKS or version.fees.max_fee_wei >= weather.base_fee_wei:
            return sent
        raised = version.fees.raised()
        wanted = Fees(max(raised.max_fee_wei, weather.base_fee_wei * 2), raised.priority_fee_wei)
        if wanted.max_fee_wei > self._rules.pricing.most_fee_wei:
            done.waiting[withdrawal.id] = "it is out, and gas costs more than is allowed"
            return sent
        intent = payment_of(withdrawal, version.gas_limit, wanted)
        try:
            return await self._sender.reprice(intent, wanted)
        except SendingError as error:
            done.waiting[withdrawal.id] = str(error)
            return sent

    async def _cancel(
        self, withdrawal: Withdrawal, done: Round, weather: GasWeather | None, now: float
    ) -> None:
        sent = await self._sender.status(_intent_id(withdrawal))
        if sent is None:
            # Nothing was ever signed, and from now on nothing will be.
            words = "it was cancelled before anything was signed"
            await asyncio.to_thread(self._dispatch.advance, withdrawal, _S.CANCELLED, words, now)
            return
        if sent.standing is not Standing.IN_FLIGHT or weather is None:
            return
        raised = sent.version.fees.raised()
        fees = Fees(max(raised.max_fee_wei, weather.base_fee_wei * 2), raised.priority_fee_wei)
        try:
            await self._sender.cancel(sent.intent_id, fees)
        except (SendingError, StopLatched) as error:
            done.waiting[withdrawal.id] = f"it cannot be cancelled now: {error}"

    # --- what is due -----------------------------------------------------------------------

    async def _begin(
        self,
        withdrawal: Withdrawal,
        done: Round,
        head: Block,
        weather: GasWeather | None,
        now: float,
    ) -> Withdrawal | None:
        fees = self._fees(withdrawal, done, weather, now)
        if fees is None or not await self._is_covered(withdrawal, done, head, fees):
            return None
        tried = await try_payment(self._reader, self._rules.account, withdrawal, head)
        if tried.failure:
            return await asyncio.to_thread(
                self._dispatch.advance, withdrawal, _S.FAILED, tried.failure, now
            )
        try:
            words = "handed over to be signed"
            signed = await asyncio.to_thread(
                self._dispatch.advance, withdrawal, _S.SIGNED, words, now
            )
        except TreasuryError as error:
            done.waiting[withdrawal.id] = str(error)
            return None
        return await self._send(signed, done, head, fees, now) or signed

    async def _send(
        self, withdrawal: Withdrawal, done: Round, head: Block, fees: Fees, now: float
    ) -> Withdrawal | None:
        """Have a signed withdrawal's intent sent; where that cannot be now, the next round does."""
        if withdrawal.cancel_asked_by is not None:
            return None
        tried = await try_payment(self._reader, self._rules.account, withdrawal, head)
        if tried.failure:
            done.waiting[withdrawal.id] = f"it is not sent yet: {tried.failure}"
            return None
        sent = await self._try_sending(
            withdrawal, payment_of(withdrawal, tried.gas_limit, fees), done
        )
        return None if sent is None else await self._keep(withdrawal, sent, now)

    async def _try_sending(
        self, withdrawal: Withdrawal, intent: Intent, done: Round
    ) -> SentIntent | None:
        try:
            return await self._sender.send(intent)
        except (SendingError, StopLatched) as error:
            done.waiting[withdrawal.id] = f"it is not sent yet: {error}"
            return None

    async def _is_covered(
        self, withdrawal: Withdrawal, done: Round, head: Block, fees: Fees
    ) -> bool:
        """Whether the account has what leaves and what its gas costs; unwraps ether for it."""
        block, account = head.hash or head.number, self._rules.account
        if not withdrawal.is_native:
            held = await balance_of(self._reader, account, withdrawal, head)
            if held < withdrawal.amount:
                done.waiting[withdrawal.id] = (
                    f"the account has {TokenAmount(withdrawal.asset, held)}, less than leaves"
                )
                return False
        gas = fees.max_fee_wei * (_PAYMENT_GAS + UNWRAP_GAS)
        ether = await self._reader.balance(account, block)
        needed = gas + (withdrawal.amount if withdrawal.is_native else 0)
        if ether >= needed:
            return True
        if withdrawal.is_native and ether >= gas:
            lacking = needed - ether
            words = await self._unwrapper.unwrap(withdrawal, lacking, head, fees)
            done.waiting[withdrawal.id] = words
            return False
        done.waiting[withdrawal.id] = (
            f"the account has {TokenAmount(ETHER, ether)}, and {TokenAmount(ETHER, needed)} are "
            "needed, gas at its dearest included"
        )
        return False

    # --- the rest --------------------------------------------------------------------------

    def _fees(
        self, withdrawal: Withdrawal, done: Round, weather: GasWeather | None, now: float
    ) -> Fees | None:
        if weather is None:
            done.waiting[withdrawal.id] = "the next block's base fee is not known"
            return None
        waited = now - (withdrawal.cooling_until or withdrawal.changed_at)
        offered = price(withdrawal.strategy, weather, self._rules.pricing, waited)
        if isinstance(offered, str):
            done.waiting[withdrawal.id] = offered
            return None
        return offered

    def _tokens(self) -> Sequence[Token]:
        return [token for token in self._rules.assets if token != ETHER]


def _intent_id(withdrawal: Withdrawal) -> str:
    return withdrawal.intent_id or withdrawal.own_intent_id
