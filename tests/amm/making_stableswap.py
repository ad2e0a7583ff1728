"""Random StableSwap pools, each beside the contract it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from aineon.amm import StableSwapPool, Template
from aineon.amm.stableswap.templates import (
    AAVE,
    FIRST_LENDING,
    NG,
    PLAIN,
    PLAIN_EMA,
    PLAIN_TWO,
    RATED,
    STETH,
    THREE_POOL,
)
from aineon.primitives import Token
from tests.amm.reference_stableswap import (
    Aave,
    Base,
    Compound,
    Meta,
    MetaNextGeneration,
    NextGeneration,
    Reth,
    Steth,
    ThreePool,
)

ADDRESS = "0x" + "c0" * 20
BASE_ADDRESS = "0x" + "ba" * 20
LP = Token("0x" + "1f" * 20, "LP", 18)
META_COIN = Token("0x" + "3e" * 20, "META", 18)
ONE = 10**18


class _TwoCoin(Base):
    """Plain2Optimized.vy: the product unrolled."""

    _D_P = NextGeneration._D_P


class _Ema(_TwoCoin):
    """Plain2EMA.vy: it also saves a price."""


CONTRACTS: dict[str, tuple[Template, type[ThreePool]]] = {
    "three_pool": (THREE_POOL, ThreePool),
    "plain": (PLAIN, Base),
    "plain_two": (PLAIN_TWO, _TwoCoin),
    "plain_ema": (PLAIN_EMA, _Ema),
    "first_lending": (FIRST_LENDING, Compound),
    "rated": (RATED, Reth),
    "steth": (STETH, Steth),
    "aave": (AAVE, Aave),
    "ng": (NG, NextGeneration),
}
NAMES = sorted(CONTRACTS)


class Case(NamedTuple):
    """A pool, and the contract in the same state."""

    pool: StableSwapPool
    contract: ThreePool


def coins(decimals: Sequence[int]) -> tuple[Token, ...]:
    return tuple(Token(f"0x{k + 1:040x}", f"C{k}", d) for k, d in enumerate(decimals))


def random_case(name: str, random: Random, imbalance: float = 4.0) -> Case:
    """A random pool: 2 to 4 coins of 6, 8 or 18 decimals, up to 10^(±imbalance) out of balance."""
    template, contract = CONTRACTS[name]
    n = 2 if name in {"plain_two", "plain_ema", "steth"} else random.randint(2, 4)
    decimals = [18 if name == "steth" else random.choice((6, 8, 18)) for _ in range(n)]
    rates = [10 ** (36 - d) for d in decimals]
    if name in {"first_lending", "rated", "ng"}:
        rates = [rate * random.randint(ONE // 50, 2 * ONE) // ONE for rate in rates]
    worth = 10 ** random.uniform(20, 29)
    balances = [
        int(worth * 10 ** random.uniform(-imbalance, imbalance)) * ONE // rate for rate in rates
    ]
    A = int(10 ** random.uniform(1, 3.7))
    precision = contract.A_PRECISION
    fee, admin_fee = random.choice((0, 10**6, 4 * 10**6, 10**8)), random.choice((0, 5, 10))
    admin_fee *= 10**9
    feemul = random.choice((0, 2 * 10**10, 20 * 10**10)) if name in {"aave", "ng"} else 0
    supply = int(sum(b * r for b, r in zip(balances, rates, strict=True)) // ONE * 0.9) + 1
    pool = StableSwapPool(
        ADDRESS, coins(decimals), balances, A, fee, A_precision=precision, rates=rates,
        admin_fee=admin_fee, offpeg_fee_multiplier=feemul or None, lp_token=LP,
        lp_total_supply=supply, template=template,
    )  # fmt: skip
    reference = contract(balances, A * precision, fee, admin_fee, rates, supply, feemul)
    return Case(pool, reference)


class MetaCase(NamedTuple):
    """A metapool, and the contract in the same state."""

    pool: StableSwapPool
    contract: Meta | MetaNextGeneration


def random_meta(random: Random) -> MetaCase:
    """A random metapool: of the cached kind, without cache, or -ng; over any base pool."""
    name = random.choice(("three_pool", "plain", "steth", "aave", "ng"))
    base, base_contract = random_case(name, random, imbalance=1.0)
    decimals = random.choice((6, 8, 18))
    coin = Token(META_COIN.address, "META", decimals)
    rate = 10 ** (36 - decimals)
    if random.random() < 0.5:
        rate = rate * random.randint(ONE // 3, 3 * ONE) // ONE
    worth = base.D * random.uniform(0.001, 0.3)
    balances = [
        int(worth * random.uniform(0.2, 3)) * ONE // rate,
        int(worth * random.uniform(0.2, 3)),
    ]
    A, fee = int(10 ** random.uniform(1, 3)), random.choice((10**6, 4 * 10**6))
    kind = random.choice(("cached", "expired", "fresh", "ng"))
    feemul = random.choice((10**10, 20 * 10**10)) if kind == "ng" else None
    updated, now = 10**9, 10**9 + (601 if kind == "expired" else 600)
    cached = base.get_virtual_price() * 999 // 1000 if kind in {"cached", "expired"} else None
    pool = StableSwapPool(
        ADDRESS, (coin, LP), balances, A, fee, A_precision=100, rates=[rate],
        admin_fee=5 * 10**9, offpeg_fee_multiplier=feemul,
        base_pool=_moved_to(base, BASE_ADDRESS), base_virtual_price=cached,
        base_cache_updated=None if cached is None else updated,
        block_timestamp=None if cached is None else now,
    )  # fmt: skip
    if feemul is not None:
        return MetaCase(
            pool,
            MetaNextGeneration(base_contract, balances, A * 100, fee, 5 * 10**9, [rate], feemul),
        )
    cache = None if cached is None else (cached, updated)
    contract = Meta(base_contract, balances, A * 100, fee, 5 * 10**9, [rate], cache, now)
    return MetaCase(pool, contract)


def _moved_to(pool: StableSwapPool, address: str) -> StableSwapPool:
    return StableSwapPool(
        address, pool.tokens, pool.balances, pool.A, pool.fee, A_precision=pool.A_precision,
        rates=pool.rates, admin_fee=pool.admin_fee,
        offpeg_fee_multiplier=pool.offpeg_fee_multiplier, lp_token=pool.lp_token,
        lp_total_supply=pool.lp_total_supply, template=pool.template,
    )  # fmt: skip
