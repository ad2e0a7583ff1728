"""The treasury beside the engine: who keeps it, or in a sentence why nobody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from aineon.amm.pool import Pool
from aineon.errors import AineonError, TreasuryClosed
from aineon.execution.live.readiness import Roles, is_contract, read_roles
from aineon.primitives import ETHER, Address, Clock, Token, parse_address
from aineon.rehearsal.chains import is_rehearsal_chain
from aineon.runtime.access import access_of
from aineon.runtime.auditing import audit_of
from aineon.runtime.books import Books
from aineon.runtime.carrying import sender_of, withdrawal_signer_of
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.settings import Settings
from aineon.runtime.withdrawals import (
    automatic_of,
    conversion_of,
    house_of,
    multisend_of,
    pricing_of,
)
from aineon.safety import Stop
from aineon.search.costs import CostModel
from aineon.sending import LocalSigner, Sender
from aineon.treasury.closed import ClosedDesk
from aineon.treasury.confirming import OwnFactor
from aineon.treasury.desk import Desk
from aineon.treasury.house import House
from aineon.treasury.service import Service
from aineon.treasury.store import TreasuryStore

if TYPE_CHECKING:
    from aineon.ledger.commands import CommandTable
    from aineon.market import Market
    from aineon.treasury.cashier.former import FormerAccounts
    from aineon.treasury.keeper import Keeper

PLAY_MONEY: Final = (
    "the engine runs a simulation, whose play money cannot be withdrawn; a rehearsal "
    "(`aineon rehearse`) has a treasury to practise with"
)

_LOG: Final = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 1.0
_MOST_SECONDS_APART: Final = 300.0
"""How far this machine's clock may be from the newest block; 25 blocks are made in that time."""
_LOOKS_WHILE_CLOSED: Final = 15
"""How often commands are refused before it is looked whether the treasury can be opened now."""


class NoTreasury:
    """Refuses what is asked of a treasury where there is none.

    Args:
        commands: of the control database.
        why: in a sentence.
        clock: seconds since the epoch.
    """

    def __init__(self, commands: CommandTable, why: str, clock: Clock) -> None:
        self._commands = commands
        self._why = why
        self._clock = clock

    async def run(self, market: Market) -> None:
        """Refuse until it is cancelled."""
        while True:
            await refuse(self._commands, self._why, self._clock, _LOOKS_WHILE_CLOSED)


