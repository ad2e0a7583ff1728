"""Settings: who is told of what, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.primitives.units import ETHER
from aineon.runtime import kinds
from aineon.runtime.notices.kinds import SWITCHED
from aineon.runtime.parameter import Parameter

_GROUP = "Notifications"


class NoticeSettings(BaseModel):
    """Targets of notices, and the kinds that they are told."""

    notify_urls: Annotated[
        tuple[SecretStr, ...],
        Parameter(
            "AINEON_NOTIFY_URLS",
            "Targets",
            _GROUP,
            kinds.NOTIFY_URLS,
            "Where notices are sent, in apprise's form: Telegram, Slack, Discord, e-mail and many "
            "more; see notifications.md. Saved on the console they are sealed.",
            secret=True,
            savable=True,
        ),
    ] = ()

    notify_inside: Annotated[
        bool,
        Parameter(
            "AINEON_NOTIFY_INSIDE",
            "Targets inside",
            _GROUP,
            kinds.SWITCH,
            "Whether targets may lie inside the machine's own network, such as a mail server of "
            "the house. It cannot be changed on the console, where targets can.",
        ),
    ] = False

    notify_kinds: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_NOTIFY_KINDS",
            "Kinds",
            _GROUP,
            kinds.NOTIFY_KINDS,
            "What is told of.",
            savable=True,
        ),
    ] = tuple(map(str, SWITCHED))

    notify_trades_from_wei: Annotated[
        int,
        Parameter(
            "AINEON_NOTIFY_TRADES_FROM",
            "Trades from",
            _GROUP,
            kinds.ETHER,
            "Net profit or loss from which a single trade is told of.",
            unit="ETH",
            least=0,
            most=1_000_000 * ETHER,
            savable=True,
        ),
    ] = ETHER // 10
