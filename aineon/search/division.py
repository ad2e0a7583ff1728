"""Dividing one input over several pools that swap the same two tokens.

Pools are concave, so the best division is the one in which every pool that takes part pays the
same for its next unit. In floats, and for pools that pay `rate * x / (1 + bend * x)`, that is a
formula. Exact quotes then move amounts from where the last units pay least to where the next
ones pay most, in smaller and smaller steps, until moving a single unit pays no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

# A step this many bits below the whole is near enough for looking for a size: what a division
# loses grows with the square of how far it is off.
_NEAR_BITS = 14
# The largest step, by how much steps widen and narrow, and at how many of them it is looked first
# whether they pay at all.
_FIRST_BITS = 4
_NARROW_BITS = 3
_LOOK_BITS = 12
_LAST_STEPS = tuple(1 << bits for bits in range(7))
# Of pools that do not bend at all, the best one takes everything; this keeps the formula finite.
_LEAST_BEND_OF_ALL = 1e-9
# Beyond all amounts, which have up to 256 bits.
_MUCH = 1 << 300


class Branch(NamedTuple):
    """One pool in one direction.

    Attributes:
        output: its exact output function, valid from 1 to `most`.
        rate, bend: its local curve.
        most: the largest input it fills completely; 0 where nothing can be swapped.
    """

    output: Callable[[int], int]
    rate: float
    bend: float
    most: int


class Division:
    """Divides any input over `branches`; the same input is always divided the same way."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self._branches = tuple(branches)
        self._best: dict[int, list[int]] = {}
        self.most = sum(branch.most for branch in branches)

    def near(self, amount: int) -> list[int]:
        """Divide `amount` so well that little is left to gain; for trying many amounts.

        Valid for 1 <= amount <= most, as `best`.
        """
        mover = _Mover(self._branches, self._start(amount))
        mover.gallop(max(amount >> _NEAR_BITS, 1), max(amount >> _FIRST_BITS, 1))
        return mover.shares

    def best(self, amount: int) -> list[int]:
        """Divide `amount` so that moving 1, 2, 4 … 64 units between two pools pays no more."""
        known = self._best.get(amount)
        if known is None:
            known = self._best[amount] = self._divided(amount)
        return list(known)

    def output(self, shares: Sequence[int]) -> int:
        """What the pools pay for their shares."""
        return sum(
            branch.output(share)
            for branch, share in zip(self._branches, shares, strict=True)
            if share
        )

    def _divided(self, amount: int) -> list[int]:
        mover = _Mover(self._branches, self._start(amount))
        last = largest = max(amount >> _FIRST_BITS, 1)
        while last > 1:
            last = max(last >> _LOOK_BITS, 1)
            mover.gallop(last, largest)
        # Where a unit of input is less than one of output, single units may look like nothing.
        while any(mover.settle(step) for step in _LAST_STEPS if step <= amount):
            pass
        return mover.shares

    def _start(self, amount: int) -> list[int]:
        """The division that the local curves make best, within what each pool can take."""
        branches = self._branches
        shares = [0] * len(branches)
        rest = amount
        open_ = [index for index, branch in enumerate(branches) if branch.most]
        while rest:
            full = []
            wanted = _equal_marginals([branches[index][1:3] for index in open_], float(rest))
            for index, share in zip(open_, wanted, strict=True):
                if share >= branches[index].most:
                    full.append(index)
            for index in full:
                shares[index] = branches[index].most
                rest -= branches[index].most
            open_ = [index for index in open_ if index not in full]
            if not full:
                for index, share in zip(open_, wanted, strict=True):
                    shares[index] = min(int(share), rest)
                    rest -= shares[index]
                return _with_rest(shares, rest, branches)
            if rest < 0:
                # Floats called a pool full that is not; the last one that was filled gives back.
                shares[full[-1]] += rest
                rest = 0
        return shares


