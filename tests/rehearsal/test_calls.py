"""Calls from signatures as Solidity spells them."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from aineon.rehearsal.calls import answer, call_data, reason_of, selector, types_of


@pytest.mark.parametrize(
    ("signature", "types"),
    [
        ("deposit()", ()),
        ("transfer(address,uint256)", ("address", "uint256")),
        ("f((address,bool)[],uint256[])", ("(address,bool)[]", "uint256[]")),
    ],
)
def test_types_stand_between_the_brackets(signature: str, types: tuple[str, ...]) -> None:
    assert types_of(signature) == types


def test_a_call_is_selector_and_arguments() -> None:
    data = call_data("transfer(address,uint256)", "0x" + "11" * 20, 5)
    assert data[:4].hex() == "a9059cbb"
    assert answer(["address", "uint256"], data[4:]) == ("0x" + "11" * 20, 5)


def test_reasons_are_words_hex_or_none() -> None:
    assert reason_of(selector("Error(string)") + encode(["string"], ["K"])) == "K"
    assert reason_of(b"\x12\x34\x56\x78") == "0x12345678"
    assert reason_of(b"") == "no reason given"
