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

    __slots__ = ("_hops",)

    def __init__(self, pools: Iterable[Pool] = ()) -> None:
        self._hops: dict[Token, tuple[GraphHop, ...]] = _joined({}, pools)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token that some pool holds, in order of first appearance."""
        return tuple(self._hops)

    def hops_from(self, token: Token) -> tuple[GraphHop, ...]:
        """The hops that leave `token`; none where no pool holds it."""
        return self._hops.get(token, ())

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


def _joined(
    hops: dict[Token, tuple[GraphHop, ...]], pools: Iterable[Pool]
) -> dict[Token, tuple[GraphHop, ...]]:
    """Return `hops` with those of `pools` behind them; collected first to stay linear."""
    added: dict[Token, list[GraphHop]] = {}
    for pool in pools:
        for token_in, token_out in permutations(pool.tokens, 2):
            added.setdefault(token_in, []).append(GraphHop(pool.address, token_out))
    return hops | {token: (*hops.get(token, ()), *more) for token, more in added.items()}
