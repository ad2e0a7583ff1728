"""Sealing: secrets at rest that a copied database does not give away (AES-256-GCM).

A sealed secret is one line of text:

    aineon-seal:1:PURPOSE:KEY:LENGTH:BODY

PURPOSE is what the secret is for, KEY names the key without giving it away, LENGTH is the number
of characters of BODY, and BODY is nonce, encrypted secret and tag in unpadded base64url. Everything
before BODY is authenticated with it, so a sealed second factor cannot be passed off as a sealed
web hook, and nothing can be changed unnoticed. The nonce is 96 random bits: after 2^32 secrets
under one key, the chance of any two sharing one is still below 1 in 2^32 (NIST SP 800-38D, 8.3).

A keyring has one key that seals, and earlier ones that still open: that is how a key is changed
without a moment in which something cannot be read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from aineon.errors import (
    InvalidSealKey,
    NotSealed,
    SealTampered,
    SealTruncated,
    UnsafeFile,
    WrongPurpose,
    WrongSealKey,
)
from aineon.primitives.private_files import read_private, replace_private, write_private

KEY_FILE: Final = "sealing.key"
"""The keyring's name in the data folder."""

_MARK: Final = "aineon-seal"
_VERSION: Final = "1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEY_TEXT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PURPOSE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_HEADER: Final = re.compile(
    r"aineon-seal:(?P<version>[0-9]{1,4}):(?P<purpose>[a-z0-9][a-z0-9._-]{0,63})"
    r":(?P<key>[0-9a-f]{16}):(?P<length>0|[1-9][0-9]{0,8}):(?P<body>[A-Za-z0-9_-]*)",
    re.ASCII,
)
_MOST_KEYS: Final = 64


class SealKey:
    """32 bytes that no text shows."""

    __slots__ = ("_value", "name")

    def __init__(self, value: bytes) -> None:
        if len(value) != _KEY_BYTES:
            raise InvalidSealKey(f"a sealing key has {_KEY_BYTES} bytes, and this one {len(value)}")
        self._value = value
        # Of a hash of the key, so that the name tells nothing about it.
        self.name: Final = hashlib.sha256(b"aineon sealing key\0" + value).hexdigest()[:16]

    @classmethod
    def new(cls) -> SealKey:
        """Make a key from the system's randomness."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> SealKey:
        """Return the key that 64 hexadecimal digits spell.

        Raises:
            InvalidSealKey: it is something else; the message does not show it.
        """
        if not _KEY_TEXT.fullmatch(text.strip().lower()):
            raise InvalidSealKey("a sealing key is 64 hexadecimal digits, and this is not")
        return cls(bytes.fromhex(text.strip()))

    def reveal(self) -> bytes:
        """Return the bytes; for the cipher and the key's own file, and nobody else."""
        return self._value

    def __repr__(self) -> str:
        return f"SealKey({self.name})"

    def __reduce__(self) -> NoReturn:
        raise InvalidSealKey("a sealing key is not to be pickled or copied")


class Seal:
    """Seals with the first of its keys, and opens with whichever a secret was sealed with.

    Args:
        keys: one or more; the first is the present one.

    Raises:
        InvalidSealKey: none, or one of them twice.
    """

    __slots__ = ("_keys",)

    def __init__(self, *keys: SealKey) -> None:
        self._keys = {key.name: key for key in keys}
        if not keys or len(self._keys) < len(keys):
            raise InvalidSealKey("sealing takes one key or several different ones")

    @property
    def present(self) -> SealKey:
        """The key that seals."""
        return next(iter(self._keys.values()))

    def seal(self, purpose: str, plaintext: bytes) -> str:
        """Return `plaintext` sealed for `purpose`, e.g. `totp.7`: lower-case, digits, `._-`.

        Raises:
            WrongPurpose: that is not how purposes are written.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        _check_purpose(purpose)
        key = self.present
        nonce = secrets.token_bytes(_NONCE_BYTES)
        length = len(_encoded(bytes(_NONCE_BYTES + len(plaintext) + _TAG_BYTES)))
        header = f"{_MARK}:{_VERSION}:{purpose}:{key.name}:{length}:"
        body = AESGCM(key.reveal()).encrypt(nonce, plaintext, header.encode())
        return header + _encoded(nonce + body)

    def open(self, purpose: str, sealed: str) -> bytes:
        """Return what was sealed for `purpose`.

        Raises:
            NotSealed: the text is something else, or of another version.
            SealTruncated: its end is missing.
            WrongPurpose: it was sealed for something else.
            WrongSealKey: it was sealed with a key that is not among ours.
            SealTampered: it was changed.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        _check_purpose(purpose)
        parts = _parse(sealed)
        if parts.purpose != purpose:
            raise WrongPurpose(
                f"the secret was sealed for {parts.purpose!r}, and is wanted for {purpose!r}"
            )
        key = self._keys.get(parts.key)
        if key is None:
            raise WrongSealKey(
                f"the secret for {purpose!r} was sealed with key {parts.key}, and at hand is "
                f"{', '.join(self._keys)}"
            )
        try:
            return AESGCM(key.reveal()).decrypt(
                parts.body[:_NONCE_BYTES], parts.body[_NONCE_BYTES:], parts.header.encode()
            )
        except InvalidTag:
            raise SealTampered(
                f"the secret for {purpose!r} was changed after it was sealed"
            ) from None

    def reseal(self, purpose: str, sealed: str) -> str:
        """Return a secret sealed with the present key; one that is already is returned as it is.

        Raises:
            SealError: as `open`.
        """
        plaintext = self.open(purpose, sealed)
        if _parse(sealed).key == self.present.name:
            return sealed
        return self.seal(purpose, plaintext)

    def __repr__(self) -> str:
        return f"Seal({', '.join(self._keys)})"


