"""Hop and Route: the path that a trade takes through pools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from aineon.amm import Pool
from aineon.errors import InvalidRoute
from aineon.primitives import Token
from aineon.search.entangled import entangled_pair
from aineon.search.parallel import ParallelPools

MOST_STEPS: Final = 12
"""The most swaps that one transaction makes: the executor contract takes so many steps
(`MOST_STEPS` in contracts/AineonExecutor.vy). Each real pool of a route is one."""


class Hop(NamedTuple):
    """One swap of a route: `token_in` into `token_out` through `pool`.

    Where the input is divided over several pools, `pool` is a `ParallelPools`.
    """

    pool: Pool
    token_in: Token
    token_out: Token

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The real pools that the hop swaps through: one, or the members of a division."""
        return self.pool.members if isinstance(self.pool, ParallelPools) else (self.pool,)

    def shares(self, amount_in: int) -> list[tuple[Pool, int]]:
        """The real pools that take a part of `amount_in`, each with that part.

        Raises:
            InvalidAmount, InsufficientLiquidity: of a divided hop, see `ParallelPools.split`.
        """
        if not isinstance(self.pool, ParallelPools):
            return [(self.pool, amount_in)]
        parts = self.pool.split(self.token_in, self.token_out, amount_in)
        return [each for each in zip(self.pool.members, parts, strict=True) if each[1]]


class Route(tuple[Hop, ...]):
    """A tuple of hops, each beginning with the token the one before ended with.

    Raises:
        InvalidRoute: no hops, hops that do not join, a pool used twice, a metapool together
            with the base pool that it stands on, a token that the hop's pool does not hold, or
            one swapped into itself.
    """

    __slots__ = ()

    def __new__(cls, hops: Iterable[Hop]) -> Route:
        try:
            route = super().__new__(cls, (Hop(*hop) for hop in hops))
        except TypeError as error:
            raise InvalidRoute(
                f"{hops!r} are no hops; a hop is (pool, token_in, token_out)"
            ) from error
        if not route:
            raise InvalidRoute("a route needs at least one hop, got none")
        for before, after in zip(route, route[1:], strict=False):
            if before.token_out != after.token_in:
                raise InvalidRoute(
                    f"hops do not join: one ends in {before.token_out}, "
                    f"the next begins with {after.token_in}"
                )
        for hop in route:
            _check(hop)
        addresses = [pool.address for pool in route.pools]
        for address in addresses:
            if addresses.count(address) > 1:
                raise InvalidRoute(f"pool {address} is used twice in one route")
        if (pair := entangled_pair(route.pools)) is not None:
            raise InvalidRoute(
                f"{pair[0]!r} and {pair[1]!r} stand in one route, and a swap through one of them "
                "changes what the other pays; allowed are pools that stand by themselves"
            )
        return route

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens in order of the way, the first one included."""
        return (self[0].token_in, *(hop.token_out for hop in self))

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The real pools in order of the way; of a divided hop all members."""
        return tuple(pool for hop in self for pool in hop.pools)

    @property
    def is_cycle(self) -> bool:
        """Whether the route ends with the token it began with."""
        return self[0].token_in == self[-1].token_out

    @property
    def key(self) -> str:
        """A stable name of this way through these pools, whatever their state.

        A divided hop is named by its members' addresses, joined by `+`.
        """
        return ">".join(
            [self[0].token_in.address]
            + [f"{hop.pool.address}>{hop.token_out.address}" for hop in self]
        )

    def __str__(self) -> str:
        parts = [str(self[0].token_in)]
        parts += [f"-[{hop.pool.venue}]-> {hop.token_out}" for hop in self]
        return " ".join(parts)


def _check(hop: Hop) -> None:
    held = getattr(hop.pool, "tokens", None)
    if held is None:
        raise InvalidRoute(f"a hop leads through {hop.pool!r}, which is no pool")
    for token in (hop.token_in, hop.token_out):
        if token not in held:
            raise InvalidRoute(f"pool {hop.pool.address} does not hold {token}")
    if hop.token_in == hop.token_out:
        raise InvalidRoute(f"a hop swaps {hop.token_in} into itself")
