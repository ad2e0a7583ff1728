from __future__ import annotations

import pytest

from aineon.chain.addresses import MAINNET_CHAIN_ID, mainnet
from aineon.errors import UnknownToken
from aineon.primitives import Token, parse_address
from tests.shared_data import load_json

DECIMALS = {"WETH": 18, "USDC": 6, "USDT": 6, "DAI": 18, "WBTC": 8, "wstETH": 18}


def test_tokens_have_their_decimals() -> None:
    known = mainnet()
    assert known.chain_id == MAINNET_CHAIN_ID
    assert {token.symbol: token.decimals for token in known.tokens.values()} == DECIMALS
    assert known.native_token == known.token_by_symbol("WETH")


def test_addresses_are_those_of_the_recorded_facts() -> None:
    facts = {
        each["name"]: each["address"]
        for each in load_json("mainnet_addresses_and_facts.json")["addresses"]
    }
    known = mainnet()
    for symbol in DECIMALS:
        assert known.token_by_symbol(symbol).address == parse_address(facts[symbol])
    for name, address in known.contracts.items():
        assert any(parse_address(facts[each]) == address for each in facts if name in each)
    assert known.venues["uniswap_v2"].factory == parse_address(facts["Uniswap V2 Factory"])
    assert known.venues["sushiswap"].factory == parse_address(facts["SushiSwap V2 Factory"])
    assert known.venues["uniswap_v3"].factory == parse_address(facts["Uniswap V3 Factory"])
    assert known.venues["uniswap_v2"].init_code_hash == facts["Uniswap V2 pair init code hash"]
    assert known.venues["uniswap_v3"].init_code_hash == facts["Uniswap V3 pool init code hash"]


def test_unknown_address_stays_an_address() -> None:
    stranger = mainnet().token("0x" + "AB" * 20)
    assert stranger == Token("0x" + "ab" * 20)
    assert (stranger.symbol, stranger.decimals) == ("", None)


def test_known_address_is_named_in_any_spelling() -> None:
    assert mainnet().token("0xA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48").symbol == "USDC"


def test_unknown_symbol_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownToken, match="'DOGE' is not known .* WETH, USDC"):
        mainnet().token_by_symbol("DOGE")
