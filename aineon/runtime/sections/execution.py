"""Settings: how plans are carried out on a chain, and with whose money."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.primitives.units import ETHER
from aineon.runtime import kinds
from aineon.runtime.loosening import higher, names_another, switched_on
from aineon.runtime.parameter import Parameter

_GROUP = "On chain"


class GasStrategyName(StrEnum):
    """How much is offered for each gas, and how patiently."""

    SLOW = "slow"
    STANDARD = "standard"
    FAST = "fast"
    OPTIMIZED = "optimized"


class ExecutionSettings(BaseModel):
    """The executor contract, money, fees, and the ways a transaction leaves by."""

    executor_address: Annotated[
        str | None,
        Parameter(
            "AINEON_EXECUTOR",
            "Executor contract",
            _GROUP,
            kinds.ADDRESS,
            "The operator's own deployment of contracts/AineonExecutor.vy.",
            live=True,
        ),
    ] = None

    live_confirmation: Annotated[
        str | None,
        Parameter(
            "AINEON_LIVE_CONFIRMATION",
            "Live confirmation",
            _GROUP,
            kinds.LIVE_PHRASE,
            "The operator's word that real money is meant, for a start at which nobody can type: "
            "it names the chain and the contract, and counts for these alone.",
        ),
    ] = None

    flash_lenders: Annotated[
        tuple[str, ...],
        Parameter(
            "FLASH_LENDERS",
            "Flash lenders",
            _GROUP,
            kinds.LENDERS,
            "Whose money may carry a trade; the cheapest that can is taken. The same in every "
            "mode, so that simulation costs what live would.",
            savable=True,
            lets_more=names_another,
        ),
    ] = ("flash_swap", "balancer_v2", "aave_v3")

    own_capital_wei: Annotated[
        int,
        Parameter(
            "OWN_CAPITAL",
            "Own capital",
            _GROUP,
            kinds.ETHER,
            "Wrapped ether of the treasury that one trade may use; the contract needs an "
            "allowance, and goes back in the same transaction.",
            unit="ETH",
            least=0,
            most=1_000_000 * ETHER,
            savable=True,
            lets_more=higher,
        ),
    ] = 0

    gas_strategy: Annotated[
        GasStrategyName,
        Parameter(
            "GAS_STRATEGY",
            "Gas strategy",
            _GROUP,
            kinds.CHOICE,
            "How much above the forecast base fee is offered.",
            choices=tuple(GasStrategyName),
            savable=True,
        ),
    ] = GasStrategyName.STANDARD

    target_blocks: Annotated[
        int,
        Parameter(
            "TARGET_BLOCKS",
            "Target blocks",
            _GROUP,
            kinds.WHOLE,
            "In how many blocks, from the next one on, an attempt may land.",
            unit="blocks",
            least=1,
            most=25,
            savable=True,
        ),
    ] = 2

    reconcile_blocks: Annotated[
        int,
        Parameter(
            "RECONCILE_BLOCKS",
            "Reconciliation",
            _GROUP,
            kinds.WHOLE,
            "After how many blocks the accounts are compared with the chain again. Where money is "
            "missing, the emergency stop is set.",
            unit="blocks",
            least=1,
            most=100_000,
            savable=True,
            lets_more=higher,
        ),
    ] = 25

    relay_urls: Annotated[
        tuple[SecretStr, ...],
        Parameter(
            "AINEON_RELAYS",
            "Relays",
            _GROUP,
            kinds.RELAY_URLS,
            "Private relays that get each bundle (eth_sendBundle), all at once. With none, trades "
            "go to the public mempool, where PUBLIC_MEMPOOL allows it.",
            secret=True,
            default_words="https://relay.flashbots.net",
        ),
    ] = (SecretStr("https://relay.flashbots.net"),)

    public_mempool: Annotated[
        bool,
        Parameter(
            "PUBLIC_MEMPOOL",
            "Public mempool",
            _GROUP,
            kinds.SWITCH,
            "Send what is no trade to the public mempool, and with AINEON_RELAYS=none trades too: "
            "everybody sees them there, and a miss costs gas. Off unless you are sure.",
            savable=True,
            lets_more=switched_on,
        ),
    ] = False
