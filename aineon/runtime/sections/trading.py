"""Settings: limits of trading, the search, costs, and what paper trading assumes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from aineon.primitives.units import BPS, ETHER, GWEI
from aineon.runtime import kinds
from aineon.runtime.loosening import higher, lower
from aineon.runtime.parameter import Parameter
from aineon.runtime.sections.market import FeedName

_MOST_ETHER = 1_000_000 * ETHER
_SANDBOX_MIN_PROFIT = ETHER // 100
_MIN_PROFIT = ETHER // 2


def _default_min_profit(known: dict[str, Any]) -> int:
    return _SANDBOX_MIN_PROFIT if known["feed"] == FeedName.SANDBOX else _MIN_PROFIT


class TradingSettings(BaseModel):
    """What the engine may attempt, and what it reckons with."""

    min_profit_wei: Annotated[
        int,
        Parameter(
            "MIN_PROFIT_THRESHOLD",
            "Minimum profit",
            "Trading limits",
            kinds.ETHER,
            "Least expected profit, after flash fee, gas and builder payment, for an attempt.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            default_words="0.5; 0.01 with the sandbox feed",
            savable=True,
            lets_more=lower,
        ),
    ] = Field(default_factory=_default_min_profit)

    max_gas_price_wei: Annotated[
        int,
        Parameter(
            "MAX_GAS_PRICE",
            "Maximum gas price",
            "Trading limits",
            kinds.GWEI,
            "Base fee plus priority fee above which nothing is attempted.",
            unit="gwei",
            least=1,
            most=100_000 * GWEI,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 50 * GWEI

    confidence_threshold: Annotated[
        float,
        Parameter(
            "CONFIDENCE_THRESHOLD",
            "Confidence threshold",
            "Trading limits",
            kinds.NUMBER,
            "Least confidence in an opportunity's figures; it is not a probability of winning.",
            least=0,
            most=1,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 0.7

    max_position_wei: Annotated[
        int,
        Parameter(
            "MAX_POSITION_SIZE",
            "Maximum position",
            "Trading limits",
            kinds.ETHER,
            "Largest amount, by its worth in ETH, that one trade may borrow and move.",
            unit="ETH",
            least=1,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 1000 * ETHER

    max_slippage_bps: Annotated[
        int,
        Parameter(
            "MAX_SLIPPAGE_BPS",
            "Maximum slippage",
            "Trading limits",
            kinds.WHOLE,
            "How much less than quoted a hop may pay before the whole trade reverts.",
            unit="bps",
            least=0,
            most=BPS,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 50

    pair_cooldown_seconds: Annotated[
        float,
        Parameter(
            "PAIR_COOLDOWN",
            "Pair cooldown",
            "Trading limits",
            kinds.NUMBER,
            "How long a pair rests after an attempt, in the market's own time: a block is 12 s.",
            unit="s",
            least=0,
            most=86_400,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 36.0

    max_concurrent: Annotated[
        int,
        Parameter(
            "MAX_CONCURRENT",
            "Attempts in flight",
            "Trading limits",
            kinds.WHOLE,
            "Most attempts in flight at the same time; never two through one pool.",
            least=1,
            most=100,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 3

    scan_interval_seconds: Annotated[
        float,
        Parameter(
            "SCAN_INTERVAL",
            "Scan interval",
            "Search",
            kinds.NUMBER,
            "Longest time between two looks at the market; a new block is looked at at once.",
            unit="s",
            least=0.1,
            most=3600,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 5.0

    max_hops: Annotated[
        int,
        Parameter(
            "MAX_HOPS",
            "Maximum hops",
            "Search",
            kinds.WHOLE,
            "Most swaps in one cycle.",
            unit="hops",
            least=2,
            most=6,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 4

    priority_fee_wei: Annotated[
        int,
        Parameter(
            "PRIORITY_FEE_GWEI",
            "Priority fee",
            "Costs",
            kinds.GWEI,
            "Tip per gas on top of the base fee.",
            unit="gwei",
            least=0,
            most=10_000 * GWEI,
            savable=True,
            lets_more=higher,
        ),
    ] = GWEI // 10

    builder_tip_bps: Annotated[
        int,
        Parameter(
            "BUILDER_TIP_BPS",
            "Builder payment",
            "Costs",
            kinds.WHOLE,
            "Share of the profit, after flash fee and gas, that is paid to the block builder.",
            unit="bps",
            least=0,
            most=BPS,
            savable=True,
            lets_more=higher,
        ),
    ] = 2000

    flash_loan_fee_bps: Annotated[
        int,
        Parameter(
            "FLASH_LOAN_FEE_BPS",
            "Flash loan fee",
            "Costs",
            kinds.WHOLE,
            "What the flash loan costs, of the amount borrowed; Aave V3 takes 5.",
            unit="bps",
            least=0,
            most=1000,
            savable=True,
            # Whoever understates what a loan costs lets cycles pass that earn nothing.
            lets_more=lower,
        ),
    ] = 5

    paper_latency_blocks: Annotated[
        int,
        Parameter(
            "PAPER_LATENCY_BLOCKS",
            "Paper latency",
            "Paper trading",
            kinds.WHOLE,
            "How many blocks after the one it was seen in a paper trade can land at the earliest.",
            unit="blocks",
            least=1,
            most=100,
            savable=True,
        ),
    ] = 1

    paper_inclusion_rate: Annotated[
        float,
        Parameter(
            "PAPER_INCLUSION_RATE",
            "Paper inclusion rate",
            "Paper trading",
            kinds.NUMBER,
            "Share of paper trades that a block builder takes in at all.",
            least=0,
            most=1,
            savable=True,
        ),
    ] = 0.9

    paper_revert_rate: Annotated[
        float,
        Parameter(
            "PAPER_REVERT_RATE",
            "Paper revert rate",
            "Paper trading",
            kinds.NUMBER,
            "Share of failing paper trades that land all the same and pay their gas.",
            least=0,
            most=1,
            savable=True,
        ),
    ] = 0.2
