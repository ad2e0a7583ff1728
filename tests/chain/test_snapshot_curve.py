"""Curve's pools and Lido's wrappers, read from contracts that answer as the real ones did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aineon.amm import (
    CryptoSwapContract,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherShares,
    StakedEtherWrapper,
)
from aineon.amm.wrappers import STETH
from aineon.chain.addresses import ChainAddresses, mainnet
from aineon.chain.snapshot import (
    CryptoSwapSeed,
    StableSwapSeed,
    discover,
    read_pools,
    refresh_unlogged,
)
from aineon.market.events import PoolAppeared
from aineon.primitives import ETHER, Address, Token
from tests.chain.answering import Burn, asked, listed, put, words
from tests.chain.snapshot_world import AnvilReader, running_chain, undone
from tests.contracts.chain import Chain
from tests.shared_data import load_json

Answers = dict[bytes, bytes | Burn]


@pytest.fixture(scope="module")
def running() -> Iterator[Chain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def chain(running: Chain) -> Iterator[Chain]:
    with undone(running):
        yield running


def coins(tokens: list[str], balances: list[int]) -> Answers:
    answers: Answers = {}
    for place, (token, balance) in enumerate(zip(tokens, balances, strict=True)):
        answers[asked("coins(uint256)", place)] = words(token)
        answers[asked("balances(uint256)", place)] = words(balance)
    return answers


def stable(tokens: list[str], balances: list[int], **values: int) -> Answers:
    return coins(tokens, balances) | {
        asked(f"{name}()"): words(value) for name, value in values.items()
    }


def find(chain: Chain, known: ChainAddresses) -> list[StableSwapSeed | CryptoSwapSeed]:
    seeds = asyncio.run(discover(AnvilReader(chain), known, venues=["curve"]))
    return [seed for seed in seeds if isinstance(seed, StableSwapSeed | CryptoSwapSeed)]


def recorded(name: str) -> dict[str, Any]:
    pools = load_json("curve_mainnet_quotes.json")["pools"]
    found: dict[str, Any] = next(pool for pool in pools if pool["name"].startswith(name))
    return found


def check_quotes(pool: Any, quotes: list[Mapping[str, Any]]) -> None:
    asked_for = [quote for quote in quotes if quote["function"] == "get_dy"]
    assert asked_for
    for quote in asked_for:
        assert pool.get_dy(quote["i"], quote["j"], int(quote["dx"])) == int(quote["result"])


# --- recorded pools ------------------------------------------------------------------------


def test_3pool_answers_what_mainnet_did(chain: Chain) -> None:
    data = recorded("3pool")
    tokens = [each["address"] for each in data["tokens"]]
    balances = [int(each) for each in data["balances"]]
    # The contract has no is_killed(), and no A_precise().
    answers = stable(tokens, balances, A=data["A"], fee=data["fee"], admin_fee=data["admin_fee"])
    put(chain, data["address"], answers)
    lp_token = mainnet().contracts["Curve 3Crv token"]
    put(chain, lp_token, {asked("totalSupply()"): words(int(data["lp_total_supply"]))})
    (seed,) = find(chain, mainnet())
    (pool,) = asyncio.run(read_pools(AnvilReader(chain), [seed])).pools
    assert isinstance(pool, StableSwapPool)
    assert pool.template.name == "three_pool"
    assert str(pool.get_virtual_price()) == data["virtual_price"]
    check_quotes(pool, data["quotes"])


def test_tricrypto_answers_what_mainnet_did(chain: Chain) -> None:
    data = recorded("Tricrypto")
    tokens = [each["address"] for each in data["tokens"]]
    balances = [int(each) for each in data["balances"]]
    put(chain, data["address"], crypto(tokens, balances, data))
    (seed,) = find(chain, mainnet())
    (pool,) = asyncio.run(read_pools(AnvilReader(chain), [seed])).pools
    assert isinstance(pool, CryptoSwapPool)
    assert pool.contract is CryptoSwapContract.TRICRYPTO
    check_quotes(pool, data["quotes"])


def crypto(tokens: list[str], balances: list[int], data: Mapping[str, Any]) -> Answers:
    names = ("A", "gamma", "D", "mid_fee", "out_fee", "fee_gamma")
    answers = stable(tokens, balances, **{name: int(data[name]) for name in names})
    answers[asked("A_precise()")] = words(int(data["A"]) * 100)
    answers[asked("future_A_gamma_time()")] = words(0)
    answers[asked("is_killed()")] = words(0)
    for place, price in enumerate(data["price_scale"]):
        answers[asked("price_scale(uint256)", place)] = words(int(price))
    return answers


# --- ether and stETH -----------------------------------------------------------------------


def steth_pool(chain: Chain, ether: int, shares: int, external: tuple[int, int] | None) -> int:
    """Put the pool of ether and stETH, and Lido, and return what the pool holds of stETH."""
    at = next(pool.address for pool in mainnet().curve if pool.name == "stETH")
    supply = next(pool.lp_token for pool in mainnet().curve if pool.name == "stETH")
    assert supply is not None
    held = 7 * 10**21 + 5
    values = {"A": 200, "A_precise": 20_000, "fee": 4 * 10**6, "admin_fee": 5 * 10**9}
    put(chain, at, stable([ETHER.address, STETH.address], [6 * 10**21, 7 * 10**21], **values))
    put(chain, supply, {asked("totalSupply()"): words(12 * 10**21)})
    lido: Answers = {
        asked("getTotalPooledEther()"): words(ether),
        asked("getTotalShares()"): words(shares),
        asked("balanceOf(address)", at): words(held),
    }
    if external is not None:
        lido[asked("getExternalEther()")] = words(external[0])
        lido[asked("getExternalShares()")] = words(external[1])
    put(chain, STETH.address, lido)
    return held


@pytest.mark.parametrize("external", [None, (3 * 10**21, 2 * 10**21)])
def test_staked_ether_brings_its_pool_and_both_wrappers(
    chain: Chain, external: tuple[int, int] | None
) -> None:
    held = steth_pool(chain, 9 * 10**24, 8 * 10**24, external)
    seeds = asyncio.run(discover(AnvilReader(chain), mainnet(), venues=["curve"]))
    pools = {type(p): p for p in asyncio.run(read_pools(AnvilReader(chain), seeds)).pools}
    outside = external or (0, 0)
    shares = StakedEtherShares(9 * 10**24 - outside[0], 8 * 10**24 - outside[1])
    pool, wrapper = pools[StakedEtherPool], pools[StakedEtherWrapper]
    assert isinstance(pool, StakedEtherPool)
    assert (pool.shares, pool.held, pool.steth) == (shares, held, STETH)
    assert wrapper == StakedEtherWrapper(shares.total_pooled_ether, shares.total_shares)
    assert pools[EtherWrapper] == EtherWrapper()
    assert len(pools) == len(seeds) == 3


def test_a_new_share_rate_is_told_as_events(chain: Chain) -> None:
    steth_pool(chain, 9 * 10**24, 8 * 10**24, None)
    reader = AnvilReader(chain)
    seeds = asyncio.run(discover(reader, mainnet(), venues=["curve"]))
    pools = {pool.address: pool for pool in asyncio.run(read_pools(reader, seeds)).pools}
    assert asyncio.run(refresh_unlogged(reader, seeds, pools, "latest")) == ()
    steth_pool(chain, 9 * 10**24 + 10**20, 8 * 10**24, None)
    events = asyncio.run(refresh_unlogged(reader, seeds, pools, "latest"))
    assert {event.address for event in events} == {
        pool.address for pool in pools.values() if not isinstance(pool, EtherWrapper)
    }
    assert all(isinstance(event, PoolAppeared) for event in events)
    # Applied, they leave nothing to tell.
    after = pools | {e.address: e.pool for e in events if isinstance(e, PoolAppeared)}
    assert asyncio.run(refresh_unlogged(reader, seeds, after, "latest")) == ()


# --- metapools and -ng ---------------------------------------------------------------------

COIN, OTHER = "0x" + "21" * 20, "0x" + "22" * 20
META, BASE, LP = "0x" + "31" * 20, "0x" + "32" * 20, "0x" + "33" * 20


def file_of(folder: Path, *pools: Mapping[str, Any]) -> ChainAddresses:
    tokens = [(COIN, "COIN", 18), (OTHER, "OTHER", 6), (LP, "LP", 18)]
    data = {
        "chain_id": 31337,
        "name": "a chain of our own",
        "native_token": "COIN",
        "tokens": [{"address": a, "symbol": s, "decimals": d} for a, s, d in tokens],
        "discovery_tokens": ["COIN", "OTHER", "LP"],
        "curve": list(pools),
    }
    path = folder / "chain.json"
    path.write_text(json.dumps(data), "utf-8")
    return ChainAddresses.from_file(path)


def test_a_metapool_brings_its_base_pool_and_its_cache(chain: Chain, tmp_path: Path) -> None:
    known = file_of(
        tmp_path,
        {"name": "base", "address": BASE, "coins": 2, "template": "three_pool", "lp_token": LP},
        {
            "name": "meta",
            "address": META,
            "coins": 2,
            "template": "plain",
            "A_precision": 100,
            "base_pool": BASE,
        },
    )
    chain.ask("anvil_mine")
    now = int(chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    base = stable([COIN, OTHER], [10**24, 10**12], A=200, fee=10**6, admin_fee=0)
    own = {"A": 100, "A_precise": 10_050, "fee": 4 * 10**6, "admin_fee": 5 * 10**9}
    cache = {"base_virtual_price": 101 * 10**16, "base_cache_updated": now}
    put(chain, BASE, base)
    put(chain, LP, {asked("totalSupply()"): words(2 * 10**24)})
    put(chain, META, stable([COIN, LP], [10**23, 10**23], **own, **cache))
    seeds = [seed for seed in find(chain, known) if seed.address == META]
    reader = AnvilReader(chain)
    (pool,) = asyncio.run(read_pools(reader, seeds)).pools
    assert isinstance(pool, StableSwapPool)
    assert pool.A_precise == 10_050
    assert pool.rates == (10**18, 101 * 10**16)
    assert isinstance(pool.base_pool, StableSwapPool)
    assert pool.base_pool.lp_total_supply == 2 * 10**24
    # Later blocks are no news, another amplification is.
    pools: dict[Address, Pool] = {pool.address: pool}
    chain.ask("anvil_mine")
    assert asyncio.run(refresh_unlogged(reader, seeds, pools, "latest")) == ()
    own["A_precise"] = 10_051
    put(chain, META, stable([COIN, LP], [10**23, 10**23], **own, **cache))
    (event,) = asyncio.run(refresh_unlogged(reader, seeds, pools, "latest"))
    assert isinstance(event, PoolAppeared)


def test_a_new_generation_pool_tells_its_rates(chain: Chain, tmp_path: Path) -> None:
    entry = {"name": "ng", "address": META, "coins": 2, "template": "ng", "A_precision": 100}
    known = file_of(tmp_path, entry | {"lp_token": META})
    values = {"A": 200, "A_precise": 20_000, "fee": 10**6, "admin_fee": 5 * 10**9}
    values |= {"offpeg_fee_multiplier": 2 * 10**10, "totalSupply": 10**24, "is_killed": 0}
    answers = stable([COIN, OTHER], [10**23, 10**11], **values)
    answers[asked("stored_rates()")] = listed(11 * 10**17, 10**30)
    put(chain, META, answers)
    (seed,) = find(chain, known)
    (pool,) = asyncio.run(read_pools(AnvilReader(chain), [seed])).pools
    assert isinstance(pool, StableSwapPool)
    assert (pool.rates, pool.offpeg_fee_multiplier) == ((11 * 10**17, 10**30), 2 * 10**10)


# --- what is refused -----------------------------------------------------------------------


def test_templates_and_contracts_that_cannot_be_read_are_refused(chain: Chain) -> None:
    tokens = (Token(COIN, "COIN", 18), Token(OTHER, "OTHER", 6))
    lending = StableSwapSeed(Address(META), tokens, "first_lending", 1, None)
    newer = CryptoSwapSeed(Address(BASE), tokens, "TWOCRYPTO_NG")
    refused = asyncio.run(read_pools(AnvilReader(chain), [lending, newer])).refused
    assert "'first_lending'; those that can be read here are three_pool" in refused[lending.address]
    assert "'TWOCRYPTO_NG'; those that can be read are TRICRYPTO" in refused[newer.address]


def test_a_known_pool_that_is_not_there_is_noted(
    chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    assert find(chain, mainnet()) == []
    assert "the Curve pool 3pool is not on this chain" in caplog.text


def test_a_state_that_no_such_contract_has_is_refused(chain: Chain) -> None:
    data = recorded("3pool")
    tokens = [each["address"] for each in data["tokens"]]
    put(chain, data["address"], stable(tokens, [1, 1, 1], A=0, fee=1, admin_fee=0))
    put(
        chain,
        mainnet().contracts["Curve 3Crv token"],
        {asked("totalSupply()"): words(3)},
    )
    (seed,) = find(chain, mainnet())
    read = asyncio.run(read_pools(AnvilReader(chain), [seed]))
    assert read.pools == ()
    assert read.refused[seed.address].startswith("A is 0; allowed is")