class ChainTreasury:
    """Keeps the treasury of an executor contract; refuses what is asked while it cannot.

    Args:
        settings: the checked configuration.
        link: the chain.
        books: the book that withdrawals are in, and where commands are.
        costs: tells what tokens are worth.
        stop: asked before each signature.
        trading: the sender of the account that trades, which is the treasury's too where that is
            the same account.
        operator: that account.
        has_ended: tells by its number of a chain that is no more.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        settings: Settings,
        link: ChainLink,
        books: Books,
        costs: CostModel,
        stop: Stop,
        trading: Sender,
        operator: Address,
        has_ended: Callable[[int], bool],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._link = link
        self._books = books
        self._costs = costs
        self._stop = stop
        self._trading = trading
        self._operator = operator
        self._has_ended = has_ended
        self._clock = clock
        self._signer: LocalSigner | None = None

    async def run(self, market: Market) -> None:
        """Keep it until it is cancelled; whatever fails here, the engine goes on."""
        told = ""
        while True:
            why = await self._keep(market)
            if why != told:
                _LOG.warning("nothing is withdrawn: %s", why)
            told = why
            await refuse(self._books.control.commands, why, self._clock, _LOOKS_WHILE_CLOSED)

    async def _keep(self, market: Market) -> str:
        """Keep it as long as that goes well; returns why it ended."""
        try:
            keeper = await self.open(market)
            await keeper.run()
        except AineonError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 (ours to mend; what was begun is in the books)
            _LOG.exception("the treasury failed, and is opened anew")
            return f"the treasury failed ({type(error).__name__}); the log tells more"
        return "the treasury's keeper has ended"

    async def open(self, market: Market) -> Keeper:
        """Compose what keeps the treasury.

        Raises:
            TreasuryClosed: its money is not ours to sign for; the message says what is missing.
            ChainError, ExecutionError: the chain does not tell whose it is.
            ConfigurationError: there is no key, or its keystore cannot be opened.
        """
        from aineon.treasury.cashier import Cashier, CashierRules
        from aineon.treasury.cashier.previewing import Previewer
        from aineon.treasury.keeper import Keeper

        settings, link, books = self._settings, self._link, self._books
        assert settings.executor_address is not None  # or nothing would have been composed
        executor = parse_address(settings.executor_address)
        roles = await read_roles(link.reader, executor)
        signer = await self._signer_of(roles)
        house = self._house(executor, roles, market)
        store = TreasuryStore(books.book)
        codes = access_of(settings, books.control, self._clock).second_factor
        desk = Desk(store, house, audit_of(settings, books.control), OwnFactor(codes))
        now = self._clock.now()
        await asyncio.to_thread(desk.dispatch.end_chains, self._has_ended, now)
        own = None
        if signer.address != self._operator:
            own = await self._own_sender(signer)
        rules = CashierRules(
            signer.address,
            house.assets,
            link.addresses.native_token,
            pricing_of(settings),
            multisend_of(settings, link.addresses),
            conversion_of(settings, link.addresses, _Pools(market).all, house.worth),
            # A rehearsal's chain may have been made at any time, and runs at its own pace.
            None if is_rehearsal_chain(link.reader.chain_id) else _MOST_SECONDS_APART,
        )
        commands = books.control.commands
        cashier = Cashier(desk.dispatch, own or self._trading, link.reader, books.book, rules)
        return Keeper(
            Service(desk, commands, automatic_of(settings)),
            cashier,
            own,
            link.reader,
            self._clock,
            previewer=Previewer(desk, commands, cashier, link.reader, rules),
            former=self._former_accounts(signer.address),
        )

    def _former_accounts(self, account: Address) -> FormerAccounts:
        """Return what follows the transactions of keys that were changed since."""
        from aineon.treasury.cashier.former import FormerAccounts, Keyless, watching_stop

        settings, link, books, clock = self._settings, self._link, self._books, self._clock

        def sender_for(former: Address) -> Sender:
            stop = watching_stop(self._stop)
            return sender_of(settings, link, books, Keyless(former), stop, clock)

        present = (account, self._operator)
        return FormerAccounts(books.book, link.reader.chain_id, present, sender_for)

    async def _signer_of(self, roles: Roles) -> LocalSigner:
        """Return the signer of the treasury's account."""
        if self._signer is None:
            # Opening a keystore takes half a second, in which the loop goes on.
            self._signer = await asyncio.to_thread(withdrawal_signer_of, self._settings)
        account = self._signer.address
        if roles.treasury == account:
            return self._signer
        if await is_contract(self._link.reader, roles.treasury):
            raise TreasuryClosed(
                f"the executor's treasury {roles.treasury} is a contract; its owners withdraw from "
                "it, and no key here can"
            )
        raise TreasuryClosed(
            f"the executor's treasury is {roles.treasury}, and the key for withdrawals is that of "
            f"{account}; withdrawing needs the treasury's own key (AINEON_WITHDRAWAL_KEYSTORE)"
        )

    async def _own_sender(self, signer: LocalSigner) -> Sender:
        """Return the sender of a treasury whose account is not the one that trades.

        Where the outbox cannot explain what the account has sent, there is none: the nonce fence
        would latch the stop for trading too, over a key that was merely used before.
        """
        account = signer.address
        sender = sender_of(self._settings, self._link, self._books, signer, self._stop, self._clock)
        known = await asyncio.to_thread(sender.outbox.next_nonce)
        sent = await self._link.reader.nonce(account)
        if known or not sent:
            return sender
        await sender.aclose()
        raise TreasuryClosed(
            f"the treasury {account} has sent {sent} transactions of which this book knows none: "
            "nothing here could tell whether a payment was among them; `aineon keys adopt` has "
            "somebody answer for them"
        )

    def _house(self, executor: Address, roles: Roles, market: Market) -> House:
        costs, link = self._costs, self._link

        def worth(token: Token, amount: int) -> int | None:
            return costs.native_value(amount, token, market)

        return house_of(
            self._settings,
            link.addresses,
            _own_accounts(link, executor, self._operator, roles),
            tuple(token for token in link.tokens if token != ETHER),
            worth,
            _Pools(market),
        )


class _Pools:
    """The pools of a market as it moves on; whoever asks may be in another thread."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def all(self) -> tuple[Pool, ...]:
        """Return the pools as they stand now."""
        return tuple(self._market.pools.values())

    def __contains__(self, address: object) -> bool:
        return address in self._market.pools


async def refuse(commands: CommandTable, why: str, clock: Clock, times: int) -> None:
    """Refuse what is asked, a second apart."""
    desk = ClosedDesk(commands)
    for _ in range(times):
        try:
            await asyncio.to_thread(desk.refuse_all, why, clock.now())
        except AineonError as error:
            _LOG.warning("what is asked of the treasury cannot be answered: %s", error)
        await asyncio.sleep(_LOOK_SECONDS)


def _own_accounts(
    link: ChainLink, executor: Address, operator: Address, roles: Roles
) -> Mapping[Address, str]:
    """What is never a destination, and what each is; the last of two names counts."""
    named = {
        link.addresses.aave_pool: "Aave's pool",
        roles.owner: "the executor's owner",
        roles.guardian: "the executor's guardian",
        operator: "the account that trades",
        roles.operator: "the executor's operator",
        roles.treasury: "the treasury itself",
        executor: "the executor contract",
    }
    return {address: name for address, name in named.items() if address is not None}
