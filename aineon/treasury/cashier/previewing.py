"""Previewing: answers what a withdrawal would come to, before anybody asks for it.

Nothing is kept in a book and nothing is signed; where no node answers, what the book alone knows
is told all the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.errors import (
    ChainError,
    CommandClosed,
    InvalidWithdrawal,
    TreasuryError,
    WithdrawalRefused,
)
from aineon.ledger.commands import Command, CommandState, CommandTable
from aineon.primitives import Block
from aineon.sending import Fees
from aineon.treasury.asking import Foreseen
from aineon.treasury.cashier import Cashier, CashierRules
from aineon.treasury.cashier.pricing import GasWeather, price, read_weather
from aineon.treasury.cashier.trying import Tried, try_payment
from aineon.treasury.commands import PREVIEW, read_request
from aineon.treasury.desk import Desk
from aineon.treasury.preview import Limits, Offer, Preview
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Strategy, Withdrawal

_FRESH_SECONDS: Final = 60.0
"""Nobody reads what was asked longer ago."""

_LONGEST_WORDS: Final = 500


class Previewer:
    """Answers `withdrawal.preview` commands.

    Args:
        desk: of the book that this engine keeps.
        commands: of the control database.
        cashier: tells what is there.
        reader: the chain.
        rules: the cashier's.
    """

    def __init__(
        self,
        desk: Desk,
        commands: CommandTable,
        cashier: Cashier,
        reader: ChainReader,
        rules: CashierRules,
    ) -> None:
        self._desk = desk
        self._commands = commands
        self._cashier = cashier
        self._reader = reader
        self._rules = rules

    async def tend(self, now: float) -> tuple[int, ...]:
        """Answer what is asked; returns the numbers of the commands.

        Raises:
            LedgerError: a database cannot be read or written.
        """
        waiting = await asyncio.to_thread(self._commands.open, {PREVIEW})
        for command in waiting:
            state, answer = await self._answer(command, now)
            try:
                await asyncio.to_thread(self._commands.answer, command.number, state, answer, now)
            except CommandClosed:
                continue  # another engine was a moment faster
        return tuple(command.number for command in waiting)

    async def _answer(self, command: Command, now: float) -> tuple[CommandState, str]:
        try:
            self._check(command, now)
            payment = read_request(self._desk, command)
            foreseen = await asyncio.to_thread(self._desk.foresee, payment, who=command.who, at=now)
        except TreasuryError as error:
            return CommandState.REFUSED, str(error)
        found = self._by_the_book(foreseen, now)
        try:
            found = await self._on_chain(found, foreseen.withdrawal)
        except ChainError as error:
            words = f"no node tells what it would do: {error}"
            found = replace(found, trial=words[:_LONGEST_WORDS])
        return CommandState.DONE, found.to_answer()

    def _check(self, command: Command, now: float) -> None:
        book = self._desk.store.book
        if command.book is not book:
            raise InvalidWithdrawal(
                f"this was asked of the {command.book.value} book, and the engine keeps the "
                f"{book.value} book"
            )
        if now - command.at > _FRESH_SECONDS:
            raise WithdrawalRefused(
                f"this was asked {now - command.at:.0f} s ago, and no engine answered in time; "
                "look again"
            )

    def _by_the_book(self, foreseen: Foreseen, now: float) -> Preview:
        withdrawal, policy = foreseen.withdrawal, self._desk.house.policy
        cools = withdrawal.state is WithdrawalState.COOLING and withdrawal.cooling_until is not None
        return Preview(
            at=now,
            account=self._rules.account,
            block=None,
            amount=withdrawal.amount,
            destination=withdrawal.destination,
            asset_address=withdrawal.asset.address,
            asset_name=str(withdrawal.asset),
            decimals=withdrawal.asset.decimals or 0,
            worth_wei=withdrawal.worth_wei,
            refusal=foreseen.refusal,
            state=withdrawal.state.value,
            reason=withdrawal.reason,
            cooling_seconds=(withdrawal.cooling_until or now) - now if cools else None,
            limits=Limits.of(policy, foreseen.used),
        )

    async def _on_chain(self, found: Preview, withdrawal: Withdrawal) -> Preview:
        head = await self._reader.block("latest")
        if head is None:
            raise ChainError("its head is not known")
        holdings = await self._cashier.holdings(head)
        weather = await read_weather(self._reader, head)
        promised = await asyncio.to_thread(self._desk.dispatch.promised, head.number)
        found = replace(
            found,
            block=head.number,
            balance=holdings.balances.get(withdrawal.asset),
            promised=sum(
                amount
                for asset, amount in promised.items()
                if holdings.counts_as(withdrawal.asset, asset)
            ),
        )
        tried = await self._try(withdrawal, head)
        gas = tried if isinstance(tried, Tried) and not tried.failure else None
        return replace(
            found,
            offers=tuple(self._offer(each, weather, gas) for each in Strategy),
            gas_used=None if gas is None else gas.gas_used,
            trial=tried if isinstance(tried, str) else _trial_words(tried, head),
            failure=tried.failure[:_LONGEST_WORDS] if isinstance(tried, Tried) else "",
        )

    async def _try(self, withdrawal: Withdrawal, head: Block) -> Tried | str:
        """Return what a payment would do, or in words why that cannot be told."""
        account = self._rules.account
        if withdrawal.is_native:
            ether = await self._reader.balance(account, head.hash or head.number)
            if ether < withdrawal.amount:
                return (
                    "it cannot be tried now: the account has less ether than this; wrapped ether "
                    "is unwrapped first, where there is enough of it"
                )
        try:
            return await try_payment(self._reader, account, withdrawal, head)
        except ChainError as error:
            return f"it cannot be tried now: {error}"[:_LONGEST_WORDS]

    def _offer(self, strategy: Strategy, weather: GasWeather | None, gas: Tried | None) -> Offer:
        if weather is None:
            return Offer(strategy, waits="the next block's base fee is not known")
        pricing = self._rules.pricing
        offered = price(strategy, weather, pricing, 0.0)
        waits = "" if isinstance(offered, Fees) else offered
        if strategy is Strategy.OPTIMIZED and waits:
            # It pays no more than this: at the end of its patience it takes any block.
            offered = price(strategy, weather, pricing, pricing.patience_seconds)
        if isinstance(offered, str) or gas is None:
            return Offer(strategy, waits=waits)
        likely = min(offered.max_fee_wei, weather.base_fee_wei + offered.priority_fee_wei)
        return Offer(strategy, offered.max_fee_wei * gas.gas_limit, likely * gas.gas_used, waits)


def _trial_words(tried: Tried, head: Block) -> str:
    if tried.failure:
        return f"tried on block {head.number}, and it fails"
    return f"tried on block {head.number}: it succeeds, and exactly this amount arrives"
