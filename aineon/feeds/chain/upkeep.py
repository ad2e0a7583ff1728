"""How often what is known of a chain is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.chain.snapshot import FRESH_FOR


@dataclass(frozen=True, slots=True)
class Upkeep:
    """In blocks, but for `check_pools`.

    Attributes:
        check_every: between comparisons of some pools with the chain itself.
        check_pools: how many are compared at a time, each in its turn.
        terms_every: between reads of what lenders ask for.
        discover_every: between searches for new pools.
    """

    check_every: int = 25
    check_pools: int = 200
    terms_every: int = 300
    discover_every: int = FRESH_FOR
