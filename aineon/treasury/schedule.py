"""Schedule: a cron expression of five fields, in UTC.

Minute (0-59), hour (0-23), day of month (1-31), month (1-12), day of week (0-7, both 0 and 7 are
Sunday). A field is `*`, a number, a range `a-b`, either with a step `/n`, or several of these
separated by commas. As everywhere with cron (POSIX crontab), where day of month and day of week
are both restricted, either of them is enough. UTC has no summer time, so no minute comes twice
and none is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from aineon.errors import InvalidSchedule

_MINUTE: Final = timedelta(minutes=1)
_PART: Final = re.compile(r"(\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)
# A 29th of February that is a certain weekday comes after 40 years at the most.
_MOST_DAYS: Final = 366 * 41


class _Field(NamedTuple):
    name: str
    least: int
    most: int


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12),
    _Field("day of week", 0, 7),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes at which something is due; build it with `parse_schedule`."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def is_due(self, moment: datetime) -> bool:
        """Whether `moment`, in UTC, lies in one of the minutes."""
        return moment.minute in self.minutes and moment.hour in self.hours and self._has_day(moment)

    def latest(self, since: float, until: float) -> float | None:
        """Return the newest due minute after `since` and not after `until`; None without one."""
        moment = _moment(until)
        earliest = datetime.fromtimestamp(since, UTC)
        while moment > earliest:
            if not self._has_day(moment):
                moment = moment.replace(hour=0, minute=0) - _MINUTE
            elif self.is_due(moment):
                return moment.timestamp()
            else:
                moment -= _MINUTE
        return None

    def following(self, after: float) -> float:
        """Return the first due minute after `after`."""
        moment = _moment(after) + _MINUTE
        last = moment + timedelta(days=_MOST_DAYS)
        while moment <= last:
            if not self._has_day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif self.is_due(moment):
                return moment.timestamp()
            else:
                moment += _MINUTE
        raise InvalidSchedule(f"schedule {self.text!r} names a day that never comes")

    def _has_day(self, moment: datetime) -> bool:
        if moment.month not in self.months:
            return False
        in_month = moment.day in self.days
        # isoweekday counts Sunday as 7, cron as 0.
        in_week = moment.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week


def parse_schedule(text: object) -> Schedule:
    """Return the schedule that `text` writes.

    Raises:
        InvalidSchedule: not five fields, a value out of its range, or a day that never comes.
    """
    fields = text.split() if isinstance(text, str) else []
    if len(fields) != len(_FIELDS):
        raise InvalidSchedule(
            f"schedule {text!r:.60} is not five fields: minute, hour, day of month, month, day "
            "of week, such as `0 6 * * 1`"
        )
    minutes, hours, days, months, weekdays = (
        _values(field, part) for field, part in zip(_FIELDS, fields, strict=True)
    )
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    weekdays = frozenset(day % 7 for day in weekdays)
    schedule = Schedule(" ".join(fields), minutes, hours, days, months, weekdays, either)
    schedule.following(0.0)
    return schedule


def _values(field: _Field, text: str) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(field, part))


def _part(field: _Field, text: str) -> range:
    match = _PART.fullmatch(text)
    if match is None:
        raise InvalidSchedule(_refusal(field, text))
    whole, first, last, step = match.groups()
    low, high = field.least, field.most
    if whole != "*":
        low = int(first)
        # `5/10` means from 5 on, as cron takes it.
        high = int(last) if last else (field.most if step else low)
    by = int(step) if step else 1
    if not field.least <= low <= high <= field.most or by == 0:
        raise InvalidSchedule(_refusal(field, text))
    return range(low, high + 1, by)


def _refusal(field: _Field, text: str) -> str:
    return (
        f"{field.name} {text!r:.40} of a schedule is not *, a number, a range or a step from "
        f"{field.least} to {field.most}"
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(second=0, microsecond=0)
