"""Reading pools of Balancer V2: balances from the Vault, all else from the pool itself.

Sources: Balancer V2, Vault (PoolTokens), BasePool, BaseWeightedPool, StablePool, MetaStablePool,
StablePhantomPool, ComposableStablePool, and PriceRateCache: a cached rate counts up to and
including the second in which it expires, and the first swap after that renews it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from aineon.amm import ComposableStablePool, StablePool, WeightedPool
from aineon.chain.snapshot.calls import Answer, Read, Unreadable, address_of, ask
from aineon.chain.snapshot.outcome import Outcomes, Refusal, outcome_of
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import VAULT_VENUE, VaultPoolKind, VaultSeed
from aineon.primitives import Address

_ONE = 10**18
_DECIMALS = 18
_AMP_PRECISION = 1000
# Two offsets and a block number, then two lists with their lengths.
_HEAD_WORDS, _LIST_WORDS = 3, 2
_STATE_READS = 4

_VaultPool = WeightedPool | StablePool | ComposableStablePool


class _State(NamedTuple):
    """What a pool answered, in the order it was asked."""

    held: Answer
    swap_fee: Answer
    paused: Answer
    curve: Answer
    rates: tuple[tuple[Answer, Answer] | None, ...]


async def read_vault_pools(chain: PinnedChain, seeds: Sequence[VaultSeed]) -> Outcomes:
    """Return the pools as they stand; a rate that has expired counts as the provider tells it."""
    outcomes: Outcomes = {
        seed.address: Refusal(
            f"{seed.address} was made by none of the Balancer factories that are known here, so "
            "how it reckons is not known"
        )
        for seed in seeds
        if seed.kind is None
    }
    known = [(seed, seed.kind) for seed in seeds if seed.kind is not None]
    vaults = sorted({seed.vault for seed, _ in known})
    reads = [ask(vault, "getPausedState()") for vault in vaults]
    asked = [_reads(seed, kind) for seed, kind in known]
    answers = iter(await chain.read([*reads, *(r for each in asked for r in each)], "Balancer"))
    paused = {vault: next(answers) for vault in vaults}
    for seed, kind in known:
        state = _state(seed, answers)
        build = partial(_pool, seed, kind, state, paused[seed.vault], chain.timestamp)
        outcomes[seed.address] = outcome_of(build)
    return outcomes


def _reads(seed: VaultSeed, kind: VaultPoolKind) -> list[Read]:
    count = len(seed.tokens)
    at, traits = seed.address, kind.traits
    curve = ask(at, "getAmplificationParameter()", words=3)
    if traits.is_weighted:
        curve = ask(at, "getNormalizedWeights()", words=_LIST_WORDS + count)
    held = _HEAD_WORDS + 2 * (1 + count)
    reads = [
        ask(seed.vault, "getPoolTokens(bytes32)", int(seed.pool_id, 16), words=held),
        ask(at, "getSwapFeePercentage()"),
        ask(at, "getPausedState()"),
        curve,
    ]
    assert len(reads) == _STATE_READS
    for token, provider in zip(seed.tokens, seed.rate_providers, strict=True):
        if provider is not None and traits.rate_cache is not None:
            place = int(token.address, 16)
            reads.append(ask(at, traits.rate_cache, place, words=traits.rate_words))
            reads.append(ask(provider, "getRate()"))
    return reads


def _state(seed: VaultSeed, answers: Iterator[Answer]) -> _State:
    held, swap_fee, paused, curve = (next(answers) for _ in range(_STATE_READS))
    rates = tuple(
        None if provider is None else (next(answers), next(answers))
        for provider in seed.rate_providers
    )
    return _State(held, swap_fee, paused, curve, rates)


def _pool(
    seed: VaultSeed, kind: VaultPoolKind, state: _State, vault_paused: Answer, now: int
) -> _VaultPool:
    places = state.held.array(0)
    if tuple(map(address_of, places)) != tuple(token.address for token in seed.tokens):
        raise Unreadable(f"{seed.address} holds other tokens in the Vault than it was found with")
    balances = state.held.array(1)
    swap_fee = state.swap_fee.word()
    factors = _factors(seed, kind, state.rates, now)
    is_paused = bool(state.paused.word() or vault_paused.word())
    if kind.traits.is_weighted:
        return WeightedPool(
            seed.address,
            seed.tokens,
            balances,
            state.curve.array(0),
            swap_fee,
            scaling_factors=factors,
            pool_id=seed.pool_id,
            pow_up_shortcuts=kind.traits.is_modern,
            is_paused=is_paused,
            venue=VAULT_VENUE,
        )
    stable = ComposableStablePool if kind.traits.is_modern else StablePool
    return stable(
        seed.address,
        seed.tokens,
        balances,
        _amp(state.curve),
        swap_fee,
        scaling_factors=factors,
        bpt_index=_own_place(seed),
        pool_id=seed.pool_id,
        is_paused=is_paused,
        venue=VAULT_VENUE,
    )


def _amp(answer: Answer) -> int:
    amp, _, precision = answer.words(3)
    if precision != _AMP_PRECISION:
        raise Unreadable(
            f"{answer.read.to} counts its amplification in {precision}, not {_AMP_PRECISION}"
        )
    return amp


def _own_place(seed: VaultSeed) -> int | None:
    addresses = [token.address for token in seed.tokens]
    return addresses.index(seed.address) if seed.address in addresses else None


def _factors(
    seed: VaultSeed,
    kind: VaultPoolKind,
    rates: Sequence[tuple[Answer, Answer] | None],
    now: int,
) -> list[int]:
    factors = []
    for token, rate in zip(seed.tokens, rates, strict=True):
        if token.decimals is None or token.decimals > _DECIMALS:
            raise Unreadable(
                f"{seed.address} holds {token!r}, whose decimals are not told or more than 18"
            )
        factor = 10 ** (_DECIMALS - token.decimals)
        factors.append(factor * (_ONE if rate is None else _rate(kind, *rate, now)))
    return factors


def _rate(kind: VaultPoolKind, cached: Answer, fresh: Answer, now: int) -> int:
    """Return the rate that a swap at this time reckons with."""
    rate, *_, expires = cached.words(kind.traits.rate_words)
    return fresh.word() if now > expires else rate


async def rate_providers(
    chain: PinnedChain, pools: Sequence[tuple[Address, VaultPoolKind | None, int]]
) -> list[tuple[Address | None, ...]]:
    """Return, for pools of so many tokens each, who tells the rate of each token."""
    with_rates = [kind is not None and kind.traits.rate_cache is not None for _, kind, _ in pools]
    reads = [
        ask(address, "getRateProviders()", words=_LIST_WORDS + count)
        for (address, _, count), has_rates in zip(pools, with_rates, strict=True)
        if has_rates
    ]
    answers = iter(await chain.read(reads, "rate providers"))
    return [
        _providers(next(answers), count) if has_rates else (None,) * count
        for (_, _, count), has_rates in zip(pools, with_rates, strict=True)
    ]


def _providers(answer: Answer, count: int) -> tuple[Address | None, ...]:
    found = tuple(map(address_of, answer.array(0)))
    if len(found) != count:
        raise Unreadable(f"{answer.read.to} names {len(found)} rate providers for {count} tokens")
    return found
