"""World: a chain of our own with the real protocols, pools full of play money, and everybody."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from aineon.amm import Pool
from aineon.chain.addresses import ChainAddresses
from aineon.errors import AineonError
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.universe import Asset, Habit
from aineon.primitives import Address, Token
from aineon.primitives.units import ETHER
from aineon.rehearsal import listing
from aineon.rehearsal.accounts import Accounts, accounts_of
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.description import NAME, describe
from aineon.rehearsal.listing import LISTINGS, Listing
from aineon.rehearsal.market_making import MarketMaker, Venues, deploy_venues
from aineon.rehearsal.our_contract import deploy_executor, lend_own_money
from aineon.rehearsal.protocols import aave_v3, tokens
from aineon.rehearsal.protocols.aave_v3 import AaveV3
from aineon.rehearsal.protocols.balancer_v2 import VaultSite
from aineon.rehearsal.sites import Site, read_pools

DEFAULT_SEED = 7
PLAY_ETHER = 1_000_000 * ETHER
OPERATOR_ETHER = 10 * ETHER
"""What each role has for gas."""

OWN_MONEY = 20 * ETHER
"""WETH that the treasury lends the executor, in wei."""

OPTIONS = AnvilOptions(order="fifo", slots_in_epoch=1, kept_transactions=600)
"""How a rehearsal's chain is: final after two blocks, and forgetful, so that it can run for days.

