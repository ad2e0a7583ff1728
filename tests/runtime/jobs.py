"""Jobs that other processes can be given."""

from __future__ import annotations

import os
from dataclasses import dataclass

from aineon.errors import ConfigurationError
from aineon.runtime.side_by_side import Say


@dataclass(frozen=True, slots=True)
class Doubling:
    """Doubles a number, and says which threads it may use."""

    number: int

    @property
    def name(self) -> str:
        return f"doubling {self.number}"

    def run(self, say: Say) -> int:
        say(f"threads {os.environ['OMP_NUM_THREADS']}")
        return 2 * self.number


@dataclass(frozen=True, slots=True)
class Refusing:
    """Refuses what it is asked for."""

    name: str = "refusing"

    def run(self, _: Say) -> int:
        raise ConfigurationError("this cannot be done")


@dataclass(frozen=True, slots=True)
class Dying:
    """Ends without a word, as a process does that the system kills."""

    name: str = "dying"

    def run(self, _: Say) -> int:
        os._exit(9)
