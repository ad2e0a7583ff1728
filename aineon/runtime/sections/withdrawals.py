"""Settings: limits and approval of withdrawals."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from aineon.primitives.units import ETHER
from aineon.runtime import kinds
from aineon.runtime.loosening import fewer_people, higher, lower, switched_on
from aineon.runtime.parameter import Parameter
from aineon.treasury.policy import Approvers

_GROUP = "Withdrawals"
_HOURS = "hours"
_MOST_ETHER = 1_000_000 * ETHER
_RENDER_DAILY_LIMIT = 100 * ETHER
_DAILY_LIMIT = 1000 * ETHER


def _default_daily_limit(known: dict[str, Any]) -> int:
    return _RENDER_DAILY_LIMIT if known["on_render"] else _DAILY_LIMIT


class WithdrawalSettings(BaseModel):
    """How much profit may leave, who approves it, and where it goes."""

    min_withdrawal_wei: Annotated[
        int,
        Parameter(
            "MIN_WITHDRAWAL_ETH",
            "Minimum withdrawal",
            _GROUP,
            kinds.ETHER,
            "Smallest amount that is withdrawn at once.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = ETHER // 10

    max_withdrawal_wei: Annotated[
        int,
        Parameter(
            "MAX_WITHDRAWAL_ETH",
            "Maximum withdrawal",
            _GROUP,
            kinds.ETHER,
            "Largest amount that is withdrawn at once.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 100 * ETHER

    daily_withdrawal_limit_wei: Annotated[
        int,
        Parameter(
            "DAILY_WITHDRAWAL_LIMIT",
            "Daily withdrawal limit",
            _GROUP,
            kinds.ETHER,
            "Most that is withdrawn in 24 hours, amounts under way included.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            default_words="1000; 100 on Render",
            savable=True,
            lets_more=higher,
        ),
    ] = Field(default_factory=_default_daily_limit)

    auto_withdrawal_enabled: Annotated[
        bool,
        Parameter(
            "AUTO_WITHDRAWAL_ENABLED",
            "Automatic withdrawal",
            _GROUP,
            kinds.SWITCH,
            "Whether profit is to be withdrawn without a request. Off until an allow-listed "
            "destination has aged.",
            limit=True,
            savable=True,
            lets_more=switched_on,
        ),
    ] = False

    auto_withdrawal_threshold_wei: Annotated[
        int,
        Parameter(
            "AUTO_WITHDRAWAL_THRESHOLD",
            "Automatic withdrawal from",
            _GROUP,
            kinds.ETHER,
            "Balance from which profit is withdrawn automatically.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 10 * ETHER

    daily_withdrawal_count: Annotated[
        int,
        Parameter(
            "AINEON_DAILY_WITHDRAWAL_COUNT",
            "Daily number of withdrawals",
            _GROUP,
            kinds.WHOLE,
            "How many withdrawals there may be in 24 hours, those under way included.",
            least=1,
            most=1000,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 20

    auto_withdrawal_keep_wei: Annotated[
        int,
        Parameter(
            "AINEON_AUTO_WITHDRAWAL_KEEP_ETH",
            "Kept by automatic withdrawal",
            _GROUP,
            kinds.ETHER,
            "What automatic withdrawal always leaves, to pay for gas.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = ETHER

    withdrawal_approvers: Annotated[
        Approvers,
        Parameter(
            "AINEON_WITHDRAWAL_APPROVERS",
            "Approvers",
            _GROUP,
            kinds.CHOICE,
            "How many people operate the treasury. With several, whoever approves a "
            "withdrawal is never who asked for it. A single operator confirms alone, by "
            "a second factor, and waits longer.",
            choices=tuple(Approvers),
            limit=True,
            savable=True,
            lets_more=fewer_people,
        ),
    ] = Approvers.SINGLE

    withdrawal_free_up_to_wei: Annotated[
        int,
        Parameter(
            "AINEON_WITHDRAWAL_FREE_UP_TO_ETH",
            "No approval up to",
            _GROUP,
            kinds.ETHER,
            "Worth up to which a withdrawal needs no approval. Automatic withdrawals obey it too.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = ETHER

    withdrawal_one_up_to_wei: Annotated[
        int,
        Parameter(
            "AINEON_WITHDRAWAL_ONE_UP_TO_ETH",
            "One approval up to",
            _GROUP,
            kinds.ETHER,
            "Worth up to which one approval is enough; above it two are needed, where "
            "there are several approvers.",
            unit="ETH",
            least=0,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 20 * ETHER

    withdrawal_cooling_minutes: Annotated[
        float,
        Parameter(
            "AINEON_WITHDRAWAL_COOLING_MINUTES",
            "Cooling time",
            _GROUP,
            kinds.NUMBER,
            "How long an approved withdrawal waits, and can be cancelled, before it is signed.",
            unit="minutes",
            least=0,
            most=10080,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 10.0

    withdrawal_cooling_alone_minutes: Annotated[
        float,
        Parameter(
            "AINEON_WITHDRAWAL_COOLING_ALONE_MINUTES",
            "Cooling time without a second person",
            _GROUP,
            kinds.NUMBER,
            "The same for what a single operator confirmed alone.",
            unit="minutes",
            least=0,
            most=10080,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 60.0

    destination_age_hours: Annotated[
        float,
        Parameter(
            "AINEON_DESTINATION_AGE_HOURS",
            "Age of a destination",
            _GROUP,
            kinds.NUMBER,
            "How long an address must be on the allow-list before it can be paid. The "
            "safe address must age too.",
            unit=_HOURS,
            least=0,
            most=8760,
            limit=True,
            savable=True,
            lets_more=lower,
        ),
    ] = 24.0

    withdrawal_approval_hours: Annotated[
        float,
        Parameter(
            "AINEON_WITHDRAWAL_APPROVAL_HOURS",
            "Life of an approval",
            _GROUP,
            kinds.NUMBER,
            "How long an approval counts while others are still missing.",
            unit=_HOURS,
            least=0.1,
            most=8760,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 12.0

    withdrawal_expires_hours: Annotated[
        float,
        Parameter(
            "AINEON_WITHDRAWAL_EXPIRES_HOURS",
            "Life of a withdrawal",
            _GROUP,
            kinds.NUMBER,
            "How long a withdrawal waits to be approved, and then to be signed, before it expires.",
            unit=_HOURS,
            least=0.1,
            most=8760,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 24.0

    withdrawal_patience_hours: Annotated[
        float,
        Parameter(
            "AINEON_WITHDRAWAL_PATIENCE_HOURS",
            "Patience for cheap gas",
            _GROUP,
            kinds.NUMBER,
            "How long a withdrawal with the gas strategy `optimized` waits for a cheap block.",
            unit=_HOURS,
            least=0,
            most=8760,
            savable=True,
        ),
    ] = 12.0

    withdrawal_batches: Annotated[
        bool,
        Parameter(
            "AINEON_WITHDRAWAL_BATCHES",
            "Batches",
            _GROUP,
            kinds.SWITCH,
            "Whether several withdrawals of ether that are due are paid by one transaction, "
            "through Multicall3, where that takes less gas. Off by default: some exchanges do not "
            "credit ether that a contract pays.",
        ),
    ] = False

    convert_profit: Annotated[
        str,
        Parameter(
            "AINEON_CONVERT_PROFIT",
            "Profit that is converted",
            _GROUP,
            kinds.CHOICE,
            "Whether profit that arrives as USDC, USDT or DAI is sold for ether, in the best "
            "quoted pool of Uniswap V2, SushiSwap or Uniswap V3.",
            choices=("none", "stablecoins"),
        ),
    ] = "none"

    convert_from_wei: Annotated[
        int,
        Parameter(
            "AINEON_CONVERT_FROM_ETH",
            "Converted from",
            _GROUP,
            kinds.ETHER,
            "Worth from which such profit is converted: below it gas would eat too much.",
            unit="ETH",
            least=ETHER // 1000,
            most=_MOST_ETHER,
        ),
    ] = ETHER // 2

    conversion_slippage_bps: Annotated[
        int,
        Parameter(
            "AINEON_CONVERSION_SLIPPAGE_BPS",
            "Slippage of a conversion",
            _GROUP,
            kinds.WHOLE,
            "How much less than its worth, and than the quote, a conversion may bring, in "
            "hundredths of a percent; below that it waits, or reverts.",
            least=1,
            most=500,
            limit=True,
        ),
    ] = 50

    withdrawal_address: Annotated[
        str | None,
        Parameter(
            "WITHDRAWAL_ADDRESS",
            "Withdrawal address",
            _GROUP,
            kinds.ADDRESS,
            "Where profit goes; its EIP-55 checksum is checked when it has upper-case letters.",
            live=True,
        ),
    ] = None
