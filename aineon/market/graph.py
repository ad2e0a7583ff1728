"""TokenGraph: which tokens can be swapped into which, and through which pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import NamedTuple

from aineon.amm import Pool
from aineon.primitives import Address, Token


class GraphHop(NamedTuple):
    """A directed hop that leaves a token: through `pool` into `token_out`."""

    pool: Address
    token_out: Token


class TokenGraph:
    """For each token the directed hops that leave it; a frozen value.

    A change of topology gives a new graph, so whoever holds one can tell by identity whether
    pools came or went. Swaps never change it.
    """

    __slots__ = ("_hops", "_partners")

    def __init__(self, pools: Iterable[Pool] = ()) -> None:
        self._hops: dict[Token, tuple[GraphHop, ...]] = _joined({}, pools)
        # For tokens that were asked for: their pools by the other token.
        self._partners: dict[Token, dict[Token, tuple[Address, ...]]] = {}

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token that some pool holds, in order of first appearance."""
        return tuple(self._hops)

    def hops_from(self, token: Token) -> tuple[GraphHop, ...]:
        """The hops that leave `token`; none where no pool holds it."""
        return self._hops.get(token, ())

    def pools_between(self, token_a: Token, token_b: Token) -> tuple[Address, ...]:
        """The pools that swap `token_a` and `token_b` directly; the order does not matter."""
        # A hub has thousands of hops, the other token mostly some few.
        fewer, more = sorted((token_a, token_b), key=lambda token: len(self.hops_from(token)))
        partners = self._partners.get(fewer)
        if partners is None:
            partners = self._partners[fewer] = _by_partner(self.hops_from(fewer))
        return partners.get(more, ())

    def changed(self, gone: Iterable[Pool], come: Iterable[Pool]) -> TokenGraph:
        """Return the graph without the pools `gone` and with the pools `come`."""
        hops = dict(self._hops)
        for pool in gone:
            for token in pool.tokens:
                kept = tuple(hop for hop in hops[token] if hop.pool != pool.address)
                if kept:
                    hops[token] = kept
                else:
                    del hops[token]
        graph = object.__new__(TokenGraph)
        graph._hops = _joined(hops, come)
        graph._partners = {}
        return graph

    def __contains__(self, token: object) -> bool:
        return token in self._hops

    def __iter__(self) -> Iterator[Token]:
        return iter(self._hops)

    def __len__(self) -> int:
        return len(self._hops)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenGraph):
            return NotImplemented
        return list(self._hops.items()) == list(other._hops.items())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        hops = sum(map(len, self._hops.values()))
        return f"TokenGraph({len(self._hops)} tokens, {hops} directed hops)"


def _by_partner(hops: Iterable[GraphHop]) -> dict[Token, tuple[Address, ...]]:
    partners: dict[Token, list[Address]] = {}
    for hop in hops:
        partners.setdefault(hop.token_out, []).append(hop.pool)
    return {token: tuple(pools) for token, pools in partners.items()}


def _joined(
    hops: dict[Token, tuple[GraphHop, ...]], pools: Iterable[Pool]
) -> dict[Token, tuple[GraphHop, ...]]:
    """Return `hops` with those of `pools` behind them; collected first to stay linear."""
    added: dict[Token, list[GraphHop]] = {}
    for pool in pools:
        for token_in, token_out in permutations(pool.tokens, 2):
            added.setdefault(token_in, []).append(GraphHop(pool.address, token_out))
    return hops | {token: (*hops.get(token, ()), *more) for token, more in added.items()}
