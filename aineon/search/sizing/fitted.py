"""Fitted pieces: what a pool of any formula pays around one amount, as a ratio of two lines.

Three points fix such a ratio. They are taken where the pool's own roundings matter least: at
whole inputs where the output is counted in finer units, else at the edges where the output
grows by a unit, which the exact inverse names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aineon.search.sizing.pieces import ENDLESS, Piece, PieceFinder

# The first fit: 2^-10 of the amount lies between its points. That looks over the steps of a fee
# that is counted in 1e-10 and changes with the size. With a fee rounded to whole units of a
# coarse token, steps are larger: to look over those, half the token's digits less 6.5 do.
WIDE = 10
_COARSE, _WIDEST = 13, 3
# No nearer than that: roundings spoil a slope between near points.
NEAREST = 24
# Of the digits of the finer amount a third goes into the distance: there the errors by rounding
# and by bending otherwise than a ratio of lines does are about equal.
_DIGITS_SHARE = 3
# An amount below this has no neighbours to fit a curve through.
_LEAST = 16
# Where a fit is compared with the pool, in parts of the distance of its points.
_CHECKED = (2, -2, 3, -5, 11, -13)

_new_tuple = tuple.__new__


class NoFit(Exception):
    """A pool pays nothing, or not more for more, around an amount; never leaves the sizing."""


class Curve(NamedTuple):
    """A hop as functions: its exact output, the smallest input, and the largest."""

    output: Callable[[int], int]
    smallest_input: Callable[[int], int]
    most: int


class _Point(NamedTuple):
    taken: int
    paid: int


def fitting(curve: Curve, shift: int, compare: bool = False) -> PieceFinder:
    """Return the finder of pieces fitted to a curve `2^-shift` of an amount around it.

    They are taken to hold for every input. `blur` says how far the curve strayed from the piece,
    to either side, where they are compared.

    Raises (when called):
        NoFit: there is nothing to fit.
    """

    def find(amount_in: int) -> Piece:
        left, middle, right = _rising(curve, amount_in, shift)
        piece = _through(left, middle, right, 0.0)
        if not compare:
            return piece
        reach = min(right.taken - middle.taken, middle.taken - left.taken)
        return piece._replace(blur=_strays(curve, piece, middle.taken, reach))

    return find


def _rising(curve: Curve, amount_in: int, shift: int) -> tuple[_Point, _Point, _Point]:
    """Return three points of which each pays more than the one before, wider where they must."""
    for wider in (shift, (shift + WIDE) // 2, WIDE):
        left, middle, right = points = _points(curve, amount_in, wider)
        if left.taken < middle.taken < right.taken and left.paid < middle.paid < right.paid:
            return points
    raise NoFit(f"{middle.taken} units pay as much as {right.taken} or {left.taken}")


def _points(curve: Curve, amount_in: int, shift: int) -> tuple[_Point, _Point, _Point]:
    output = curve.output
    amount_in = min(amount_in, curve.most - 1)
    paid = output(amount_in) if amount_in >= _LEAST else 0
    if paid < _LEAST:
        raise NoFit(f"{amount_in} units pay {paid}")
    shift = min(shift, max(amount_in, paid).bit_length() // _DIGITS_SHARE)
    if shift <= WIDE:
        digits = min(amount_in, paid).bit_length()
        shift = min(shift, max((digits - _COARSE) // 2, _WIDEST))
    reach = max(amount_in >> shift, 8 * amount_in // paid, 1)
    reach = min(reach, amount_in - 1, curve.most - amount_in)
    if paid >= amount_in:
        taken = (amount_in - reach, amount_in, amount_in + reach)
        left, middle, right = (_Point(at, output(at)) for at in taken)
    else:
        # One unit of output and more between the points, as far as they reach.
        lowest, highest = output(amount_in - reach), output(amount_in + reach)
        wanted = (min(max(lowest, 1), paid - 1), paid, max(highest, paid))
        left, middle, right = (_Point(curve.smallest_input(at), at) for at in wanted)
    return left, middle, right


def _through(left: _Point, middle: _Point, right: _Point, blur: float) -> Piece:
    before, behind = middle.taken - left.taken, right.taken - middle.taken
    fall, rise = middle.paid - left.paid, right.paid - middle.paid
    bend = fall * behind - rise * before
    if bend > 0:
        a, c = fall * rise * (before + behind), bend
        d = (fall + rise) * before * behind
    else:
        # Noise, or a fee that falls with size: a straight line through the outer points.
        a, c, d = fall + rise, 0, before + behind
    paid = middle.paid
    line = (a + paid * c, paid * d, c, d, a * d, blur)
    return _new_tuple(Piece, (1, ENDLESS, middle.taken, 1, 1, *line))


def _strays(curve: Curve, piece: Piece, amount_in: int, reach: int) -> float:
    """Return by how many units of output a curve differs from its piece.

    At least a unit of the finer amount: so much the points themselves can be off.
    """
    _, _, origin, _, _, a, b, c, d, steepness, _ = piece
    worst = min(1.0, steepness / (d * d))
    if steepness >= d * d:
        for part in _CHECKED:
            at = amount_in + reach // part
            below = c * (at - origin) + d
            worst = max(worst, abs(curve.output(at) * below - a * (at - origin) - b) / below)
        return worst
    base = b // d
    for part in _CHECKED:
        offset = max(reach // abs(part) * steepness // (d * d), 1)
        wanted = max(base + (offset if part > 0 else -offset), 1)
        at, below = curve.smallest_input(wanted), a - c * wanted
        off = abs((at - origin) * below - d * wanted + b) / below
        worst = max(worst, off * steepness / (d * d))
    return worst
