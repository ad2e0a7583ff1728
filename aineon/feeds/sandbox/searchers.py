"""Competing searchers: whoever sees a cycle that pays takes it, sooner or later.

A searcher reacts to a trade some time after it, and then takes every cycle through that pool
that it knows of, that pays for its gas, and that leaves its least profit. Reaction times scatter
widely: most are a fraction of a second, some are long because a bundle lost its auction or a
validator built the block alone. What nobody has taken when the block ends is what others see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aineon.feeds.base import Taking
from aineon.feeds.sandbox.cycles import Candidate, CycleFinder
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.prizes import Prize, Prizes
from aineon.feeds.sandbox.universe import PoolPlan
from aineon.primitives import Address
from aineon.primitives.units import BPS, ETHER

_MOST_IN_A_ROW = 12


@dataclass(frozen=True, slots=True)
class Character:
    """What kind of searcher somebody is.

    Attributes:
        slowness: reaction time as a multiple of the market's typical latency.
        lapses: chance that a reaction comes later than that by `LAPSE_FACTOR`.
        least_profit_wei: what must remain after gas.
        least_pool_dollars: pools smaller than this are not known to it.
        most_hops: the longest cycle that it looks for.
        builder_bps: share of the profit after gas that it pays for a place in the block.
    """

    name: str
    slowness: float
    lapses: float
    least_profit_wei: int
    least_pool_dollars: float
    most_hops: int
    builder_bps: int


LAPSE_FACTOR = 20.0
"""How much later than usual a searcher reacts when its bundle lost the auction, or the like."""

OVERLOOKED_SHARE = 0.35
OVERLOOKED_FACTOR = 60.0
"""Some changes go unnoticed for so many times the latency, or until the pool changes again."""

_SCATTER = 0.9
_OVERLOOKED_SCATTER = 0.8

CHARACTERS = (
    Character("searcher-1", 0.5, 0.05, ETHER // 250, 5e6, 2, 9200),
    Character("searcher-2", 1.0, 0.10, ETHER // 500, 1e6, 3, 8500),
    Character("searcher-3", 1.6, 0.15, ETHER // 1000, 0.0, 2, 7500),
    # Takes whatever pays for its gas, anywhere; the last resort.
    Character("searcher-4", 2.5, 0.15, 0, 0.0, 3, 6000),
)


class Searchers:
    """All competing searchers of one sandbox."""

    def __init__(
        self,
        plans: Iterable[PoolPlan],
        finder: CycleFinder,
        prizes: Prizes,
        latency_ms: float,
        competitors: int,
        seed: int,
    ) -> None:
        self._plans = {plan.address: plan for plan in plans}
        self._finder = finder
        self._prizes = prizes
        self._latency_ms = latency_ms
        self._dice = Dice(seed, "searchers")
        # However few there are, the last resort is among them.
        self.characters = CHARACTERS[len(CHARACTERS) - competitors :]
        self._gas_price_wei = 0

    def begin_block(self, gas_price_wei: int) -> None:
        """Note what gas costs from now on."""
        self._gas_price_wei = gas_price_wei

    def paying(self, candidates: Iterable[Candidate]) -> Iterator[Prize]:
        """Those candidates that leave something after gas, at their best size."""
        return self._prizes.paying(candidates, self._gas_price_wei)

    def interested(self, prizes: Sequence[Prize]) -> Iterator[Character]:
        """Whoever would take at least one of these."""
        for character in self.characters:
            if any(self._wants(character, prize) for prize in prizes):
                yield character

    def time_overlooked(self) -> float:
        """Draw for how many milliseconds nobody notices that a pool changed."""
        if not self._dice.chance(OVERLOOKED_SHARE):
            return 0.0
        return self._dice.log_normal(self._latency_ms * OVERLOOKED_FACTOR, _OVERLOOKED_SCATTER)

    def reaction_time(self, character: Character) -> float:
        """Draw how many milliseconds a searcher takes to react."""
        delay = self._dice.log_normal(self._latency_ms * character.slowness, _SCATTER)
        return delay * LAPSE_FACTOR if self._dice.chance(character.lapses) else delay

    def react(self, character: Character, pool: Address, label: str) -> list[Taking]:
        """Let a searcher take what it finds through a pool; return what it took."""
        takings: list[Taking] = []
        while len(takings) < _MOST_IN_A_ROW:
            prizes = self.paying(self._finder.through(pool))
            wanted = [prize for prize in prizes if self._wants(character, prize)]
            if not wanted:
                break
            best = max(wanted, key=lambda prize: prize.net_wei)
            self._prizes.take(best.cycle)
            takings.append(
                Taking(
                    reference=f"sandbox:{label}:{len(takings) + 1}",
                    searcher=f"sandbox:{character.name}",
                    pools=tuple(hop[0] for hop in best.cycle.hops),
                    profit_token=best.cycle.hops[0][1],
                    profit=best.cycle.profit,
                    gas_cost_wei=best.gas_wei,
                    builder_payment_wei=best.net_wei * character.builder_bps // BPS,
                )
            )
        return takings

    def _wants(self, character: Character, prize: Prize) -> bool:
        hops = prize.cycle.hops
        return (
            prize.net_wei > character.least_profit_wei
            and len(hops) <= character.most_hops
            and all(self._plans[hop[0]].dollars >= character.least_pool_dollars for hop in hops)
        )
