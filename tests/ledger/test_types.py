"""Wei as text: order, round trip, and the CHECK that refuses anything else."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from aineon.ledger.types import LARGEST_WEI, Wei, decode_wei, encode_wei, wei_check

amounts = st.one_of(
    st.integers(-LARGEST_WEI, LARGEST_WEI),
    st.integers(-1000, 1000),
    st.sampled_from([0, 1, -1, 10**18, -(10**18), 2**256 - 1, LARGEST_WEI, -LARGEST_WEI]),
)


@given(amounts, amounts)
@example(-1, 0)
@example(-10, -9)
@example(9, 10)
@example(-LARGEST_WEI, LARGEST_WEI)
def test_text_sorts_as_the_numbers_do(one: int, other: int) -> None:
    assert (encode_wei(one) < encode_wei(other)) == (one < other)
    assert (encode_wei(one) == encode_wei(other)) == (one == other)


def test_plain_decimal_text_would_sort_wrongly() -> None:
    numbers = [-10, -9, 0, 9, 10]
    assert sorted(map(str, numbers)) != list(map(str, numbers))
    assert sorted(map(encode_wei, numbers)) == list(map(encode_wei, numbers))


@given(amounts)
def test_round_trip(amount: int) -> None:
    assert decode_wei(encode_wei(amount)) == amount


@pytest.mark.parametrize("amount", [LARGEST_WEI + 1, -LARGEST_WEI - 1, 1.0, True, "1", None])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="78 digits"):
        encode_wei(amount)  # type: ignore[arg-type]


MALFORMED = [
    "",
    "0",
    "12",
    "p" + "0" * 77,
    "p" + "0" * 79,
    "P" + "0" * 78,
    "+" + "0" * 78,
    "x" + "0" * 78,
    "p" + "0" * 77 + "a",
    "p" + "0" * 77 + " ",
    "p" + "0" * 77 + "\N{ARABIC-INDIC DIGIT ONE}",
    "n" + "9" * 78,
]


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_text_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        decode_wei(text)


@pytest.fixture
def checked() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t (wei TEXT CHECK ({wei_check('wei')}))")
    return connection


@pytest.mark.parametrize("value", [*MALFORMED, 12, 1.5, b"p" + b"0" * 78])
def test_malformed_text_is_not_stored(checked: sqlite3.Connection, value: object) -> None:
    with pytest.raises(sqlite3.IntegrityError), checked:
        checked.execute("INSERT INTO t VALUES (?)", (value,))
    checked.close()


@given(amounts)
def test_the_check_lets_every_amount_pass(amount: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE t (wei TEXT CHECK ({wei_check('wei')}))")
    connection.execute("INSERT INTO t VALUES (?), (NULL)", (encode_wei(amount),))
    connection.close()


def test_the_database_sorts_and_compares_amounts() -> None:
    table = Table("t", MetaData(), Column("wei", Wei()))
    engine = create_engine("sqlite://")
    numbers = [10**30, -5, 0, 9, -(10**20), 10, -4]
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"wei": number} for number in numbers])
        in_order = connection.execute(select(table.c.wei).order_by(table.c.wei)).scalars().all()
        negative = connection.execute(select(table.c.wei).where(table.c.wei < 0)).scalars().all()
    engine.dispose()
    assert in_order == sorted(numbers)
    assert sorted(negative) == [-(10**20), -5, -4]


@settings(max_examples=50)
@given(st.lists(amounts, max_size=30), amounts)
def test_order_by_in_sqlite_is_the_numeric_order(numbers: list[int], bound: int) -> None:
    table = Table("t", MetaData(), Column("wei", Wei()))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        if numbers:
            connection.execute(insert(table), [{"wei": number} for number in numbers])
        upwards = connection.execute(select(table.c.wei).order_by(table.c.wei)).scalars().all()
        downwards = select(table.c.wei).order_by(table.c.wei.desc())
        assert connection.execute(downwards).scalars().all() == upwards[::-1]
        above = connection.execute(select(table.c.wei).where(table.c.wei > bound)).scalars().all()
        ends = connection.execute(select(func.min(table.c.wei), func.max(table.c.wei))).one()
    engine.dispose()
    assert upwards == sorted(numbers)
    assert sorted(above) == sorted(number for number in numbers if number > bound)
    assert ends == ((min(numbers), max(numbers)) if numbers else (None, None))


def test_postgresql_has_a_number_wide_enough() -> None:
    table = Table("t", MetaData(), Column("wei", Wei()))
    assert "NUMERIC(78, 0)" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
