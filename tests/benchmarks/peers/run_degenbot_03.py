"""degenbot 0.3.0 through its own pool classes; runs in an environment of its own.

The classes read the state of a pool from a node when they are built. There is no node here, so
subclasses hand over the state in place of the answer; what is measured afterwards is theirs.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from degenbot.arbitrage.uniswap_lp_cycle import UniswapLpCycle
from degenbot.config import connection_manager
from degenbot.erc20_token import Erc20Token
from degenbot.registry.all_tokens import token_registry
from degenbot.uniswap.types import UniswapV3LiquidityAtTick
from degenbot.uniswap.v2_liquidity_pool import UniswapV2Pool
from degenbot.uniswap.v3_functions import get_tick_word_and_bit_position
from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool
from eth_utils.address import to_checksum_address
from stopwatch import read_work, seconds_for, seconds_for_amounts, tell

CHAIN = 1
FACTORY = "0x" + "fa" * 20


def token(spec: dict[str, Any]) -> Erc20Token:
    address = to_checksum_address(spec["address"])
    known = token_registry.get(token_address=address, chain_id=CHAIN)
    if known is None:
        known = object.__new__(Erc20Token)
        known.address, known._chain_id = address, CHAIN
        known.name = known.symbol = spec["symbol"]
        known.decimals = spec["decimals"]
        token_registry.add(token_address=address, chain_id=CHAIN, token=known)
    return known


def v2_pool(spec: dict[str, Any]) -> UniswapV2Pool:
    tokens = [token(each).address for each in spec["tokens"]]

    class Given(UniswapV2Pool):
        def get_factory_tokens_reserves_batched(self, w3: object, state_block: int) -> Any:
            return FACTORY, tuple(tokens), tuple(map(int, spec["reserves"]))

    return Given(spec["address"], chain_id=CHAIN, state_block=1, verify_address=False, silent=True)


def v3_pool(spec: dict[str, Any]) -> UniswapV3Pool:
    tokens = [token(each).address for each in spec["tokens"]]
    ticks = {int(tick): tuple(map(int, both)) for tick, both in spec["ticks"].items()}

    class Given(UniswapV3Pool):
        def get_factory_tokens_liquidity_price_tick_batched(
            self, w3: object, state_block: int
        ) -> Any:
            return (
                FACTORY,
                tuple(tokens),
                spec["fee_pips"],
                spec["tick_spacing"],
                int(spec["sqrt_price_x96"]),
                spec["tick"],
                int(spec["liquidity"]),
            )

    words: dict[int, dict[str, int]] = {}
    for tick in ticks:
        word, bit = get_tick_word_and_bit_position(tick, spec["tick_spacing"])
        words.setdefault(word, {"bitmap": 0, "block": 1})["bitmap"] |= 1 << bit
    return Given(
        spec["address"],
        chain_id=CHAIN,
        state_block=1,
        verify_address=False,
        silent=True,
        tick_bitmap=words,
        tick_data={
            tick: UniswapV3LiquidityAtTick(liquidity_net=net, liquidity_gross=gross, block=1)
            for tick, (gross, net) in ticks.items()
        },
    )


def main() -> None:
    work = read_work()
    connection_manager.connections[CHAIN] = object()
    connection_manager.set_default_chain(CHAIN)
    build = {"v2": v2_pool, "v3": v3_pool}
    pools = {name: build[spec["kind"]](spec) for name, spec in work["pools"].items()}
    results: dict[str, Any] = {}
    for quote in work["quotes"]:
        pool = pools[quote["pool"]]
        ask, token_in = pool.calculate_tokens_out_from_tokens_in, token(quote["token_in"])
        amount_in = int(quote["amount_in"])
        results[quote["name"]] = {
            "seconds": seconds_for_amounts(partial(ask, token_in), amount_in),
            "answer": str(ask(token_in, amount_in)),
        }
    for cycle in work["cycles"]:
        found = UniswapLpCycle(
            token(cycle["base"]),
            [pools[name] for name in cycle["pools"]],
            id=cycle["name"],
            max_input=int(cycle["most"]),
        )
        results[cycle["name"]] = {
            "seconds": seconds_for(found.calculate),
            "answer": str(found.calculate().profit_amount),
        }
    tell(results)


main()
