"""Periods that end now, and buckets of the calendar, in UTC; weeks begin on Monday."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

from aineon.errors import LedgerError
from aineon.ledger.rollups import HOUR

Period = Literal["hour", "day", "week", "month", "all"]
Bucket = Literal["hour", "day", "week", "month"]

DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
PERIOD_SECONDS: Final = {"hour": HOUR, "day": DAY, "week": WEEK, "month": 30 * DAY}
"""How long the periods are that end now; the buckets of the calendar called months differ."""

FIXED_SECONDS: Final = {"hour": HOUR, "day": DAY, "week": WEEK}
BUCKETS: Final = (*FIXED_SECONDS, "month")
MOST_BUCKETS: Final = 5_000

# The first of January 1970 was a Thursday; weeks begin on Mondays.
_FIRST_MONDAY: Final = 4 * DAY


def require_bucket(bucket: str, allowed: tuple[str, ...] = BUCKETS) -> None:
    """Check the name of a kind of bucket.

    Raises:
        LedgerError: there is none of that name.
    """
    if bucket not in allowed:
        raise LedgerError(f"bucket {bucket!r} is not one of {', '.join(allowed)}")


def bucket_start(at: float, bucket: str) -> int:
    """Return the start of the bucket that `at` lies in, in seconds."""
    if bucket == "month":
        moment = datetime.fromtimestamp(at, UTC)
        return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp())
    length = FIXED_SECONDS[bucket]
    first = _FIRST_MONDAY if bucket == "week" else 0
    return int((at - first) // length) * length + first


def bucket_end(start: int, bucket: str) -> int:
    """Return where the bucket that begins at `start` ends, and the next one begins."""
    if bucket == "month":
        # No month has more than 31 days, and none fewer than 28.
        return bucket_start(start + 31 * DAY + DAY // 2, bucket)
    return start + FIXED_SECONDS[bucket]


def newest_starts(first: int, last: int, bucket: str) -> tuple[int, ...]:
    """Return the starts of the buckets from `first` to `last`, of too many the newest."""
    if bucket != "month":
        length = FIXED_SECONDS[bucket]
        return tuple(range(max(first, last - (MOST_BUCKETS - 1) * length), last + length, length))
    return tuple(deque(_starts(first, last, bucket), maxlen=MOST_BUCKETS))


def _starts(first: int, last: int, bucket: str) -> Iterator[int]:
    while first <= last:
        yield first
        first = bucket_end(first, bucket)
