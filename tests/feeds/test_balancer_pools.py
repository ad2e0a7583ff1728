from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from aineon.amm import ComposableStablePool, StablePool, WeightedPool
from aineon.errors import (
    IncompleteState,
    InsufficientLiquidity,
    InvalidRecording,
    PoolError,
    PoolPaused,
)
from aineon.feeds.replay import RecordedPools, load_balancer_pools
from tests.amm import reference_balancer as reference
from tests.shared_data import path_of

RECORDING = "balancer_mainnet_pools_14717479.json"
ONE = 10**18
ADDRESS = "0x" + "ba" * 20
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"


@pytest.fixture(scope="module")
def read() -> RecordedPools:
    return load_balancer_pools(path_of(RECORDING))


# --- the recorded pools of mainnet ---------------------------------------------------------


def test_all_pools_are_read_and_unsupported_ones_refused_by_name(read: RecordedPools) -> None:
    assert len(read.pools) + len(read.refused) == 372
    kinds = Counter(type(pool) for pool in read.pools)
    assert kinds == {WeightedPool: 328, StablePool: 8}
    refused = Counter(each.pool_type for each in read.refused)
    assert refused == {"Element": 27, "AaveLinear": 6, "ERC4626Linear": 3}
    for each in read.refused:
        assert each.address in each.reason
        assert each.pool_type in each.reason


def test_balances_are_converted_exactly(read: RecordedPools) -> None:
    recorded = {each["id"]: each for each in json.loads(path_of(RECORDING).read_text())["pools"]}
    for pool in read.pools:
        assert pool.pool_id is not None
        entry = recorded[pool.pool_id]
        for token, balance, each in zip(pool.tokens, pool.balances, entry["tokens"], strict=True):
            whole, _, part = each["balance"].partition(".")
            decimals = each["decimals"]
            assert balance == int(whole + part.ljust(decimals, "0")[:decimals])
            assert (token.address, token.decimals) == (each["address"], decimals)


def test_rates_go_into_the_scaling_factors(read: RecordedPools) -> None:
    pools = {pool.address: pool for pool in read.pools}
    steth = pools["0x32296969ef14eb0c6d29669c550d4a0449130230"]
    assert steth.scaling_factors == (1070274551073343913, ONE)
    boosted = pools["0x7b50775383d3d6f0215a8f290f2c9e2eebbeceb2"]
    assert isinstance(boosted, StablePool)
    assert boosted.amp == 1_472_000
    assert boosted.bpt_index == 1
    assert boosted.scaling_factors[0] == 1009463810379453854
    three = pools["0x06df3b2bbb68adc8b0e302443692037ed9f91b42"]
    assert three.scaling_factors == (ONE, 10**30, 10**30)


