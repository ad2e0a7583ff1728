"""Reading pairs of Uniswap V2 and its forks.

Source: Uniswap v2-core, UniswapV2Pair.sol (`getReserves`), UniswapV2Factory.sol (`getPair`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aineon.amm import ConstantProductPool
from aineon.chain.addresses import KnownVenue
from aineon.chain.snapshot.calls import Answer, ask
from aineon.chain.snapshot.outcome import Outcomes, outcome_of
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import PairSeed
from aineon.primitives import Token


async def find_pairs(
    chain: PinnedChain, venue: KnownVenue, pairs: Sequence[tuple[Token, Token]]
) -> list[PairSeed]:
    """Return the pairs that a venue's factory has made of these tokens."""
    if venue.factory is None or venue.fee_pips is None:
        return []
    reads = [
        ask(venue.factory, "getPair(address,address)", *(int(each.address, 16) for each in pair))
        for pair in pairs
    ]
    answers = await chain.read(reads, f"{venue.name} pairs")
    found = []
    for pair, answer in zip(pairs, answers, strict=True):
        address = answer.address() if answer.is_given else None
        if address is not None:
            found.append(PairSeed(address, venue.name, pair, venue.fee_pips))
    return found


async def read_pairs(chain: PinnedChain, seeds: Sequence[PairSeed]) -> Outcomes:
    """Return the pairs as they stand."""
    # The third word, a timestamp for others' price oracles, is left behind.
    reads = [ask(seed.address, "getReserves()", words=2) for seed in seeds]
    answers = await chain.read(reads, "reserves")
    return {
        seed.address: outcome_of(partial(_pool, seed, answer))
        for seed, answer in zip(seeds, answers, strict=True)
    }


def _pool(seed: PairSeed, answer: Answer) -> ConstantProductPool:
    reserve0, reserve1 = answer.words(2)
    return ConstantProductPool(
        address=seed.address,
        token0=seed.tokens[0],
        token1=seed.tokens[1],
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=seed.fee_pips,
        venue=seed.venue,
    )
