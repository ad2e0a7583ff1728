"""Why the executor refused, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eth_abi import encode

from aineon.execution.contract import REASONS, decode_revert

ROOT = Path(__file__).resolve().parents[2]
ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


def error(text: str) -> bytes:
    return ERROR + encode(["string"], [text])


def test_the_executors_words_are_explained() -> None:
    said = decode_revert(error("too late"))
    assert said == "too late: the block is after the trade's deadline"


def test_others_words_are_passed_on() -> None:
    assert decode_revert(error("UniswapV2: K")) == "UniswapV2: K"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "reverted without a reason"),
        (PANIC + encode(["uint256"], [0x11]), "panic 0x11: an amount over- or underflowed"),
        (PANIC + encode(["uint256"], [0x77]), "panic 0x77: see the Solidity manual"),
        (bytes.fromhex("deadbeef"), "reverted with 0xdeadbeef"),
        (error("long" * 20)[:-40], "reverted with 0x08c379a0"),
        (ERROR + b"\xff" * 64, "reverted with 0x08c379a0"),
        (PANIC, "reverted with 0x4e487b71"),
    ],
)
def test_anything_is_said_in_words(data: bytes, said: str) -> None:
    assert decode_revert(data).startswith(said)


def test_no_control_characters_come_through() -> None:
    assert decode_revert(error("a\x1b[31mb\nc")) == "a�[31mb�c"


def test_every_reason_of_the_source_is_explained_and_no_other() -> None:
    source = (ROOT / "contracts" / "AineonExecutor.vy").read_text("utf-8")
    code = re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
    used = set(re.findall(r'(?:, |raise )"([a-z ]+)"', code))
    assert used == set(REASONS)


def test_every_reason_is_in_the_readme() -> None:
    text = (ROOT / "contracts" / "README.md").read_text("utf-8")
    for words, meaning in REASONS.items():
        assert f"| {words} | {meaning} |" in text
