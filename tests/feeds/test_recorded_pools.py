"""Every kind of pool and event is recorded, and replays as the same value."""

from __future__ import annotations

import json
import tempfile
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import (
    TEMPLATES,
    ComposableStablePool,
    ConcentratedPool,
    ConstantProductPool,
    CryptoSwapContract,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    Repeg,
    StablePool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherShares,
    StakedEtherWrapper,
    WeightedPool,
)
from aineon.errors import FeedError, InvalidRecording
from aineon.feeds.base import FeedStep
from aineon.feeds.replay import Header, Recorder, ReplayFeed
from aineon.feeds.replay.codec_pools import FORMATS, PoolFormat
from aineon.market import (
    BalancesChanged,
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
)
from aineon.primitives import ETHER, Address, Block, Provenance, Token, Transfers

HEADER = Header("chain", "a test", Provenance.REPLAYED, (), None, complete=True)
ADDRESS = Address("0x" + "ab" * 20)
TOKENS = tuple(Token(f"0x{digit * 40}", f"T{digit}", 18) for digit in "123")
USDT = Token("0x" + "dd" * 20, "USDT", 6)
LP = Token("0x" + "ee" * 20, "LP", 18)
STETH = Token("0x" + "ae" * 20, "stETH", 18, Transfers.SHARES)
HALF = 5 * 10**17

BASE = StableSwapPool(
    "0x" + "ba" * 20, (*TOKENS[:2], USDT), (10**25, 2**200, 10**13), 2000, 4 * 10**6,
    admin_fee=5 * 10**9, lp_token=LP, lp_total_supply=3 * 10**25,
)  # fmt: skip
META = StableSwapPool(
    ADDRESS, (TOKENS[2], LP), (10**24, 10**24), 200, 4 * 10**6,
    A_precision=100, A_precise=20_017, rates=(10**18 + 1,), base_pool=BASE,
    base_virtual_price=10**18 + 7, base_cache_updated=5, block_timestamp=10, is_killed=True,
)  # fmt: skip
CRYPTO = CryptoSwapPool(
    ADDRESS, (USDT, *TOKENS[:2]), (10**12, 10**21, 10**22), 2000, 10**14, 2**80,
    (10**18, 2**90), 10**7, 4 * 10**7, 10**15,
    contract=CryptoSwapContract.TRICRYPTO, A_precise=200_001, future_A_gamma_time=7,
    repeg=Repeg(
        9, (10**18, 2**90), (10**18, 2**89), 8, 600, 10**18, 10**18 + 1, 10**12, 10**24,
        not_adjusted=True, price_threshold=10**13,
    ),
)  # fmt: skip
ETHER_POOL = StableSwapPool(
    ADDRESS, (ETHER, STETH), (10**22, 10**22), 50, 4 * 10**6,
    A_precision=100, template=TEMPLATES["steth"],
)  # fmt: skip
SHARES = StakedEtherShares(2**90, 2**89 + 1)

