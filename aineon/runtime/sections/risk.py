"""Settings: limits of risk beyond the single trade, lists, and the emergency stop."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from aineon.primitives.units import BPS, ETHER
from aineon.runtime import kinds
from aineon.runtime.loosening import allows_another, denies_one_less, higher
from aineon.runtime.parameter import Parameter

_MOST_ETHER = 100_000_000 * ETHER
_AS_MUCH = "MAX_POSITION_SIZE times MAX_CONCURRENT"


def _all_positions(known: dict[str, Any]) -> int:
    """As much as positions and attempts in flight allow together."""
    return int(known["max_position_wei"]) * int(known["max_concurrent"])


class RiskSettings(BaseModel):
    """What is held against all attempts together, and against what they go through."""

    max_daily_loss_wei: Annotated[
        int,
        Parameter(
            "MAX_DAILY_LOSS",
            "Maximum daily loss",
            "Risk limits",
            kinds.ETHER,
            "Loss of a day (UTC) at which nothing more is attempted; the breaker halts then, until "
            "an operator resets it.",
            unit="ETH",
            least=1,
            most=_MOST_ETHER,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = ETHER

    max_exposure_wei: Annotated[
        int,
        Parameter(
            "MAX_EXPOSURE",
            "Maximum exposure",
            "Risk limits",
            kinds.ETHER,
            "Largest worth of all attempts in flight together.",
            unit="ETH",
            least=1,
            most=_MOST_ETHER,
            limit=True,
            default_words=_AS_MUCH,
            savable=True,
            lets_more=higher,
        ),
    ] = Field(default_factory=_all_positions)

    max_token_exposure_wei: Annotated[
        int,
        Parameter(
            "MAX_TOKEN_EXPOSURE",
            "Maximum per token",
            "Risk limits",
            kinds.ETHER,
            "Largest worth of the attempts in flight that pass through one token.",
            unit="ETH",
            least=1,
            most=_MOST_ETHER,
            limit=True,
            default_words=_AS_MUCH,
            savable=True,
            lets_more=higher,
        ),
    ] = Field(default_factory=_all_positions)

    max_venue_exposure_wei: Annotated[
        int,
        Parameter(
            "MAX_VENUE_EXPOSURE",
            "Maximum per venue",
            "Risk limits",
            kinds.ETHER,
            "Largest worth of the attempts in flight that pass through one venue.",
            unit="ETH",
            least=1,
            most=_MOST_ETHER,
            limit=True,
            default_words=_AS_MUCH,
            savable=True,
            lets_more=higher,
        ),
    ] = Field(default_factory=_all_positions)

    max_price_impact_bps: Annotated[
        int,
        Parameter(
            "MAX_PRICE_IMPACT_BPS",
            "Maximum price impact",
            "Risk limits",
            kinds.WHOLE,
            "The most that a hop may pay less than its marginal price because of the trade's own "
            "size.",
            unit="bps",
            least=0,
            most=BPS,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 500

    max_attempts_per_minute: Annotated[
        int,
        Parameter(
            "MAX_ATTEMPTS_PER_MINUTE",
            "Attempts a minute",
            "Risk limits",
            kinds.WHOLE,
            "Most attempts within a minute of the market's own time.",
            least=1,
            most=10_000,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 60

    max_attempts_per_hour: Annotated[
        int,
        Parameter(
            "MAX_ATTEMPTS_PER_HOUR",
            "Attempts an hour",
            "Risk limits",
            kinds.WHOLE,
            "Most attempts within an hour of the market's own time.",
            least=1,
            most=100_000,
            limit=True,
            savable=True,
            lets_more=higher,
        ),
    ] = 1000

    allowed_venues: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_ALLOWED_VENUES",
            "Allowed venues",
            "Risk limits",
            kinds.VENUES,
            "Venues that alone may be traded through; all may where it is not set.",
            limit=True,
            savable=True,
            lets_more=allows_another,
        ),
    ] = ()

    denied_venues: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_DENIED_VENUES",
            "Denied venues",
            "Risk limits",
            kinds.VENUES,
            "Venues that are never traded through.",
            limit=True,
            savable=True,
            lets_more=denies_one_less,
        ),
    ] = ()

    allowed_tokens: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_ALLOWED_TOKENS",
            "Allowed tokens",
            "Risk limits",
            kinds.ADDRESSES,
            "Tokens that alone may be traded, by address; all that pass the screening may where "
            "it is not set.",
            limit=True,
            savable=True,
            lets_more=allows_another,
        ),
    ] = ()

    denied_tokens: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_DENIED_TOKENS",
            "Denied tokens",
            "Risk limits",
            kinds.ADDRESSES,
            "Tokens that are never traded, by address.",
            limit=True,
            savable=True,
            lets_more=denies_one_less,
        ),
    ] = ()

    emergency_stop: Annotated[
        str | None,
        Parameter(
            "AINEON_STOP",
            "Emergency stop",
            "Risk limits",
            kinds.STOP,
            "Set to anything but an off word, nothing is signed or sent. It is looked at when a "
            "process starts; `aineon stop` stops what is running.",
        ),
    ] = None
