"""The generations of Balancer V2 pools: how each is created on chain, and as AINEON's pool."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from aineon.amm import ComposableStablePool, StablePool, WeightedPool
from aineon.primitives import Token
from tests.contracts.abi import encode, selector
from tests.contracts.numbers import magnitude

ADDRESS = "0x" + "ba" * 20
ONE = 10**18
MOST_BALANCE = 2**112 - 1
# Swap fees from the least to the most that the contracts allow.
LEAST_FEE, MOST_FEE = 10**12, 10**17
LEAST_WEIGHT = 10**16
PRECISION_OF_AMP = 1000
MOST_AMP = 5000
CACHE_SECONDS = 10_000
NOBODY = 0
SomePool = WeightedPool | StablePool | ComposableStablePool


class Setting(NamedTuple):
    """What a pool is created with.

    Attributes:
        kind: the name of its generation.
        decimals, rates, balances: of its tokens, without its own.
        parameters: weights, or the amplification without its precision.
        swap_fee: in 1e18.
        bpt_index: where AINEON's pool counts the pool's own token, if it holds it.
    """

    kind: str
    decimals: tuple[int, ...]
    rates: tuple[int, ...]
    balances: tuple[int, ...]
    parameters: tuple[int, ...]
    swap_fee: int
    bpt_index: int | None = None

    @property
    def scaling_factors(self) -> tuple[int, ...]:
        """The contracts' factors: to 18 decimals, times the rate."""
        return tuple(
            10 ** (18 - decimals) * rate
            for decimals, rate in zip(self.decimals, self.rates, strict=True)
        )

    @property
    def tokens(self) -> tuple[Token, ...]:
        """AINEON's tokens, without the pool's own."""
        return tuple(
            Token(f"0x{place:02x}" + "11" * 19, f"T{place}", decimals)
            for place, decimals in enumerate(self.decimals, 1)
        )


