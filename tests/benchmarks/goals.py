"""What each benchmark is held against: seconds, or bytes where the name says memory."""

from __future__ import annotations

MICROSECOND = 1e-6
MILLISECOND = 1e-3
MEGABYTE = 2**20

GOALS: dict[str, float] = {
    **{
        f"test_rerun_of_a_page[{page}]": 100 * MILLISECOND
        for page in (
            *("overview", "performance", "performance-optimizer", "opportunities"),
            *("risk", "withdrawals", "settings"),
        )
    },
    "test_v2_quote[down]": 1 * MICROSECOND,
    "test_v2_quote[up]": 1 * MICROSECOND,
    "test_v3_quote[0-down]": 2 * MICROSECOND,
    "test_v3_quote[0-up]": 2 * MICROSECOND,
    "test_exact_sizing[WETH USDC WETH, V3 V2]": 150 * MICROSECOND,
    "test_exact_sizing[WETH USDC WETH, V2 V3]": 150 * MICROSECOND,
    "test_block_of_10000_pools_to_3_hops": 5 * MILLISECOND,
    "test_block_of_10000_pools_to_4_hops_above_a_milliether": 15 * MILLISECOND,
    "test_block_of_10000_pools_sized_to_a_millionth[3-0]": 5 * MILLISECOND,
    "test_block_of_10000_pools_sized_to_a_millionth[4-1000000000000000]": 15 * MILLISECOND,
    "test_v2_output_function[down]": MICROSECOND / 3,
    "test_v2_output_function[up]": MICROSECOND / 3,
    "test_block_of_200_raw_logs[mix]": 1 * MILLISECOND,
    "test_first_page": 3.0,
    "test_training_on_80000_rows": 60.0,
    "test_bar_of_24_pairs": 0.1 * MILLISECOND,
}
"""Speed goals by benchmark; what is not listed is measured and has no goal."""

SLOWEST_GOALS: dict[str, float] = {
    "test_block_of_10000_pools_to_3_hops": 25 * MILLISECOND,
    "test_block_of_10000_pools_sized_to_a_millionth[3-0]": 25 * MILLISECOND,
    "test_from_block_to_signed_bundle": 50 * MILLISECOND,
    "test_scoring_one_opportunity_over_all_arms": 1 * MILLISECOND,
    "test_lateness_of_a_scanners_ticks_beside_a_training": 5 * MILLISECOND,
}
"""Goals of the 99th percentile, where a benchmark measures it (`extra_info["p99"]`)."""

PEER_GOALS: dict[str, dict[str, float]] = {
    "degenbot 0.3.0": {
        "V3 quote, 1 ticks crossed": 15,
        "V3 quote, 20 ticks crossed": 50,
        "best input, V2 V2": 30,
        "best input, V2 V3": 30,
        "best input, V2 V2 V2": 30,
    },
    "degenbot 0.6": {
        "V3 quote, 1 ticks crossed": 2,
        "V3 quote, 20 ticks crossed": 10,
        "one block": 100,
    },
}
"""How many times faster than another library; see `tests/benchmarks/peers`."""

SHARE_GOAL = 0.95
"""Least share of the dual bound that is captured."""

MEMORY_GOAL = 512 * MEGABYTE
"""Supervisor, engine and console together, with 500 pools."""

MEMORY_GOALS: dict[str, int] = {
    "test_memory_with_500_pools": MEMORY_GOAL,
    "test_memory_of_a_market[10000]": 200 * MEGABYTE,
    "test_training_on_80000_rows": 300 * MEGABYTE,
}
"""Goals of the benchmarks that count bytes (`extra_info["bytes"]`)."""

CORE_SHARE_GOAL = 0.05
"""Most of a core that one operator's live pages may take of the console."""

GAS_GOALS: dict[str, int] = {"own": 20_000, "balancer": 35_000}
"""Most gas that the executor may use beyond bare swaps with the same money, by money."""
