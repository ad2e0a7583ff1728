"""Anchor: the hops of a market as one base token's cycles use them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class Grouping:
    """Hops grouped by a token, to find the best of each group at once.

    Args:
        tokens: of each hop, in ascending order.
        size: how many tokens there are.
    """

    def __init__(self, tokens: Ints, size: int) -> None:
        self._tokens, self._starts = np.unique(tokens, return_index=True)
        self._size = size

    def best(self, values: Floats) -> Floats:
        """Return for every token the largest of its hops' values; minus infinity without hops."""
        found = np.full(self._size, -np.inf)
        if len(self._tokens):
            found[self._tokens] = np.maximum.reduceat(values, self._starts)
        return found


class Anchor:
    """A base token's hops: those that leave it, those that return, and those in the middle.

    Most pools of a real market hold its base token, so the middle is a small part, and it is
    all that lies between the first and the last hop of a cycle.

    Args:
        hop_from, hop_to: the token numbers of all hops, ordered by `hop_from`, then `hop_to`.
        base: the base token's number.
        tokens: how many tokens there are.

    Attributes:
        first, last, middle: hop numbers, ascending; so `first` is ordered by the token that it
            leads to, the others by the one that they leave.
        first_to, last_from, middle_from, middle_to: their tokens.
    """

    def __init__(self, hop_from: Ints, hop_to: Ints, base: int, tokens: int) -> None:
        leaves, returns = hop_from == base, hop_to == base
        self.first = np.flatnonzero(leaves)
        self.last = np.flatnonzero(returns)
        self.middle = np.flatnonzero(~(leaves | returns))
        self.first_to, self.last_from = hop_to[self.first], hop_from[self.last]
        self.middle_from, self.middle_to = hop_from[self.middle], hop_to[self.middle]
        self._by_first_to = Grouping(self.first_to, tokens)
        self._by_last_from = Grouping(self.last_from, tokens)
        self._by_middle_from = Grouping(self.middle_from, tokens)

    def outward(self, first: Floats) -> Floats:
        """Return the best rate of a single hop from the base to each token, as a logarithm.

        Args:
            first: rates of each of `self.first`.
        """
        return self._by_first_to.best(first)

    def homeward(self, middle: Floats, last: Floats, hops: int) -> list[Floats]:
        """Return for 1 hop, up to 2 hops …, the best rate from each token back to the base.

        Args:
            middle: rates of each of `self.middle`.
            last: of each of `self.last`.
            hops: how many at most.

        Rates are logarithms. They are of walks, which may repeat tokens (never the base) and
        pools: upper bounds of what a cycle can end with.
        """
        direct = self._by_last_from.best(last)
        best = [direct]
        while len(best) < hops:
            through = middle + best[-1][self.middle_to]
            best.append(np.maximum(direct, self._by_middle_from.best(through)))
        return best
