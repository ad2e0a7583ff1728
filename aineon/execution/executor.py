"""Executor and Preflight: the one step in which simulation and live differ.

Both are chosen where the engine is composed; nothing above them asks which ones they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aineon.amm import Pool
from aineon.execution.contests import Auctions
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt, Observation, Settlement
from aineon.market import Market
from aineon.primitives import Address, Block
from aineon.search.route import Route


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """What a plan would come to if it ran now.

    Attributes:
        failure: why it would not pay, in a sentence; empty where it would.
        amount_out: what its last hop would pay; None where it fails.
        pools_after: the states it would leave.
        gas_used: as a node's simulation says; None where only our own arithmetic was asked.
    """

    failure: str
    amount_out: int | None = None
    pools_after: tuple[Pool, ...] = ()
    gas_used: int | None = None

    @property
    def passed(self) -> bool:
        """Whether the plan may be submitted."""
        return not self.failure


class Preflight(Protocol):
    """Tries a plan without consequences."""

    async def check(self, plan: ExecutionPlan, market: Market) -> PreflightResult:
        """Return what `plan` would come to on the states of `market`, and wherever else it asks."""


@dataclass(frozen=True, slots=True)
class NotSubmitted:
    """Why an executor did not take a plan: a gate of the funnel and a sentence."""

    gate: str
    reason: str


class Executor(Protocol):
    """Carries plans out and says what became of them.

    Attributes:
        in_flight: the attempts that are submitted, and not in a block as far as is known.
        moved_pools: pools that stand, in the executor's view, where its own trades left them.
        trouble: why no plan can be carried out at the moment, in a sentence; empty where one can.
    """

    @property
    def in_flight(self) -> Sequence[Attempt]: ...
    @property
    def moved_pools(self) -> Mapping[Address, Pool]: ...
    @property
    def trouble(self) -> str: ...

    def pending(self) -> Sequence[Observation]:
        """What is seen of attempts in blocks that are not final, oldest first."""

    def view(self, market: Market) -> Market:
        """The market as the executor's own trades leave it."""

    def taker_of(self, route: Route) -> str | None:
        """The attempt that took the gap of `route` and still counts as having taken it."""

    def forget(self, changed: frozenset[Address]) -> None:
        """The real states of these pools replaced whatever was assumed of them."""

    async def submit(
        self, plan: ExecutionPlan, block: Block, step: int, preflight: PreflightResult
    ) -> Attempt | NotSubmitted:
        """Carry `plan` out; it was seen at `block` and passed `preflight`."""

    async def settle(
        self,
        market: Market,
        block: Block,
        changed: frozenset[Address],
        auctions: Auctions | None = None,
    ) -> Sequence[Settlement]:
        """Say which attempts have ended, now that `block` is known.

        `auctions` are those at the top of `block`, where the feed knows of such.
        """

    async def give_up(self, reason: str, after_block: int | None = None) -> Sequence[Settlement]:
        """Settle as unresolved what can no longer be followed (all, or what came after a block).

        What can be followed further, because a chain keeps it, is not settled by this.
        """

    async def aclose(self) -> None:
        """Let go of what it holds open; what is in flight stays recorded."""
