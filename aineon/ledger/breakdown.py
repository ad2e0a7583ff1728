"""Breakdown: what attempts came to by venue, pair, shape of route, and hour of the day (UTC).

Whole days and hours are read from roll-ups; only the ones that a time cuts through are added up
from single rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from aineon.ledger.groups import DAY_SECONDS, KINDS, Groups, GroupTally, Way
from aineon.ledger.reading import BookReader
from aineon.ledger.rollup_tables import GroupDayRow, ProfitHourRow
from aineon.ledger.rollups import HOUR, Tally
from aineon.ledger.scoping import in_scope
from aineon.ledger.tables import AttemptRow, SettlementRow, table_of
from aineon.ledger.views import Scope
from aineon.ledger.windows import rows_between, settled_in
from aineon.primitives import Book, Money, Provenance

_DAYS: Final = table_of(GroupDayRow)
_HOURS: Final = table_of(ProfitHourRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_ATTEMPTS: Final = table_of(AttemptRow)

# Amounts are costly to read, and of the hours only these figures are shown.
_NAMES: Final = (
    "included",
    "reverted",
    "missed",
    "unresolved",
    "known",
    "net",
    "gas",
    "gas_unknown",
)
_FIGURES: Final = tuple(_HOURS.c[name] for name in _NAMES)


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What the attempts of one group came to.

    Attributes:
        name: the venue, the pair, the shape, or the hour as `14:00`.
        success_rate: included among those whose outcome is known; None where there are none.
        known: attempts whose net is known; `net` is their sum, None where it is known of none.
        average_net: per attempt with a known net, rounded down to a wei.
        gas: sum of the known gas costs, None where it is known of none; `gas_unknown` counts
            the others.
    """

    name: str
    attempts: int
    included: int
    success_rate: float | None
    known: int
    net: Money | None
    average_net: Money | None
    gas: Money | None
    gas_unknown: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The attempts of a scope from `since` on, by group; the group with the largest net first.

    Hours are in order of the day, and those without attempts are left out.
    """

    book: Book
    provenance: Provenance
    run_id: int | None
    since: float | None
    venues: tuple[GroupFigures, ...]
    pairs: tuple[GroupFigures, ...]
    shapes: tuple[GroupFigures, ...]
    hours: tuple[GroupFigures, ...]


def read_breakdown(reader: BookReader, scope: Scope, since: float | None = None) -> Breakdown:
    """Return what the attempts of `scope` that were settled from `since` on came to, by group.

    Raises:
        LedgerError: the book cannot be read.
    """
    with reader.session() as connection:
        groups = _groups(connection, scope, since)
        hours = _hours_of_day(connection, scope, since)
    by_kind = {kind: _largest_first(reader, groups.tallies[kind]) for kind in KINDS}
    return Breakdown(
        book=reader.book,
        provenance=scope.provenance,
        run_id=scope.run_id,
        since=since,
        venues=by_kind["venue"],
        pairs=by_kind["pair"],
        shapes=by_kind["shape"],
        hours=tuple(_figures(reader, f"{hour:02d}:00", hours[hour]) for hour in sorted(hours)),
    )


def _groups(connection: Connection, scope: Scope, since: float | None) -> Groups:
    query = select(_DAYS.c.groups).where(in_scope(_DAYS.c.run_id, scope))
    parts = []
    if since is not None:
        first = -(-since // DAY_SECONDS) * DAY_SECONDS
        query = query.where(_DAYS.c.day_start >= first)
        if since < first:
            parts.append(_single_rows(connection, scope, since, first))
    parts += [Groups.from_row(row) for row in connection.execute(query).mappings()]
    return Groups.of(parts)


def _single_rows(connection: Connection, scope: Scope, since: float, until: float) -> Groups:
    query = (
        select(
            _ATTEMPTS.c.venues,
            _ATTEMPTS.c.pair,
            _ATTEMPTS.c.route_key,
            _SETTLEMENTS.c.outcome,
            _SETTLEMENTS.c.net,
            _SETTLEMENTS.c.gas_cost,
        )
        .join(_ATTEMPTS, _ATTEMPTS.c.attempt_id == _SETTLEMENTS.c.attempt_id)
        .where(
            settled_in(scope),
            _SETTLEMENTS.c.settled_at >= since,
            _SETTLEMENTS.c.settled_at < until,
        )
    )
    found = Groups()
    for venues, pair, route_key, *figures in connection.execute(query):
        found.add(Way(tuple(venues), pair, route_key), *figures)
    return found


def _hours_of_day(
    connection: Connection, scope: Scope, since: float | None
) -> dict[int, GroupTally]:
    query = select(_HOURS.c.hour_start, *_FIGURES).where(in_scope(_HOURS.c.run_id, scope))
    found: dict[int, GroupTally] = {}
    if since is not None:
        first = -(-since // HOUR) * HOUR
        query = query.where(_HOURS.c.hour_start >= first)
        if since < first:
            _put(found, since, rows_between(connection, scope, since, first, includes_end=False))
    for start, *figures in connection.execute(query):
        _put(found, start, Tally(**dict(zip(_NAMES, figures, strict=True))))
    return {hour: tally for hour, tally in found.items() if tally.attempts}


def _put(hours: dict[int, GroupTally], at: float, tally: Tally) -> None:
    hour = int(at // HOUR) % 24
    hours.setdefault(hour, GroupTally()).merge(
        GroupTally(
            attempts=tally.attempts,
            included=tally.included,
            resolved=tally.attempts - tally.unresolved,
            known=tally.known,
            net=tally.net,
            gas=tally.gas,
            gas_unknown=tally.gas_unknown,
        )
    )


def _largest_first(reader: BookReader, tallies: dict[str, GroupTally]) -> tuple[GroupFigures, ...]:
    order = sorted(tallies.items(), key=lambda item: (-item[1].net, item[0]))
    return tuple(_figures(reader, name, tally) for name, tally in order)


def _figures(reader: BookReader, name: str, tally: GroupTally) -> GroupFigures:
    return GroupFigures(
        name=name,
        attempts=tally.attempts,
        included=tally.included,
        success_rate=tally.included / tally.resolved if tally.resolved else None,
        known=tally.known,
        net=reader.money(tally.net) if tally.known else None,
        average_net=reader.money(tally.net // tally.known) if tally.known else None,
        gas=None if tally.gas_unknown == tally.attempts else reader.money(tally.gas),
        gas_unknown=tally.gas_unknown,
    )
