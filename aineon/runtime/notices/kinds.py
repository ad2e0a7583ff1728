"""What operators can be told of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """What a notice is about; each can be switched off, but for the test."""

    TRADE = "trade"
    LOSS = "loss"
    WITHDRAWAL = "withdrawal"
    STOP = "stop"
    BREAKER = "breaker"
    ENGINE = "engine"
    NODE = "node"
    MISMATCH = "mismatch"
    DRIFT = "drift"
    TEST = "test"


ABOUT: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.TRADE: "a trade was included, with a net profit from the least amount on",
    NoticeKind.LOSS: "a trade cost money, from the same amount on",
    NoticeKind.WITHDRAWAL: "a withdrawal moved on: asked for, approved, signed, confirmed, failed",
    NoticeKind.STOP: "the emergency stop was set or cleared",
    NoticeKind.BREAKER: "the circuit breaker moved",
    NoticeKind.ENGINE: "the engine fell silent, failed, or is back",
    NoticeKind.NODE: "a node is in trouble, or is well again",
    NoticeKind.MISMATCH: "the accounts do not agree with the chain",
    NoticeKind.DRIFT: "the market no longer looks like what the model learned",
    NoticeKind.TEST: "somebody pressed the test button",
}
"""Each kind in words: it is told that …"""

SWITCHED: Final = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEST)
"""The kinds that settings name."""
