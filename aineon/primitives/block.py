"""Block: the part of an Ethereum block header that the engine needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from aineon.base_error import InvalidValue

SECONDS_PER_BLOCK = 12
"""Of Ethereum since the merge."""

_COUNTS = ("number", "base_fee_wei", "timestamp", "gas_used", "gas_limit")


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        number: height.
        base_fee_wei: EIP-1559 base fee per gas in wei; None where it is not known (a recording
            without it, or a block before the London upgrade). Unknown is never zero.
        timestamp: seconds since the Unix epoch, or None where it is not known.
        hash, parent_hash: 0x-hex, or None for markets that are not a chain's.
        gas_used, gas_limit: of the whole block, or None where not known.
        logs_bloom: 256 bytes as 0x-hex that a block's logs must add up to; None where not known.
            It follows from the hash, so blocks are compared without it.

    Raises:
        InvalidValue: a figure is not an int from 0 on; only the number must be known.
    """

    number: int
    base_fee_wei: int | None = None
    timestamp: int | None = None
    hash: str | None = None
    parent_hash: str | None = None
    gas_used: int | None = None
    gas_limit: int | None = None
    logs_bloom: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            known = value is not None or name == "number"
            if known and (type(value) is not int or value < 0):
                raise InvalidValue(f"{name} of a block is {value!r}, not an int from 0 on")


def market_time(block: Block) -> float:
    """The market's own time: the block's timestamp, or its height in slots where unknown."""
    if block.timestamp is not None:
        return float(block.timestamp)
    return float(block.number * SECONDS_PER_BLOCK)
