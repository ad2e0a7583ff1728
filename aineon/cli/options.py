"""The flags that stand for settings.

Flags are text and are read by the setting's own declaration, so that a flag and its variable
allow the same and are refused in the same words. The functions of the commands name their
arguments like the fields of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

FLAGS: Mapping[str, str] = {
    "mode": "--mode",
    "feed": "--feed",
    "replay_file": "--data",
    "seed": "--seed",
    "pace_seconds": "--pace",
    "warm_up_blocks": "--warm-up",
    "blocks": "--blocks",
    "sandbox_pools": "--pools",
    "competitor_latency_ms": "--competitor-latency",
    "min_profit_wei": "--min-profit",
    "max_gas_price_wei": "--max-gas-price",
    "confidence_threshold": "--confidence",
    "max_position_wei": "--max-position",
    "max_slippage_bps": "--max-slippage-bps",
    "pair_cooldown_seconds": "--pair-cooldown",
    "max_concurrent": "--max-concurrent",
    "max_hops": "--max-hops",
    "flash_loan_fee_bps": "--flash-loan-fee-bps",
    "priority_fee_wei": "--priority-fee",
    "builder_tip_bps": "--builder-tip-bps",
    "data_dir": "--data-dir",
    "port": "--port",
    "host": "--host",
}
"""Flag by the field of the settings that it gives."""

_MARKET = "Market"
_LIMITS = "Limits and costs"
_PLACE = "Places"


def _option(field: str, words: str, panel: str, metavar: str) -> Any:
    return typer.Option(FLAGS[field], help=words, rich_help_panel=panel, metavar=metavar)


Text = str | None
Mode = Annotated[Text, _option("mode", "What is at stake: simulation.", _MARKET, "MODE")]
Feed = Annotated[Text, _option("feed", "sandbox or replay.", _MARKET, "FEED")]
Data = Annotated[Text, _option("replay_file", "Recording; implies replay.", _MARKET, "FILE")]
Seed = Annotated[Text, _option("seed", "Seed of sandbox and paper trading.", _MARKET, "N")]
Pace = Annotated[Text, _option("pace_seconds", "Seconds a sandbox block.", _MARKET, "SECONDS")]
WarmUp = Annotated[Text, _option("warm_up_blocks", "Blocks run at once.", _MARKET, "N")]
Blocks = Annotated[Text, _option("blocks", "Sandbox blocks after them.", _MARKET, "N")]
BlocksRecorded = Annotated[Text, _option("blocks", "How many; else no end.", _MARKET, "N")]
Pools = Annotated[Text, _option("sandbox_pools", "Pools of the sandbox.", _MARKET, "N")]
Latency = Annotated[Text, _option("competitor_latency_ms", "Of the sandbox.", _MARKET, "MS")]
MinProfit = Annotated[Text, _option("min_profit_wei", "Least net profit.", _LIMITS, "ETH")]
MaxGasPrice = Annotated[Text, _option("max_gas_price_wei", "Highest price.", _LIMITS, "GWEI")]
Confidence = Annotated[Text, _option("confidence_threshold", "Least, 0 to 1.", _LIMITS, "SHARE")]
MaxPosition = Annotated[Text, _option("max_position_wei", "Largest size.", _LIMITS, "ETH")]
MaxSlippage = Annotated[Text, _option("max_slippage_bps", "Most per hop.", _LIMITS, "BPS")]
Cooldown = Annotated[Text, _option("pair_cooldown_seconds", "Rest of a pair.", _LIMITS, "SECONDS")]
MaxConcurrent = Annotated[Text, _option("max_concurrent", "In flight.", _LIMITS, "N")]
MaxHops = Annotated[Text, _option("max_hops", "Most swaps in a cycle.", _LIMITS, "N")]
FlashLoanFee = Annotated[Text, _option("flash_loan_fee_bps", "Of the loan.", _LIMITS, "BPS")]
PriorityFee = Annotated[Text, _option("priority_fee_wei", "Tip per gas.", _LIMITS, "GWEI")]
BuilderTip = Annotated[Text, _option("builder_tip_bps", "Of the profit.", _LIMITS, "BPS")]
DataDir = Annotated[Text, _option("data_dir", "Where databases are kept.", _PLACE, "FOLDER")]
Port = Annotated[Text, _option("port", "Port of the console.", _PLACE, "PORT")]
Host = Annotated[Text, _option("host", "Address of the console.", _PLACE, "ADDRESS")]


def overrides_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings among a command's parameters that were given as flags."""
    given = {
        field: value for field, value in parameters.items() if field in FLAGS and value is not None
    }
    if "replay_file" in given:
        given.setdefault("feed", "replay")
    return given
