"""What no form may bring in: refused with the reason, and nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import (
    DestinationRefused,
    InvalidSchedule,
    InvalidWithdrawal,
    MixedBooks,
    TreasuryError,
)
from aineon.ledger.commands import CommandState
from aineon.ledger.control import ControlStore
from aineon.primitives import ETHER, Book, Token
from aineon.treasury import Holdings, Payment, Service, TreasuryStore
from aineon.treasury.addresses import edit_distance, look_alike, parse_destination
from aineon.treasury.commands import KINDS, parse_amount
from aineon.treasury.destinations import MOST_SHARE, Destination, Purpose, divide
from aineon.treasury.service import Automatic
from aineon.treasury.withdrawal import check_name
from tests.databases import database_url
from tests.treasury.checks import a_rule
from tests.treasury.desks import NOON, SAVINGS, USDC, WEI, Bench
from tests.treasury.template import open_book

CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.mark.parametrize(
    "text",
    [
        "0", "0.0", "-1", "+1", "nan", "NaN", "inf", "1e400", "1e2", "1E18", "0x10", "1,5", "1_000",
        "1.", ".5", "", " ", "1 2", "١", "1" * 79, "1.0000000000000000001",
        1, 1.5, True, None, ["1"], {"amount": 1}, b"1",
    ],
)  # fmt: skip
def test_amounts_that_are_none(text: object) -> None:
    with pytest.raises(InvalidWithdrawal):
        parse_amount(text, ETHER)


def test_amounts_are_read_to_the_last_unit() -> None:
    assert parse_amount("1.000000000000000001", ETHER) == 10**18 + 1
    assert parse_amount(" 0.000001 ", USDC) == 1
    with pytest.raises(InvalidWithdrawal, match="more than 6 decimals"):
        parse_amount("0.0000001", USDC)
    with pytest.raises(InvalidWithdrawal, match="decimals of .* are not known"):
        parse_amount("1", Token("0x" + "ab" * 20))


@pytest.mark.parametrize("amount", [0, -1, True, 1.0, float("nan"), 2**256, "1", None])
def test_payments_of_no_amount(amount: Any) -> None:
    with pytest.raises(InvalidWithdrawal, match="amount"):
        Payment(ETHER, amount, SAVINGS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHECKSUMMED.replace("aAeb", "aaeb"), "EIP-55"),
        (CHECKSUMMED[:-1] + "D", "EIP-55"),
        ("0x" + "0" * 40, "zero address or a precompile"),
        ("0x" + "0" * 38 + "09", "precompile"),
        ("0x" + "0" * 37 + "100", "precompile"),
        ("0x000000000000000000000000000000000000dEaD", "stands for nobody|precompile"),
        (ETHER.address, "stands for nobody"),
        ("0x1234", "not an address"),
        ("vitalik.eth", "not an address"),
        (SAVINGS + " ", "not an address"),
        (None, "not an address"),
        (17, "not an address"),
    ],
)
def test_destinations_that_are_none(text: object, words: str) -> None:
    with pytest.raises(DestinationRefused, match=words):
        parse_destination(text)


def test_destinations_in_every_honest_spelling() -> None:
    for text in (CHECKSUMMED, CHECKSUMMED.lower(), "0x" + CHECKSUMMED[2:].upper()):
        assert parse_destination(text) == CHECKSUMMED.lower()


@pytest.mark.parametrize(
    "who", ["", " ", "anna ", "a" * 65, "an\nna", "a\x00", None, 5, "\u202eanna"]
)
def test_names_that_are_none(who: object) -> None:
    with pytest.raises(InvalidWithdrawal, match="name"):
        check_name(who)


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=20, max_size=20))
@settings(max_examples=50)
def test_strangers_do_not_look_alike(one: bytes, other: bytes) -> None:
    first, second = one.hex(), other.hex()
    distance = edit_distance(first, second)
    assert distance == edit_distance(second, first)
    assert (distance == 0) == (first == second)
    assert distance <= sum(a != b for a, b in zip(first, second, strict=True))
    assert look_alike("0x" + first, "0x" + first)  # type: ignore[arg-type]


@given(
    amount=st.integers(1, 2**256 - 1),
    shares=st.lists(st.integers(0, MOST_SHARE), min_size=1, max_size=8),
)
def test_parts_sum_to_the_whole(amount: int, shares: list[int]) -> None:
    listed = [
        Destination(f"0x{place:040x}", "x", share, Purpose.PAYMENTS, "a", 0.0, 0.0)  # type: ignore[arg-type]
        for place, share in enumerate(shares)
    ]
    parts = divide(amount, listed)
    assert sum(parts.values()) == (amount if any(shares) else 0)
    whole = sum(shares)
    for each in listed:
        got = parts.get(each.address, 0)
        assert abs(got * whole - amount * each.share) <= whole * len(shares)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": None},
        {"schedule": "* * * * *"},
        {"threshold": WEI},
        {"keep": -1},
        {"amount": True},
        {"keep": 1.5},
        {"destination": "0x12"},
        {"origin": "manual"},
        {"origin": "scheduled", "threshold": None, "schedule": "61 * * * *"},
    ],
)
def test_rules_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises((InvalidWithdrawal, InvalidSchedule, DestinationRefused)):
        a_rule(**changes)


def test_play_money_has_no_treasury(tmp_path: Path) -> None:
    book = open_book(tmp_path, Book.SIMULATION)
    with pytest.raises(MixedBooks, match="play money"):
        TreasuryStore(book)
    book.close()


# --- commands ------------------------------------------------------------------------------


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(database_url(tmp_path / "control.db")) as store:
        yield store


FINE = {"amount": "1", "destination": SAVINGS}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("withdrawal.request", FINE | {"amount": "1e400"}, "plain decimal number"),
    ("withdrawal.request", FINE | {"amount": "NaN"}, "plain decimal number"),
    ("withdrawal.request", FINE | {"amount": "-1"}, "plain decimal number"),
    ("withdrawal.request", FINE | {"amount": 1.5}, "is not printable text"),
    ("withdrawal.request", FINE | {"amount": True}, "is not printable text"),
    ("withdrawal.request", FINE | {"amount": "1" * 301}, "at most 300"),
    ("withdrawal.request", FINE | {"asset": "DOGE"}, "is not one of ETH"),
    ("withdrawal.request", FINE | {"asset": ""}, "is not one of ETH"),
    ("withdrawal.request", FINE | {"strategy": "reckless"}, "none of slow"),
    ("withdrawal.request", FINE | {"origin": "emergency"}, "allowed besides are"),
    ("withdrawal.request", FINE | {"worth_wei": "0"}, "allowed besides are"),
    ("withdrawal.request", {"amount": "1"}, "needed are amount, destination"),
    ("withdrawal.approve", {"id": "w-0", "digest": "0"}, "no withdrawal"),
    ("withdrawal.edit", FINE | {"id": "'; DROP TABLE withdrawals; --"}, "no withdrawal"),
    ("destination.add", {"address": CHECKSUMMED, "label": "x", "share": "-1"}, "whole number"),
    ("destination.add", {"address": CHECKSUMMED, "label": "x", "share": "10001"}, "0 to 10000"),
    ("destination.add", {"address": CHECKSUMMED, "label": "a\nb"}, "printable text"),
    ("destination.remove", {"address": CHECKSUMMED}, "not on the allow-list"),
    ("rule.add", {"origin": "automatic", "threshold": "0"}, "is zero"),
    ("rule.add", {"origin": "manual", "threshold": "5"}, "has a threshold"),
    ("rule.remove", {"id": "r-9"}, "no rule"),
    ("withdrawal.sweep", {"proof": "00000000"}, "nobody|not known|second factor"),
]


@pytest.mark.parametrize(("kind", "body", "words"), BAD)
def test_commands_that_are_refused(
    several: Bench, control: ControlStore, kind: str, body: dict[str, Any], words: str
) -> None:
    audited = list(several.audit.entries)
    number = control.commands.ask(kind, body, "anna", NOON, book=Book.LIVE)
    asyncio.run(Service(several.desk, control.commands, Automatic()).tend(NOON))
    found = control.commands.find(number)
    assert found is not None
    assert found.state is CommandState.REFUSED
    assert any(word in found.answer for word in words.split("|")), found.answer
    assert several.audit.entries == audited
    with several.desk.store.reading() as treasury:
        assert treasury.newest() == ()
        assert len(treasury.destinations()) == 3


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=3)),
    st.sampled_from(["1", "ETH", SAVINGS, CHECKSUMMED, "scheduled", "* * * * *", "fast"]),
)  # fmt: skip
FIELDS = st.sampled_from(
    ["amount", "destination", "asset", "strategy", "id", "digest", "proof", "address", "label",
     "share", "purpose", "origin", "threshold", "schedule", "keep"]
)  # fmt: skip


def test_no_command_is_a_defect(several: Bench, control: ControlStore) -> None:
    """Whatever is asked is done or refused; nothing makes the engine stumble."""
    service = Service(several.desk, control.commands, Automatic())

    @settings(max_examples=60)
    @given(st.sampled_from(sorted(KINDS)), st.dictionaries(FIELDS, VALUES, max_size=6))
    def ask(kind: str, body: dict[str, Any]) -> None:
        try:
            number = control.commands.ask(kind, body, "anna", NOON, book=Book.LIVE)
        except UnicodeEncodeError:
            return
        asyncio.run(service.tend(NOON, Holdings({ETHER: WEI})))
        found = control.commands.find(number)
        assert found is not None
        assert not found.is_open

    ask()


def test_a_desk_refuses_what_is_not_ours(several: Bench) -> None:
    payment = Payment(Token("0x" + "ab" * 20, "XYZ", 18), WEI, SAVINGS)
    with pytest.raises(InvalidWithdrawal, match="none that is withdrawn here"):
        several.desk.request(payment, who="anna", at=NOON)
    for token in ("", "x" * 201):
        with pytest.raises(TreasuryError, match="token"):
            several.request(token=token)
