"""Budgets of tries: spent before anything is looked at, and renewed by themselves."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aineon.access.store import THROTTLES, AccessStore
from aineon.access.throttle import Budget, give_back, in_words, key_of, spend, wait_for
from tests.access.office import NOON, Office

THREE = Budget(3, 60.0)
A, B = key_of("a"), key_of("b")


def tries(office: Office, budgets: dict[str, Budget], at: float) -> float:
    store = AccessStore(office.control)
    looked = wait_for(store, budgets, at)
    with store.turn() as connection:
        wait = spend(connection, budgets, at)
    assert looked == wait
    return wait


def test_a_budget_is_so_many_tries_in_a_window(office: Office) -> None:
    assert [tries(office, {A: THREE}, NOON + second) for second in range(5)] == [0, 0, 0, 57, 56]
    assert tries(office, {A: THREE}, NOON + 59.5) == 0.5
    # The next window begins with the next try.
    assert [tries(office, {A: THREE}, NOON + 60) for _ in range(4)] == [0, 0, 0, 60]


def test_a_try_takes_from_all_budgets_or_from_none(office: Office) -> None:
    for _ in range(3):
        tries(office, {A: THREE}, NOON)
    for _ in range(5):
        assert tries(office, {A: THREE, B: THREE}, NOON + 1) == 59
    assert [tries(office, {B: THREE}, NOON + 2) for _ in range(4)] == [0, 0, 0, 60]


def test_what_was_no_guess_is_given_back(office: Office) -> None:
    store = AccessStore(office.control)
    for _ in range(10):
        assert tries(office, {A: THREE, B: THREE}, NOON) == 0
        with store.turn() as connection:
            give_back(connection, (A, B))
    with store.turn() as connection:
        give_back(connection, (A, B))
    # Nothing is there to be saved up.
    assert [tries(office, {A: THREE}, NOON) for _ in range(4)] == [0, 0, 0, 60]


def test_a_clock_that_was_wrong_shuts_nobody_out(office: Office) -> None:
    for _ in range(4):
        tries(office, {A: THREE}, NOON + 1_000_000)
    assert [tries(office, {A: THREE}, NOON) for _ in range(4)] == [0, 0, 0, 60]


def test_windows_that_ended_leave_nothing_behind(office: Office) -> None:
    for number in range(50):
        tries(office, {key_of(str(number)): THREE}, NOON)
    tries(office, {A: THREE}, NOON + 60)
    with AccessStore(office.control).turn() as connection:
        assert [row.key for row in connection.execute(THROTTLES.select())] == [A]


def test_parts_of_a_key_are_not_mixed_up() -> None:
    keys = {key_of("ab"), key_of("a", "b"), key_of("a", "", "b"), key_of("", "ab"), key_of("a\0b")}
    assert len(keys) == 5
    assert all(len(key) == 64 for key in keys)
    assert key_of("\ud800") != key_of("?")


def test_waiting_in_words() -> None:
    assert [in_words(wait) for wait in (0.1, 60, 60.1, 900)] == [
        "a minute",
        "a minute",
        "2 minutes",
        "15 minutes",
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 200), min_size=1, max_size=12))
def test_no_window_lets_more_through(office: Office, steps: list[int]) -> None:
    """Whenever tries come, none that is let through has three others before it in its window."""
    key = key_of("property", *map(str, steps))
    at, through = NOON, []
    for step in steps:
        at += step / 5
        if not tries(office, {key: THREE}, at):
            through.append(at)
    begins, count = through[0], 0
    for moment in through:
        if moment >= begins + 60:
            begins, count = moment, 0
        count += 1
        assert count <= 3
