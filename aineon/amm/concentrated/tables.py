"""Table: the segment table of one direction, brought up to date when it is asked for.

A pool's tables are built when the pool is loaded. A mint or burn leaves them as they are and
notes between which ticks they have to change: most such pools are not quoted before the next
mint, and then the work of both is one. What the first quote has to do is less than what the
mint would have done, for it is one direction, not two.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from aineon.amm.concentrated.borders import Borders, TickLiquidity
from aineon.amm.concentrated.segments import Segments


class Table:
    """Segments, or those of earlier ticks and the range in which they have to change."""

    __slots__ = ("_borders", "_lower", "_segments", "_ticks", "_upper")

    _segments: Segments
    # The range of ticks that is out of date; None where nothing is.
    _lower: int | None
    _upper: int
    # What the table has to agree with.
    _ticks: Mapping[int, TickLiquidity]
    _borders: Borders

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._lower = None

    def changed(
        self,
        lower: int,
        upper: int,
        ticks: Mapping[int, TickLiquidity],
        borders: Borders,
    ) -> Table:
        """Return the table after the liquidity between two ticks changed.

        `ticks` and `borders` are those after the change.
        """
        table = Table(self._segments)
        if self._lower is not None:
            lower, upper = min(lower, self._lower), max(upper, self._upper)
        table._lower, table._upper = lower, upper
        table._ticks, table._borders = ticks, borders
        return table

    def segments(self) -> Segments:
        """Return the segments, up to date."""
        lower = self._lower
        if lower is not None:
            # Two threads may both do this: the splice is the same from either state.
            borders = self._borders
            within = borders[bisect_left(borders, lower) : bisect_right(borders, self._upper)]
            self._segments = self._segments.spliced(lower, self._upper, within, self._ticks)
            self._lower = None
        return self._segments
