"""Finding Curve's pools: by a list of those whose generation is known."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from aineon.chain.addresses import ChainAddresses, KnownCurvePool
from aineon.chain.snapshot.calls import Answer, ask
from aineon.chain.snapshot.metadata import read_tokens
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import CryptoSwapSeed, StableSwapSeed
from aineon.primitives import Address, Token

_logger = logging.getLogger(__name__)


async def find_curve(
    chain: PinnedChain, known: ChainAddresses, wanted: Collection[Address]
) -> list[StableSwapSeed | CryptoSwapSeed]:
    """Return the known pools that hold at least two of the wanted tokens."""
    reads = [
        ask(pool.address, "coins(uint256)", place)
        for pool in known.curve
        for place in range(pool.coins)
    ]
    answers = iter(await chain.read(reads, "Curve pools"))
    coins = {
        pool.address: _coins([next(answers) for _ in range(pool.coins)]) for pool in known.curve
    }
    for pool in known.curve:
        if not coins[pool.address]:
            _logger.warning("the Curve pool %s is not on this chain: %s", pool.name, pool.address)
    lp_tokens = {pool.lp_token for pool in known.curve if pool.lp_token is not None}
    named = {coin for each in coins.values() for coin in each} | lp_tokens
    tokens = await read_tokens(chain, known, named)
    chosen = [pool for pool in known.curve if len(set(coins[pool.address]) & set(wanted)) > 1]
    return [_seed(known, pool, coins, tokens) for pool in chosen]


def _coins(answers: Sequence[Answer]) -> tuple[Address, ...]:
    """Return the coins; none where one of them is missing, because then it is no such pool."""
    found = [answer.address() if answer.is_given else None for answer in answers]
    coins = tuple(coin for coin in found if coin is not None)
    return coins if len(coins) == len(found) else ()


def _seed(
    known: ChainAddresses,
    pool: KnownCurvePool,
    coins: Mapping[Address, tuple[Address, ...]],
    tokens: Mapping[Address, Token],
) -> StableSwapSeed | CryptoSwapSeed:
    held = tuple(tokens[coin] for coin in coins[pool.address])
    if pool.template is None:
        assert pool.contract is not None
        return CryptoSwapSeed(pool.address, held, pool.contract)
    base = next((each for each in known.curve if each.address == pool.base_pool), None)
    seed = None if base is None else _seed(known, base, coins, tokens)
    steth = None if known.lido is None else known.lido.steth.address
    return StableSwapSeed(
        address=pool.address,
        tokens=held,
        template=pool.template,
        A_precision=pool.A_precision,
        lp_token=None if pool.lp_token is None else tokens[pool.lp_token],
        steth=steth if steth in coins[pool.address] else None,
        base_pool=seed if isinstance(seed, StableSwapSeed) else None,
    )
