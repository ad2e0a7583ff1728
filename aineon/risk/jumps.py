"""JumpWatch: pools whose price jumped in a way that swaps alone cannot explain.

A swap through a constant-product pool raises one reserve, lowers the other, and lets their
product grow by no more than the fee. Where the price moved far and the product moved otherwise,
something else changed the reserves: a token that rebases, a skim, a donation. Such a pool is left
alone for some blocks. A swap and a large mint or burn in one block look the same, and cost the
same rest; prices of other kinds of pools move by swaps only, and are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, log
from typing import Final

from aineon.amm import ConstantProductPool, Pool
from aineon.primitives import Address
from aineon.risk.limits import Refusal

MOST_FEE: Final = 0.05
"""By this share of the price's move, fees may have let the product grow."""
REST_BLOCKS: Final = 25
_ROUNDING: Final = 1e-6


class JumpWatch:
    """Remembers pools that jumped, for some blocks."""

    def __init__(self) -> None:
        self._resting: dict[Address, tuple[int, str]] = {}

    @property
    def resting(self) -> Mapping[Address, str]:
        """The pools that are left alone, each with the reason."""
        return {address: words for address, (_, words) in self._resting.items()}

    def read(
        self,
        number: int,
        before: Mapping[Address, Pool],
        after: Mapping[Address, Pool],
        changed: Iterable[Address],
    ) -> None:
        """Compare the pools that changed with what they were one step earlier."""
        if self._resting:
            self._resting = {
                address: rest for address, rest in self._resting.items() if rest[0] > number
            }
        for address in changed:
            old, new = before.get(address), after.get(address)
            if type(old) is not ConstantProductPool or type(new) is not ConstantProductPool:
                continue
            words = _unexplained(old, new)
            if words:
                self._resting[address] = (number + REST_BLOCKS, words)

    def check(self, pools: Iterable[Pool]) -> Refusal | None:
        """Return why one of `pools` is left alone."""
        if not self._resting:
            return None
        for pool in pools:
            rest = self._resting.get(pool.address)
            if rest is not None:
                words = f"pool {pool.address} {rest[1]}; it is left alone until block {rest[0]}"
                return Refusal("pool_jump", words)
        return None


def _unexplained(old: ConstantProductPool, new: ConstantProductPool) -> str:
    """How the price moved, where swaps alone cannot have done it; empty else."""
    # Price moves below ten per cent are not looked into.
    here, there = new.reserve0 * old.reserve1, old.reserve0 * new.reserve1
    # Nearly all pools are done with here; logarithms of the others cost more.
    if 10 * here < 11 * there and 10 * there < 11 * here:
        return ""
    if not (old.reserve0 and old.reserve1 and new.reserve0 and new.reserve1):
        return ""
    grown0 = log(new.reserve0 / old.reserve0)
    grown1 = log(new.reserve1 / old.reserve1)
    moved, product = abs(grown0 - grown1), grown0 + grown1
    if -_ROUNDING <= product <= MOST_FEE * moved:
        return ""
    return (
        f"jumped by {100 * (exp(moved) - 1):.0f} % in price while its product "
        f"changed by {100 * (exp(product) - 1):+.1f} %, which no swap does"
    )
