"""Tokens and addresses."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from aineon.errors import AineonError, InvalidValue
from aineon.primitives import Token, TokenAmount, parse_address

WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


def test_tokens_are_the_same_exactly_when_their_addresses_are() -> None:
    token = Token(WETH, symbol="WETH", decimals=18)
    assert token == Token(WETH.lower(), symbol="other", decimals=6)
    assert hash(token) == hash(Token(WETH.lower()))
    assert token != Token("0x" + "1" * 40, symbol="WETH", decimals=18)
    assert token.address == WETH.lower()


def test_a_token_is_frozen_and_can_be_pickled() -> None:
    token = Token(WETH, symbol="WETH", decimals=18)
    with pytest.raises(FrozenInstanceError):
        token.symbol = "X"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(token)) == token


@pytest.mark.parametrize("text", ["", "0x12", WETH[2:], WETH + "0", "0x" + "g" * 40, None, 5])
def test_what_is_no_address_is_refused_by_value(text: object) -> None:
    with pytest.raises(ValueError, match="40 hexadecimal digits"):
        parse_address(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("decimals", [-1, 256, 1.5, True])
def test_impossible_decimals_are_refused(decimals: object) -> None:
    with pytest.raises(ValueError, match="decimals"):
        Token(WETH, decimals=decimals)  # type: ignore[arg-type]


@pytest.mark.parametrize("symbol", [None, b"WETH", 5])
def test_a_symbol_that_is_no_text_is_refused(symbol: object) -> None:
    with pytest.raises(InvalidValue, match="symbol"):
        Token(WETH, symbol=symbol)  # type: ignore[arg-type]


def test_refusals_are_the_librarys_own_and_value_errors_too() -> None:
    for family in (AineonError, ValueError):
        with pytest.raises(family):
            Token("0x12")


def test_symbols_are_reduced_to_harmless_characters() -> None:
    hostile = Token(WETH, symbol='<img src=x onerror="alert(1)">=HYPERLINK')
    assert hostile.symbol == "imgsrcxonerroral"


def test_an_amount_without_known_decimals_shows_units() -> None:
    assert str(TokenAmount(Token(WETH), 15)) == "15 units of 0xc02a…6cc2"
    assert str(TokenAmount(Token(WETH, "WETH", 18), -(10**17))) == "-0.1 WETH"
