"""degenbot 0.6: its compiled core through the handles of its pools; an environment of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import degenbot  # noqa: F401 (its package has to be there before its core)
from degenbot._ffi import (
    ArbitrageEngine,
    Bot,
    generate_v2_pool_address,
    generate_v3_pool_address,
)
from stopwatch import read_work, seconds_for_amounts, tell

CHAIN = 1
V2_FACTORY = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"
V3_FACTORY = "0x1F98431c8aD98523631AE4a59f267346ea31F984"
V2_HASH = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
V3_HASH = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"


FOREIGN_FACTORY = "0x" + "fa" * 20


def register_foreign(bot: Bot, spec: dict[str, Any]) -> int:
    """Register a pool at its own address, as one of a factory that the core does not know."""
    token0, token1 = (each["address"] for each in spec["tokens"])
    for each in spec["tokens"]:
        bot.register_token(each["address"], each["symbol"], each["symbol"], each["decimals"], CHAIN)
    if spec["kind"] == "v2":
        reserves = map(int, spec["reserves"])
        keep = (997, 1000, 997, 1000)
        return bot.register_v2_pool_test_only(
            spec["address"],
            token0,
            token1,
            *reserves,
            *keep,
            FOREIGN_FACTORY,
            0,
            "uniswap-v2",
            False,
            None,
        )
    return bot.register_v3_pool(
        spec["address"], token0, token1, *_v3_state(spec, FOREIGN_FACTORY), coverage="tracked"
    )


def _v3_state(spec: dict[str, Any], factory: str) -> tuple[Any, ...]:
    ticks = {int(tick): (int(gross), int(net), 0) for tick, (gross, net) in spec["ticks"].items()}
    return (
        spec["fee_pips"],
        spec["tick_spacing"],
        factory,
        int(spec["sqrt_price_x96"]),
        int(spec["liquidity"]),
        spec["tick"],
        ticks,
    )


def solved_block(block: dict[str, Any]) -> dict[str, Any]:
    """Let the engine solve every cycle once; it works on all cores it finds."""
    bot = Bot(CHAIN)
    numbers = {at: register_foreign(bot, spec) for at, spec in block["pools"].items()}
    engine = ArbitrageEngine(bot)
    engine.release_all_v3_v4_quarantined()
    for cycle in block["cycles"]:
        engine.register_path([(numbers[at], down) for at, down in cycle])
    started = time.perf_counter()
    engine.solve_all_paths(1)
    seconds = time.perf_counter() - started
    found, _ = engine.latest_results()
    return {"seconds": seconds, "answer": str(max(found, key=lambda each: each[2])[2])}


def register(bot: Bot, spec: dict[str, Any]) -> int:
    """Register a pool at the address that its core derives for these tokens and this fee."""
    token0, token1 = (each["address"] for each in spec["tokens"])
    for each in spec["tokens"]:
        bot.register_token(each["address"], each["symbol"], each["symbol"], each["decimals"], CHAIN)
    if spec["kind"] == "v2":
        return bot.register_v2_pool(
            generate_v2_pool_address(V2_FACTORY, token0, token1, V2_HASH),
            token0,
            token1,
            *map(int, spec["reserves"]),
            997,
            1000,
            997,
            1000,
            V2_FACTORY,
        )
    return bot.register_v3_pool(
        generate_v3_pool_address(V3_FACTORY, token0, token1, spec["fee_pips"], V3_HASH),
        token0,
        token1,
        *_v3_state(spec, V3_FACTORY),
        coverage="tracked",
    )


def main() -> None:
    work = read_work()
    results: dict[str, Any] = {}
    for quote in work["quotes"]:
        spec = work["pools"][quote["pool"]]
        bot = Bot(CHAIN)
        handle = bot.get_pool(register(bot, spec))
        down = quote["token_in"]["address"] == spec["tokens"][0]["address"]
        amount_in, ask = int(quote["amount_in"]), handle.calculate_tokens_out
        results[quote["name"]] = {
            "seconds": seconds_for_amounts(partial(ask, down), amount_in),
            "answer": str(ask(down, amount_in)),
        }
    if "block" in work:
        results[work["block"]["name"]] = solved_block(work["block"])
    tell(results)


main()
