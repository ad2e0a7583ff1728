"""Risk figures of a book: value at risk, expected shortfall, slippage realised and predicted.

They are historical: no distribution is assumed, and what never happened is not in them. Where
the sample is smaller than its minimum, a figure is None. Windows are limited, so that a book of
a hundred thousand settlements costs what one of a thousand does.

Definitions. Of n nets, the tail are the k = max(1, n * 5 // 100) worst ones. Value at risk (95 %)
is the smallest loss in the tail; expected shortfall is the mean loss of the tail, rounded up.
Losses are positive; a negative one means that even the tail gained. Slippage of a trade is what
it kept less than predicted, before gas, in basis points of what went in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, select

from aineon.ledger.reading import BookReader
from aineon.ledger.rollup_tables import ProfitHourRow
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import AttemptRow, SettlementRow, table_of
from aineon.ledger.views import Scope
from aineon.primitives import Book, Money, Provenance
from aineon.primitives.units import BPS, ceil_div

TAIL_PERCENT: Final = 5
NEWEST_TRADES: Final = 500
LEAST_TRADES: Final = 100
NEWEST_DAYS: Final = 90
LEAST_DAYS: Final = 60
LEAST_LANDED: Final = 20
_DAY: Final = 86_400

_ATTEMPTS: Final = table_of(AttemptRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_HOURS: Final = table_of(ProfitHourRow)


@dataclass(frozen=True, slots=True)
class TailRisk:
    """What the worst of a sample lost.

    Attributes:
        sample: how many nets there are; `least` are needed for a figure.
        unknown: how many more have a net that is not known, and are left out.
        value_at_risk, expected_shortfall: losses, see above; None where the sample is too small.
    """

    sample: int
    least: int
    unknown: int
    value_at_risk: Money | None
    expected_shortfall: Money | None


@dataclass(frozen=True, slots=True)
class Slippage:
    """What included trades kept less than predicted.

    Attributes:
        sample: included trades in the window; `least` are needed for a statistic.
        median_bps, worst_bps: of what went in; None where the sample is too small.
        predicted, realised: sums of the nets of those trades where both are known; None where
            there is none.
    """

    sample: int
    least: int
    median_bps: float | None
    worst_bps: float | None
    predicted: Money | None
    realised: Money | None


@dataclass(frozen=True, slots=True)
class RiskFigures:
    """The risk figures of one scope of a book.

    Attributes:
        trades: of the newest `NEWEST_TRADES` settlements.
        days: of the newest `NEWEST_DAYS` whole days (UTC) from the first settlement in them on;
            a day without settlements counts as nothing gained and nothing lost.
        slippage: of those settlements that were included.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    trades: TailRisk
    days: TailRisk
    slippage: Slippage


class _Row(NamedTuple):
    outcome: str
    net: int | None
    gross_profit: int | None
    flash_fee: int
    amount_in: int
    expected_profit: int
    expected_net_wei: int | None


def risk_figures(reader: BookReader, scope: Scope, now: float) -> RiskFigures:
    """Return the risk figures of `scope` at `now`.

    Raises:
        LedgerError: the book cannot be read.
    """
    rows = _newest(reader, scope)
    nets = [row.net for row in rows if row.net is not None]
    return RiskFigures(
        book=reader.book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        trades=_tail(reader, nets, LEAST_TRADES, len(rows) - len(nets)),
        days=_of_days(reader, scope, now),
        slippage=_slippage(reader, [row for row in rows if row.outcome == "included"]),
    )


def tail_of(nets: Iterable[int]) -> tuple[int, int]:
    """Return value at risk and expected shortfall of some nets, as losses in the same unit."""
    losses = sorted((-net for net in nets), reverse=True)
    worst = losses[: max(1, len(losses) * TAIL_PERCENT // 100)]
    return worst[-1], ceil_div(sum(worst), len(worst))


def _tail(reader: BookReader, nets: Sequence[int], least: int, unknown: int) -> TailRisk:
    if len(nets) < least:
        return TailRisk(len(nets), least, unknown, None, None)
    at_risk, shortfall = tail_of(nets)
    return TailRisk(len(nets), least, unknown, reader.money(at_risk), reader.money(shortfall))


def _newest(reader: BookReader, scope: Scope) -> list[_Row]:
    """The newest settlements with what was expected of them, by an index on their ordinals."""
    condition: ColumnElement[bool]
    order: ColumnElement[Any]
    if scope.run_id is not None:
        condition = _SETTLEMENTS.c.run_id == scope.run_id
        order = _SETTLEMENTS.c.run_ordinal
    else:
        condition = _SETTLEMENTS.c.provenance == scope.provenance.value
        order = _SETTLEMENTS.c.provenance_ordinal
    query = (
        select(
            _SETTLEMENTS.c.outcome,
            _SETTLEMENTS.c.net,
            _SETTLEMENTS.c.gross_profit,
            _SETTLEMENTS.c.flash_fee,
            _ATTEMPTS.c.amount_in,
            _ATTEMPTS.c.expected_profit,
            _ATTEMPTS.c.expected_net_wei,
        )
        .join(_ATTEMPTS, _ATTEMPTS.c.attempt_id == _SETTLEMENTS.c.attempt_id)
        .where(condition)
        .order_by(order.desc())
        .limit(NEWEST_TRADES)
    )
    with reader.session() as connection:
        return [_Row(*row) for row in connection.execute(query)]


def _of_days(reader: BookReader, scope: Scope, now: float) -> TailRisk:
    today = int(now // _DAY)
    first = (today - NEWEST_DAYS) * _DAY
    query = select(_HOURS.c.hour_start, _HOURS.c.known, _HOURS.c.net).where(
        in_scope(_HOURS.c.run_id, scope),
        _HOURS.c.hour_start >= first,
        _HOURS.c.hour_start < today * _DAY,
    )
    nets: dict[int, int] = defaultdict(int)
    known: dict[int, int] = defaultdict(int)
    with reader.session() as connection:
        for hour_start, count, net in connection.execute(query):
            nets[hour_start // _DAY] += net
            known[hour_start // _DAY] += count
    if not nets:
        return TailRisk(0, LEAST_DAYS, 0, None, None)
    days = range(min(nets), today)
    counted = [nets.get(day, 0) for day in days if day not in nets or known[day]]
    return _tail(reader, counted, LEAST_DAYS, len(days) - len(counted))


def _slippage(reader: BookReader, landed: Sequence[_Row]) -> Slippage:
    lost = [
        BPS * (row.expected_profit - row.gross_profit + row.flash_fee) / row.amount_in
        for row in landed
        if row.gross_profit is not None
    ]
    both = [
        (row.expected_net_wei, row.net)
        for row in landed
        if row.expected_net_wei is not None and row.net is not None
    ]
    enough = len(lost) >= LEAST_LANDED
    return Slippage(
        sample=len(lost),
        least=LEAST_LANDED,
        median_bps=median(lost) if enough else None,
        worst_bps=max(lost) if enough else None,
        predicted=reader.money(sum(predicted for predicted, _ in both)) if both else None,
        realised=reader.money(sum(realised for _, realised in both)) if both else None,
    )
