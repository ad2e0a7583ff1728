"""Why a trade reverted: because somebody was faster, or because something of ours is wrong.

A receipt does not say. The trade is tried again on the states before and after its block, and
the contract's own words tell the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aineon.chain.reader import ChainReader, Receipt
from aineon.errors import CallReverted, ChainError
from aineon.execution.contract import decode_revert
from aineon.execution.planner import MAX_TRANSACTION_GAS

_FASTER: Final = frozenset(
    {"too little out", "too little profit", "loss", "partial fill", "more than there is"}
)
"""The contract's words where the market had moved."""

_OTHERS_WORDS: Final = ("UniswapV2: ", "BAL#507", "SPL", "Exchange resulted in fewer coins")
"""What pools say where the market had moved."""

_LATE: Final = "too late"
_PAUSED: Final = "paused"


class Cause(StrEnum):
    """Whose fault a revert is."""

    COMPETITION = "competition"
    """The market had moved: somebody was faster."""
    LATE = "late"
    """It was mined after its last block: somebody kept it and had it mined all the same."""
    PAUSED = "paused"
    """The contract was paused meanwhile."""
    FAULT = "fault"
    """Encoding, roles, approvals, gas: it would revert in an unmoved market too."""
    UNKNOWN = "unknown"
    """No node could be asked."""


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a trade reverted; `words` are a sentence for people."""

    cause: Cause
    words: str


async def explain(reader: ChainReader, receipt: Receipt, call: Mapping[str, Any]) -> Revert:
    """Say why the transaction of `receipt`, which did what `call` does, was reverted.

    Args:
        reader: a chain that still knows the states around that block.
        receipt: of the transaction.
        call: `from`, `to`, `data` and `gas` of the transaction, as JSON-RPC spells them.
    """
    try:
        before = await _refusal(reader, receipt, call, receipt.block_number - 1)
        after = roomy = None
        if before is None:
            after = await _refusal(reader, receipt, call, receipt.block_number)
        else:
            more = {**call, "gas": hex(MAX_TRANSACTION_GAS)}
            roomy = await _refusal(reader, receipt, more, receipt.block_number - 1)
    except ChainError as error:
        return Revert(Cause.UNKNOWN, f"it was reverted, and why cannot be told: {error}")
    if before is None:
        met = f" ({after})" if after else ""
        return Revert(
            Cause.COMPETITION,
            f"somebody was faster in its own block: it would have passed on the block before{met}",
        )
    if roomy is None:
        return Revert(Cause.FAULT, f"its gas limit of {int(call['gas'], 16)} was too little")
    return Revert(*_judged(roomy))


def _judged(words: str) -> tuple[Cause, str]:
    reason = words.partition(":")[0]
    if reason == _LATE:
        return Cause.LATE, f"it was mined after its last block: {words}"
    if reason == _PAUSED:
        return Cause.PAUSED, f"the contract is paused: {words}"
    if reason in _FASTER or any(known in words for known in _OTHERS_WORDS):
        return Cause.COMPETITION, f"somebody was faster: {words}"
    # Words that nobody foresaw are looked into too, before many trades were lost to them.
    return Cause.FAULT, f"this is a fault of ours, and no competition: {words}"


async def _refusal(
    reader: ChainReader, receipt: Receipt, call: Mapping[str, Any], state: int
) -> str | None:
    """The words in which `call` is refused on the state after block `state`; None where it is not.

    The deadline is a block's number, so the call runs in the number of the receipt's block.
    """
    overrides = {"number": hex(receipt.block_number)}
    try:
        await reader.request("eth_call", dict(call), hex(state), {}, overrides)
    except CallReverted as refused:
        return decode_revert(refused.data)
    return None