POOLS: list[Pool] = [
    ConstantProductPool(ADDRESS, *TOKENS[:2], 1, 2**112 - 1, 2500, "sushiswap"),
    ConcentratedPool(ADDRESS, *TOKENS[:2], 500, 10, 2**96, 0, 5, {-10: (5, 5), 10: (5, -5)}),
    BASE,
    META,
    META.revived().underlying,
    StableSwapPool(
        ADDRESS, TOKENS, (1, 2, 3), 100, 10**6, offpeg_fee_multiplier=2 * 10**10, A_precision=100
    ),
    CRYPTO,
    CRYPTO.with_balances((1, 2, 3)),
    WeightedPool(
        ADDRESS, (*TOKENS[:2], USDT), (10**21, 0, 2**112 - 1), (HALF, HALF // 2, HALF // 2), 10**15,
        pool_id=ADDRESS + "00" * 12, pow_up_shortcuts=True, is_paused=True, swap_enabled=False,
    ),
    StablePool(ADDRESS, TOKENS[:2], (10**24, 10**24), 200_000, 10**14),
    ComposableStablePool(
        ADDRESS, TOKENS, (2**111, 10**24, 10**24), 200_000, 10**14,
        bpt_index=0, scaling_factors=(10**18, 10**18 + 5, 2**100),
    ),
    EtherWrapper(TOKENS[0], "weth"),
    StakedEtherWrapper(2**90, 2**89, STETH, TOKENS[1]),
    StakedEtherPool(ETHER_POOL, SHARES, 10**22 + 9),
    StakedEtherPool(ETHER_POOL, SHARES),
    CRYPTO.with_state(CRYPTO.balances, 2**80, CRYPTO.price_scale, is_killed=True),
]  # fmt: skip


def write(path: Path, *events: MarketEvent) -> Path:
    with Recorder(path, HEADER) as recorder:
        recorder.write(FeedStep(MarketUpdate(Block(1), events)))
    return path


def read(path: Path) -> tuple[MarketEvent, ...]:
    (step,) = ReplayFeed(path).blocks()
    assert isinstance(step, FeedStep)
    return step.update.events


def again(*events: MarketEvent) -> tuple[MarketEvent, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return read(write(Path(folder) / "run.jsonl", *events))


def test_every_kind_is_tried() -> None:
    assert {type(pool) for pool in POOLS} == {each.pool for each in FORMATS}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.kind)
def test_no_part_of_a_pool_is_left_out(form: PoolFormat) -> None:
    parts = {part.name for part in form.parts}
    if form.pool is StakedEtherPool:
        parts = parts - {"total_pooled_ether", "total_shares"} | {"shares"}
    assert parts == set(signature(form.pool).parameters)


def test_a_pool_recorded_without_word_of_it_is_not_killed(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PoolAppeared(CRYPTO))
    assert "is_killed" not in path.read_text()
    assert read(path) == (PoolAppeared(CRYPTO),)


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: type(pool).__name__)
def test_pools_replay_as_the_same_value(pool: Pool) -> None:
    (event,) = again(PoolAppeared(pool))
    assert isinstance(event, PoolAppeared)
    found = event.pool
    assert type(found) is type(pool)
    assert found == pool
    # Tokens compare by address alone; what else they say must come back too.
    assert [repr(token) for token in found.tokens] == [repr(token) for token in pool.tokens]
    assert [token.transfers for token in found.tokens] == [each.transfers for each in pool.tokens]
    (third,) = again(event)
    assert third == event


_UINTS = st.integers(0, 2**256 - 1)


@settings(max_examples=40)
@given(st.lists(_UINTS, min_size=2, max_size=8), st.integers(1, 10**6), st.none() | _UINTS)
def test_any_stableswap_pool(balances: list[int], A: int, supply: int | None) -> None:  # noqa: N803
    tokens = [Token(f"0x{number:040x}", "T", 18) for number in range(1, len(balances) + 1)]
    pool = StableSwapPool(ADDRESS, tokens, balances, A, 0, lp_total_supply=supply)
    assert again(PoolAppeared(pool)) == (PoolAppeared(pool),)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2**112 - 1), st.integers(1, 10**6)), min_size=2, max_size=5)
)
def test_any_weighted_pool(entries: list[tuple[int, int]]) -> None:
    tokens = [Token(f"0x{number:040x}", "T", 18) for number in range(1, len(entries) + 1)]
    each, rest = divmod(10**18, len(entries))
    weights = [each + rest, *[each] * (len(entries) - 1)]
    factors = [factor * 10**15 for _, factor in entries]
    balances = [balance for balance, _ in entries]
    pool = WeightedPool(ADDRESS, tokens, balances, weights, 1, scaling_factors=factors)
    assert again(PoolAppeared(pool)) == (PoolAppeared(pool),)


_INTS = st.integers(-(2**255), 2**255 - 1)
_EVENTS = st.one_of(
    st.builds(BalancesChanged, st.just(ADDRESS), st.lists(_UINTS, max_size=8).map(tuple)),
    st.builds(
        BalancesMoved,
        st.just(ADDRESS),
        st.lists(st.tuples(st.just(TOKENS[0].address), _INTS), max_size=4).map(tuple),
    ),
    st.builds(
        CoinsExchanged, st.just(ADDRESS), st.integers(0, 7), _UINTS, st.integers(0, 7), _UINTS
    ),
    st.builds(
        CoinsMoved,
        st.just(ADDRESS),
        st.lists(_INTS, max_size=8).map(tuple),
        st.lists(_UINTS, max_size=8).map(tuple),
        st.none() | _UINTS,
    ),
    st.builds(PoolVanished, st.just(ADDRESS), st.text(max_size=20)),
)


@settings(max_examples=60)
@given(st.lists(_EVENTS, min_size=1, max_size=6))
def test_events_replay_as_the_same_value(events: list[MarketEvent]) -> None:
    assert list(again(*events)) == events


