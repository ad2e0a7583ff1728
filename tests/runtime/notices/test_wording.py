"""What is told begins with the book it is about, and is nothing but text to any messenger."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from aineon.primitives import Token
from aineon.runtime.notices import wording

HOSTILE = (
    "@everyone",
    "[click](https://evil.example)",
    "https://evil.example/x",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example")',
    "*bold* _it_ ~s~ `code` ||hidden||",
    "a\u202egnp.exe",
    "line\nbreak\r\nand\ttab\x00",
    "x" * 5000,
)


def test_hostile_names_are_text() -> None:
    for symbol in HOSTILE:
        told = wording.name(symbol)
        assert len(told) <= 25
        for sign in "@[]()<>`*~|=\n\r\t\x00\u202e/.:":
            assert sign not in told, symbol


@profile(max_examples=200, deadline=None)
@given(st.text(max_size=600))
def test_a_line_is_one_line_without_signs_that_messengers_follow(text: str) -> None:
    told = wording.line(text)
    assert len(told) <= 401
    assert not any(sign in told for sign in "<>`*~|@&\\\n\r\t")
    assert "://" not in told
    assert "](" not in told
    assert not any(unicodedata.category(part)[0] == "C" for part in told)


def test_the_book_stands_in_front() -> None:
    assert wording.prefixed("simulation", "A trade") == "[SIMULATION] A trade"
    assert wording.prefixed("live", "=1+1") == "[LIVE] =1+1"


def test_amounts() -> None:
    token = Token("0x" + "ab" * 20, symbol="EVIL.com", decimals=6)
    assert wording.amount(1_500_000, token) == "1.5 EVIL·com"
    assert wording.amount(7, Token("0x" + "ab" * 20)) == "7 smallest units of 0xabab…abab"
    assert wording.ether(-(10**16)) == "-0.01 ETH"
    assert wording.ether(10**18) == "+1 ETH"