class _Mover:
    """Moves amounts between shares as long as that pays."""

    def __init__(self, branches: Sequence[Branch], shares: list[int]) -> None:
        self._branches = branches
        self.shares = shares
        self._paid = [
            branch.output(share) if share else 0
            for branch, share in zip(branches, shares, strict=True)
        ]

    def gallop(self, last: int, largest: int) -> None:
        """Move in steps down to `last` units, from the largest one that still pays.

        Pools are concave: where a step does not pay, no larger one does. So a good start costs
        one look.
        """
        step = last
        while step < largest and self._pays(step):
            step = min(step << _NARROW_BITS, largest)
        while step > last:
            step = max(step >> _NARROW_BITS, last)
            self.settle(step)

    def settle(self, step: int) -> bool:
        """Move `step` units at a time, best first, until no such move pays more.

        Returns whether anything was moved.
        """
        gains, losses = self._around(step)
        moved = False
        while (move := _best_move(gains, losses)) is not None:
            moved = True
            giver, taker = move
            for index, change in ((giver, -step), (taker, step)):
                self.shares[index] += change
                share = self.shares[index]
                self._paid[index] = self._branches[index].output(share) if share else 0
                gains[index] = self._gain(index, step)
                losses[index] = self._loss(index, step)
        return moved

    def _pays(self, step: int) -> bool:
        return _best_move(*self._around(step)) is not None

    def _around(self, step: int) -> tuple[list[int], list[int]]:
        places = range(len(self.shares))
        return [self._gain(at, step) for at in places], [self._loss(at, step) for at in places]

    def _gain(self, index: int, step: int) -> int:
        """What the next `step` units would pay; less than any loss where they do not fit."""
        share, branch = self.shares[index] + step, self._branches[index]
        return branch.output(share) - self._paid[index] if share <= branch.most else -_MUCH

    def _loss(self, index: int, step: int) -> int:
        """What the last `step` units pay; more than any gain where there are fewer."""
        share = self.shares[index] - step
        if share <= 0:
            return _MUCH if share else self._paid[index]
        return self._paid[index] - self._branches[index].output(share)


def _best_move(gains: Sequence[int], losses: Sequence[int]) -> tuple[int, int] | None:
    """From which pool to which one a step pays most; None where none pays."""
    taker, giver = gains.index(max(gains)), losses.index(min(losses))
    if gains[taker] <= losses[giver]:
        return None
    if taker != giver:
        return giver, taker
    # One pool has both, and a move joins two: the next best giver for it, or the next best taker.
    others = [index for index in range(len(gains)) if index != taker]
    other_giver = min(others, key=losses.__getitem__)
    other_taker = max(others, key=gains.__getitem__)
    with_taker = gains[taker] - losses[other_giver]
    with_giver = gains[other_taker] - losses[giver]
    if max(with_taker, with_giver) <= 0:
        return None
    return (other_giver, taker) if with_taker >= with_giver else (giver, other_taker)


def _equal_marginals(curves: Sequence[tuple[float, float]], amount: float) -> list[float]:
    """Divide `amount` so that all curves that take part have the same marginal rate.

    A curve's marginal rate is `rate / (1 + bend * x)^2`. With all of them at `1 / s^2`, each
    takes `(sqrt(rate) * s - 1) / bend`; the sum decides `s`, and curves enter by their rate as
    long as `s` reaches them.
    """
    least = _LEAST_BEND_OF_ALL / amount
    roots = [sqrt(rate) for rate, _ in curves]
    bends = [max(bend, least) for _, bend in curves]
    order = sorted(range(len(curves)), key=lambda index: (-roots[index], index))
    weight, offset, level = 0.0, amount, 0.0
    for index in order:
        if roots[index] * level <= 1 and level:
            break
        weight += roots[index] / bends[index]
        offset += 1 / bends[index]
        level = offset / weight
    return [max(root * level - 1, 0.0) / bend for root, bend in zip(roots, bends, strict=True)]


def _with_rest(shares: list[int], rest: int, branches: Sequence[Branch]) -> list[int]:
    """Give what rounding left to the largest shares that have room."""
    for index in sorted(range(len(shares)), key=lambda index: (-shares[index], index)):
        room = min(branches[index].most - shares[index], rest)
        shares[index] += room
        rest -= room
    return shares
