"""SandboxFeed: a market without keys and without a network, the same for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from aineon.errors import ConfigurationError
from aineon.feeds.base import FeedStep
from aineon.feeds.sandbox.rivals import MIXES, Change, RivalMix
from aineon.feeds.sandbox.searchers import CHARACTERS
from aineon.feeds.sandbox.simulation import Simulation
from aineon.feeds.sandbox.universe import DEFAULT_POOLS, WETH, Universe, build_universe
from aineon.primitives import Provenance, Token

DEFAULT_SEED = 7
DEFAULT_WARM_UP = 600
DEFAULT_LATENCY_MS = 1000.0
SLOWEST_LATENCY_MS = 600_000.0


class SandboxFeed:
    """A seeded synthetic market; see docs/sandbox.md for what it models and what it does not.

    Two feeds with the same parameters deliver the same steps, byte for byte, on every platform,
    and every call of `blocks` or `steps` begins anew. Memory does not grow with the blocks.

    Args:
        seed: any int; decides everything that happens.
        warm_up: blocks delivered first, marked as warm-up.
        blocks: blocks delivered after the warm-up; None for no end.
        pools: how many, from 2 to 500; up to 24 they belong to well-known pairs.
        competitors: how many other searchers there are, from 0 to 4.
        competitor_latency_ms: typical time in which they react. At 0 they take every cycle that
            pays for its gas before anybody else sees it.
        rivals: the mix of the searchers who bid for the first place in the next block; with one,
            the other searchers are absent, and each step says what its `contests` took.
        changes: what changes in the competition during the run; only with rivals.
        universe: what there is to trade, in place of the first so many `pools`.

    Raises:
        ConfigurationError: a value is not allowed.
    """

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        warm_up: int = DEFAULT_WARM_UP,
        blocks: int | None = None,
        pools: int = DEFAULT_POOLS,
        competitors: int = len(CHARACTERS),
        competitor_latency_ms: float = DEFAULT_LATENCY_MS,
        rivals: RivalMix | None = None,
        changes: Sequence[Change] = (),
        universe: Universe | None = None,
    ) -> None:
        _check_int("seed", seed, None, None)
        _check_int("number of warm-up blocks", warm_up, 0, None)
        if blocks is not None:
            _check_int("number of blocks", blocks, 0, None)
        _check_int("number of competitors", competitors, 0, len(CHARACTERS))
        _check_latency(competitor_latency_ms)
        _check_rivals(rivals, changes)
        _check_universe(universe)
        self.seed = seed
        self._warm_up = warm_up
        self._blocks = blocks
        self._competitors = competitors
        self._latency_ms = float(competitor_latency_ms)
        self._rivals = rivals
        self._changes = tuple(changes)
        self._universe = build_universe(pools, seed) if universe is None else universe

    @property
    def name(self) -> str:
        return "sandbox"

    @property
    def provenance(self) -> Provenance:
        return Provenance.SIMULATED

    @property
    def base_tokens(self) -> Sequence[Token]:
        return (WETH,)

    @property
    def native_token(self) -> Token:
        return WETH

    @property
    def complete(self) -> bool:
        return True

    def simulation(self) -> Simulation:
        """Return a new run from the start, for those who want to look behind the steps."""
        return Simulation(
            self._universe,
            self.seed,
            self._competitors,
            self._latency_ms,
            self._rivals,
            self._changes,
        )

    def blocks(self) -> Iterator[FeedStep]:
        """Deliver the pools in block 0, then one step a block."""
        simulation = self.simulation()
        total = self._warm_up
        yield FeedStep(simulation.genesis(), warm_up=(0, total) if total else None)
        for done in range(1, total + 1):
            yield replace(simulation.advance(), warm_up=(done, total))
        left = self._blocks
        while left is None or left > 0:
            yield simulation.advance()
            left = None if left is None else left - 1

    async def steps(self) -> AsyncIterator[FeedStep]:
        """Deliver the same as `blocks`, giving way to other tasks between blocks."""
        for step in self.blocks():
            yield step
            await asyncio.sleep(0)


def _check_int(name: str, value: object, lowest: int | None, highest: int | None) -> None:
    fits = type(value) is int and (
        (lowest is None or value >= lowest) and (highest is None or value <= highest)
    )
    if not fits:
        allowed = "any int"
        if lowest is not None:
            allowed = f"an int from {lowest}" + ("" if highest is None else f" to {highest}")
        raise ConfigurationError(f"the sandbox's {name} is {value!r}; allowed is {allowed}")


def _check_latency(value: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A value that is not a number (nan) fails the comparison and is refused as well.
    if not is_number or not 0 <= value <= SLOWEST_LATENCY_MS:
        raise ConfigurationError(
            f"the sandbox's competitor latency is {value!r}; "
            f"allowed is a number of milliseconds from 0 to {SLOWEST_LATENCY_MS:.0f}"
        )


def _check_rivals(rivals: object, changes: Sequence[object]) -> None:
    if not isinstance(rivals, RivalMix | None):
        raise ConfigurationError(
            f"the sandbox's mix of rivals is {rivals!r}; allowed is a RivalMix such as "
            f"MIXES['mixed'] (there are {', '.join(MIXES)}), or None"
        )
    if not all(isinstance(change, Change) for change in changes):
        raise ConfigurationError(f"the sandbox's changes are {changes!r}; allowed are Changes")
    if changes and rivals is None:
        raise ConfigurationError(
            "the sandbox's changes have nothing to change: it has no rivals; give a mix of them"
        )


def _check_universe(universe: object) -> None:
    if not isinstance(universe, Universe | None):
        raise ConfigurationError(
            f"the sandbox's universe is {universe!r}; allowed is a Universe such as "
            "universe_named('wide', seed), or None for the first so many pools"
        )
