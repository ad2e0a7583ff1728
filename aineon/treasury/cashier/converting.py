"""Converting: profit that arrives as a stablecoin is sold for wrapped ether, where policy says so.

One step at a time, each a transaction of its own in the outbox: first the router is allowed to
take exactly the amount, then it swaps it, for no less than the quote less the slippage limit and
not after a deadline. The next step is begun when the last one is final. What was begun is found in
the outbox by its name, so whatever crashes converts nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aineon.chain.reader import Call, ChainReader
from aineon.errors import (
    AuditUnwritable,
    ChainError,
    NodeRefused,
    SendingError,
    StopLatched,
)
from aineon.execution.live.receipts import net_received
from aineon.ledger.accounts.book import Accounts
from aineon.ledger.audit import JsonValue
from aineon.ledger.store import BookStore
from aineon.primitives import Address, Block, Token, TokenAmount
from aineon.sending import Fees, Intent, IntentKind, Sender, Standing
from aineon.treasury.cashier.conversions import (
    Conversions,
    deadline_of,
    memo_of,
)
from aineon.treasury.cashier.exchanges import (
    ConversionRules,
    Sale,
    allowance,
    approval_data,
    best_sale,
    is_genuine,
)
from aineon.treasury.cashier.payments import balance_data
from aineon.treasury.cashier.pressing import Pressing, made_anew
from aineon.treasury.cashier.pricing import Pricing, price
from aineon.treasury.cashier.scene import Scene
from aineon.treasury.journal import Journal
from aineon.treasury.withdrawal import CASHIER, Strategy

_APPROVAL_GAS: Final = 80_000
_SWAP_GAS: Final = 400_000
_DEADLINE_SECONDS: Final = 600
"""How long a swap may wait to be mined: fifty blocks."""


class Converter:
    """Converts, and posts what is final.

    Args:
        sender, reader, store: the cashier's.
        journal: written to before anything is sent.
        account: whose money it is.
        pricing: of gas.
        pressing: gets a decision about what is out for long.
        rules: None where nothing is converted; what was begun before is posted all the same.
    """

    def __init__(
        self,
        sender: Sender,
        reader: ChainReader,
        store: BookStore,
        journal: Journal,
        account: Address,
        pricing: Pricing,
        pressing: Pressing,
        rules: ConversionRules | None,
    ) -> None:
        self._sender = sender
        self._reader = reader
        self._account = account
        self._accounts = Accounts(store)
        self._journal = journal
        self._pricing = pricing
        self._pressing = pressing
        self._rules = rules
        self._known = Conversions(store, reader.chain_id, account)

    async def post(self, at: float) -> None:
        """Post what was converted for good, by what the tokens' own logs say.

        Raises:
            ChainError: no node tells the receipt.
            LedgerError: the book cannot be read or written.
        """
        for each in await asyncio.to_thread(self._known.unposted):
            receipt = await self._reader.receipt(each.transaction_hash)
            if receipt is None:
                raise ChainError(f"no node tells the receipt of {each.transaction_hash}")
            given = -net_received(receipt, each.given, each.account)
            got = net_received(receipt, each.wanted, each.account)
            await asyncio.to_thread(
                self._accounts.post_conversion,
                transaction_hash=each.transaction_hash,
                given=TokenAmount(each.given, given),
                got=TokenAmount(each.wanted, got),
                at=at,
            )
            self._known.posted(each)

    async def leaving(self, head: Block) -> Mapping[Token, int]:
        """Return how much of each token is being sold and stands in the balance at block `head`.

        Ether stands for the gas of it; see `Conversions.leaving`.

        Raises:
            LedgerError: the book cannot be read.
        """
        return await asyncio.to_thread(self._known.leaving, head.number)

    async def step(self, scene: Scene, spoken_for: Callable[[Token], int]) -> str:
        """Take the next step, where there is one; returns in words what is done, or why not.

        `spoken_for` tells how much of a token is to be withdrawn as what it is.

        Raises:
            ChainError, SendingError: nothing is done now.
            LedgerError: the book cannot be read or written.
        """
        count, last = await asyncio.to_thread(self._known.newest)
        if last is not None:
            open_words = await self._follow(last, scene)
            if open_words:
                return open_words
        rules = self._rules
        for token in () if rules is None else rules.tokens:
            free = await self._held(token, scene.head) - spoken_for(token)
            if rules and free > 0 and self._is_enough(token, free, rules):
                return await self._sell(self._known.name(count), token, free, rules, scene)
        return ""

    async def _follow(self, intent: Intent, scene: Scene) -> str:
        """Press for a decision about what is out; empty where the newest one is over."""
        sent = await self._sender.status(intent.intent_id)
        if sent is None or sent.standing in {
            Standing.FINAL,
            Standing.DISPLACED,
            Standing.CANCELLED,
        }:
            return ""
        if sent.standing is Standing.IN_FLIGHT and scene.weather is not None:
            deadline = deadline_of(intent)
            if deadline is not None and (scene.head.timestamp or 0) > deadline:
                # It could only revert now.
                why = await self._pressing.cancel(sent, scene.head, scene.weather)
            else:
                why = await self._pressing.speed_up(
                    sent, made_anew(intent), scene.head, scene.weather
                )
            if why:
                return f"conversion {intent.intent_id} waits: {why}"
        return f"conversion {intent.intent_id} is {sent.standing}"

    async def _sell(
        self, name: str, token: Token, amount: int, rules: ConversionRules, scene: Scene
    ) -> str:
        sale = best_sale(rules.pools(), rules.routers, token, rules.wanted, amount)
        told, worth = TokenAmount(token, amount), rules.worth(token, amount) or 0
        if sale is None:
            return f"{told} are not converted: no pool of a known router takes them"
        if sale.amount_out * 10_000 < worth * (10_000 - rules.slippage_bps):
            return (
                f"{told} are not converted: the best pool pays "
                f"{TokenAmount(rules.wanted, sale.amount_out)}, and they are worth "
                f"{TokenAmount(rules.wanted, worth)}"
            )
        if not await is_genuine(self._reader, sale.router, rules.wanted, scene.head):
            return f"{told} are not converted: {sale.router.address} is not the router it should be"
        fees = self._fees(scene)
        if isinstance(fees, str):
            return f"{told} are not converted: {fees}"
        intent = await self._next_step(name, sale, fees, rules, scene)
        if isinstance(intent, str):
            return f"{told} are not converted: {intent}"
        try:
            # Before it is written down: what cannot be signed now was not decided either.
            await self._sender.require_ready()
            await asyncio.to_thread(self._note, intent, sale, scene.now)
            await self._sender.send(intent)
        except (SendingError, StopLatched, AuditUnwritable) as error:
            return f"{told} are not converted yet: {error}"
        return f"{told} are being converted ({name}, {intent.kind})"

    def _note(self, intent: Intent, sale: Sale, at: float) -> None:
        action = "conversion.allow" if intent.kind is IntentKind.APPROVAL else "conversion.sell"
        detail: dict[str, JsonValue] = {
            "chain": self._reader.chain_id,
            "account": self._account,
            "given": sale.given.address,
            "wanted": sale.wanted.address,
            "router": sale.router.address,
            "call": intent.data.hex(),
        }
        self._journal.note(action, intent.intent_id, detail, CASHIER, at)

    async def _next_step(
        self, name: str, sale: Sale, fees: Fees, rules: ConversionRules, scene: Scene
    ) -> Intent | str:
        """Return the approval that is missing, or the swap; or in words why neither."""
        head, router = scene.head, sale.router.address
        gas = fees.max_fee_wei * (_APPROVAL_GAS + _SWAP_GAS)
        ether = await self._reader.balance(self._account, head.hash or head.number)
        if ether < gas:
            return f"{gas} wei of gas may be needed, and there are {ether}"
        may_take = await allowance(self._reader, sale.given, self._account, router, head)
        if 0 < may_take < sale.amount_in and self._is_enough(sale.given, may_take, rules):
            # More has arrived since it was allowed: what was is sold now, the rest later.
            sale = best_sale([sale.pool], [sale.router], sale.given, sale.wanted, may_take) or sale
        if may_take < sale.amount_in:
            # Some tokens refuse to change an allowance that is neither zero nor becomes zero.
            amount = 0 if may_take else sale.amount_in
            data = approval_data(router, amount)
            return Intent(
                name, IntentKind.APPROVAL, sale.given.address, _APPROVAL_GAS, fees, data=data
            )
        deadline = int(head.timestamp or scene.now) + _DEADLINE_SECONDS
        worth = rules.worth(sale.given, sale.amount_in) or 0
        least = sale.least(rules.slippage_bps, worth)
        data = sale.data(least, self._account, deadline)
        failure = await self._try(sale, least, data, head)
        if failure:
            return failure
        memo = memo_of(TokenAmount(sale.given, sale.amount_in), sale.wanted, deadline)
        return Intent(name, IntentKind.WITHDRAWAL, router, _SWAP_GAS, fees, data=data, memo=memo)

    @staticmethod
    def _is_enough(token: Token, amount: int, rules: ConversionRules) -> bool:
        worth = rules.worth(token, amount)
        return worth is not None and worth >= rules.least_wei

    async def _try(self, sale: Sale, least: int, data: bytes, head: Block) -> str:
        """Do it on the newest block, and measure what arrives; returns why it must not be done."""
        asked = "0x" + balance_data(self._account).hex()
        look = {"from": self._account, "to": sale.wanted.address, "data": asked}
        swap = {"from": self._account, "to": sale.router.address, "data": "0x" + data.hex()}
        try:
            before, done, after = await self._reader.simulate(
                [look, {**swap, "gas": hex(_SWAP_GAS)}, look], head.hash or head.number
            )
        except NodeRefused as error:
            raise ChainError(f"the conversion cannot be tried: {error}") from error
        if not done.succeeded:
            return f"it reverts: {done.failure or 'without a reason'}"
        arrived = int.from_bytes(after.output, "big") - int.from_bytes(before.output, "big")
        return "" if arrived >= least else f"{arrived} units would arrive, and {least} must"

    def _fees(self, scene: Scene) -> Fees | str:
        if scene.weather is None:
            return "the next block's base fee is not known"
        return price(Strategy.STANDARD, scene.weather, self._pricing, 0.0)

    async def _held(self, token: Token, head: Block) -> int:
        call = Call(token.address, balance_data(self._account))
        told = await self._reader.call(call, head.hash or head.number)
        return int.from_bytes(told, "big") if len(told) == 32 else 0
