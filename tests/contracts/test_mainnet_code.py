"""The deployed Uniswap code is mainnet's: a pool's address on chain depends on its code's hash."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from aineon.rehearsal.packages import UNISWAP_V2, UNISWAP_V3, Package
from tests.contracts.abi import encode, selector, words
from tests.contracts.bytecode import real_contract
from tests.contracts.chain import ZERO, Chain

# The init code hashes that routers use on mainnet to reckon a pool's address (EIP-1014).
PAIR = "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
POOL = "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
TOKENS = (0x11, 0x22)


@pytest.mark.parametrize(
    ("package", "arguments", "create", "asked", "salt", "code"),
    [
        (
            UNISWAP_V2,
            (ZERO,),
            "createPair(address,address)",
            TOKENS,
            b"".join(token.to_bytes(20, "big") for token in TOKENS),
            PAIR,
        ),
        (
            UNISWAP_V3,
            (),
            "createPool(address,address,uint24)",
            (*TOKENS, 3000),
            words((*TOKENS, 3000)),
            POOL,
        ),
    ],
    ids=["pair", "pool"],
)
def test_pools_stand_where_mainnets_code_puts_them(
    chain: Chain,
    package: Package,
    arguments: tuple[str, ...],
    create: str,
    asked: tuple[int, ...],
    salt: bytes,
    code: str,
) -> None:
    factory = chain.deploy(real_contract(package, package.files[0]), *arguments)
    made = chain.call(factory, selector(create) + encode(*asked))[-20:]
    origin = b"\xff" + bytes.fromhex(factory[2:]) + keccak(salt) + bytes.fromhex(code)
    assert made == keccak(origin)[-20:]
