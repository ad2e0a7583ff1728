"""What somebody would see of the sandbox who trades one block late: a quick tally."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.feeds.sandbox import SandboxFeed, Simulation
from aineon.feeds.sandbox.cycles import Hops
from aineon.feeds.sandbox.sizing import SizedCycle, best_size
from aineon.feeds.sandbox.universe import WETH
from aineon.primitives.units import GWEI
from aineon.search.costs import (
    CONCENTRATED_GAS,
    CONSTANT_PRODUCT_GAS,
    EXECUTOR_GAS,
    TRANSACTION_GAS,
)
from aineon.search.lenders import BALANCER_FLASH_GAS


@dataclass
class Tally:
    """Counts of blocks and attempts, and wei.

    An attempt is the best cycle of a block's end; it lands if the same input still leaves
    something after gas at the end of the next block.
    """

    blocks: int = 0
    attempts: int = 0
    landed: int = 0
    captured: int = 0
    taken_by_others: int = 0


def tally(feed: SandboxFeed, blocks: int, least_profit: int, looks_at: int = 6) -> Tally:
    """Run `blocks` blocks; `looks_at` says how many of the likeliest cycles are sized."""
    simulation = feed.simulation()
    result = Tally()
    waiting: SizedCycle | None = None
    for _ in range(blocks):
        step = simulation.advance()
        result.blocks += 1
        result.taken_by_others += sum(
            taking.profit for taking in step.takings if taking.profit_token == WETH
        )
        gas_price_wei = (step.update.block.base_fee_wei or 0) + GWEI
        if waiting is not None:
            left = _profit(simulation, waiting) - _gas(simulation, waiting.hops) * gas_price_wei
            result.landed += left > 0
            result.captured += max(left, 0)
        waiting = _best(simulation, gas_price_wei, least_profit, looks_at)
        result.attempts += waiting is not None
    return result


def _best(
    simulation: Simulation, gas_price_wei: int, least_profit: int, looks_at: int
) -> SizedCycle | None:
    finder = simulation._finder
    found = [c for c in finder.among(finder.loops) if c.hops[0][1] == WETH]
    best: tuple[int, SizedCycle] | None = None
    for candidate in sorted(found, reverse=True)[:looks_at]:
        sized = best_size(candidate, simulation._states)
        if sized is not None:
            net = sized.profit - _gas(simulation, sized.hops) * gas_price_wei
            if net >= least_profit and (best is None or net > best[0]):
                best = net, sized
    return None if best is None else best[1]


def _profit(simulation: Simulation, cycle: SizedCycle) -> int:
    amount = cycle.amount_in
    for address, token_in, token_out in cycle.hops:
        pool = simulation._states.pools[address]
        amount = pool.quote_exact_input(token_in, token_out, amount).amount_out
    return amount - cycle.amount_in


def _gas(simulation: Simulation, hops: Hops) -> int:
    units = TRANSACTION_GAS + EXECUTOR_GAS + BALANCER_FLASH_GAS
    for address, _, _ in hops:
        is_v3 = simulation._states.pools[address].venue == "uniswap_v3"
        units += CONCENTRATED_GAS if is_v3 else CONSTANT_PRODUCT_GAS
    return units
