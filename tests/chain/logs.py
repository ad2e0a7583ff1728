"""Raw logs as a node returns them, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aineon.chain.decoding import BALANCER_VAULT
from aineon.chain.topics import CHANGES_BEYOND_LOGS, TOPICS

SYNC = "Sync(uint112,uint112)"
V3_SWAP = "Swap(address,address,int256,int256,uint160,uint128,int24)"
PANCAKE_SWAP = "Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)"
MINT = "Mint(address,address,int24,int24,uint128,uint256,uint256)"
BURN = "Burn(address,int24,int24,uint128,uint256,uint256)"
INITIALIZE = "Initialize(uint160,int24)"
VAULT_SWAP = "Swap(bytes32,address,address,uint256,uint256)"
VAULT_CHANGE = "PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])"
VAULT_MANAGED = "PoolBalanceManaged(bytes32,address,address,int256,int256)"
EXCHANGE = "TokenExchange(address,int128,uint256,int128,uint256)"
SOMEBODY = "0x" + "5e" * 20


def word(value: int | str) -> str:
    """A word of 32 bytes, without 0x: a number, or an address."""
    number = int(value, 16) if isinstance(value, str) else value
    return f"{number % 2**256:064x}"


def log(
    address: str, signature: str, topics: Sequence[int | str] = (), data: Sequence[int | str] = ()
) -> dict[str, Any]:
    """The log of an event with these indexed fields and this data."""
    first = TOPICS.get(signature) or CHANGES_BEYOND_LOGS[signature]
    return {
        "address": address,
        "topics": [first, *(f"0x{word(topic)}" for topic in topics)],
        "data": "0x" + "".join(map(word, data)),
        "blockNumber": "0x10",
        "logIndex": "0x7",
        "removed": False,
    }


def sync(address: str, reserve0: int, reserve1: int) -> dict[str, Any]:
    return log(address, SYNC, (), (reserve0, reserve1))


def v3_swap(address: str, price: int, tick: int, liquidity: int) -> dict[str, Any]:
    return log(address, V3_SWAP, (SOMEBODY, SOMEBODY), (-5, 7, price, liquidity, tick))


def mint(address: str, lower: int, upper: int, amount: int) -> dict[str, Any]:
    return log(address, MINT, (SOMEBODY, lower, upper), (SOMEBODY, amount, 1, 2))


def burn(address: str, lower: int, upper: int, amount: int) -> dict[str, Any]:
    return log(address, BURN, (SOMEBODY, lower, upper), (amount, 1, 2))


def pool_id(address: str) -> str:
    return address + "000200000000000000000019"


def vault_swap(
    address: str, token_in: str, token_out: str, amount_in: int, amount_out: int
) -> dict[str, Any]:
    entry = log(BALANCER_VAULT, VAULT_SWAP, (0, token_in, token_out), (amount_in, amount_out))
    entry["topics"][1] = pool_id(address)
    return entry


def vault_change(
    address: str, tokens: Sequence[str], deltas: Sequence[int], fees: Sequence[int]
) -> dict[str, Any]:
    count = len(tokens)
    starts = [32 * (3 + place * (count + 1)) for place in range(3)]
    lists = [item for each in (tokens, deltas, fees) for item in (count, *each)]
    entry = log(BALANCER_VAULT, VAULT_CHANGE, (0, SOMEBODY), (*starts, *lists))
    entry["topics"][1] = pool_id(address)
    return entry


def exchange(address: str, sold: int, amount_in: int, bought: int, paid: int) -> dict[str, Any]:
    return log(address, EXCHANGE, (SOMEBODY,), (sold, amount_in, bought, paid))


def add_liquidity(
    address: str, amounts: Sequence[int], fees: Sequence[int], supply: int
) -> dict[str, Any]:
    kind = f"uint256[{len(amounts)}]"
    signature = f"AddLiquidity(address,{kind},{kind},uint256,uint256)"
    return log(address, signature, (SOMEBODY,), (*amounts, *fees, 10**24, supply))
