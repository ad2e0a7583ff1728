"""ParallelPools: several pools of the same two tokens, swapped through side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from aineon.amm import LocalCurve, Pool, Quote
from aineon.amm.checks import refuse_amount, refuse_tokens
from aineon.amm.frozen import Frozen
from aineon.errors import InsufficientLiquidity, InvalidPoolState, SameToken
from aineon.primitives import Address, Token
from aineon.search.division import Branch, Division
from aineon.search.entangled import entangled_pair

_set = object.__setattr__


class ParallelPools(Frozen):
    """One input divided over two or more real pools; implements `Pool` for exactly two tokens.

    It is a way of trading, not a contract, and no market holds it: `address` names it, and is
    no address on the chain. Whatever is about contracts (attempts in flight, last changes,
    steps of a plan) looks at `Route.pools`, where its members stand for themselves.

    The division is found in floats and polished with exact quotes until moving a single unit
    from one member to another pays no more. Between concave pools that is the best division,
    but for roundings: each member rounds down what it pays, and a division that loses less to
    rounding may be some units of output better.

    Attributes:
        members: the real pools, ordered by address.
        tokens: the two tokens that it swaps, ordered by address; members may hold others too.

    Raises:
        InvalidPoolState: fewer than two members, one that is no pool or is such a composite
            itself, one given twice, one that does not hold both tokens, or a metapool together
            with the base pool that it stands on.
        SameToken: both tokens are one.
    """

    __slots__ = ("_divisions", "members", "tokens")

    members: tuple[Pool, ...]
    tokens: tuple[Token, ...]
    # What was divided once is asked for again: for the size, the gas, the plan.
    _divisions: dict[Token, Division]

    def __init__(self, members: Iterable[Pool], token_a: Token, token_b: Token) -> None:
        pools = tuple(members)
        for pool in pools:
            if not isinstance(pool, Pool) or isinstance(pool, ParallelPools):
                raise InvalidPoolState(f"a member is {pool!r}; allowed are real pools")
        addresses = [pool.address for pool in pools]
        if len(addresses) < 2 or len(set(addresses)) < len(addresses):
            raise InvalidPoolState(
                f"members are {', '.join(addresses) or 'none'}; allowed are two or more, each once"
            )
        if (pair := entangled_pair(pools)) is not None:
            raise InvalidPoolState(
                f"members are {pair[0]!r} and {pair[1]!r}, and a swap through one of them changes "
                "what the other pays; allowed are pools that stand by themselves"
            )
        if token_a == token_b:
            raise SameToken(f"token_a and token_b are both {token_a!r}; a swap joins two tokens")
        for pool in pools:
            for token in (token_a, token_b):
                if token not in pool.tokens:
                    raise InvalidPoolState(f"member {pool!r} does not hold {token!r}")
        _set(self, "members", tuple(sorted(pools, key=lambda pool: pool.address)))
        _set(self, "tokens", (min(token_a, token_b), max(token_a, token_b)))
        _set(self, "_divisions", {})

    @property
    def address(self) -> Address:
        """The members' addresses joined by `+`: a stable name, and no address on the chain."""
        return Address("+".join(pool.address for pool in self.members))

    @property
    def venue(self) -> str:
        """The members' venues joined by `+`, each once."""
        return "+".join(dict.fromkeys(pool.venue for pool in self.members))

    def split(self, token_in: Token, token_out: Token, amount_in: int) -> tuple[int, ...]:
        """Return what each member takes of `amount_in`, in the order of `members`; 0 for some.

        Raises:
            InvalidAmount: not an int from 1 to `max_amount_in`.
            InsufficientLiquidity: no member can swap anything.
            UnknownToken, SameToken: these are not its two tokens.
        """
        division = self.division(token_in, token_out)
        if not division.most:
            raise self._refuse_empty()
        if type(amount_in) is not int or not 1 <= amount_in <= division.most:
            raise refuse_amount("amount_in", amount_in, division.most)
        return tuple(division.best(amount_in))

    def division(self, token_in: Token, token_out: Token) -> Division:
        """The members in one direction, ready to divide many amounts.

        Raises:
            UnknownToken, SameToken: these are not its two tokens.
        """
        self._check(token_in, token_out)
        known = self._divisions.get(token_in)
        if known is None:
            branches = [_branch(pool, token_in, token_out) for pool in self.members]
            known = self._divisions[token_in] = Division(branches)
        return known

    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        """Quote a swap of `amount_in`, divided as `split` says; partial where all members end.

        Raises:
            InvalidAmount: not an int of at least 1.
            InsufficientLiquidity: no member can swap anything.
            UnknownToken, SameToken: these are not its two tokens.
        """
        division = self.division(token_in, token_out)
        if type(amount_in) is not int or amount_in < 1:
            raise refuse_amount("amount_in", amount_in, max(division.most, 1))
        if not division.most:
            raise self._refuse_empty()
        taken = min(amount_in, division.most)
        return self._quote(token_in, token_out, division, taken, taken < amount_in)

    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        """Quote the input that pays at least `amount_out`, found by halving.

        `amount_out` of the quote says what is paid, which can be some units more. Partial where
        all that the members can take pays less.

        Raises:
            As `quote_exact_input`, for `amount_out`.
        """
        division = self.division(token_in, token_out)
        if type(amount_out) is not int or amount_out < 1:
            raise refuse_amount("amount_out", amount_out, 1 << 256)
        if not division.most:
            raise self._refuse_empty()
        if division.output(division.best(division.most)) < amount_out:
            return self._quote(token_in, token_out, division, division.most, partial=True)
        amount_in = _smallest_input(division, amount_out)
        return self._quote(token_in, token_out, division, amount_in, partial=False)

    def spot_price(self, token_in: Token, token_out: Token) -> float:
        """The deepest member's price before fees.

        Raises:
            InsufficientLiquidity: no member can swap anything.
        """
        self._check(token_in, token_out)
        curves = [(pool.local_curve(token_in, token_out), pool) for pool in self.members]
        open_ = [(curve.bend, pool) for curve, pool in curves if curve.rate > 0]
        if not open_:
            raise self._refuse_empty()
        _, deepest = min(open_, key=lambda each: (each[0], each[1].address))
        return deepest.spot_price(token_in, token_out)

    def local_curve(self, token_in: Token, token_out: Token) -> LocalCurve:
        """The best member's rate, and the bend of all of them side by side.

        Side by side their depths (`1 / bend`) add up. Members with a worse rate join later than
        that, so the curve promises a little too much, as an upper bound may.
        """
        self._check(token_in, token_out)
        curves = [pool.local_curve(token_in, token_out) for pool in self.members]
        open_ = [curve for curve in curves if curve.rate > 0]
        if not open_:
            return LocalCurve(0.0, 0.0)
        rate = max(curve.rate for curve in open_)
        if min(curve.bend for curve in open_) <= 0:
            return LocalCurve(rate, 0.0)
        return LocalCurve(rate, 1 / sum(1 / curve.bend for curve in open_))

    def max_amount_in(self, token_in: Token, token_out: Token) -> int:
        """What all members together can take; 0 where none can swap."""
        self._check(token_in, token_out)
        return sum(pool.max_amount_in(token_in, token_out) for pool in self.members)

    def output_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked `amount_in -> amount_out` of `quote_exact_input`."""
        division = self.division(token_in, token_out)
        return lambda amount_in: division.output(division.best(amount_in))

    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        """The exact, unchecked inverse, found by halving.

        The input that it names pays the amount and one unit less does not. Where roundings make
        the output function step down by a unit, a smaller one may reach the amount as well.
        """
        return partial(_smallest_input, self.division(token_in, token_out))

    def _quote(
        self, token_in: Token, token_out: Token, division: Division, amount_in: int, partial: bool
    ) -> Quote:
        shares = division.best(amount_in)
        quotes = [
            pool.quote_exact_input(token_in, token_out, share) if share else None
            for pool, share in zip(self.members, shares, strict=True)
        ]
        paid = sum(quote.amount_out for quote in quotes if quote is not None)

        def after() -> ParallelPools:
            moved = [
                pool if quote is None else quote.pool_after
                for pool, quote in zip(self.members, quotes, strict=True)
            ]
            return ParallelPools(moved, token_in, token_out)

        return Quote(amount_in, paid, partial, after)

    def _check(self, token_in: Token, token_out: Token) -> None:
        if token_in == token_out or token_in not in self.tokens or token_out not in self.tokens:
            raise refuse_tokens(self, self.tokens, token_in, token_out)

    def _refuse_empty(self) -> InsufficientLiquidity:
        return InsufficientLiquidity(f"no member of {self!r} can swap anything")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ParallelPools):
            return NotImplemented
        return self.members == other.members and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash((self.members, self.tokens))

    def __repr__(self) -> str:
        return f"ParallelPools({self.tokens[0]}/{self.tokens[1]} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.members, *self.tokens)


def _branch(pool: Pool, token_in: Token, token_out: Token) -> Branch:
    curve = pool.local_curve(token_in, token_out)
    most = pool.max_amount_in(token_in, token_out)
    if not (curve.rate > 0 and most):
        return Branch(_nothing, 0.0, 0.0, 0)
    return Branch(pool.output_function(token_in, token_out), curve.rate, curve.bend, most)


def _nothing(_: int) -> int:
    return 0


def _smallest_input(division: Division, amount_out: int) -> int:
    """An input that pays `amount_out` while one unit less does not."""

    def reaches(amount_in: int) -> bool:
        return division.output(division.best(amount_in)) >= amount_out

    high = 1
    while high < division.most and not reaches(high):
        high *= 2
    low, high = high // 2, min(high, division.most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high
