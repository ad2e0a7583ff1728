from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from aineon.amm import TEMPLATES, CryptoSwapContract
from aineon.chain.addresses import MAINNET_CHAIN_ID, ChainAddresses, chain, mainnet
from aineon.chain.snapshot import VaultPoolKind
from aineon.errors import ConfigurationError, UnknownToken
from aineon.primitives import Token, Transfers, parse_address
from tests.shared_data import load_json

DECIMALS = {"WETH": 18, "USDC": 6, "USDT": 6, "DAI": 18, "WBTC": 8, "wstETH": 18}


def test_tokens_have_their_decimals() -> None:
    known = mainnet()
    assert known.chain_id == MAINNET_CHAIN_ID
    assert {token.symbol: token.decimals for token in known.tokens.values()} == DECIMALS
    assert known.native_token == known.token_by_symbol("WETH")


NOT_RECORDED = {
    "Multicall3",
    "Uniswap V2 Router02",
    "SushiSwap Router",
    "Uniswap V3 SwapRouter",
}
"""Whoever calls these asks them first: for their code, or for the factory they are of."""


def test_addresses_are_those_of_the_recorded_facts() -> None:
    facts = {
        each["name"]: each["address"]
        for each in load_json("mainnet_addresses_and_facts.json")["addresses"]
    }
    known = mainnet()
    for symbol in DECIMALS:
        assert known.token_by_symbol(symbol).address == parse_address(facts[symbol])
    for name, address in known.contracts.items():
        if name in NOT_RECORDED:
            continue
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


# --- more than names -----------------------------------------------------------------------

MINIMAL = {
    "chain_id": 31337,
    "name": "a chain of our own",
    "native_token": "WETH",
    "tokens": [{"symbol": "WETH", "address": "0x" + "11" * 20, "decimals": 18}],
}


def written(folder: Path, changes: Mapping[str, object]) -> Path:
    path = folder / "chain.json"
    data = {name: value for name, value in {**MINIMAL, **changes}.items() if value is not None}
    path.write_text(json.dumps(data), "utf-8")
    return path


def test_a_file_of_ones_own_needs_little(tmp_path: Path) -> None:
    known = ChainAddresses.from_file(written(tmp_path, {}))
    assert (known.chain_id, known.native_token.symbol) == (31337, "WETH")
    assert (known.pairs, known.multicall, known.balancer, known.lido) == ((), None, None, None)
    assert (known.aave_pool, known.genesis_hash) == (None, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chain_id": "1"}, "chain_id is '1', not an int"),
        ({"chain_id": None}, "lack 'chain_id'"),
        ({"native_token": "ETH"}, "'ETH' is none of the tokens WETH"),
        ({"discovery_tokens": ["DOGE"]}, "'DOGE' is none of the tokens WETH"),
        ({"venues": [{"name": "x", "fee_pips": 1, "factory": "0x12"}]}, "address '0x12' is not"),
        ({"tokens": 5}, "malformed"),
        ({"balancer": {}}, "lack 'vault'"),
        (
            {"balancer": {"vault": {"address": "0x" + "22" * 20}, "pools": {"ids": ["0x12"]}}},
            "pool id '0x12' is not 0x",
        ),
        ({"curve": [{"name": "p", "address": "0x" + "22" * 20}]}, "'p' needs a template or a"),
        (
            {
                "curve": [
                    {
                        "name": "p",
                        "address": "0x" + "22" * 20,
                        "coins": 2,
                        "template": "plain",
                        "base_pool": "0x" + "33" * 20,
                    }
                ]
            },
            "of 'p' is not listed",
        ),
    ],
)
def test_a_file_that_is_malformed_is_refused(
    tmp_path: Path, changes: Mapping[str, object], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ChainAddresses.from_file(written(tmp_path, changes))


@pytest.mark.parametrize("content", ["", "{", "[]", "5"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "chain.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=r"addresses .*chain\.json are malformed"):
        ChainAddresses.from_file(path)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ChainAddresses.from_file(tmp_path / "nothing.json")


def test_a_chain_that_is_not_known_wants_a_file() -> None:
    assert chain(MAINNET_CHAIN_ID) is mainnet()
    with pytest.raises(ConfigurationError, match="no addresses are known on chain 5; known are"):
        chain(5)


def test_mainnet_tells_where_to_look_for_pools_and_loans() -> None:
    known = mainnet()
    assert len(known.pairs) == 15
    assert all(token0 < token1 for token0, token1 in known.pairs)
    assert known.balancer is not None
    kinds = {VaultPoolKind(kind) for kind in known.balancer.factories.values()}
    assert kinds == set(VaultPoolKind)
    assert all(len(pool_id) == 66 for pool_id in known.balancer.pool_ids)
    for pool in known.curve:
        assert pool.template in TEMPLATES or pool.contract in CryptoSwapContract.__members__
    assert known.lido is not None
    assert known.lido.steth.transfers is Transfers.SHARES
    assert known.lido.wsteth == known.token_by_symbol("wstETH")
    assert known.aave_pool == known.contracts["Aave V3 Pool"]
    assert known.balancer.address == known.contracts["Balancer V2 Vault"]


def test_every_entry_of_mainnet_names_its_source() -> None:
    data = json.loads(files("aineon.chain").joinpath("mainnet.json").read_text("utf-8"))
    entries = [*data["tokens"], *data["venues"], *data["contracts"], *data["curve"]]
    entries += [*data["balancer"]["factories"], data["balancer"]["vault"]]
    entries += [data["balancer"]["pools"], data["lido"], data["aave_v3"], data["genesis"]]
    assert all(len(entry["source"]) > 10 for entry in entries)


def test_addresses_of_mainnet_pass_their_checksum() -> None:
    text = files("aineon.chain").joinpath("mainnet.json").read_text("utf-8")
    found = set(re.findall(r'"(0x[0-9a-fA-F]{40})"', text))
    assert len(found) > 30
    for address in found:
        digest = keccak(text=address[2:].lower()).hex()
        spelled = (
            letter.upper() if int(digit, 16) >= 8 else letter
            for letter, digit in zip(address[2:].lower(), digest, strict=False)
        )
        assert address == "0x" + "".join(spelled)
