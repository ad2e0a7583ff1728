"""The part of the contract ABI that the benches speak: words, and one list of rows of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eth_utils.crypto import keccak

WORD = 32
# Where the text stands in the data of a revert: after a selector, an offset and a length.
REASON_IN_REVERT = 4 + 2 * WORD
_SPAN = 1 << 256
_HALF = 1 << 255

Row = tuple[int, ...]


def selector(signature: str) -> bytes:
    """Return the first four bytes that name a function."""
    return keccak(text=signature)[:4]


def words(values: Sequence[int]) -> bytes:
    """Encode ints, negative ones in two's complement, one word each."""
    return b"".join((value % _SPAN).to_bytes(WORD, "big") for value in values)


def encode(*arguments: int | bytes | Sequence[int] | Sequence[Row]) -> bytes:
    """Encode arguments: an int is a word, a list becomes a dynamic array of ints or of rows.

    An empty list is an empty text, too.
    """
    heads: list[int] = []
    tails = b""
    for argument in arguments:
        if isinstance(argument, int):
            heads.append(argument)
            continue
        heads.append(len(arguments) * WORD + len(tails))
        if isinstance(argument, bytes):
            tails += words([len(argument)]) + argument + b"\0" * (-len(argument) % WORD)
            continue
        flat = [word for entry in argument for word in _row(entry)]
        tails += words([len(argument), *flat])
    return words(heads) + tails


def _row(entry: int | Row) -> Row:
    return (entry,) if isinstance(entry, int) else entry


def decode_words(answer: bytes) -> list[int]:
    """Return an answer as unsigned words."""
    return [
        int.from_bytes(answer[place : place + WORD], "big") for place in range(0, len(answer), WORD)
    ]


def decode_rows(answer: bytes, width: int) -> Iterator[list[int]]:
    """Yield the rows of the one dynamic array that a bench returns, as unsigned words."""
    decoded = decode_words(answer)
    count = decoded[1]
    for row in range(count):
        yield decoded[2 + row * width : 2 + (row + 1) * width]


def signed(word: int) -> int:
    """Return a word read as two's complement."""
    return word - _SPAN if word >= _HALF else word


def reason(text: str) -> int:
    """Return the word that a bench gives for a revert with this text."""
    return int.from_bytes(text.encode()[:WORD].ljust(WORD, b"\0"), "big")


def reason_text(word: int) -> str:
    """Return such a word as text."""
    return word.to_bytes(WORD, "big").rstrip(b"\0").decode(errors="replace")
