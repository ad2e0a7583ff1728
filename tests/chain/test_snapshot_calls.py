"""The words that contracts are asked in, and the programs that ask them."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from aineon.chain.snapshot.calls import (
    SELECTORS,
    TOKENS_REGISTERED,
    Answer,
    Unreadable,
    address_of,
    ask,
    signed,
)
from aineon.chain.snapshot.programs import MOST_CODE, READ_BITMAPS, READ_EACH, assembled
from aineon.primitives import Address

AT = Address("0x" + "ab" * 20)
READ = ask(AT, "getReserves()", words=2)


def test_selectors_and_topics_are_hashes_of_their_signatures() -> None:
    assert {each: "0x" + keccak(text=each)[:4].hex() for each in SELECTORS} == SELECTORS
    assert "0x" + keccak(text="TokensRegistered(bytes32,address[],address[])").hex() == (
        TOKENS_REGISTERED
    )
    assert bytes.fromhex(SELECTORS["tickBitmap(int16)"][2:]) in READ_BITMAPS


def test_a_call_is_its_selector_and_its_words() -> None:
    read = ask(AT, "ticks(int24)", -60, words=2)
    assert read.data == bytes.fromhex("f30dba93") + b"\xff" * 31 + b"\xc4"
    assert read.most == 64


def test_programs_leave_room_for_their_parameters() -> None:
    assert len(READ_EACH) + len(READ_BITMAPS) < MOST_CODE // 100


def test_programs_are_assembled_with_their_jumps_and_their_end() -> None:
    source = "again: 1 0x100 ; twice\n again JUMP END"
    assert assembled(source).hex() == "5b6001610100610000" + "56" + "61000d"


def test_words_of_an_answer_are_told_or_missed_by_name() -> None:
    said = (5).to_bytes(32, "big") + (7).to_bytes(32, "big")
    assert Answer(READ, said).words(2) == (5, 7)
    with pytest.raises(Unreadable, match=r"refuses getReserves\(\)"):
        Answer(READ, None).word()
    with pytest.raises(Unreadable, match="with 64 bytes, not 3 words of 32"):
        Answer(READ, said).words(3)
    assert not Answer(READ, b"\x01").is_given


@pytest.mark.parametrize(
    "said",
    [
        (32).to_bytes(32, "big"),
        (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + bytes(32),
        (2**255).to_bytes(32, "big"),
        (32).to_bytes(32, "big") + (2**255).to_bytes(32, "big"),
    ],
)
def test_lists_that_are_not_whole_are_refused(said: bytes) -> None:
    with pytest.raises(Unreadable, match="with a broken list"):
        Answer(READ, said).array(0)


def test_words_are_read_as_addresses_and_signed() -> None:
    assert address_of(0) is None
    assert address_of(int(AT, 16)) == AT
    assert signed(2**256 - 60) == -60
