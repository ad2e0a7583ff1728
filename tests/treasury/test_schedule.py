"""Five fields, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import InvalidSchedule
from aineon.treasury import parse_schedule


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("* * * * *", "2026-01-01 00:00:30", "2026-01-01 00:01"),
        ("0 6 * * 1", "2026-11-23 06:00", "2026-11-30 06:00"),
        ("0 6 * * 1", "2026-11-23 05:59:59", "2026-11-23 06:00"),
        ("*/15 * * * *", "2026-01-01 10:46", "2026-01-01 11:00"),
        ("5/20 * * * *", "2026-01-01 10:26", "2026-01-01 10:45"),
        ("0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00"),
        ("30 23 31 12 *", "2026-12-31 23:30", "2027-12-31 23:30"),
        ("0 12 1,15 * *", "2026-01-02 00:00", "2026-01-15 12:00"),
        ("0 9-17/4 * * 1-5", "2026-11-27 17:00", "2026-11-30 09:00"),
        # Sunday is 0 and 7.
        ("0 0 * * 0", "2026-11-23 00:00", "2026-11-29 00:00"),
        ("0 0 * * 7", "2026-11-23 00:00", "2026-11-29 00:00"),
        # Both days restricted: either is enough. One of them a star: both must hold.
        ("0 0 13 * 5", "2026-11-09 00:00", "2026-11-13 00:00"),
        ("0 0 13 * 5", "2026-11-13 00:00", "2026-11-20 00:00"),
        ("0 0 */2 * 5", "2026-11-06 00:00", "2026-11-13 00:00"),
    ],
)
def test_the_next_time(text: str, after: str, expected: str) -> None:
    schedule = parse_schedule(text)
    assert schedule.following(at(after)) == at(expected)
    assert schedule.latest(at(after), at(expected)) == at(expected)
    assert schedule.latest(at(after), at(expected) - 1) is None
    assert schedule.latest(at(expected), at(expected) + 59) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
        "* * * 0 *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/100 * * * *",
        "a * * * *", "-1 * * * *", "1.5 * * * *", "1,,2 * * * *", "@daily", "* * * JAN *",
        "0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "٣ * * * *", None, 5, b"* * * * *",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: object) -> None:
    with pytest.raises(InvalidSchedule):
        parse_schedule(text)


FIELD = st.one_of(
    st.just("*"),
    st.sampled_from(("1", "2-5", "*/3", "1,4", "3/2")),
)


@given(
    fields=st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD),
    start=st.integers(0, 4_000_000_000),
    length=st.integers(0, 200_000),
)
def test_latest_is_the_last_of_all_minutes(
    fields: tuple[str, ...], start: int, length: int
) -> None:
    schedule = parse_schedule(" ".join(fields))
    minutes = range(start - start % 60, start + length + 1, 60)
    due = [
        minute
        for minute in minutes
        if start < minute and schedule.is_due(datetime.fromtimestamp(minute, UTC))
    ]
    assert schedule.latest(start, start + length) == (due[-1] if due else None)
    if due:
        assert schedule.following(start) == due[0]
