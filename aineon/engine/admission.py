"""Admission: cooldown per pair, attempts in flight, and one attempt a pool."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aineon.execution.settlement import Attempt
from aineon.primitives import Address
from aineon.risk import Refusal
from aineon.search.route import Route

Pair = frozenset[Address]


def pairs_of(route: Route) -> frozenset[Pair]:
    """The pairs of tokens that a route trades."""
    return frozenset(frozenset((hop.token_in.address, hop.token_out.address)) for hop in route)


class Admission:
    """Decides whether there is room for one more attempt.

    Times are in seconds of the market's own time (block timestamps), so that a replay cools
    down as fast as its blocks say, not as fast as it is played.
    """

    def __init__(self, max_concurrent: int, pair_cooldown_seconds: float) -> None:
        self._max_concurrent = max_concurrent
        self._cooldown = pair_cooldown_seconds
        self._cooling_until: dict[Pair, float] = {}

    def room(self, in_flight: Collection[Attempt]) -> int:
        """How many more attempts there is room for."""
        return max(self._max_concurrent - len(in_flight), 0)

    def full(self, in_flight: Collection[Attempt]) -> Refusal | None:
        """Return why there is no room for one more attempt; None where there is."""
        if self.room(in_flight):
            return None
        return Refusal(
            "max_concurrent",
            f"{len(in_flight)} attempts are in flight; the limit is {self._max_concurrent}",
        )

    def check(
        self,
        route: Route,
        in_flight: Iterable[Attempt],
        now: float,
        companions: Iterable[Attempt] = (),
    ) -> Refusal | None:
        """Return why `route` has to wait, or None where it may be attempted now.

        Args:
            route: what would be attempted.
            in_flight: the attempts that have not settled.
            now: the market's own time.
            companions: those of them that belong to the same combination: the route was sized
                on the states that they leave, so it may share their pools.
        """
        attempts = tuple(in_flight)
        known = {attempt.attempt_id for attempt in companions}
        pools = {pool.address for pool in route.pools}
        for attempt in attempts:
            if attempt.attempt_id in known:
                continue
            shared = pools.intersection(attempt.plan.pools)
            if shared:
                return Refusal(
                    "pool_in_flight",
                    f"attempt {attempt.attempt_id} is in flight through pool {min(shared)}",
                )
        if (full := self.full(attempts)) is not None:
            return full
        wait = max(self._cooling_until.get(pair, now) - now for pair in pairs_of(route))
        if wait > 0:
            return Refusal("cooldown", f"a pair of this route cools down for {wait:.0f} s more")
        return None

    def start_cooldown(self, route: Route, now: float) -> None:
        """Note that the pairs of `route` were attempted at `now`."""
        for pair in pairs_of(route):
            self._cooling_until[pair] = now + self._cooldown
        self._cooling_until = {
            pair: until for pair, until in self._cooling_until.items() if until > now
        }