def as_joined(balances: Sequence[int], factors: Sequence[int]) -> tuple[int, ...]:
    """Return the balances that a join really brings: brought to 18 decimals and back, rounded up.

    A token whose rate is below one can lose a few units that way.
    """
    brought = (balance * factor // ONE for balance, factor in zip(balances, factors, strict=True))
    return tuple(-(-many * ONE // factor) for many, factor in zip(brought, factors, strict=True))


class Kind(NamedTuple):
    """One generation of pools.

    Attributes:
        factory: task and name of its factory's artifact.
        asks: how many arguments beside the Vault that factory wants: who sets protocol fees,
            and two version texts.
        setting: makes a random pool of it.
        creation: the factory's call that creates that pool, given its tokens' addresses.
        pool: the same pool as AINEON's.
    """

    name: str
    factory: str
    asks: int
    setting: Callable[[random.Random], Setting]
    creation: Callable[[Setting, Sequence[int]], bytes]
    pool: Callable[[Setting], SomePool]


# --- random settings -----------------------------------------------------------------------


def some_fee(rng: random.Random) -> int:
    """Return a swap fee: a usual one, or any."""
    usual = (LEAST_FEE, 10**14, 4 * 10**14, 3 * 10**15, 10**16, MOST_FEE)
    return rng.choice(usual) if rng.random() < 0.5 else rng.randint(LEAST_FEE, MOST_FEE)


def some_decimals(rng: random.Random, count: int) -> tuple[int, ...]:
    """Return decimals: the usual ones, or any that the contracts take."""
    return tuple(
        rng.choice((18, 18, 6, 8)) if rng.random() < 0.7 else rng.randint(0, 18)
        for _ in range(count)
    )


def some_weights(rng: random.Random, count: int) -> tuple[int, ...]:
    """Return weights that add up to one: some whose ratios are exactly 1, 2 or 4, or any."""
    if rng.random() < 0.6:
        parts = round_parts(rng, count)
    else:
        parts = [rng.randint(1, 20) * 10**9 + rng.randint(0, 10**8) for _ in range(count)]
    weights = [max(part * ONE // sum(parts), LEAST_WEIGHT) for part in parts]
    weights[weights.index(max(weights))] += ONE - sum(weights)
    return tuple(weights)


def round_parts(rng: random.Random, count: int) -> list[int]:
    """Return parts of 1, 2 and 4 whose sum divides one without a rest."""
    while True:
        parts = [rng.choice((1, 2, 4)) for _ in range(count)]
        if ONE % sum(parts) == 0:
            return parts


def some_rates(rng: random.Random, count: int) -> tuple[int, ...]:
    """Return token rates: some tokens have none, others grow, a few are far from one."""
    rates = (ONE, rng.randint(ONE, 2 * ONE), rng.randint(ONE // 20, 20 * ONE))
    return tuple(rng.choice(rates) for _ in range(count))


def weighted_setting(rng: random.Random, kind: str, most: int = 8) -> Setting:
    """Return a weighted pool's setting; balances of any size."""
    count = min(rng.choice((2, 2, 3, 4, 5, 6, 7, 8)), most)
    decimals = some_decimals(rng, count)
    balances = []
    for places in decimals:
        # In 18 decimals at least 1e13, so that the pool has an invariant.
        least = max(10 ** max(places - 5, 0), 10)
        balances.append(least + magnitude(rng, 2 ** rng.choice((60, 80, 100, 110))))
    weights = some_weights(rng, count)
    return Setting(kind, decimals, (ONE,) * count, tuple(balances), weights, some_fee(rng))


def stable_setting(rng: random.Random, kind: str, most: int, *, with_rates: bool) -> Setting:
    """Return a stable pool's setting; its balances are worth the same within some powers of ten."""
    count = rng.randint(2, most)
    decimals = some_decimals(rng, count)
    rates = some_rates(rng, count) if with_rates else (ONE,) * count
    middle = 10 ** rng.uniform(2, 10)
    spread = rng.choice((0.01, 0.1, 0.3, 1, 2))
    balances = tuple(
        min(int(middle * 10 ** rng.uniform(-spread, spread) * 10**places * ONE / rate) + 1,
            MOST_BALANCE)
        for places, rate in zip(decimals, rates, strict=True)
    )  # fmt: skip
    amp = rng.choice((1, 50, 100, 200, 500, 2000, MOST_AMP, rng.randint(1, MOST_AMP)))
    setting = Setting(kind, decimals, rates, balances, (amp,), some_fee(rng))
    return setting._replace(balances=as_joined(balances, setting.scaling_factors))


def composable_setting(rng: random.Random, kind: str, most: int = 5) -> Setting:
    """Return a composable pool's setting; its own token may stand anywhere."""
    setting = stable_setting(rng, kind, most, with_rates=True)
    return setting._replace(bpt_index=rng.randint(0, len(setting.decimals)))


# --- creation on chain ---------------------------------------------------------------------

_NAMES: tuple[list[int], list[int]] = ([], [])


def create_weighted_old(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of the first weighted pools' factory."""
    called = selector("create(string,string,address[],uint256[],uint256,address)")
    return called + encode(*_NAMES, tokens, setting.parameters, setting.swap_fee, NOBODY)


def create_weighted_pair(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of the factory of weighted pools with an oracle, of two tokens."""
    called = selector("create(string,string,address[],uint256[],uint256,bool,address)")
    oracle = 0
    return called + encode(*_NAMES, tokens, setting.parameters, setting.swap_fee, oracle, NOBODY)


def create_weighted(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of a later weighted pools' factory; no token has a rate provider."""
    called = selector("create(string,string,address[],uint256[],address[],uint256,address)")
    providers = [0] * len(tokens)
    return called + encode(*_NAMES, tokens, setting.parameters, providers, setting.swap_fee, NOBODY)


def create_stable(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of a stable pools' factory."""
    called = selector("create(string,string,address[],uint256,uint256,address)")
    return called + encode(*_NAMES, tokens, *setting.parameters, setting.swap_fee, NOBODY)


def create_meta_stable(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of the meta-stable pools' factory; tokens are their own rate providers."""
    called = selector(
        "create(string,string,address[],uint256,address[],uint256[],uint256,bool,address)"
    )
    caches = [CACHE_SECONDS] * len(tokens)
    return called + encode(
        *_NAMES, tokens, *setting.parameters, tokens, caches, setting.swap_fee, 0, NOBODY
    )


def create_phantom(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of the phantom stable pools' factory; likewise with rates."""
    called = selector("create(string,string,address[],uint256,address[],uint256[],uint256,address)")
    caches = [CACHE_SECONDS] * len(tokens)
    return called + encode(
        *_NAMES, tokens, *setting.parameters, tokens, caches, setting.swap_fee, NOBODY
    )


def create_composable(setting: Setting, tokens: Sequence[int]) -> bytes:
    """Return the call of the composable stable pools' factory; likewise with rates."""
    called = selector(
        "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
    )
    caches, exempt = [CACHE_SECONDS] * len(tokens), [0] * len(tokens)
    owner = 1
    return called + encode(
        *_NAMES, tokens, *setting.parameters, tokens, caches, exempt, setting.swap_fee, owner
    )


# --- AINEON's pools ------------------------------------------------------------------------


def weighted_pool(setting: Setting, *, shortcuts: bool) -> SomePool:
    """Return the weighted pool with this setting."""
    return WeightedPool(
        address=ADDRESS,
        tokens=setting.tokens,
        balances=setting.balances,
        weights=setting.parameters,
        swap_fee=setting.swap_fee,
        scaling_factors=setting.scaling_factors,
        pow_up_shortcuts=shortcuts,
    )


def stable_pool(setting: Setting) -> SomePool:
    """Return the stable pool with this setting whose invariant is rounded up."""
    return _amplified(StablePool, setting)


def composable_pool(setting: Setting) -> SomePool:
    """Return the stable pool with this setting whose invariant is rounded down."""
    return _amplified(ComposableStablePool, setting)


def _amplified(pool_class: type[StablePool | ComposableStablePool], setting: Setting) -> SomePool:
    tokens, balances = list(setting.tokens), list(setting.balances)
    factors = list(setting.scaling_factors)
    if setting.bpt_index is not None:
        # How much of its own token the Vault holds is no matter for these swaps.
        tokens.insert(setting.bpt_index, Token(ADDRESS, "BPT", 18))
        balances.insert(setting.bpt_index, 2**111)
        factors.insert(setting.bpt_index, ONE)
    return pool_class(
        address=ADDRESS,
        tokens=tokens,
        balances=balances,
        amp=setting.parameters[0] * PRECISION_OF_AMP,
        swap_fee=setting.swap_fee,
        scaling_factors=factors,
        bpt_index=setting.bpt_index,
    )


def kind(
    name: str,
    factory: str,
    asks: int,
    setting: Callable[..., Setting],
    creation: Callable[[Setting, Sequence[int]], bytes],
    pool: Callable[[Setting], SomePool],
) -> Kind:
    """Return a kind whose settings carry its name."""
    return Kind(name, factory, asks, partial(setting, kind=name), creation, pool)


_plain = partial(stable_setting, most=5, with_rates=False)
_pair_with_rates = partial(stable_setting, most=2, with_rates=True)
_four_and_own = partial(composable_setting, most=4)
_pair = partial(weighted_setting, most=2)
_with_shortcuts = partial(weighted_pool, shortcuts=True)
_without_shortcuts = partial(weighted_pool, shortcuts=False)

KINDS = (
    kind(
        "weighted of two tokens",
        "20210418-weighted-pool/artifact/WeightedPool2TokensFactory",
        0,
        _pair,
        create_weighted_pair,
        _without_shortcuts,
    ),
    kind(
        "weighted 1",
        "20210418-weighted-pool/artifact/WeightedPoolFactory",
        0,
        weighted_setting,
        create_weighted_old,
        _without_shortcuts,
    ),
    kind(
        "weighted 2",
        "20220908-weighted-pool-v2/artifact/WeightedPoolFactory",
        1,
        weighted_setting,
        create_weighted,
        _with_shortcuts,
    ),
    kind(
        "weighted 3",
        "20230206-weighted-pool-v3/artifact/WeightedPoolFactory",
        3,
        weighted_setting,
        create_weighted,
        _with_shortcuts,
    ),
    kind(
        "stable 1",
        "20210624-stable-pool/artifact/StablePoolFactory",
        0,
        _plain,
        create_stable,
        stable_pool,
    ),
    kind(
        "stable 2",
        "20220609-stable-pool-v2/artifact/StablePoolFactory",
        0,
        _plain,
        create_stable,
        composable_pool,
    ),
    kind(
        "meta-stable",
        "20210727-meta-stable-pool/artifact/MetaStablePoolFactory",
        0,
        _pair_with_rates,
        create_meta_stable,
        stable_pool,
    ),
    kind(
        "phantom stable",
        "20211208-stable-phantom-pool/artifact/StablePhantomPoolFactory",
        0,
        _four_and_own,
        create_phantom,
        stable_pool,
    ),
    kind(
        "composable stable 1",
        "20220906-composable-stable-pool/artifact/ComposableStablePoolFactory",
        1,
        composable_setting,
        create_composable,
        composable_pool,
    ),
    kind(
        "composable stable 2",
        "20221122-composable-stable-pool-v2/artifact/ComposableStablePoolFactory",
        3,
        composable_setting,
        create_composable,
        composable_pool,
    ),
    kind(
        "composable stable 3",
        "20230206-composable-stable-pool-v3/artifact/ComposableStablePoolFactory",
        3,
        composable_setting,
        create_composable,
        composable_pool,
    ),
)
