"""Settings: limits of withdrawals."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from aineon.primitives.units import ETHER
from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter

_MOST_ETHER = 1_000_000 * ETHER
_RENDER_DAILY_LIMIT = 100 * ETHER
_DAILY_LIMIT = 1000 * ETHER


def _default_daily_limit(known: dict[str, Any]) -> int:
    return _RENDER_DAILY_LIMIT if known["on_render"] else _DAILY_LIMIT


class WithdrawalSettings(BaseModel):
    """How much profit may leave, and where it goes."""

    min_withdrawal_wei: Annotated[
        int,
        Parameter(
            "MIN_WITHDRAWAL_ETH",
            "Minimum withdrawal",
            "Withdrawals",
            kinds.ETHER,
            "Smallest amount that is withdrawn at once.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
        ),
    ] = ETHER // 10

    max_withdrawal_wei: Annotated[
        int,
        Parameter(
            "MAX_WITHDRAWAL_ETH",
            "Maximum withdrawal",
            "Withdrawals",
            kinds.ETHER,
            "Largest amount that is withdrawn at once.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
        ),
    ] = 100 * ETHER

    daily_withdrawal_limit_wei: Annotated[
        int,
        Parameter(
            "DAILY_WITHDRAWAL_LIMIT",
            "Daily withdrawal limit",
            "Withdrawals",
            kinds.ETHER,
            "Most that is withdrawn in 24 hours, amounts under way included.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            default_words="1000; 100 on Render",
        ),
    ] = Field(default_factory=_default_daily_limit)

    auto_withdrawal_enabled: Annotated[
        bool,
        Parameter(
            "AUTO_WITHDRAWAL_ENABLED",
            "Automatic withdrawal",
            "Withdrawals",
            kinds.SWITCH,
            "Whether profit is to be withdrawn without a request. Off until an allow-listed "
            "destination has aged.",
            limit=True,
        ),
    ] = False

    auto_withdrawal_threshold_wei: Annotated[
        int,
        Parameter(
            "AUTO_WITHDRAWAL_THRESHOLD",
            "Automatic withdrawal from",
            "Withdrawals",
            kinds.ETHER,
            "Balance from which profit is withdrawn automatically.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
        ),
    ] = 10 * ETHER

    withdrawal_address: Annotated[
        str | None,
        Parameter(
            "WITHDRAWAL_ADDRESS",
            "Withdrawal address",
            "Withdrawals",
            kinds.ADDRESS,
            "Where profit goes; its EIP-55 checksum is checked when it has upper-case letters.",
            live=True,
        ),
    ] = None
