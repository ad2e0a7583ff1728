"""Day: what the settlements of this day (UTC) came to, and the loss that is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aineon.primitives import Clock, Provenance
from aineon.primitives.units import format_ether
from aineon.risk.limits import Limits, Refusal

if TYPE_CHECKING:
    from aineon.ledger.reading import BookReader

_SECONDS: Final = 86_400
_DAYS_BEFORE: Final = 31


@dataclass(frozen=True, slots=True)
class Booked:
    """What a book holds of a part of a day.

    Attributes:
        at: seconds since the Unix epoch.
        net_wei: of the settlements whose net is known.
        unknown: how many there are besides.
    """

    at: float
    net_wei: int
    unknown: int = 0


class Day:
    """The net of a day: what was booked before the start, and what is settled since.

    Settlements whose net is not known are in no sum; `unknown` counts them. A loss that is seen
    in a block that is not final counts already, a gain there does not.

    Each date keeps its own sum, so a clock that is set wrong, and right again, takes no loss
    away. What is kept under a date that the clock says is still to come counts as well, as far as
    that date lost.

    Args:
        clock: the day is that of the clock, as the book's.
        booked: what the book holds of this day, and of others that the clock may be set to.
    """

    def __init__(self, clock: Clock, booked: Iterable[Booked] = ()) -> None:
        self._clock = clock
        self._nets: Counter[int] = Counter()
        self._unknowns: Counter[int] = Counter()
        for part in booked:
            self._nets[_date(part.at)] += part.net_wei
            self._unknowns[_date(part.at)] += part.unknown
        self._pending_loss_wei = 0

    @classmethod
    def booked(cls, reader: BookReader, provenance: Provenance, clock: Clock) -> Day:
        """Return this day as far as the book knows it, over all runs of `provenance`.

        The days before it are there for a clock that is set back.

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
        query = select(hours.c.hour_start, hours.c.net, settled - hours.c.known).where(
            in_scope(hours.c.run_id, Scope(provenance)),
            hours.c.hour_start >= (_date(clock.now()) - _DAYS_BEFORE) * _SECONDS,
        )
        with reader.session() as connection:
            rows = connection.execute(query).all()
        return cls(clock, [Booked(*row) for row in rows])

    @property
    def net_wei(self) -> int:
        """The known nets of the day, and losses that are not final."""
        today = self._today()
        later = sum(min(net, 0) for date, net in self._nets.items() if date > today)
        return self._nets[today] + later - self._pending_loss_wei

    @property
    def loss_wei(self) -> int:
        """What the day has lost so far; 0 where it has gained."""
        return max(-self.net_wei, 0)

    @property
    def unknown(self) -> int:
        """Settlements of the day whose net is not known."""
        today = self._today()
        return sum(count for date, count in self._unknowns.items() if date >= today)

    def settled(self, net_wei: int | None) -> None:
        """Count a settlement."""
        if net_wei is None:
            self._unknowns[self._today()] += 1
        else:
            self._nets[self._today()] += net_wei

    def pend(self, loss_wei: int) -> None:
        """Say what is lost, all in all, in blocks that are not final."""
        self._pending_loss_wei = loss_wei

    def check(self, limits: Limits, at_stake_wei: int = 0) -> Refusal | None:
        """Return the day's loss as a refusal where it has reached the limit.

        Args:
            limits: the operator's.
            at_stake_wei: what attempts in flight can still lose.
        """
        limit = limits.max_daily_loss_wei
        if limit is None or self.loss_wei + at_stake_wei < limit:
            return None
        words = self.words(limit)
        if at_stake_wei:
            words += f", and what is in flight can cost {format_ether(at_stake_wei, 9)} ETH of gas"
        return Refusal("daily_loss", words)

    def words(self, limit: int) -> str:
        """The day's loss and its limit, in a sentence."""
        return (
            f"the loss of this day (UTC) is {format_ether(self.loss_wei, 9)} ETH; the limit is "
            f"{format_ether(limit)} ETH"
        )

    def _today(self) -> int:
        return _date(self._clock.now())


def _date(at: float) -> int:
    return int(at // _SECONDS)
