"""Weather: what is unusual about gas and nodes just now, and clears up by itself.

Each watch takes one reading a block, in a few microseconds, and says how bad it is: fine, rough
(attempts go on with tighter limits) or bad (none is made). Where it turns worse and where it
turns better lie apart, so that a reading at the border does not make the breaker flutter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aineon.chain.client.health import NodeHealth
from aineon.primitives import Block
from aineon.primitives.units import GWEI
from aineon.risk.robust import RobustScore
from aineon.safety.breaker import BreakerState

FINE, ROUGH, BAD = BreakerState.RUNNING, BreakerState.DEGRADED, BreakerState.PAUSED

GAS_WINDOW: Final = 150
"""Blocks of base fees that a new one is compared with: half an hour."""
GAS_WARM_UP: Final = 30
"""Blocks before the first score: six minutes."""
GAS_LEAST_SPREAD: Final = 0.05
REFUSALS: Final = 3
"""Attempts in a row that no relay took, after which none is made for a while."""
REST_BLOCKS: Final = 10
_DEAD: Final = frozenset({"down", "wrong chain"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a watch says of one block.

    Attributes:
        cause: the watch's short stable name.
        level: `FINE`, `ROUGH` or `BAD`.
        words: the figures, in a sentence; said when it is fine too.
    """

    cause: str
    level: BreakerState
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to read of one block.

    Attributes:
        block: the block that is processed.
        nodes: how the chain's nodes are doing; none where the feed reads no chain.
    """

    block: Block
    nodes: Sequence[NodeHealth] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a reading turns rough and bad, and below what it is fine again.

    A bad one stays bad until it is no longer rough.
    """

    rough: float
    bad: float
    fine: float

    def level(self, value: float, before: BreakerState) -> BreakerState:
        """Return how bad `value` is, after it was `before`."""
        if value >= self.bad or (before is BAD and value >= self.rough):
            return BAD
        if value >= self.rough or (before is not FINE and value > self.fine):
            return ROUGH
        return FINE


class Watch(Protocol):
    """Takes one reading a block."""

    def read(self, seen: Seen) -> Reading:
        """Return what this block says; what came before counts too."""


class GasWatch:
    """The base fee against the last half hour, as a robust z-score; only high ones are unusual."""

    cause: Final = "gas_price"
    marks: Final = Marks(rough=12.0, bad=40.0, fine=6.0)

    def __init__(self) -> None:
        self._score = RobustScore(GAS_WINDOW, GAS_WARM_UP, GAS_LEAST_SPREAD)
        self._level = FINE

    def read(self, seen: Seen) -> Reading:
        """Score the block's base fee against those before it, and let it count."""
        fee = seen.block.base_fee_wei
        if fee is None:
            return Reading(self.cause, self._level, "the base fee of this block is not known")
        score, median = self._score.score(fee), self._score.median
        self._score.add(fee)
        if score is None or median is None:
            words = f"{len(self._score)} of {GAS_WARM_UP} blocks of the warm-up are known"
            return Reading(self.cause, FINE, words)
        self._level = self.marks.level(score, self._level)
        words = (
            f"the base fee of {fee / GWEI:.3g} gwei is {score:+.1f} robust deviations from the "
            f"median of {median / GWEI:.3g} gwei; rough from {self.marks.rough:g} on, "
            f"bad from {self.marks.bad:g}"
        )
        return Reading(self.cause, self._level, words)


class LagWatch:
    """How old the newest head is when its block is processed, by the freshest node."""

    cause: Final = "head_lag"
    marks: Final = Marks(rough=36.0, bad=72.0, fine=24.0)

    def __init__(self) -> None:
        self._level = FINE

    def read(self, seen: Seen) -> Reading:
        """Read the age of the freshest node's head."""
        ages = [
            node.head_age_s
            for node in seen.nodes
            if node.head_age_s is not None and node.state not in _DEAD
        ]
        if not ages:
            # Nodes that tell nothing are no fine weather; without a chain there are none.
            self._level = BAD if seen.nodes else FINE
            return Reading(self.cause, self._level, "no node tells how old its head is")
        age = min(ages)
        self._level = self.marks.level(age, self._level)
        words = f"the newest head is {age:.0f} s old; rough from {self.marks.rough:g} s on"
        return Reading(self.cause, self._level, words)


class AgreementWatch:
    """Whether nodes name different blocks of one height, and for how many blocks in a row.

    At the tip that happens for a moment in every reorganisation, so one look proves nothing.
    """

    cause: Final = "disagreement"
    marks: Final = Marks(rough=3.0, bad=10.0, fine=0.0)

    def __init__(self) -> None:
        self._streak = 0
        self._level = FINE

    def read(self, seen: Seen) -> Reading:
        """Compare the heads that nodes told of."""
        said: dict[int, dict[str, str]] = {}
        for node in seen.nodes:
            if node.head is not None and node.head.hash and node.state not in _DEAD:
                said.setdefault(node.head.number, {})[node.name] = node.head.hash
        split = {number: by for number, by in said.items() if len(set(by.values())) > 1}
        self._streak = self._streak + 1 if split else 0
        self._level = self.marks.level(self._streak, self._level)
        if not split:
            words = "no two nodes name different blocks of one height"
            return Reading(self.cause, self._level, words)
        number = max(split)
        told = ", ".join(f"{name} {block}" for name, block in sorted(split[number].items()))
        words = f"for {self._streak} blocks nodes disagree; of block {number} they name {told}"
        return Reading(self.cause, self._level, words)


class RelayWatch:
    """Attempts in a row that nobody took; then it is bad for some blocks, and tried again."""

    cause: Final = "relays"

    def __init__(self) -> None:
        self._refused = 0
        self._words = ""
        self._until: int | None = None
        self._is_due = False

    def taken(self) -> None:
        """An attempt was taken."""
        self._refused, self._until, self._is_due = 0, None, False

    def refused(self, words: str) -> None:
        """An attempt was taken by nobody; `words` is what they said."""
        self._refused += 1
        if self._refused >= REFUSALS:
            self._words, self._refused, self._is_due = words, 0, True

    def read(self, seen: Seen) -> Reading:
        """Say whether relays are given a rest."""
        number = seen.block.number
        if self._is_due:
            self._until, self._is_due = number + REST_BLOCKS, False
        if self._until is None or number >= self._until:
            self._until = None
            return Reading(self.cause, FINE, f"{self._refused} attempts in a row were refused")
        words = (
            f"{REFUSALS} attempts in a row were refused, the last one with: {self._words}; "
            f"tried again from block {self._until} on"
        )
        return Reading(self.cause, BAD, words)
