"""Changes of the competition at a block of one's choice, for tests of what learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aineon.errors import ConfigurationError


class ChangeKind(StrEnum):
    """What changes."""

    THREE_TIMES_AS_MANY = "three_times_as_many"
    """Two more rivals come for each that is there; everybody can see new names."""

    REACH_HALVES = "reach_halves"
    """The builders that take AINEON's bundles build half as many blocks as before; hidden."""

    PAIRS_BEGIN_TO_FAIL = "pairs_begin_to_fail"
    """A rival appears that wants six pairs at nearly any price (half of the pairs where there
    are fewer than twelve); hidden but for its name."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is so from the auctions at the top of block `at_block` on.

    Raises:
        ConfigurationError: the block is no int from 1 on, or the kind is none that is known.
    """

    at_block: int
    kind: ChangeKind

    def __post_init__(self) -> None:
        if type(self.at_block) is not int or self.at_block < 1:
            raise ConfigurationError(
                f"the block of a change is {self.at_block!r}; allowed is an int from 1 on"
            )
        if self.kind not in tuple(ChangeKind):
            raise ConfigurationError(
                f"the kind of a change is {self.kind!r}; allowed are {', '.join(ChangeKind)}"
            )
        object.__setattr__(self, "kind", ChangeKind(self.kind))
