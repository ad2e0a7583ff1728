"""Private keys: reading them without ever showing them, and refusing those everybody knows."""

from __future__ import annotations

import hashlib
import re
from typing import Final, NoReturn

from aineon.errors import InvalidKey
from aineon.primitives import parse_address
from aineon.sending.published_keys import PUBLISHED_TEST_KEYS

_CURVE_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_HEX: Final = re.compile(r"[0-9a-fA-F]*", re.ASCII)
_KEY_DIGITS: Final = 64
_ADDRESS_DIGITS: Final = 40
_GUESSABLE_BELOW: Final = 1 << 64
_SHORT_PATTERNS: Final = (1, 2, 4, 8)

PLAY_MARK: Final = b"aineon rehearsal"
"""What the keys of rehearsals begin with, so that one is known by itself, whatever its seed."""


class PrivateKey:
    """32 bytes that no text shows: not `str`, not `repr`, not a pickle, not an exception."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        if len(value) != 32 or not 0 < int.from_bytes(value, "big") < _CURVE_ORDER:
            raise InvalidKey(
                "the private key is not a number from 1 to the order of secp256k1, so no account "
                "belongs to it"
            )
        self._value = value

    def reveal(self) -> bytes:
        """Return the bytes; for whoever signs, and nobody else."""
        return self._value

    @property
    def is_guessable(self) -> bool:
        """Whether trying small numbers, repeated patterns and rehearsals' seeds would find it."""
        if int.from_bytes(self._value, "big") < _GUESSABLE_BELOW:
            return True
        if self._value.startswith(PLAY_MARK):
            return True
        return any(self._value == self._value[:n] * (32 // n) for n in _SHORT_PATTERNS)

    def __repr__(self) -> str:
        return "PrivateKey(…)"

    def __reduce__(self) -> NoReturn:
        raise InvalidKey("a private key is not to be pickled or copied")


def play_key(seed: int, role: str) -> PrivateKey:
    """Return the key of a role in the rehearsal with `seed`: anybody can work it out.

    Half of it is `PLAY_MARK`, by which `refuse_known_key` knows it on every other chain.
    """
    told = hashlib.sha256(f"aineon-rehearsal:{seed}:{role}".encode()).digest()
    return PrivateKey(PLAY_MARK + told[: 32 - len(PLAY_MARK)])


def parse_private_key(text: str) -> PrivateKey:
    """Return the key that `text` spells: 64 hexadecimal digits, with or without 0x.

    Raises:
        InvalidKey: it is something else; the message says what kind of thing, and never shows it.
    """
    stripped = text.strip() if isinstance(text, str) else ""
    digits = stripped.removeprefix("0x").removeprefix("0X")
    if not _HEX.fullmatch(digits) or len(digits) != _KEY_DIGITS:
        raise InvalidKey(
            f"the private key is {_kind_of(stripped, digits)}; it must be {_KEY_DIGITS} "
            "hexadecimal digits, with or without 0x in front"
        )
    return PrivateKey(bytes.fromhex(digits))


def is_published_test_key(address: str) -> bool:
    """Whether the private key of `address` is printed in handbooks or is a small number.

    Raises:
        InvalidValue: not an address.
    """
    return parse_address(address) in PUBLISHED_TEST_KEYS


def refuse_known_key(key: PrivateKey, address: str) -> None:
    """Check that a key may hold real money.

    Raises:
        InvalidKey: everybody knows it, or can guess it.
    """
    if is_published_test_key(address) or key.is_guessable:
        raise InvalidKey(
            f"the private key of {address} is a published test key, a rehearsal's, or easily "
            "guessed; whatever it receives on a public chain is taken at once, so use a key of "
            "your own"
        )


def _kind_of(stripped: str, digits: str) -> str:
    if not stripped:
        return "empty"
    if len(stripped.split()) >= 12:
        return "a phrase of several words, perhaps a seed phrase"
    if not _HEX.fullmatch(digits):
        return f"{len(stripped)} characters long, and not all of them are hexadecimal digits"
    if len(digits) == _ADDRESS_DIGITS:
        return "as long as an address"
    return f"{len(digits)} hexadecimal digits long"
