"""One run of the sandbox: everybody together, block after block."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from math import inf

from aineon.errors import ConfigurationError
from aineon.feeds.base import Contest, FeedStep, Taking
from aineon.feeds.sandbox.cycles import CycleFinder
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.gas import GAS_LIMIT, PRIORITY_FEE_WEI, GasMarket
from aineon.feeds.sandbox.positions import build_pools
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.prizes import Prizes
from aineon.feeds.sandbox.providers import Providers
from aineon.feeds.sandbox.rivals.changes import Change
from aineon.feeds.sandbox.rivals.crowd import Crowd
from aineon.feeds.sandbox.rivals.gaps import Direction
from aineon.feeds.sandbox.rivals.mixes import RivalMix
from aineon.feeds.sandbox.rivals.opening import Opened, Opening
from aineon.feeds.sandbox.searchers import Character, Searchers
from aineon.feeds.sandbox.states import AnyPool, PoolStates
from aineon.feeds.sandbox.traders import Traders
from aineon.feeds.sandbox.universe import Universe
from aineon.market.events import MarketEvent, MarketUpdate, PoolAppeared
from aineon.primitives import Address, Block

SLOT_MS = 12_000.0
SLOT_SECONDS = 12
FIRST_TIMESTAMP = 1_767_225_600
"""Midnight UTC on 1 January 2026."""

Action = Callable[[], None]


class Simulation:
    """The state of one run; `advance` makes the next block.

    Within a block everything happens at a time of its own, in milliseconds since the start of
    the run. Reactions of searchers that would come after the block's end fall into a later one.
    """

    def __init__(
        self,
        universe: Universe,
        seed: int,
        competitors: int,
        latency_ms: float,
        rivals: RivalMix | None = None,
        changes: Sequence[Change] = (),
    ) -> None:
        self._universe = universe
        self._seed = seed
        self._dice = Dice(seed, "arrivals")
        self._prices = OutsidePrices(universe.assets, seed)
        self._gas = GasMarket(seed)
        pools, positions = build_pools(universe, self._prices)
        self._states = PoolStates(pools)
        self._finder = CycleFinder(universe.pools, self._states)
        self._traders = Traders(self._states, self._finder, self._prices, seed)
        self._providers = Providers(self._states, positions, seed)
        self._prizes = Prizes(universe.pools, self._states, self._finder, self._prices)
        self._searchers = Searchers(
            universe.pools, self._finder, self._prizes, latency_ms, competitors, seed
        )
        self._opening = None
        if rivals is not None:
            self._opening = Opening(
                universe.pools, self._finder, self._prizes, rivals, changes, seed
            )
        self._agenda: list[tuple[float, int, Action]] = []
        self._entries = 0
        self._expected: dict[tuple[str, Address], float] = {}
        self._takings: list[Taking] = []
        self._now = 0.0
        self._number = 0
        self._hash = self._hash_of("genesis", ())

    @property
    def pools(self) -> dict[Address, AnyPool]:
        """The pools as they stand; a copy."""
        return dict(self._states.pools)

    def genesis(self) -> MarketUpdate:
        """The update that brings the pools."""
        events = tuple(PoolAppeared(pool) for pool in self._states.pools.values())
        return MarketUpdate(self._block(None), events)

    def advance(self) -> FeedStep:
        """Make the next block."""
        self._number += 1
        opened = self._open()
        self._prices.advance()
        self._gas.advance(self._prices.regime.volatility)
        gas_price_wei = self._gas.base_fee_wei + PRIORITY_FEE_WEI
        self._searchers.begin_block(gas_price_wei)
        self._collect_arrivals(gas_price_wei)
        self._now = self._slot_start()
        self._look_around()
        self._play()
        self._end_block()
        events = self._states.take_events()
        takings, self._takings = tuple(self._takings), []
        parent_hash = self._hash
        self._hash = self._hash_of(parent_hash, events)
        return FeedStep(
            MarketUpdate(self._block(parent_hash), events),
            takings=takings,
            contests=None if opened is None else opened.contests,
        )

    # --- rivals ----------------------------------------------------------------------------

    @property
    def crowd(self) -> Crowd:
        """The rivals with all that is hidden of them, as they stand at the newest block's end.

        Raises:
            ConfigurationError: this sandbox has none.
        """
        if self._opening is None:
            raise ConfigurationError(
                "this sandbox has no rivals; allowed is one that was made with rivals=..."
            )
        return self._opening.crowd

    @property
    def regime(self) -> str:
        """The regime of the native token's outside price, which nobody sees."""
        return self._prices.regime.name

    @property
    def outside(self) -> OutsidePrices:
        """What tokens are worth elsewhere, which nobody sees; not to be changed."""
        return self._prices

    def chances(
        self, directions: Iterable[Direction], net_wei: float, shares: Sequence[float]
    ) -> list[float]:
        """The chance that a bundle lands in the next block, for each share of `net_wei` offered.

        It knows everything that is hidden but the dice, in closed form. A share is of what the
        route leaves before the builder is paid; gas is the next block's, whose base fee the
        newest block decides.

        Args:
            directions: (pool, token in) of the route's hops.
            net_wei: what it leaves before the builder is paid.
            shares: from 0 to 1.

        Raises:
            ConfigurationError: this sandbox has no rivals.
        """
        return self.crowd.chances(directions, net_wei, shares)

    def redraws(self, count: int) -> Iterator[tuple[Contest, ...]]:
        """The contests of the next block with other dice, `count` times; changes nothing.

        Raises:
            ConfigurationError: this sandbox has no rivals.
        """
        return self.crowd.redraws(count)

    def _open(self) -> Opened | None:
        if self._opening is None:
            return None
        opened = self._opening.hold(self._number)
        self._takings += opened.takings
        return opened

    def _end_block(self) -> None:
        if self._opening is not None:
            gas_price_wei = self._gas.coming_base_fee_wei + PRIORITY_FEE_WEI
            self._opening.end_block(self._number, gas_price_wei, self.regime)

    def _collect_arrivals(self, gas_price_wei: int) -> None:
        traders, providers = self._traders, self._providers
        for plan in self._universe.pools:
            if traders.wants_to_trade(plan):
                self._at_some_time(plan.address, partial(traders.trade, plan))
            if traders.is_watched(plan):
                self._at_some_time(plan.address, partial(traders.correct, plan, gas_price_wei))
            if providers.wants_to_change(plan):
                self._at_some_time(plan.address, partial(providers.change, plan))

    def _at_some_time(self, address: Address, act: Callable[[], bool]) -> None:
        def action() -> None:
            if act():
                self._finder.refresh(address)
                self._wake_searchers(address)

        self._enter(self._slot_start() + self._dice.uniform() * SLOT_MS, action)

    def _play(self) -> None:
        end = self._slot_start() + SLOT_MS
        while self._agenda and self._agenda[0][0] < end:
            self._now, _, action = heappop(self._agenda)
            action()

    def _enter(self, time_ms: float, action: Action) -> None:
        # The running number decides between equal times, so actions are never compared.
        self._entries += 1
        heappush(self._agenda, (time_ms, self._entries, action))

    def _slot_start(self) -> float:
        return self._number * SLOT_MS

    def _wake_searchers(self, address: Address) -> None:
        """A pool changed: whoever knows a cycle through it that may pay will react."""
        if self._opening is not None:
            return
        prizes = list(self._searchers.paying(self._finder.through(address)))
        if prizes:
            noticed = self._now + self._searchers.time_overlooked()
            for character in self._searchers.interested(prizes):
                self._expect(character, address, noticed)

    def _look_around(self) -> None:
        """A block begins, and gas has another price: cycles may pay that did not before.

        Whoever is already about to react to one of the cycle's pools is not made any faster.
        """
        if self._opening is not None:
            return
        for prize in self._searchers.paying(self._finder.among(self._finder.loops)):
            hops = prize.cycle.hops
            for character in self._searchers.interested([prize]):
                if not any((character.name, hop[0]) in self._expected for hop in hops):
                    self._expect(character, hops[0][0], self._now)

    def _expect(self, character: Character, address: Address, noticed: float) -> None:
        time_ms = noticed + self._searchers.reaction_time(character)
        key = character.name, address
        if time_ms < self._expected.get(key, inf):
            self._expected[key] = time_ms
            self._enter(time_ms, partial(self._react, character, address, time_ms))

    def _react(self, character: Character, address: Address, time_ms: float) -> None:
        key = character.name, address
        if self._expected.get(key) == time_ms:
            del self._expected[key]
        label = f"{self._number}:{len(self._takings) + 1}"
        takings = self._searchers.react(character, address, label)
        self._takings += takings
        for moved in sorted({pool for taking in takings for pool in taking.pools}):
            self._wake_searchers(moved)

    def _block(self, parent_hash: str | None) -> Block:
        return Block(
            number=self._number,
            base_fee_wei=self._gas.base_fee_wei,
            timestamp=FIRST_TIMESTAMP + SLOT_SECONDS * self._number,
            hash=self._hash,
            parent_hash=parent_hash,
            gas_used=self._gas.gas_used,
            gas_limit=GAS_LIMIT,
        )

    def _hash_of(self, parent: str, events: tuple[MarketEvent, ...]) -> str:
        content = hashlib.sha256(
            f"aineon-sandbox|{self._seed}|{self._number}|{parent}|"
            f"{self._gas.base_fee_wei}|{self._gas.gas_used}".encode()
        )
        for event in events:
            content.update(repr(event).encode())
        return "0x" + content.hexdigest()