The order of arrival is what `BlockMaker` makes blocks by.
"""

_DEPLOYER_DOLLARS = 2_000_000_000
_TRADER_DOLLARS = 20_000_000_000
TRADERS = 4


class World:
    """Everything that stands on the chain; `build` makes one, `aclose` ends it.

    Attributes:
        anvil: the node.
        deployer: sends as the account that set everything up, as long as the node makes a block
            for each transaction.
        tokens: by symbol.
        assets: how each token's worth moves from here on.
        prices: what tokens were worth elsewhere when the pools were opened.
        sites: the pools, in the order of `listings`.
        executor: our own contract.
        addresses: what is known by address on this chain.
    """

    def __init__(self, anvil: Anvil, seed: int, listings: Sequence[Listing]) -> None:
        self.anvil = anvil
        self.seed = seed
        if anvil.options.genesis_timestamp is not None:
            # A time of one's own is to be the same every time.
            anvil.ask("anvil_setBlockTimestampInterval", 1)
        self.listings = tuple(listings)
        self.accounts: Accounts = accounts_of(seed, anvil.ask("eth_accounts")[: 2 + TRADERS])
        self.deployer = Deployer(anvil.rpc, self.accounts.deployer)
        self.tokens: Mapping[str, Token] = MappingProxyType(_deploy_tokens(self.deployer))
        self.assets: Sequence[Asset] = _assets(self.tokens)
        self.prices = OutsidePrices(self.assets, seed)
        self.venues: Venues = deploy_venues(self.deployer, self.wrapped_ether)
        self.aave: AaveV3 = aave_v3.deploy(self.deployer, tuple(self.tokens.values()))
        self._give_out_money()
        maker = MarketMaker(self.deployer, self.venues, self.tokens, self.prices.dollars)
        self.sites: tuple[Site, ...] = tuple(map(maker.open, self.listings))
        for symbol, dollars in listing.RESERVES.items():
            token = self.tokens[symbol]
            aave_v3.supply(self.deployer, self.aave, token, self._worth(token, dollars))
        self.executor = self._deploy_executor()
        self.addresses = ChainAddresses.from_json(self._description(), NAME)

    @classmethod
    async def build(
        cls,
        seed: int = DEFAULT_SEED,
        *,
        listings: Sequence[Listing] = LISTINGS,
        options: AnvilOptions = OPTIONS,
    ) -> World:
        """Start a node and set everything up; the same seed gives the same addresses and pools.

        Raises:
            Unavailable: anvil or a contract's bytecode is not at hand.
            RehearsalError: the node did not start, or refused something.
        """
        starting = asyncio.ensure_future(asyncio.to_thread(Anvil.start, options))
        building: asyncio.Future[World] | None = None
        try:
            anvil = await asyncio.shield(starting)
            # It is a conversation of some hundred requests with a node next door.
            building = asyncio.ensure_future(asyncio.to_thread(cls, anvil, seed, listings))
            return await asyncio.shield(building)
        except BaseException:
            await _call_off(starting, building)
            raise

    async def aclose(self) -> None:
        """End the node."""
        await asyncio.to_thread(self.anvil.close)

    @property
    def wrapped_ether(self) -> Token:
        """WETH."""
        return self.tokens["WETH"]

    def head(self) -> int:
        """Return the number of the latest block; blocks for a millisecond."""
        return int(self.anvil.ask("eth_blockNumber"), 16)

    def read_pools(self) -> tuple[Pool, ...]:
        """Return all pools as they stand at the latest block; blocks for some milliseconds."""
        return read_pools(self.deployer, self.sites)

    def write_addresses(self, path: Path) -> None:
        """Write `addresses` to a file that `ChainAddresses.from_file` reads."""
        path.write_text(self._description(), "utf-8")

    def _description(self) -> str:
        every = tuple(self.tokens.values())
        ids = [site.pool_id for site in self.sites if isinstance(site, VaultSite)]
        found = describe(self.anvil, every, self.venues, ids, self.aave, self.executor)
        return json.dumps(found, indent=1) + "\n"

    def _deploy_executor(self) -> Address:
        bases = [self.tokens[symbol] for symbol in listing.BASES]
        vault, ether = self.venues.balancer_v2.vault, self.wrapped_ether
        executor = deploy_executor(
            self.deployer, self.accounts, ether, vault, self.aave.pool, bases
        )
        treasury = self.accounts.treasury.address
        lend_own_money(self.deployer, treasury, ether, executor, OWN_MONEY)
        return executor

    def _worth(self, token: Token, dollars: float) -> int:
        return int(dollars / self.prices.dollars[token])

    def _give_out_money(self) -> None:
        takers = [*self.venues.takers, self.aave.pool]
        holders = {self.accounts.deployer: _DEPLOYER_DOLLARS}
        holders |= dict.fromkeys(self.accounts.traders, _TRADER_DOLLARS)
        for holder, dollars in holders.items():
            own = Deployer(self.anvil.rpc, holder)
            self._set_ether(holder, PLAY_ETHER * 10)
            for token in self.tokens.values():
                self._give(own, token, self._worth(token, dollars / len(self.tokens)))
                for taker in takers:
                    tokens.approve(own, token, taker)
        self._set_ether(self.accounts.crowd, PLAY_ETHER)
        for account in self.accounts.roles:
            self._set_ether(account.address, OPERATOR_ETHER)

    def _give(self, holder: Deployer, token: Token, amount: int) -> None:
        if token == self.wrapped_ether:
            tokens.wrap(holder, token, amount)
        else:
            tokens.mint(holder, token, holder.account, amount)

    def _set_ether(self, holder: str, amount: int) -> None:
        self.anvil.ask("anvil_setBalance", holder, hex(amount))


async def _call_off(
    starting: asyncio.Future[Anvil], building: asyncio.Future[World] | None
) -> None:
    """End the node; a thread cannot be stopped, and one that builds ends with its node."""
    with contextlib.suppress(AineonError):
        await asyncio.to_thread((await starting).close)
    if building is not None:
        await asyncio.gather(building, return_exceptions=True)


def _assets(known: Mapping[str, Token]) -> list[Asset]:
    return [
        Asset(known["WETH"], 3200.0, Habit.NATIVE),
        Asset(known["USDC"], 1.0, Habit.STABLE, 0.5),
        Asset(known["USDT"], 1.0, Habit.STABLE),
        Asset(known["DAI"], 1.0, Habit.STABLE, 0.8),
        Asset(known["WBTC"], 96_000.0, Habit.FREE, 0.6),
    ]


def _deploy_tokens(deployer: Deployer) -> dict[str, Token]:
    made = {"WETH": tokens.deploy_wrapped_ether(deployer)}
    for symbol, decimals in listing.DECIMALS.items():
        if symbol not in made:
            made[symbol] = tokens.deploy_token(deployer, symbol, decimals)
    return made
