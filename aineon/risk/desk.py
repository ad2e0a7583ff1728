"""RiskDesk: everything that is asked before an attempt besides the attempt's own figures.

It is told what happens, in plain words that fit paper and chain alike: blocks, what is in flight,
attempts, and how they ended. It answers for a candidate whether the breaker, the day's loss, the
pace, its tokens, its pools and the exposure let it through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from aineon.amm import Pool
from aineon.errors import LedgerError
from aineon.primitives import Address
from aineon.risk.breaker import DAILY_LOSS, BreakerRules, Ended
from aineon.risk.day import Day
from aineon.risk.exposure import Exposure, Position
from aineon.risk.jumps import JumpWatch
from aineon.risk.limits import Candidate, Limits, Refusal
from aineon.risk.pace import Pace
from aineon.risk.screening import TokenScreen
from aineon.risk.weather import (
    AgreementWatch,
    GasWatch,
    LagWatch,
    Reading,
    RelayWatch,
    Seen,
    Watch,
)
from aineon.safety.breaker import Breaker, BreakerStanding, BreakerState

CARRIER_GATES: Final = frozenset({"relays", "node"})
"""Gates of the funnel at which an attempt stopped because nobody carried it."""
DEPTHS: Final = 200
_DAY: Final = 86_400
_HISTORY: Final = 50


class RiskDesk:
    """Answers for one engine.

    Args:
        limits: what the operator allows.
        breaker: of the book; it is asked before each attempt.
        day: what the book holds of this day.
        screen: of tokens.
    """

    def __init__(
        self, limits: Limits, breaker: Breaker, day: Day, screen: TokenScreen | None = None
    ) -> None:
        self.limits = limits
        self.day = day
        self.pace = Pace()
        self.exposure = Exposure()
        self.jumps = JumpWatch()
        self.depths: deque[float] = deque(maxlen=DEPTHS)
        self.readings: tuple[Reading, ...] = ()
        self._breaker = breaker
        self._screen = screen or TokenScreen()
        self._rules = BreakerRules(breaker, limits, day)
        self._relays = RelayWatch()
        self._watches: tuple[Watch, ...] = (
            GasWatch(),
            LagWatch(),
            AgreementWatch(),
            self._relays,
        )
        self._pending_loss_wei = 0

    def open(self, now: float, faults: int = 0) -> None:
        """Halt where the book holds damage that the breaker never learnt of.

        An engine that dies between booking a loss and tripping leaves that behind.

        Args:
            now: seconds since the Unix epoch.
            faults: reverts of our own making in a row with which the book ends.
        """
        self._rules.go_on(faults)
        today = now // _DAY
        if self.day.check(self.limits) is None:
            return
        try:
            moves = self._breaker.history(_HISTORY)
        except LedgerError:
            # It cannot be read, so it is not running either.
            return
        if not any(move.cause == DAILY_LOSS and move.at // _DAY == today for move in moves):
            self._rules.look_at_day(-1)

    # --- what is asked ---------------------------------------------------------------------

    @property
    def breaker(self) -> BreakerStanding:
        """How the breaker stood at the latest look."""
        return self._breaker.standing

    @property
    def is_restricted(self) -> bool:
        """Whether the tighter limits hold."""
        return self._breaker.standing.state is BreakerState.DEGRADED

    @property
    def trouble(self) -> str:
        """Why nothing is attempted at all; empty where attempts are let through."""
        standing = self._breaker.standing
        return "" if standing.state.lets_through else f"the breaker is {standing}"

    @property
    def caution(self) -> str:
        """Why attempts are restricted; empty where they are not."""
        return f"the breaker is {self._breaker.standing}" if self.is_restricted else ""

    def check(self, candidate: Candidate, limits: Limits) -> Refusal | None:
        """Return what speaks against an attempt that its own figures do not tell."""
        if self.trouble:
            return Refusal("breaker", self.trouble)
        return (
            self.day.check(limits, self.exposure.gas_wei)
            or self.pace.check(limits)
            or self._way(candidate, limits)
        )

    def _way(self, candidate: Candidate, limits: Limits) -> Refusal | None:
        route = candidate.route
        if route is None:
            return None
        pools = route.pools
        return (
            self._screen.check(route.tokens)
            or self.jumps.check(pools)
            or self.exposure.check(
                Position(
                    candidate.position_wei,
                    frozenset(route.tokens),
                    frozenset(pool.venue for pool in pools),
                ),
                limits,
            )
        )

    # --- what it is told -------------------------------------------------------------------

    def block(self, seen: Seen, now: float) -> None:
        """Take a block's readings and let the breaker follow them.

        Args:
            seen: what there is to read.
            now: the market's own time.
        """
        self.pace.pass_to(now)
        self.readings = tuple(watch.read(seen) for watch in self._watches)
        self._rules.follow(self.readings, seen.block.number)

    def moved(
        self,
        number: int,
        before: Mapping[Address, Pool],
        after: Mapping[Address, Pool],
        changed: Iterable[Address],
    ) -> None:
        """Look at the pools that changed for jumps."""
        self.jumps.read(number, before, after, changed)

    def hold(self, positions: Iterable[Position]) -> None:
        """Say all that is in flight."""
        self.exposure = Exposure(positions)

    def attempted(self, position: Position, depth: float, now: float) -> None:
        """Count an attempt.

        Args:
            position: what it puts in.
            depth: the largest share of a pool's depth that one of its hops takes.
            now: the market's own time.
        """
        self._relays.taken()
        self.pace.attempted(now)
        self.exposure.add(position)
        self.depths.append(depth)

    def not_submitted(self, gate: str, words: str) -> None:
        """Say that the executor did not take a plan."""
        if gate in CARRIER_GATES:
            self._relays.refused(words)

    def settled(self, ended: Ended) -> None:
        """Count how an attempt ended, and look for damage in it."""
        self.day.settled(ended.net_wei)
        self._rules.settled(ended)

    def pend(self, loss_wei: int) -> None:
        """Say what is lost, all in all, in blocks that are not final."""
        more = loss_wei - self._pending_loss_wei
        self._pending_loss_wei = loss_wei
        self.day.pend(loss_wei)
        if more > 0:
            self._rules.look_at_day(-more)

    def fault(self, words: str) -> None:
        """Say that the engine has a defect."""
        self._rules.damage("defect", words)
