"""What is known about a node, and which nodes a read may ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from aineon.primitives import Block

NodeState = Literal["healthy", "stale", "down", "wrong chain"]


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """How a node is doing.

    Attributes:
        name: never its address.
        state: `healthy`; `stale` (its head is old, or behind the others); `down` (it does not
            answer, or wants to be left alone); `wrong chain`.
        head: the newest block it told of; None where it told of none yet.
        head_age_s: by the local clock; None where the head or its time is not known.
        behind: how many blocks the furthest other node was ahead when all were asked last.
        last_failure: in words; empty where there was none. A healthy node may have had some.
        latency_s: how long it took for its last answer; None before the first.
        clock_skew_s: its clock minus ours, to half a second; None where it does not tell.
    """

    name: str
    state: NodeState
    head: Block | None = None
    head_age_s: float | None = None
    behind: int = 0
    last_failure: str = ""
    latency_s: float | None = None
    clock_skew_s: float | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the nodes say about the block at one height.

    Attributes:
        block_number: the height.
        hashes: by node; None where the node knows no block of that height.
        failures: why others said nothing, in words, by node.
    """

    block_number: int
    hashes: Mapping[str, str | None]
    failures: Mapping[str, str]

    @property
    def agreed(self) -> bool | None:
        """Whether all that know the block name one hash; None where fewer than two know it."""
        known = [each for each in self.hashes.values() if each is not None]
        return len(set(known)) == 1 if len(known) > 1 else None


def is_stale(
    head: Block, now: float, behind: int, stale_after_s: float | None, stale_behind: int
) -> bool:
    """Whether a node with such a head is too old, or too far behind the others, to be asked."""
    if behind >= stale_behind:
        return True
    if stale_after_s is None or head.timestamp is None:
        return False
    return now - head.timestamp > stale_after_s


def behind_each(heads: Mapping[str, Block]) -> dict[str, int]:
    """Return how many blocks each node is behind the furthest of those asked together."""
    furthest = max((head.number for head in heads.values()), default=0)
    return {name: furthest - head.number for name, head in heads.items()}


def in_words(health: Iterable[NodeHealth]) -> str:
    """Return why none of these nodes can be asked."""
    return "; ".join(f"{each.name} is {_why(each)}" for each in health)


def _why(health: NodeHealth) -> str:
    if health.state == "stale" and health.head is not None:
        age = "" if health.head_age_s is None else f", {health.head_age_s:.0f} s old"
        return f"stale (its head is block {health.head.number}{age}, {health.behind} behind)"
    reason = f": {health.last_failure}" if health.last_failure else ""
    return f"{health.state}{reason}"