def open_keyring(folder: Path, given: Sequence[str] = ()) -> Seal:
    """Return the seal of an installation; its first key is made at the first need.

    Args:
        folder: the data folder, where the keyring lies (mode 0600).
        given: keys that are used in place of it, the present one first.

    Raises:
        InvalidSealKey: a key is malformed, or the keyring cannot be read or made.
    """
    if given:
        return Seal(*map(SealKey.parse, given))
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return Seal(*_read(path))
    except OSError as error:
        raise InvalidSealKey(f"{path} cannot be used: {error.strerror or error}") from error


def add_key(folder: Path) -> Seal:
    """Begin a new key: it seals from now on, and the earlier ones still open.

    Raises:
        InvalidSealKey: the keyring cannot be read or written, or is full.
    """
    path = folder / KEY_FILE
    open_keyring(folder)
    keys = (SealKey.new(), *_read(path))
    if len(keys) > _MOST_KEYS:
        raise InvalidSealKey(
            f"{path} holds {_MOST_KEYS} keys already; drop those that open nothing any more"
        )
    return _replace(path, keys)


def drop_earlier_keys(folder: Path) -> Seal:
    """Forget all keys but the present one; do so when everything has been resealed.

    Raises:
        InvalidSealKey: the keyring cannot be read or written.
    """
    path = folder / KEY_FILE
    return _replace(path, _read(path)[:1])


class _Parts(NamedTuple):
    header: str
    purpose: str
    key: str
    body: bytes


def _parse(sealed: str) -> _Parts:
    found = _HEADER.fullmatch(sealed) if isinstance(sealed, str) else None
    if found is None:
        raise NotSealed("the text is no sealed secret")
    if found["version"] != _VERSION:
        raise NotSealed(f"the secret is sealed in version {found['version']}, which is not known")
    length, body = int(found["length"]), found["body"]
    if len(body) < length:
        raise SealTruncated(
            f"{len(body)} of the {length} characters of the secret for {found['purpose']!r} are "
            "left"
        )
    decoded = _decoded(body)
    if len(body) > length or decoded is None or len(decoded) < _NONCE_BYTES + _TAG_BYTES:
        raise SealTampered(f"the secret for {found['purpose']!r} was changed after it was sealed")
    return _Parts(sealed[: found.start("body")], found["purpose"], found["key"], decoded)


def _check_purpose(purpose: str) -> None:
    if not _PURPOSE.fullmatch(purpose):
        raise WrongPurpose(
            f"purpose {purpose!r} is not 1 to 64 lower-case letters, digits, dots, dashes and "
            "underscores"
        )


def _encoded(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _decoded(text: str) -> bytes | None:
    """None where it is no base64, or spells its bytes in another way than `_encoded` does."""
    try:
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return body if _encoded(body) == text else None


def _make(path: Path) -> None:
    try:
        write_private(path, _lines((SealKey.new(),)))
    except FileExistsError:
        # Another process was quicker, and its key is as good.
        return


def _replace(path: Path, keys: Sequence[SealKey]) -> Seal:
    try:
        replace_private(path, _lines(keys))
    except OSError as error:
        raise InvalidSealKey(f"{path} cannot be written: {error.strerror or error}") from error
    return Seal(*keys)


def _lines(keys: Sequence[SealKey]) -> bytes:
    return "".join(f"{key.reveal().hex()}\n" for key in keys).encode()


def _read(path: Path) -> tuple[SealKey, ...]:
    try:
        text = read_private(path, 2 * _MOST_KEYS * _KEY_BYTES * 2).decode("ascii")
        return tuple(SealKey.parse(line) for line in text.splitlines())
    except UnsafeFile as error:
        raise InvalidSealKey(str(error)) from error
    except (UnicodeDecodeError, InvalidSealKey):
        raise InvalidSealKey(
            f"{path} is not a keyring: a line of 64 hexadecimal digits for each key"
        ) from None
