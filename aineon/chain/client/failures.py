"""What a node's refusal means.

Nodes and providers word the same refusal in many ways, and give one number to different ones:
-32005 is Infura's rate limit and also its "more than 10000 results". The patterns stand for
geth, erigon, nethermind, besu, reth, anvil, Alchemy, Infura, QuickNode, Ankr and dRPC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from aineon.errors import (
    CallReverted,
    ChainError,
    NodeRefused,
    NodeUnavailable,
    RangeTooWide,
    RateLimited,
    UnknownBlock,
)

HTTP_TOO_MANY_REQUESTS = 429
HTTP_TOO_LARGE = 413
LOGS = "eth_getLogs"
CALLS = frozenset({"eth_call", "eth_estimateGas", "eth_createAccessList"})

_EXECUTION_REVERTED = 3
_LIMIT_EXCEEDED = -32005
_NOT_FOUND = -32001  # EIP-1474: resource not found
_RATE_CODES = frozenset({HTTP_TOO_MANY_REQUESTS, _LIMIT_EXCEEDED, -32007, -32029})
_LONGEST_TEXT = 500


def _any(*patterns: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(patterns), re.IGNORECASE).search


_too_wide = _any(
    r"\branges?\b.*\b(exceed|limit|too|max|greater|bigger|larger|over|up to|wide|support)",
    r"\b(exceed|limit|too|max|greater|bigger|larger|over|up to|wide)\w*\b.*\brange",
    r"more than [\d,]+ (results|logs|entries)",
    r"too many (results|logs|blocks|entries)",
    r"(response|result)s?( set)?( size)? (is )?(too (big|large)|exceed|larger)",
    r"exceeds? (max(imum)? )?(results|limit of \d+|the limit)",
    r"query (timeout exceeded|timed out|exceeds)",
    r"request timed out",
)
_unknown_block = _any(
    r"(header|block)\b.{0,100}\b(not found|not available|does not exist)",
    r"unknown block",
    r"(block|hash|header)\b.{0,100}could not be found",
    r"cannot find (block|header)",
    r"beyond (the )?(current )?head",
    r"block (is )?out ?of ?range|BlockOutOfRange",
)
_rate = _any(
    r"rate.?limit",
    r"too many requests",
    r"requests? (limit|rate|count)",
    r"compute units",
    r"throughput",
    r"\bquota\b",
    r"capacity (limit )?exceeded",
    r"limit exceeded",
)
_halted = _any(
    r"revert",
    r"invalid ?(fe)? ?opcode",
    r"bad instruction",
    r"opcode ?not ?found",
    r"(bad|invalid) ?jump",
    r"out ?of ?gas",
    r"stack ?(under|over)flow",
    r"write protection|state ?change ?during ?static",
    r"^EVM error",
    r"VM execution error",
)
_suggested = re.compile(r"\[\s*(0x[0-9a-f]+|\d+)\s*[,-]\s*(0x[0-9a-f]+|\d+)\s*\]", re.IGNORECASE)
_limit = re.compile(
    r"(?:limited to|limit of|limit is|limit|up to|max(?:imum)?|over)\D{0,30}?(\d[\d,]*)\s*(k\b)?",
    re.IGNORECASE,
)
_hex = re.compile(r"0x((?:[0-9a-f]{2})*)", re.IGNORECASE)


def failure_of(node: str, method: str, error: object) -> ChainError:
    """Return the failure that the `error` of a JSON-RPC answer stands for.

    Args:
        node: the name that the message calls the node.
        method: what was asked.
        error: already free of secrets.
    """
    fields: Mapping[str, Any] = error if isinstance(error, Mapping) else {"message": error}
    code = fields.get("code")
    code = code if type(code) is int else 0
    reason = str(fields.get("message") or "no reason given")[:_LONGEST_TEXT]
    data = fields.get("data")
    said = f"{node} refused {method}: {reason} (code {code})"
    details = f"{reason} {data}" if isinstance(data, str | Mapping) else reason
    if method in CALLS and (code == _EXECUTION_REVERTED or _halted(reason)):
        return CallReverted(said, reverted_with(data))
    if method == LOGS and _too_wide(details):
        return RangeTooWide(said, _blocks(reason))
    if code == _NOT_FOUND or _unknown_block(reason):
        return UnknownBlock(said)
    if code in _RATE_CODES or _rate(reason):
        return RateLimited(said, _backoff(data))
    return NodeRefused(said, code, reason, data)


def status_failure(node: str, method: str, status: int, retry_after: str | None) -> ChainError:
    """Return the failure that an HTTP status other than 200 stands for."""
    if status == HTTP_TOO_MANY_REQUESTS:
        return RateLimited(f"{node} is asked too often (HTTP {status})", _seconds(retry_after))
    if status == HTTP_TOO_LARGE and method == LOGS:
        return RangeTooWide(f"{node} refused {method}: too large (HTTP {status})")
    return NodeUnavailable(f"{node} answered {method} with HTTP {status}")


def reverted_with(data: object) -> bytes:
    """Return the bytes a contract reverted with, however a node wraps them.

    Nethermind writes `Reverted 0x…`; some test chains put an object around it.
    """
    if isinstance(data, Mapping):
        for part in data.values():
            found = reverted_with(part)
            if found:
                return found
        return b""
    found_hex = _hex.search(data) if isinstance(data, str) else None
    return bytes.fromhex(found_hex[1]) if found_hex else b""


def _blocks(reason: str) -> int | None:
    """Return how many blocks a node says it would take."""
    range_ = _suggested.search(reason)
    if range_:
        first, last = (int(text, 0) for text in range_.groups())
        return last - first + 1 if last >= first else None
    if "result" in reason.lower() or "logs" in reason.lower().replace("eth_getlogs", ""):
        return None  # a limit of logs, not of blocks
    limit = _limit.search(reason)
    if not limit:
        return None
    return int(limit[1].replace(",", "")) * (1000 if limit[2] else 1) or None


def _backoff(data: object) -> float | None:
    # Infura tells beside it how many requests a second it allows, and how many there were.
    rate = data.get("rate") if isinstance(data, Mapping) else None
    seconds = rate.get("backoff_seconds") if isinstance(rate, Mapping) else None
    return float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None


def _seconds(retry_after: str | None) -> float | None:
    """Return a Retry-After header in seconds; one that is a date is not waited for exactly."""
    text = (retry_after or "").strip()
    return float(text) if text.isdigit() else None
