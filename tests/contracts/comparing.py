"""Compare what AINEON says of swaps with what the real contracts do.

A `World` is one call to a bench: a pool in a random state and many steps, each with the answer
that AINEON expects. Whatever differs becomes a `Difference`, which says how to see it again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.contracts.abi import (
    REASON_IN_REVERT,
    Row,
    decode_rows,
    decode_words,
    reason,
    reason_text,
)
from tests.contracts.chain import Chain, Reverted

DONE = 1
REFUSED = 0

# A word that must come back; None for any, a set for one of several.
Expected = int | None | frozenset[int]


class Check(NamedTuple):
    """One step for the bench, and the row of words it must answer."""

    step: Row
    expected: tuple[Expected, ...]
    question: str
    pool: Any
    swaps: int


class Difference(NamedTuple):
    """A step that the contract answers otherwise than AINEON."""

    world: str
    pool: Any
    question: str
    expected: str
    got: str

    def __str__(self) -> str:
        state = self.pool.__reduce__()[1]
        return (
            f"{self.world}: {self.question}\n  pool     {type(self.pool).__name__}{state}\n"
            f"  AINEON   {self.expected}\n  contract {self.got}"
        )


@dataclass
class World:
    """The steps of one call, in order.

    Attributes:
        name: protocol and seed, from which the same world can be made again.
        setting: what the call says before its steps; the bench's `encode` knows how.
    """

    name: str
    setting: Any = ()
    checks: list[Check] = field(default_factory=list)

    @property
    def swaps(self) -> int:
        """How many swaps are compared."""
        return sum(check.swaps for check in self.checks)

    def expect(
        self, step: Row, answer: tuple[Expected, ...], question: str, pool: Any, swaps: int = 0
    ) -> None:
        """Add a step that the contract must carry out, with this answer."""
        self.checks.append(Check(step, (DONE, 0, *answer), question, pool, swaps))

    def refuse(
        self, step: Row, reasons: Collection[str], question: str, pool: Any, swaps: int = 0
    ) -> None:
        """Add a step that the contract must refuse for one of these reasons."""
        words = frozenset(reason(why) for why in reasons)
        self.checks.append(Check(step, (REFUSED, words), question, pool, swaps))

    def differences(self, rows: Iterable[list[int]]) -> list[Difference]:
        """Compare the answer of the bench with what was expected."""
        return [
            Difference(self.name, check.pool, check.question, shown(check.expected), shown(row))
            for check, row in zip(self.checks, rows, strict=True)
            if not matches(check.expected, row)
        ]


def matches(expected: tuple[Expected, ...], row: list[int]) -> bool:
    """Say whether a row of words is the expected one, as far as that goes."""
    return all(
        want is None or got in (want if isinstance(want, frozenset) else {want % 2**256})
        for want, got in zip(expected, row, strict=False)
    )


def shown(row: Sequence[Expected]) -> str:
    """Return an answer in words."""
    done, why, *answer = row
    if done:
        return f"done: {', '.join(shown_word(word) for word in answer)}"
    words = why if isinstance(why, frozenset) else {why or 0}
    return "refused: " + (" or ".join(sorted(map(reason_text, words))) or "without a reason")


def shown_word(word: Expected) -> str:
    """Return a word as the signed number that it most likely is."""
    return str(word - 2**256) if isinstance(word, int) and word >= 2**255 else str(word)


class Bench(NamedTuple):
    """A deployed bench: where it is, how it is called, and how wide its answers are."""

    chain: Chain
    address: str
    encode: Callable[[World], bytes]
    width: int

    def differences(self, world: World) -> list[Difference]:
        """Run a world on the real contracts.

        Where they refuse to open its pool, they refuse every step.
        """
        try:
            answer = self.chain.call(self.address, self.encode(world))
        except Reverted as refusal:
            why = decode_words(refusal.data[REASON_IN_REVERT:])[:1] or [0]
            return world.differences([[REFUSED, *why]] * len(world.checks))
        return world.differences(decode_rows(answer, self.width))


class Protocol(NamedTuple):
    """What is compared under one name."""

    name: str
    deploy: Callable[[Chain], Bench]
    random_world: Callable[[str, random.Random], World]


@dataclass
class Tally:
    """How many swaps were compared, and what differed."""

    swaps: int = 0
    differences: list[Difference] = field(default_factory=list)

    def report(self) -> str:
        """Return the first differences, each with what is needed to see it again."""
        some = "\n".join(map(str, self.differences[:5]))
        return f"{len(self.differences)} differences in {self.swaps} swaps:\n{some}"


def compare(protocol: Protocol, bench: Bench, seed: str, swaps: int) -> Tally:
    """Compare at least `swaps` random swaps; the same seed asks the same questions again."""
    tally = Tally()
    number = 0
    while tally.swaps < swaps:
        name = f"{protocol.name}, seed {seed}, world {number}"
        try:
            world = protocol.random_world(name, random.Random(name))
            tally.differences += bench.differences(world)
        except Exception as error:
            error.add_note(f"in {name}")
            raise
        tally.swaps += world.swaps
        number += 1
    return tally
