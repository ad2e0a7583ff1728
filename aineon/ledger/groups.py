"""Groups: settlements added up by venue, by pair and by the shape of their route, day by day.

An attempt that leads through two venues counts for each of them, so what venues come to adds up
to more than the whole; pairs and shapes add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, NamedTuple, Self

DAY_SECONDS: Final = 86_400

Kind = Literal["venue", "pair", "shape"]
KINDS: Final[tuple[Kind, ...]] = ("venue", "pair", "shape")


class Way(NamedTuple):
    """What an attempt is grouped by."""

    venues: tuple[str, ...]
    pair: str
    route_key: str

    @property
    def shape(self) -> str:
        """How many hops its route has, and whether one of them is divided over several pools."""
        hops = self.route_key.count(">") // 2
        words = "1 hop" if hops == 1 else f"{hops} hops"
        return f"{words}, divided" if "+" in self.route_key else words

    def names(self) -> Iterator[tuple[Kind, str]]:
        """Yield the groups that it belongs to, each once."""
        for venue in dict.fromkeys(self.venues):
            yield "venue", venue
        yield "pair", self.pair
        yield "shape", self.shape


@dataclass(slots=True)
class GroupTally:
    """The settlements of one group; amounts in wei.

    Attributes:
        resolved: settlements whose outcome is known.
        known: settlements whose net is known; `net` is the sum of these.
        gas: sum of the known gas costs; `gas_unknown` counts the others.
    """

    attempts: int = 0
    included: int = 0
    resolved: int = 0
    known: int = 0
    net: int = 0
    gas: int = 0
    gas_unknown: int = 0

    def add(self, outcome: str, net: int | None, gas: int | None) -> None:
        """Count one settlement."""
        self.attempts += 1
        self.included += outcome == "included"
        self.resolved += outcome != "unresolved"
        self.known += net is not None
        self.net += net or 0
        self.gas += gas or 0
        self.gas_unknown += gas is None

    def merge(self, other: GroupTally) -> None:
        """Add another tally to this one."""
        self.attempts += other.attempts
        self.included += other.included
        self.resolved += other.resolved
        self.known += other.known
        self.net += other.net
        self.gas += other.gas
        self.gas_unknown += other.gas_unknown


def _blank() -> dict[Kind, dict[str, GroupTally]]:
    return {kind: {} for kind in KINDS}


@dataclass(slots=True)
class Groups:
    """Settlements by kind of group and name."""

    tallies: dict[Kind, dict[str, GroupTally]] = field(default_factory=_blank)

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Return the groups in a row of `group_days`."""
        groups = cls()
        for kind, names in groups.tallies.items():
            for name, figures in row["groups"].get(kind, {}).items():
                names[name] = GroupTally(**figures)
        return groups

    @classmethod
    def of(cls, parts: Iterable[Groups]) -> Self:
        """Return all of `parts` merged."""
        whole = cls()
        for part in parts:
            for kind, names in part.tallies.items():
                for name, tally in names.items():
                    whole._named(kind, name).merge(tally)
        return whole

    @property
    def columns(self) -> dict[str, Any]:
        """Its columns in `group_days`."""
        groups = {
            kind: {name: asdict(tally) for name, tally in names.items()}
            for kind, names in self.tallies.items()
        }
        return {"groups": groups}

    def add(self, way: Way, outcome: str, net: int | None, gas: int | None) -> None:
        """Count one settlement in each group that it belongs to."""
        for kind, name in way.names():
            self._named(kind, name).add(outcome, net, gas)

    def _named(self, kind: Kind, name: str) -> GroupTally:
        return self.tallies[kind].setdefault(name, GroupTally())


def day_of(at: float) -> int:
    """Return the start of the day (UTC) that `at` lies in, in seconds."""
    return int(at // DAY_SECONDS) * DAY_SECONDS