def test_every_direction_quotes_as_the_reference_or_says_why_not(read: RecordedPools) -> None:
    said: Counter[str] = Counter()
    for pool in read.pools:
        for i, j in permutations(range(len(pool.tokens)), 2):
            sold, bought = pool.tokens[i], pool.tokens[j]
            most = pool.max_amount_in(sold, bought)
            if not most:
                with pytest.raises((InsufficientLiquidity, IncompleteState)) as refusal:
                    pool.quote_exact_input(sold, bought, 1)
                assert pool.local_curve(sold, bought).rate == 0
                said[type(refusal.value).__name__] += 1
                continue
            for amount in (most, max(pool.balances[i] // 1000, 1)):
                paid = expected(pool, i, j, amount)
                if paid is None:
                    with pytest.raises(PoolError):
                        pool.quote_exact_input(sold, bought, amount)
                else:
                    quote = pool.quote_exact_input(sold, bought, amount)
                    assert quote.amount_out == paid, (pool, i, j, amount)
                    assert paid <= pool.local_curve(sold, bought).rate * amount
                said["quoted"] += 1
    assert said["quoted"] > 3000
    assert said["IncompleteState"] == 3 * 6
    assert said["InsufficientLiquidity"] > 0


def expected(pool: WeightedPool | StablePool, i: int, j: int, amount: int) -> int | None:
    try:
        if isinstance(pool, WeightedPool):
            sides = [
                reference.Side(
                    pool.balances[place], pool.scaling_factors[place], pool.weights[place]
                )
                for place in (i, j)
            ]
            return reference.weighted_given_in(*sides, pool.swap_fee, amount, False)
        own = pool.bpt_index
        kept = [place for place in range(len(pool.tokens)) if place != own]
        stable = reference.Stable(
            pool.amp,
            pool.swap_fee,
            [pool.balances[place] for place in kept],
            [pool.scaling_factors[place] for place in kept],
            rounds_up=True,
        )
        return stable.given_in(kept.index(i), kept.index(j), amount)
    except reference.Revert:
        return None


# --- other recordings ----------------------------------------------------------------------


def token(address: str, **changes: Any) -> dict[str, Any]:
    made = {"address": address, "balance": "1000.5", "decimals": 18}
    return made | {"weight": "0.5", "priceRate": "1"} | changes


def entry(**changes: Any) -> dict[str, Any]:
    made = {
        "id": ADDRESS + "00" * 12,
        "address": ADDRESS,
        "poolType": "Weighted",
        "swapFee": "0.003",
        "amp": None,
        "swapEnabled": True,
        "tokens": [token(USDC, decimals=6, balance="2000000.000001"), token(WETH)],
    }
    return made | changes


def saved(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "pools.json"
    path.write_text(json.dumps({"pools": list(entries)}))
    return path


def test_a_weighted_pool(tmp_path: Path) -> None:
    (pool,), refused = load_balancer_pools(saved(tmp_path, entry()))
    assert refused == ()
    assert isinstance(pool, WeightedPool)
    assert pool.balances == (2_000_000_000_001, 10005 * 10**17)
    assert pool.weights == (ONE // 2, ONE // 2)
    assert pool.swap_fee == 3 * 10**15
    assert not pool.pow_up_shortcuts
    assert [each.symbol for each in pool.tokens] == ["USDC", "WETH"]
    assert pool.quote_exact_input(*pool.tokens, 10**9).amount_out > 0


@pytest.mark.parametrize("name", ["LiquidityBootstrapping", "Investment"])
def test_pools_whose_weights_move(tmp_path: Path, name: str) -> None:
    tokens = [
        token(USDC, weight="0.618156596184906959"),
        token(WETH, weight="0.381858662981477498"),
    ]
    (pool,), _ = load_balancer_pools(saved(tmp_path, entry(poolType=name, tokens=tokens)))
    assert isinstance(pool, WeightedPool)
    assert pool.weights == (618156596184906959, 381858662981477498)


@pytest.mark.parametrize(
    ("name", "version", "kind"),
    [
        ("Stable", None, StablePool),
        ("Stable", 2, ComposableStablePool),
        ("MetaStable", None, StablePool),
        ("StablePhantom", None, StablePool),
        ("ComposableStable", None, ComposableStablePool),
        ("ComposableStable", 5, ComposableStablePool),
    ],
)
def test_generations_of_stable_pools(
    tmp_path: Path, name: str, version: int | None, kind: type[Any]
) -> None:
    tokens = [token(USDC, decimals=6, priceRate="1.5"), token(ADDRESS), token(WETH)]
    recorded = entry(poolType=name, amp="200.0", tokens=tokens, poolTypeVersion=version)
    (pool,), _ = load_balancer_pools(saved(tmp_path, recorded))
    assert type(pool) is kind
    assert pool.amp == 200_000
    assert pool.bpt_index == 1
    assert pool.scaling_factors == (15 * 10**29, ONE, ONE)


def test_newer_weighted_pools_take_shortcuts(tmp_path: Path) -> None:
    (pool,), _ = load_balancer_pools(saved(tmp_path, entry(poolTypeVersion=2)))
    assert isinstance(pool, WeightedPool)
    assert pool.pow_up_shortcuts


def test_disabled_swaps_and_missing_balances_load_and_refuse_to_quote(tmp_path: Path) -> None:
    disabled = entry(swapEnabled=False)
    (pool,), _ = load_balancer_pools(saved(tmp_path, disabled))
    with pytest.raises(PoolPaused):
        pool.quote_exact_input(*pool.tokens, 10**6)
    empty = entry(tokens=[token(USDC, balance="0"), token(WETH, balance="0.0")])
    (pool,), _ = load_balancer_pools(saved(tmp_path, empty))
    with pytest.raises(InsufficientLiquidity):
        pool.quote_exact_input(*pool.tokens, 10**6)


@pytest.mark.parametrize("name", ["Element", "AaveLinear", "Gyro3"])
def test_a_kind_that_is_not_supported(tmp_path: Path, name: str) -> None:
    pools, (refused,) = load_balancer_pools(saved(tmp_path, entry(poolType=name)))
    assert pools == ()
    assert (refused.address, refused.pool_type) == (ADDRESS, name)
    assert refused.reason.startswith(f"pool {ADDRESS} is of type {name}; quoted are Weighted,")


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens": [token(USDC, decimals=27), token(WETH)]},
        {"poolType": "Stable", "amp": "5", "tokens": [token(USDC, decimals=27), token(WETH)]},
        {"poolType": "Stable", "amp": "0.5"},
        {"tokens": [token(USDC, weight="0.6"), token(WETH, weight="0.6")]},
        {"tokens": [token(USDC)]},
        {"tokens": [token(USDC), token(USDC)]},
        {"tokens": [token(USDC, balance="6000000000000000"), token(WETH)]},
        {"tokens": [token(USDC, balance="-1"), token(WETH)]},
        {"swapFee": "1"},
        {"id": "0x12"},
    ],
)
def test_states_that_cannot_be_are_refused_one_by_one(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    other = entry(address="0x" + "bb" * 20, id="0x" + "bb" * 20 + "00" * 12)
    pools, (refused,) = load_balancer_pools(saved(tmp_path, entry(**changes), other))
    assert len(pools) == 1
    assert refused.address == ADDRESS
    assert ADDRESS in refused.reason


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"tokens": [token(USDC, balance="1.0000001", decimals=6), token(WETH)]}, "balance"),
        ({"tokens": [token(USDC, balance=5.0), token(WETH)]}, "balance"),
        ({"tokens": [token(USDC, balance="much"), token(WETH)]}, "balance"),
        ({"tokens": [token(USDC, decimals="six"), token(WETH)]}, "decimals"),
        ({"tokens": [token(USDC, weight=None), token(WETH)]}, "weight"),
        ({"tokens": [token("0x12"), token(WETH)]}, "address"),
        ({"tokens": 5}, "tokens"),
        ({"swapEnabled": "yes"}, "swapEnabled"),
        ({"swapFee": None}, "swapFee"),
        ({"poolType": 5}, "poolType"),
        ({"poolType": "Stable"}, "amp"),
    ],
)
def test_broken_values_name_their_place(
    tmp_path: Path, changes: dict[str, Any], place: str
) -> None:
    path = saved(tmp_path, entry(**changes))
    with pytest.raises(InvalidRecording, match=place) as caught:
        load_balancer_pools(path)
    assert str(path) in str(caught.value)


def test_one_pool_twice(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match="no pool before it"):
        load_balancer_pools(saved(tmp_path, entry(), entry()))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match="does not exist"):
        load_balancer_pools(tmp_path / "nothing.json")
