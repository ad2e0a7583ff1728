from __future__ import annotations

import asyncio
import gzip
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.errors import FeedError, InvalidRecording
from aineon.feeds.base import FeedStep, Rewind, Taking
from aineon.feeds.replay import Header, Recorder, ReplayFeed, record
from aineon.market import (
    LiquidityChanged,
    Market,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Block, Provenance, Token
from tests.shared_data import path_of

USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
ODD = Token("0x" + "dd" * 20)
HEADER = Header("sandbox", "a test", Provenance.SIMULATED, (WETH, USDC), WETH, complete=True)
PAIR = ConstantProductPool("0x" + "aa" * 20, USDC, WETH, 10**13, 2**112 - 1, 2500, "sushiswap")
V3 = ConcentratedPool(
    address="0x" + "bb" * 20,
    token0=USDC,
    token1=WETH,
    fee_pips=3000,
    tick_spacing=60,
    sqrt_price_x96=2**96,
    tick=0,
    liquidity=0,
    ticks={},
)


def write(path: Path, steps: list[FeedStep | Rewind], header: Header = HEADER) -> Path:
    with Recorder(path, header) as recorder:
        for step in steps:
            recorder.write(step)
    return path


def read(path: Path) -> list[FeedStep | Rewind]:
    return list(ReplayFeed(path).blocks())


def step(number: int, *events: MarketEvent, **fields: Any) -> FeedStep:
    return FeedStep(MarketUpdate(Block(number), events), **fields)


STEPS: list[FeedStep | Rewind] = [
    step(7, PoolAppeared(PAIR), PoolAppeared(V3), warm_up=(1, 2)),
    FeedStep(
        MarketUpdate(
            Block(8, 10**20, 1_700_000_000, "0x" + "ab" * 32, "0x" + "cd" * 32, 1, 30_000_000),
            (ReservesChanged(PAIR.address, 1, 2**100), PriceMoved(V3.address, 2**96 + 1, 0, 0)),
            step=3,
        ),
        mid_transaction=True,
        droppable=True,
        takings=(
            Taking("sandbox:one", "somebody", (PAIR.address, V3.address), ODD, -(2**70), 0, None),
        ),
        not_replayable={"curve swap: state not recorded": 2},
    ),
    Rewind(7),
    step(8, LiquidityChanged(V3.address, -60, 120, 2**90), PoolVanished(PAIR.address)),
]


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_what_is_recorded_is_replayed_alike(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, STEPS)
    assert read(path) == STEPS
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_names_of_tokens_survive_though_tokens_compare_by_address(tmp_path: Path) -> None:
    feed = ReplayFeed(write(tmp_path / "run.jsonl", STEPS))
    first = next(iter(feed.blocks()))
    assert isinstance(first, FeedStep)
    appeared = first.update.events[0]
    assert isinstance(appeared, PoolAppeared)
    assert [(token.symbol, token.decimals) for token in appeared.pool.tokens] == [
        ("USDC", 6),
        ("WETH", 18),
    ]
    assert [token.symbol for token in feed.base_tokens] == ["WETH", "USDC"]


def test_equal_steps_give_equal_files(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl.gz", STEPS)
    second = write(tmp_path / "b.jsonl.gz", STEPS)
    assert first.read_bytes() == second.read_bytes()


def test_replay_of_a_recording_can_be_recorded_again(tmp_path: Path) -> None:
    first = write(tmp_path / "first.jsonl", STEPS)
    asyncio.run(record(ReplayFeed(first), tmp_path / "second.jsonl"))
    assert read(tmp_path / "second.jsonl") == [
        replace(each, droppable=False) if isinstance(each, FeedStep) else each for each in STEPS
    ]


def test_large_integers_are_decimal_strings(tmp_path: Path) -> None:
    lines = write(tmp_path / "run.jsonl", STEPS).read_text(encoding="utf-8").splitlines()
    pool = next(json.loads(line) for line in lines if '"step"' in line)["events"][0]["pool"]
    assert pool["reserve0"] == 10**13
    assert pool["reserve1"] == str(2**112 - 1)


@pytest.mark.parametrize(
    ("recorded", "replayed"),
    [
        (Provenance.SIMULATED, Provenance.SIMULATED),
        (Provenance.ESTIMATED, Provenance.ESTIMATED),
        (Provenance.LIVE, Provenance.REPLAYED),
        (Provenance.PENDING, Provenance.REPLAYED),
        (Provenance.REPLAYED, Provenance.REPLAYED),
    ],
)
def test_play_money_stays_play_money(
    tmp_path: Path, recorded: Provenance, replayed: Provenance
) -> None:
    header = Header("sandbox", "", recorded, (WETH,), None, complete=False, chain_id=1)
    feed = ReplayFeed(write(tmp_path / "run.jsonl", [], header))
    assert feed.provenance is replayed
    assert (feed.native_token, feed.complete) == (None, False)


# --- concentrated pools --------------------------------------------------------------------

_RANGES = st.tuples(st.integers(-40, 39), st.integers(1, 30)).map(
    lambda each: (each[0] * 60, (each[0] + each[1]) * 60)
)
_MINT = st.tuples(st.just("mint"), _RANGES, st.integers(1, 10**24))
_BURN = st.tuples(st.just("burn"), st.integers(0, 10), st.integers(1, 100))
_SWAP = st.tuples(st.just("swap"), st.booleans(), st.integers(1, 10**23))


@settings(max_examples=40)
@given(st.lists(st.one_of(_MINT, _BURN, _SWAP), min_size=1, max_size=25))
def test_concentrated_pool_replays_bit_for_bit(actions: list[tuple[Any, ...]]) -> None:
    pool = V3
    held: list[list[int]] = []
    steps: list[FeedStep | Rewind] = [step(1, PoolAppeared(V3))]
    pools = [V3]
    for action in actions:
        moved = _act(pool, action, held)
        if moved is None:
            continue
        pool, event = moved
        pools.append(pool)
        steps.append(step(len(pools), event))
    with tempfile.TemporaryDirectory() as folder:
        replayed = read(write(Path(folder) / "run.jsonl.gz", steps))
    market = Market()
    for expected, played in zip(pools, replayed, strict=True):
        assert isinstance(played, FeedStep)
        market.apply(played.update)
        found = market.pool(V3.address)
        assert isinstance(found, ConcentratedPool)
        assert found.__reduce__() == expected.__reduce__()


def _act(
    pool: ConcentratedPool, action: tuple[Any, ...], held: list[list[int]]
) -> tuple[ConcentratedPool, MarketEvent] | None:
    """Do `action` to the pool; None where it cannot be done now."""
    kind, what, amount = action
    if kind == "swap":
        tokens = (USDC, WETH) if what else (WETH, USDC)
        if pool.max_amount_in(*tokens) < 1:
            return None
        after = pool.quote_exact_input(*tokens, amount).pool_after
        assert isinstance(after, ConcentratedPool)
        return after, PriceMoved(pool.address, after.sqrt_price_x96, after.tick, after.liquidity)
    if kind == "mint":
        held.append([*what, amount])
        lower, upper, delta = held[-1]
    elif held:
        position = held[what % len(held)]
        delta = -(position[2] * amount // 100)
        position[2] += delta
        lower, upper = position[:2]
    else:
        return None
    return (
        pool.with_liquidity(lower, upper, delta),
        LiquidityChanged(pool.address, lower, upper, delta),
    )


# --- recordings of other feeds -------------------------------------------------------------


def test_recorded_mainnet_blocks_survive_our_own_format(tmp_path: Path) -> None:
    feed = ReplayFeed(path_of("mainnet_blocks_swaps.json"))
    asyncio.run(record(feed, tmp_path / "blocks.jsonl.gz", "13 mainnet blocks"))
    copy = ReplayFeed(tmp_path / "blocks.jsonl.gz")
    assert list(copy.blocks()) == list(feed.blocks())
    assert copy.provenance is Provenance.REPLAYED
    assert copy.source == "13 mainnet blocks"
    assert not copy.complete


def test_sandbox_replays_alike_and_stays_simulated(tmp_path: Path) -> None:
    sandbox = pytest.importorskip("aineon.feeds.sandbox")
    feed = sandbox.SandboxFeed(seed=7, warm_up=5, blocks=20)
    path = tmp_path / "sandbox.jsonl.gz"
    asyncio.run(record(feed, path, "sandbox, seed 7"))
    again = sandbox.SandboxFeed(seed=7, warm_up=5, blocks=20)
    copy = ReplayFeed(path)
    assert list(copy.blocks()) == list(again.blocks())
    assert copy.provenance is Provenance.SIMULATED
    assert copy.complete == again.complete


# --- what goes wrong -----------------------------------------------------------------------


def test_recording_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    with pytest.raises(FeedError, match="never overwritten"):
        Recorder(path, HEADER)
    assert read(path) == STEPS


def test_second_recorder_of_one_path_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Recorder(path, HEADER), pytest.raises(FeedError, match="another recorder"):
        Recorder(path, HEADER)


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="cannot be recorded"):
        Recorder(tmp_path / "none" / "run.jsonl", HEADER)


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_crash_leaves_a_part_that_the_reader_names_unfinished(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    class Crash(Exception):
        pass

    def interrupted() -> None:
        with Recorder(path, HEADER) as recorder:
            recorder.write(STEPS[0])
            raise Crash

    with pytest.raises(Crash):
        interrupted()
    part = tmp_path / f"{name}.part"
    assert list(tmp_path.iterdir()) == [part]
    with pytest.raises(InvalidRecording, match="is unfinished"):
        ReplayFeed(part)
    with pytest.raises(InvalidRecording, match="unfinished recording"):
        ReplayFeed(path)


def test_nothing_can_be_recorded_after_the_end(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.jsonl", HEADER)
    recorder.close()
    recorder.close()
    with pytest.raises(FeedError, match="is closed"):
        recorder.write(Rewind(1))


def test_pool_of_a_type_without_a_notation_is_refused(tmp_path: Path) -> None:
    class OtherPool(ConstantProductPool):
        pass

    other: Any = object.__new__(type("Strange", (), {"address": PAIR.address, "tokens": ()}))
    with (
        Recorder(tmp_path / "run.jsonl", HEADER) as recorder,
        pytest.raises(FeedError, match="is a Strange"),
    ):
        recorder.write(step(1, PoolAppeared(other)))


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_lines_missing_at_the_end_are_seen_before_anything_plays(tmp_path: Path, lost: int) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-lost]))
    with pytest.raises(InvalidRecording, match="breaks off: line"):
        ReplayFeed(path)


def test_line_missing_in_the_middle_is_seen_by_the_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    lines = path.read_bytes().splitlines(keepends=True)
    dropped = next(number for number, line in enumerate(lines) if b'"rewind"' in line)
    path.write_bytes(b"".join(lines[:dropped] + lines[dropped + 1 :]))
    with pytest.raises(InvalidRecording, match="counts 1 lines of kind 'rewind', but 0"):
        read(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_truncated_recording_never_plays(tmp_path: Path, name: str, share: float) -> None:
    path = write(tmp_path / name, STEPS)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidRecording, match=name):
        ReplayFeed(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"version":2', b'"version":3', "version 1 and 2, which this program reads"),
        (b'"version":2', b'"version":true', "version 1 and 2, which this program reads"),
        (b'"aineon-recording"', b'"another"', "line 1: format is 'another'"),
        (b'"simulated"', b'"dreamt"', "line 1: provenance is 'dreamt'"),
        (b'"complete":true', b'"complete":1', "line 1: complete is 1"),
    ],
)
def test_header_that_does_not_fit_is_refused(
    tmp_path: Path, old: bytes, new: bytes, said: str
) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(InvalidRecording, match="line 1") as caught:
        ReplayFeed(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"reserve0":10000000000000', b'"reserve0":-1', "events[0].pool.reserve0 is -1"),
        (b'"fee_pips":2500', b'"fee_pips":1000000', "events[0].pool.fee_pips"),
        (b'"type":"constant_product"', b'"type":"magic"', "events[0].pool.type is 'magic'"),
        (b'"event":"pool_vanished"', b'"event":"burnt"', "event is 'burnt'"),
        (b'"kind":"rewind"', b'"kind":"leap"', "kind is 'leap'"),
        (b'"tick":0', b'"tick":5', "cannot be a pool"),
        (b'"kind":"token"', b'"kind":"end"', "line 2 has no field 'tokens'"),
        (b'"to_block":7', b'"to_block":"x"', "to_block is 'x'"),
    ],
)
def test_broken_line_is_refused_with_its_number(
    tmp_path: Path, old: bytes, new: bytes, said: str
) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(InvalidRecording, match=r"line \d") as caught:
        read(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("extra", [b"", b'{"kind":"rewind","to_block":1}\n'])
def test_line_after_the_closing_line_is_refused(tmp_path: Path, extra: bytes) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    content = path.read_bytes()
    closing = content.splitlines(keepends=True)[-1]
    path.write_bytes(content + extra + closing)
    with pytest.raises(InvalidRecording, match="after the closing line"):
        read(path)


def test_packed_recording_is_told_by_content(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", STEPS)
    packed = tmp_path / "packed.jsonl"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed) == STEPS


async def test_no_state_of_a_recording_is_droppable(tmp_path: Path) -> None:
    """Else what a replay finds would depend on how fast the machine is."""
    recorded = [step(1, PoolAppeared(PAIR)), step(2, droppable=True)]
    feed = ReplayFeed(write(tmp_path / "paced.jsonl", list(recorded)))
    assert [each.droppable for each in recorded] == [False, True]
    delivered = [each async for each in feed.steps()]
    assert [isinstance(each, FeedStep) and each.droppable for each in delivered] == [False, False]
