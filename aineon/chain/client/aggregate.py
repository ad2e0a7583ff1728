"""Many reads of contracts in one `eth_call`, at any block of any chain, with nothing deployed.

The request is creation code that makes the calls and reverts with their answers: a revert may
return more than the 24,576 bytes that new code may have. Each call gets an equal share of the
gas that is left, so that one which burns all it gets takes nothing from the others. Calls are
static: none sees what another one did.

A call that used half of its share or more may have failed, or answered otherwise, for want of
gas, or because it was not let write. It has to be asked again, in less company or alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aineon.chain.reader import Call

MOST_BYTES = 49_152
"""Longer creation code is refused (EIP-3860)."""

MOST_CALLS = 65_535

_HEAD = 23
"""Bytes before the data of a call: its address and the length of the data."""

_SUCCEEDED, _CHEAP = 1, 2

# The stack holds n, the calls left; o, where the next answer goes; p, where the next call is.
# Comments show what is above them. PUSH2 n comes before.
_PROGRAM = bytes.fromhex(
    "606b"  # e                      where the program ends and the calls begin
    "803803"  # e size
    "80915f39"  # size               the calls now lie in memory from 0 on
    "5f"  # p                        and answers will follow them: o is size
    "5b"  # loop (13)
    "8051"  # w                      address, length, first bytes of data
    "8060481c62ffffff16"  # w length
    "9060601c"  # length to
    "91601701"  # to length a        in the place of p: where the data begins
    "845a04"  # g                    the share: gas / n
    "5a"  # g before
    "5f5f85858886fa"  # g before ok  STATICCALL(g, to, a, length, 0, 0)
    "905a9003"  # g ok used
    "60011b8211"  # g ok cheap       g > 2 used
    "60011b17"  # g status           ok + 2 cheap
    "9050"  # to length a status
    "9101"  # to status p'           a + length
    "9150"  # p' status
    "60181b3d1760e01b"  # p' head    status, 3 bytes of length of what was returned
    "8252"  # p'                     memory[o] = head
    "3d5f836004013e"  # p'           and what was returned behind it
    "903d0160040190"  # o' p'
    "916001900391"  # n - 1
    "82600d57"  # again while n is not 0
    "50"  # o
    "606b3803"  # o size
    "809103"  # size length
    "90fd"  # REVERT(size, length)
)


class Answer(NamedTuple):
    """What one call answered.

    Attributes:
        output: None where the contract refused.
        final: False where the call must be asked again.
    """

    output: bytes | None
    final: bool


def can_join(call: Call) -> bool:
    """Whether a call may be made in company: no contract is to see a certain sender or ether."""
    return call.to is not None and call.sender is None and not call.value


def creation_code(calls: Sequence[Call]) -> bytes:
    """Return code that makes `calls` and reverts with their answers."""
    packed = b"".join(_packed(call) for call in calls)
    return b"\x61" + len(calls).to_bytes(2, "big") + _PROGRAM + packed


def answers_in(data: bytes, count: int) -> list[Answer]:
    """Return the answers to `count` calls.

    Raises:
        ValueError: `data` does not hold exactly so many.
    """
    found, place = [], 0
    while place + 4 <= len(data):
        status = data[place]
        end = place + 4 + int.from_bytes(data[place + 1 : place + 4], "big")
        output = data[place + 4 : end] if status & _SUCCEEDED else None
        found.append(Answer(output, bool(status & _CHEAP)))
        place = end
    if place != len(data) or len(found) != count:
        raise ValueError(f"{len(data)} bytes do not hold the answers of {count} calls")
    return found


def portions(calls: Sequence[int], sizes: Sequence[int], at_once: int) -> Iterator[list[int]]:
    """Yield `calls`, which are places, in portions that fit into one request each.

    Args:
        calls: places of calls.
        sizes: bytes of data of the call at each place.
        at_once: the most calls in a portion.
    """
    room = MOST_BYTES - len(_PROGRAM) - 3
    portion: list[int] = []
    taken = 0
    for place in calls:
        size = _HEAD + sizes[place]
        if portion and (len(portion) >= at_once or taken + size > room):
            yield portion
            portion, taken = [], 0
        portion.append(place)
        taken += size
    if portion:
        yield portion


def _packed(call: Call) -> bytes:
    assert call.to is not None
    return bytes.fromhex(call.to[2:]) + len(call.data).to_bytes(3, "big") + call.data
