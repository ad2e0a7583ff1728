"""Small recordings of mainnet blocks, in the shape of the recorded files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
POOL_A = "0x" + "aa" * 20
POOL_B = "0x" + "bb" * 20
POOL_C = "0x" + "cc" * 20
SEARCHER = "0x" + "5e" * 20


def paid(reserve_in: int, reserve_out: int, amount: int, fee_pips: int = 3000) -> int:
    """What the contract's formula pays."""
    kept = amount * (1_000_000 - fee_pips)
    return kept * reserve_out // (reserve_in * 1_000_000 + kept)


def swap(
    transaction: str,
    pool: str,
    before: tuple[int, int],
    amount: int,
    *,
    venue: str = "uniswap_v2",
    fee_pips: int = 3000,
    less: int = 0,
) -> dict[str, Any]:
    """A swap of `amount` USDC into WETH; `less` is taken less than the formula allows."""
    out = paid(*before, amount, fee_pips) - less
    after = (before[0] + amount, before[1] - out)
    return {
        "tx": transaction,
        "protocol_by_abi": "uniswap_v2",
        "pool": pool,
        "token_in": USDC,
        "token_out": WETH,
        "amount_in": str(amount),
        "amount_out": str(out),
        "error": None,
        "venue": venue,
        "v2": {
            "token0": USDC,
            "token1": WETH,
            "reserves_before": [str(each) for each in before],
            "reserves_after": [str(each) for each in after],
            "amount_in_contract": str(amount),
            "amount0_out": "0",
            "amount1_out": str(out),
        },
    }


def after(recorded: dict[str, Any]) -> tuple[int, int]:
    """The reserves after a swap."""
    reserve0, reserve1 = recorded["v2"]["reserves_after"]
    return int(reserve0), int(reserve1)


def stateless(
    transaction: str, pool: str, venue: str = "uniswap_v3", error: str | None = None
) -> dict[str, Any]:
    """A swap whose state was not recorded."""
    return {
        "tx": transaction,
        "protocol_by_abi": venue,
        "pool": pool,
        "token_in": USDC,
        "token_out": WETH,
        "amount_in": "1000",
        "amount_out": "1",
        "error": error,
        "venue": venue,
    }


def arbitrage(transaction: str, indexes: list[int], **fields: Any) -> dict[str, Any]:
    """An arbitrage of one ether through the swaps at `indexes`."""
    return {
        "tx": transaction,
        "account": SEARCHER,
        "profit_token": WETH,
        "profit_amount": str(10**18),
        "error": None,
        "swap_indexes": indexes,
        "gas_used": 200_000,
        "effective_gas_price": "50000000000",
        "coinbase_transfer": "7",
        **fields,
    }


def block(number: int, swaps: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """A block of `swaps`."""
    return {
        "block_number": number,
        "block_timestamp": None,
        "base_fee_per_gas": "50000000000",
        "swaps": swaps,
        "arbitrages": [],
        "sandwiches": [],
        "receipts": [],
        **fields,
    }


def save(folder: Path, *blocks: dict[str, Any], name: str = "blocks.json") -> Path:
    """Write a document of blocks and return its path."""
    path = folder / name
    path.write_text(json.dumps({"_meta": {}, "blocks": list(blocks)}), encoding="utf-8")
    return path
