"""The rehearsal's chain in the form of `aineon/chain/mainnet.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aineon.primitives import Address, Token
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.market_making import Venues
from aineon.rehearsal.protocols import uniswap_v2, uniswap_v3
from aineon.rehearsal.protocols.aave_v3 import AaveV3

NAME = "the rehearsal's chain"
EXECUTOR = "AINEON executor"
"""What the description calls our own contract."""


def describe(
    anvil: Anvil,
    tokens: Sequence[Token],
    venues: Venues,
    pool_ids: Sequence[str],
    aave: AaveV3,
    executor: Address,
) -> dict[str, Any]:
    """Return what is known by address on the chain; the first token wraps ether.

    The Vault's pools are listed, because a node that forgets has no logs of their registration.
    """
    balancer = venues.balancer_v2
    pairs = [
        _venue(each.venue, each.factory, uniswap_v2.INIT_CODE_HASH, fee_pips=uniswap_v2.FEE_PIPS)
        for each in (venues.uniswap_v2, venues.sushiswap)
    ]
    concentrated = _venue(
        uniswap_v3.VENUE,
        venues.uniswap_v3.factory,
        uniswap_v3.INIT_CODE_HASH,
        fee_pips=None,
        fee_tiers=list(uniswap_v3.TICK_SPACINGS),
    )
    return {
        "chain_id": anvil.options.chain_id,
        "name": NAME,
        "native_token": tokens[0].symbol,
        "tokens": [
            {"symbol": token.symbol, "address": token.address, "decimals": token.decimals}
            for token in tokens
        ],
        "discovery_tokens": [token.symbol for token in tokens],
        "genesis": {"hash": anvil.ask("eth_getBlockByNumber", "0x0", False)["hash"]},
        "venues": [*pairs, concentrated],
        "contracts": [
            {"name": name, "address": address}
            for name, address in (
                (EXECUTOR, executor),
                ("Balancer V2 Vault", balancer.vault),
                ("Aave V3 Pool", aave.pool),
                ("Aave V3 PoolAddressesProvider", aave.provider),
                ("Uniswap V3 QuoterV2", venues.uniswap_v3.quoter),
                ("Uniswap V2 Router02", venues.uniswap_v2.router),
                ("SushiSwap Router", venues.sushiswap.router),
                ("Uniswap V3 SwapRouter", venues.uniswap_v3.router),
            )
        ],
        "balancer": {
            "vault": {"address": balancer.vault},
            "factories": [
                {"address": balancer.weighted, "kind": "weighted"},
                {"address": balancer.stable, "kind": "composable_stable"},
            ],
            "pools": {
                "ids": list(pool_ids),
                "listed_until": int(anvil.ask("eth_blockNumber"), 16),
            },
        },
        "aave_v3": {"pool": aave.pool},
    }


def _venue(name: str, factory: Address, init_code_hash: str, **fees: Any) -> dict[str, Any]:
    return {"name": name, "factory": factory, "init_code_hash": init_code_hash, **fees}