def test_a_recording_of_version_1_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    first, second = (token.address for token in TOKENS[:2])
    lines = [
        {
            "format": "aineon-recording", "version": 1, "feed": "sandbox", "source": "",
            "provenance": "simulated", "complete": True, "chain_id": None,
            "base_tokens": [], "native_token": None,
        },
        {"kind": "token", "address": first, "symbol": "T1", "decimals": 18},
        {"kind": "token", "address": second, "symbol": "T2", "decimals": 18},
        {
            "kind": "step", "block": {"number": 1}, "step": 0,
            "events": [
                {
                    "event": "pool_appeared",
                    "pool": {
                        "type": "constant_product", "address": ADDRESS, "venue": "uniswap_v2",
                        "token0": first, "token1": second, "fee_pips": 3000,
                        "reserve0": 5, "reserve1": str(2**100),
                    },
                },
                {"event": "pool_vanished", "address": ADDRESS},
            ],
        },
        {"kind": "end", "tokens": 2, "steps": 1, "rewinds": 0},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    pool = ConstantProductPool(ADDRESS, *TOKENS[:2], 5, 2**100)
    assert read(path) == (PoolAppeared(pool), PoolVanished(ADDRESS))


# --- what is refused -----------------------------------------------------------------------


def changed(tmp_path: Path, pool: Pool, **fields: Any) -> Path:
    """A recording of `pool` in which some of its fields say something else."""
    path = write(tmp_path / "run.jsonl", PoolAppeared(pool))
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(index for index, line in enumerate(lines) if '"step"' in line)
    step = json.loads(lines[place])
    step["events"][0]["pool"].update(fields)
    lines[place] = json.dumps(step)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("pool", "fields", "said"),
    [
        (BASE, {"balances": [1, 2]}, "cannot be a pool"),
        (BASE, {"balances": [1, 2, -3]}, r"balances\[2\] is -3"),
        (BASE, {"balances": 7}, "allowed is a list"),
        (BASE, {"A": 0}, "cannot be a pool"),
        (BASE, {"template": "mine"}, "one of three_pool"),
        (BASE, {"lp_token": "0x" + "99" * 20}, "an earlier line declares"),
        (BASE, {"is_killed": 1}, "true or false"),
        (META, {"base_pool": {"type": "stableswap"}}, "base_pool has no field"),
        (META, {"rates": [1, 2, 3]}, "cannot be a pool"),
        (META, {"base_virtual_price": None, "base_cache_updated": 7}, "cannot be a pool"),
        (CRYPTO, {"contract": "TRICRYPTO9"}, "one of TRICRYPTO"),
        (CRYPTO, {"gamma": 1}, "cannot be a pool"),
        (CRYPTO, {"repeg": {}}, "repeg has no field 'timestamp'"),
        (POOLS[8], {"weights": [1, 2, 3]}, "cannot be a pool"),
        (POOLS[8], {"pool_id": "0x12"}, "cannot be a pool"),
        (POOLS[10], {"bpt_index": 9}, "cannot be a pool"),
        (POOLS[1], {"ticks": [[-10, 5, 5], [-10, 5, 5]]}, "each tick once"),
        (POOLS[12], {"total_shares": 0}, "cannot be a pool"),
        (POOLS[13], {"held": 1}, "cannot be a pool"),
        (BASE, {"type": "unheard_of"}, "one of constant_product, concentrated, stableswap"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, pool: Pool, fields: dict[str, Any], said: str
) -> None:
    path = changed(tmp_path, pool, **fields)
    with pytest.raises(InvalidRecording, match=r"line \d+: .*events\[0\].pool") as caught:
        read(path)
    assert caught.match(said)


def test_pools_do_not_nest_without_end(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"type": "stableswap_underlying"}
    for _ in range(300):
        inner = {"type": "stableswap_underlying", "metapool": inner}
    with pytest.raises(InvalidRecording, match="holds no further pools"):
        read(changed(tmp_path, BASE, **inner))


def test_a_template_of_ones_own_cannot_be_named(tmp_path: Path) -> None:
    mine = TEMPLATES["plain"]._replace(name="mine")
    pool = StableSwapPool(ADDRESS, TOKENS, (1, 2, 3), 100, 0, A_precision=100, template=mine)
    with (
        Recorder(tmp_path / "run.jsonl", HEADER) as recorder,
        pytest.raises(FeedError, match="'mine' is not one of"),
    ):
        recorder.write(FeedStep(MarketUpdate(Block(1), (PoolAppeared(pool),))))


def test_how_a_token_moves_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PoolAppeared(POOLS[13]))
    content = path.read_text(encoding="utf-8")
    assert '"transfers":"shares"' in content
    path.write_text(content.replace('"shares"', '"sideways"'), encoding="utf-8")
    with pytest.raises(InvalidRecording, match="transfers is 'sideways', allowed is one of"):
        read(path)
