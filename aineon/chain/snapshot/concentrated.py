"""Reading pools of Uniswap V3 and its forks: price, liquidity, and every initialised tick.

Source: Uniswap v3-core, UniswapV3Pool.sol (`slot0`, `liquidity`, `ticks`, `tickBitmap`),
TickBitmap.sol, UniswapV3Factory.sol (`getPool`, `feeAmountTickSpacing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from aineon.amm import ConcentratedPool
from aineon.amm.concentrated.tick_math import MAX_TICK, MIN_TICK
from aineon.chain.addresses import KnownVenue
from aineon.chain.snapshot.calls import Answer, Unreadable, ask, signed
from aineon.chain.snapshot.outcome import Outcomes, Refusal, outcome_of
from aineon.chain.snapshot.pinned import FoundWord, PinnedChain, WordRange
from aineon.chain.snapshot.seeds import ConcentratedSeed
from aineon.primitives import Address, Token

_WORD_TICKS = 256

_TickAnswers = dict[int, Answer]


async def find_concentrated(
    chain: PinnedChain, venue: KnownVenue, pairs: Sequence[tuple[Token, Token]]
) -> list[ConcentratedSeed]:
    """Return the pools that a venue's factory has made of these tokens, of all its fee tiers."""
    if venue.factory is None:
        return []
    spacings = await _spacings(chain, venue.factory, venue.fee_tiers)
    wanted = [(pair, fee) for pair in pairs for fee in spacings]
    reads = [
        ask(
            venue.factory,
            "getPool(address,address,uint24)",
            int(pair[0].address, 16),
            int(pair[1].address, 16),
            fee,
        )
        for pair, fee in wanted
    ]
    answers = await chain.read(reads, f"{venue.name} pools")
    found = []
    for (pair, fee), answer in zip(wanted, answers, strict=True):
        address = answer.address() if answer.is_given else None
        if address is not None:
            found.append(ConcentratedSeed(address, venue.name, pair, fee, spacings[fee]))
    return found


async def _spacings(chain: PinnedChain, factory: Address, tiers: Sequence[int]) -> dict[int, int]:
    """Return the tick spacing of each fee tier that the factory's owner has enabled."""
    reads = [ask(factory, "feeAmountTickSpacing(uint24)", fee) for fee in tiers]
    answers = await chain.read(reads, "fee tiers")
    spacings = ((fee, signed(each.word())) for fee, each in _given(tiers, answers))
    return {fee: spacing for fee, spacing in spacings if spacing > 0}


def _given(tiers: Sequence[int], answers: Sequence[Answer]) -> list[tuple[int, Answer]]:
    return [pair for pair in zip(tiers, answers, strict=True) if pair[1].is_given]


async def read_concentrated(chain: PinnedChain, seeds: Sequence[ConcentratedSeed]) -> Outcomes:
    """Return the pools as they stand."""
    reads = [
        read
        for seed in seeds
        for read in (ask(seed.address, "slot0()", words=2), ask(seed.address, "liquidity()"))
    ]
    answers = await chain.read(reads, "prices and liquidity")
    states = dict(zip((seed.address for seed in seeds), _by_twos(answers), strict=True))
    refused = {
        seed.address: reason
        for seed in seeds
        if (reason := _unusable(*states[seed.address])) is not None
    }
    usable = [seed for seed in seeds if seed.address not in refused]
    ticks = await _read_ticks(chain, usable)
    outcomes: Outcomes = dict(refused)
    for seed in usable:
        build = partial(_pool, seed, states[seed.address], ticks[seed.address])
        outcomes[seed.address] = outcome_of(build)
        # A pool of a thousand ticks takes some milliseconds to build: others want to go on.
        await asyncio.sleep(0)
    return outcomes


def _by_twos(answers: Sequence[Answer]) -> list[tuple[Answer, Answer]]:
    return list(zip(answers[::2], answers[1::2], strict=True))


def _unusable(slot0: Answer, liquidity: Answer) -> Refusal | None:
    try:
        price = slot0.words(2)[0]
        liquidity.word()
    except Unreadable as error:
        return Refusal(str(error))
    if not price:
        return Refusal(f"{slot0.read.to} is not initialised: it has no price yet")
    return None


def _pool(
    seed: ConcentratedSeed, state: tuple[Answer, Answer], ticks: _TickAnswers | None
) -> ConcentratedPool:
    if ticks is None:
        raise Unreadable(f"{seed.address} does not tell its tick bitmap")
    price, tick = state[0].words(2)
    return ConcentratedPool(
        address=seed.address,
        token0=seed.tokens[0],
        token1=seed.tokens[1],
        fee_pips=seed.fee_pips,
        tick_spacing=seed.tick_spacing,
        sqrt_price_x96=price,
        tick=signed(tick),
        liquidity=state[1].word(),
        ticks={tick: _liquidity(answer) for tick, answer in ticks.items()},
        venue=seed.venue,
    )


def _liquidity(answer: Answer) -> tuple[int, int]:
    gross, net = answer.words(2)
    return gross, signed(net)


async def _read_ticks(
    chain: PinnedChain, seeds: Sequence[ConcentratedSeed]
) -> Mapping[Address, _TickAnswers | None]:
    """Return what each pool says of its initialised ticks; None where it does not tell them."""
    spacings = {seed.address: seed.tick_spacing for seed in seeds}
    words = await chain.bitmaps([_all_words(seed) for seed in seeds], "tick bitmaps")
    untold = {found.pool for found in words if not found.bits}
    places = sorted(
        (found.pool, tick)
        for found in words
        if found.pool not in untold
        for tick in _ticks_of(found, spacings[found.pool])
    )
    reads = [ask(pool, "ticks(int24)", tick, words=2) for pool, tick in places]
    answers = await chain.read(reads, "ticks")
    ticks: dict[Address, _TickAnswers] = {address: {} for address in spacings}
    for (pool, tick), answer in zip(places, answers, strict=True):
        ticks[pool][tick] = answer
    return {pool: None if pool in untold else told for pool, told in ticks.items()}


def _all_words(seed: ConcentratedSeed) -> WordRange:
    first = -(-MIN_TICK // seed.tick_spacing) // _WORD_TICKS
    last = MAX_TICK // seed.tick_spacing // _WORD_TICKS
    return WordRange(seed.address, first, last - first + 1)


def _ticks_of(found: FoundWord, spacing: int) -> list[int]:
    first, bits = found.word * _WORD_TICKS, found.bits
    ticks = []
    while bits:
        lowest = bits & -bits
        ticks.append((first + lowest.bit_length() - 1) * spacing)
        bits ^= lowest
    return ticks
