"""Day: what the settlements of this day (UTC) came to, and the loss that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aineon.primitives import Clock, Provenance
from aineon.primitives.units import format_ether
from aineon.risk.limits import Limits, Refusal

if TYPE_CHECKING:
    from aineon.ledger.reading import BookReader

_SECONDS: Final = 86_400


class Day:
    """The net of a day: what was booked before the start, and what is settled since.

    Settlements whose net is not known are in no sum; `unknown` counts them. A loss that is seen
    in a block that is not final counts already, a gain there does not.

    Args:
        clock: the day is that of the clock, as the book's.
        net_wei, unknown: what the book holds of this day.
    """

    def __init__(self, clock: Clock, net_wei: int = 0, unknown: int = 0) -> None:
        self._clock = clock
        self._date = self._today()
        self._net_wei = net_wei
        self._unknown = unknown
        self._pending_loss_wei = 0

    @classmethod
    def booked(cls, reader: BookReader, provenance: Provenance, clock: Clock) -> Day:
        """Return this day as far as the book knows it, over all runs of `provenance`.

        Raises:
            LedgerError: the book cannot be read.
        """
        from sqlalchemy import select

        from aineon.ledger.rollup_tables import ProfitHourRow
        from aineon.ledger.scoping import in_scope
        from aineon.ledger.tables import table_of
        from aineon.ledger.views import Scope

        hours = table_of(ProfitHourRow)
        settled = hours.c.included + hours.c.reverted + hours.c.missed + hours.c.unresolved
        query = select(hours.c.net, settled - hours.c.known).where(
            in_scope(hours.c.run_id, Scope(provenance)),
            hours.c.hour_start >= int(clock.now() // _SECONDS) * _SECONDS,
        )
        with reader.session() as connection:
            rows = connection.execute(query).all()
        return cls(clock, sum(row[0] for row in rows), sum(row[1] for row in rows))

    @property
    def net_wei(self) -> int:
        """The known nets of the day, and losses that are not final."""
        self._turn()
        return self._net_wei - self._pending_loss_wei

    @property
    def loss_wei(self) -> int:
        """What the day has lost so far; 0 where it has gained."""
        return max(-self.net_wei, 0)

    @property
    def unknown(self) -> int:
        """Settlements of the day whose net is not known."""
        self._turn()
        return self._unknown

    def settled(self, net_wei: int | None) -> None:
        """Count a settlement."""
        self._turn()
        if net_wei is None:
            self._unknown += 1
        else:
            self._net_wei += net_wei

    def pend(self, loss_wei: int) -> None:
        """Say what is lost, all in all, in blocks that are not final."""
        self._pending_loss_wei = loss_wei

    def check(self, limits: Limits) -> Refusal | None:
        """Return the day's loss as a refusal where it has reached the limit."""
        limit = limits.max_daily_loss_wei
        if limit is None or self.loss_wei < limit:
            return None
        return Refusal("daily_loss", self.words(limit))

    def words(self, limit: int) -> str:
        """The day's loss and its limit, in a sentence."""
        return (
            f"the loss of this day (UTC) is {format_ether(self.loss_wei, 9)} ETH; the limit is "
            f"{format_ether(limit)} ETH"
        )

    def _today(self) -> int:
        return int(self._clock.now() // _SECONDS)

    def _turn(self) -> None:
        today = self._today()
        if today != self._date:
            self._date, self._net_wei, self._unknown = today, 0, 0
