from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import InvalidRecording
from aineon.feeds.replay import ReplayFeed
from tests.feeds.recordings import POOL_A, WETH, arbitrage, block, save, swap
from tests.shared_data import path_of

START = (30_000_000 * 10**6, 10_000 * 10**18)


def good_block() -> dict[str, Any]:
    recorded = swap("0x1", POOL_A, START, 10**9)
    return block(100, [recorded], arbitrages=[arbitrage("0x1", [0])])


def refusal(path: Path) -> str:
    with pytest.raises(InvalidRecording) as caught:
        ReplayFeed(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_the_good_block_plays(tmp_path: Path) -> None:
    assert len(list(ReplayFeed(save(tmp_path, good_block())).blocks())) == 2


def test_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nothing.json")


def test_missing_file_with_an_unfinished_recording_beside_it(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl.part").write_bytes(b"")
    assert "run.jsonl.part beside it is an unfinished recording" in refusal(tmp_path / "run.jsonl")


def test_directory(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_bytes(b"")
    assert "is empty" in refusal(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_json_says_where_it_breaks_off(tmp_path: Path, share: float) -> None:
    path = save(tmp_path, good_block())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "not valid JSON at line 1 column" in refusal(path)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_truncated_gzip_says_where_it_breaks_off(tmp_path: Path, share: float) -> None:
    path = tmp_path / "blocks.json.gz"
    packed = gzip.compress(save(tmp_path, good_block()).read_bytes())
    path.write_bytes(packed[: int(len(packed) * share)])
    assert "breaks off after" in refusal(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    path = tmp_path / "blocks.json.gz"
    packed = bytearray(gzip.compress(save(tmp_path, good_block()).read_bytes()))
    packed[40] ^= 0xFF
    path.write_bytes(packed)
    refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe{}",
        b'{"blocks": NaN}',
        b"[" * 100_000,
        b'{"blocks": [' + b"9" * 5000 + b"]}",
        b"\x00\x01\x02",
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize(
    "document", [{}, [], 7, "text", None, {"swaps": []}, {"swaps": [{"a": 1}]}, {"pools": [1]}]
)
def test_other_documents_are_refused_with_the_kinds_that_are_known(
    tmp_path: Path, document: object
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    message = refusal(path)
    assert "known are AINEON recordings" in message
    assert "'snapshots'" in message


@pytest.mark.parametrize(
    "name",
    [
        "univ3_core_math_vectors.json",
        "univ3_core_pool_swaps.json",
        "eip1559_vectors.json",
        "curve_mainnet_quotes.json",
        "balancer_mainnet_pools_14717479.json",
        "univ3_usdc_weth_0p3_liquidity_events.csv.gz",
    ],
)
def test_recorded_files_of_other_kinds_are_refused(name: str) -> None:
    refusal(path_of(name))


Change = Callable[[dict[str, Any]], object]


def in_swap(key: str, value: object) -> Change:
    return lambda each: each["swaps"][0].__setitem__(key, value)


def in_state(key: str, value: object) -> Change:
    return lambda each: each["swaps"][0]["v2"].__setitem__(key, value)


def in_taking(key: str, value: object) -> Change:
    return lambda each: each["arbitrages"][0].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda each: each.__setitem__("block_number", "soon"), "blocks[0].block_number"),
        (lambda each: each.__setitem__("block_number", -1), "blocks[0].block_number"),
        (lambda each: each.__setitem__("block_number", True), "blocks[0].block_number"),
        (lambda each: each.__setitem__("block_number", 1.5), "blocks[0].block_number"),
        (lambda each: each.pop("block_number"), "'block_number'"),
        (lambda each: each.pop("swaps"), "'swaps'"),
        (lambda each: each.__setitem__("swaps", {}), "blocks[0].swaps"),
        (lambda each: each.__setitem__("swaps", [3]), "blocks[0].swaps[0]"),
        (lambda each: each.__setitem__("base_fee_per_gas", "-5"), "base_fee_per_gas"),
        (lambda each: each.__setitem__("block_timestamp", "noon"), "block_timestamp"),
        (in_swap("pool", "0x12"), "swaps[0].pool"),
        (in_swap("pool", None), "swaps[0].pool"),
        (in_swap("tx", 5), "swaps[0].tx"),
        (in_swap("token_in", POOL_A), "swaps[0].token_in"),
        (in_swap("v2", []), "swaps[0].v2"),
        (in_state("reserves_before", ["-1", "5"]), "v2.reserves_before[0]"),
        (in_state("reserves_before", [0, 5]), "v2.reserves_before[0]"),
        (in_state("reserves_before", ["5"]), "v2.reserves_before"),
        (in_state("reserves_before", "55"), "v2.reserves_before"),
        (in_state("reserves_after", [str(2**112), "5"]), "v2.reserves_after[0]"),
        (in_state("reserves_after", ["1", "1"]), "v2.reserves_after"),
        (in_state("amount_in_contract", 0.5), "v2.amount_in_contract"),
        (in_state("token0", WETH), "v2.token1"),
        (in_taking("swap_indexes", [7]), "arbitrages[0].swap_indexes[0]"),
        (in_taking("swap_indexes", []), "arbitrages[0].swap_indexes"),
        (in_taking("profit_amount", "much"), "arbitrages[0].profit_amount"),
        (in_taking("account", "me"), "arbitrages[0].account"),
        (in_taking("gas_used", "-3"), "arbitrages[0].gas_used"),
    ],
)
def test_wrong_value_is_refused_with_its_place_before_anything_plays(
    tmp_path: Path, change: Change, place: str
) -> None:
    recorded = copy.deepcopy(good_block())
    change(recorded)
    assert place in refusal(save(tmp_path, recorded))


def test_blocks_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    message = refusal(save(tmp_path, good_block(), good_block()))
    assert "block 100 follows block 100" in message


def test_document_without_a_block_is_refused(tmp_path: Path) -> None:
    assert "holds no block" in refusal(save(tmp_path))


def test_pool_that_changes_its_venue_is_refused(tmp_path: Path) -> None:
    first = swap("0x1", POOL_A, START, 10**9)
    second = swap("0x2", POOL_A, START, 10**9, venue="sushiswap")
    assert "a pool keeps venue and tokens" in refusal(save(tmp_path, block(100, [first, second])))


def snapshot() -> dict[str, Any]:
    return {
        "block": 100,
        "base_fee_per_gas": "0",
        "token0": "0x" + "11" * 20,
        "token1": "0x" + "22" * 20,
        "venues": ["sushiswap", "uniswap_v2"],
        "pools": ["0x" + "33" * 20, "0x" + "44" * 20],
        "reserves": [["5", "6"], ["7", "8"]],
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("venues", ["sushiswap", "curve"]),
        ("venues", ["sushiswap"]),
        ("pools", ["0x" + "33" * 20, "0x" + "33" * 20]),
        ("reserves", [["5", "6"], ["7", "-8"]]),
        ("token1", "0x" + "00" * 20),
        ("block", None),
    ],
)
def test_snapshot_with_a_wrong_value_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "snapshots.json"
    path.write_text(json.dumps({"snapshots": [snapshot()]}), encoding="utf-8")
    assert len(list(ReplayFeed(path).blocks())) == 1
    path.write_text(json.dumps({"snapshots": [snapshot() | {key: value}]}), encoding="utf-8")
    assert "snapshots[0]" in refusal(path)
