"""Cycles of two and three pools, found fast from the pools' local curves.

The engine's own scanner looks at everything afresh. Searchers of the sandbox ask many times a
block, and only about the pool that was just traded in, so they keep rates at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import NamedTuple

from aineon.amm import LocalCurve
from aineon.feeds.sandbox.states import PoolStates
from aineon.feeds.sandbox.universe import USDC, WETH, PoolPlan
from aineon.primitives import Address, Token

_BASES = (WETH, USDC)


@dataclass(frozen=True, slots=True)
class Leg:
    """One direction of a pair, and the pools that serve it."""

    token_in: Token
    token_out: Token
    pools: tuple[Address, ...]


Loop = tuple[Leg, ...]
Hops = tuple[tuple[Address, Token, Token], ...]
"""Pool, token in and token out of each hop of a cycle."""


class Candidate(NamedTuple):
    """A cycle whose marginal rate is above 1.

    Attributes:
        estimate: profit in the base token's units if each pool went on as its curve begins.
        amount_in: the size of that profit.
        hops: the way.
    """

    estimate: float
    amount_in: float
    hops: Hops


class CycleFinder:
    """Knows every cycle of two or three pools and the present rates of its hops."""

    def __init__(self, plans: Sequence[PoolPlan], states: PoolStates) -> None:
        self._states = states
        self._tokens = {plan.address: (plan.token0, plan.token1) for plan in plans}
        self._curves: dict[tuple[Address, Token], LocalCurve] = {}
        self.loops = _loops(plans)
        self._loops_of: dict[Address, list[Loop]] = {plan.address: [] for plan in plans}
        for loop in self.loops:
            for place, leg in enumerate(loop):
                for address in leg.pools:
                    narrowed = _narrowed(loop, place, address)
                    if all(leg.pools for leg in narrowed):
                        self._loops_of[address].append(narrowed)
        for plan in plans:
            self.refresh(plan.address)

    def refresh(self, address: Address) -> None:
        """Read the curves of a pool that changed."""
        token0, token1 = self._tokens[address]
        pool = self._states.pools[address]
        self._curves[address, token0] = pool.local_curve(token0, token1)
        self._curves[address, token1] = pool.local_curve(token1, token0)

    def curve(self, address: Address, token_in: Token) -> LocalCurve:
        """The local curve of selling `token_in` to a pool."""
        return self._curves[address, token_in]

    def through(self, address: Address) -> Iterator[Candidate]:
        """The candidates that use a pool."""
        return self.among(self._loops_of[address])

    def among(self, loops: Iterable[Loop]) -> Iterator[Candidate]:
        """The candidates of some loops."""
        curves = self._curves
        for loop in loops:
            ahead = [1.0]
            for leg in reversed(loop):
                token_in = leg.token_in
                best = max([curves[address, token_in].rate for address in leg.pools])
                ahead.append(ahead[-1] * best)
            if ahead.pop() > 1.0:
                yield from self._spelled_out(loop, ahead, 1.0, 0.0, ())

    def _spelled_out(
        self,
        loop: Loop,
        ahead: list[float],
        rate: float,
        bend: float,
        hops: Hops,
    ) -> Iterator[Candidate]:
        """Go on from `hops`; `ahead` holds the best rates still to come, the last leg's first."""
        place = len(hops)
        leg = loop[place]
        best_ahead = ahead[len(loop) - place - 1]
        for address in leg.pools:
            curve = self._curves[address, leg.token_in]
            rate_so_far = rate * curve.rate
            if rate_so_far * best_ahead <= 1.0 or any(hop[0] == address for hop in hops):
                continue
            bend_so_far = bend + rate * curve.bend
            hops_so_far = (*hops, (address, leg.token_in, leg.token_out))
            if len(hops_so_far) < len(loop):
                yield from self._spelled_out(loop, ahead, rate_so_far, bend_so_far, hops_so_far)
            else:
                gain = sqrt(rate_so_far) - 1.0
                yield Candidate(gain * gain / bend_so_far, gain / bend_so_far, hops_so_far)


def _narrowed(loop: Loop, place: int, address: Address) -> Loop:
    """Return the loop with only one pool at a place, and that pool nowhere else."""
    return tuple(
        Leg(
            leg.token_in,
            leg.token_out,
            (address,) if number == place else tuple(p for p in leg.pools if p != address),
        )
        for number, leg in enumerate(loop)
    )


def _loops(plans: Sequence[PoolPlan]) -> tuple[Loop, ...]:
    pools_of: dict[tuple[Token, Token], list[Address]] = {}
    for plan in plans:
        pools_of.setdefault((plan.token0, plan.token1), []).append(plan.address)
        pools_of.setdefault((plan.token1, plan.token0), []).append(plan.address)

    def loop(*tokens: Token) -> Loop:
        ends = (*tokens[1:], tokens[0])
        return tuple(Leg(a, b, tuple(pools_of[a, b])) for a, b in zip(tokens, ends, strict=True))

    pairs = [pair for pair in pools_of if pair[0] < pair[1]]
    loops = [loop(*_base_first(pair)) for pair in pairs if len(pools_of[pair]) > 1]
    neighbours: dict[Token, list[Token]] = {}
    for low, high in sorted(pairs):
        neighbours.setdefault(low, []).append(high)
    for low, higher in neighbours.items():
        for middle, high in combinations(higher, 2):
            if (middle, high) in pools_of:
                first, second, third = _base_first((low, middle, high))
                loops += [loop(first, second, third), loop(first, third, second)]
    return tuple(loops)


def _base_first(tokens: Sequence[Token]) -> tuple[Token, ...]:
    for base in _BASES:
        if base in tokens:
            place = list(tokens).index(base)
            return (*tokens[place:], *tokens[:place])
    return tuple(tokens)
