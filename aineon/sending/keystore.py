"""Keystores: a private key in a file that a password opens (Web3 Secret Storage, version 3).

The format is the one of geth, Foundry and most wallets, so files go either way. What we write
costs whoever tries passwords 64 MiB of memory each time (scrypt with n = 2^16), a quarter of
what geth takes, so that the smallest machine can open its own key.

A file is judged before any of it is believed: its parameters say how much memory and time the
opening takes, and they come from outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from aineon.errors import (
    InvalidValue,
    KeystoreExists,
    KeystoreUnreadable,
    NotAKeystore,
    UnsafeFile,
    WrongPassword,
)
from aineon.primitives import Address, parse_address
from aineon.primitives.private_files import read_private, replace_private, write_private
from aineon.primitives.recursion import recursion_limit_kept
from aineon.sending.keys import PrivateKey

SCRYPT_N: Final = 1 << 16
_LONGEST_FILE: Final = 1 << 16
_MOST_MEMORY: Final = 256 << 20
"""Bytes that opening may take: as much as geth's own keystores do (n = 2^18, r = 8)."""
_MOST_WORK: Final = 1 << 22
"""n·r·p of scrypt: twice geth's, some ten seconds on a small machine."""
_MOST_ROUNDS: Final = 10_000_000
"""Of PBKDF2; geth and eth-account write a million at most."""
_LONGEST_SALT: Final = 128


def load_keystore(path: Path, password: str) -> PrivateKey:
    """Return the private key in a keystore.

    Takes some tenths of a second and up to 256 MiB of memory, by the file's own parameters.

    Raises:
        KeystoreUnreadable: the file is not there, cannot be read, or can be read by others.
        NotAKeystore: it is something else, or asks for too much memory or time.
        WrongPassword: the password is another one, or the file was changed.
    """
    keystore = _read(path)
    key = PrivateKey(_opened(path, keystore, password))
    told = _told_address(keystore)
    if told is not None and told != address_of(key):
        raise NotAKeystore(
            f"{path} says that its key is the one of {told}, and it is the one of "
            f"{address_of(key)}; it was changed, or put together from two files"
        )
    return key


def _opened(path: Path, keystore: Mapping[str, Any], password: str) -> bytes:
    # Loading it takes a second, and only who signs needs it.
    with recursion_limit_kept():
        from eth_account import Account
    try:
        value = bytes(Account.decrypt(dict(keystore), password))
    except ValueError:
        # All else was checked, so it is the password, or bytes that were changed.
        value = b""
    except MemoryError:
        raise KeystoreUnreadable(
            f"{path} cannot be opened: this machine has too little memory left for its scrypt"
        ) from None
    if not value:
        raise WrongPassword(
            f"{path} is not opened by this password (or was changed since it was written)"
        )
    return value


def told_address(path: Path) -> Address | None:
    """Return the address that a keystore says it is for, which needs no password.

    Nothing proves it before the password has opened the file: `load_keystore` compares it. None
    where the file does not say.

    Raises:
        KeystoreUnreadable, NotAKeystore: as `load_keystore`.
    """
    return _told_address(_read(path))


def write_keystore(path: Path, key: PrivateKey, password: str) -> None:
    """Write a new keystore (mode 0600), durably.

    Raises:
        KeystoreExists: there is a file already; it is left as it is.
        KeystoreUnreadable: it cannot be written.
    """
    content = _sealed(key, password)
    try:
        write_private(path, content)
    except FileExistsError as error:
        raise KeystoreExists(
            f"{path} exists, and a keystore is never overwritten; name another file"
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def replace_keystore(path: Path, backup: Path, key: PrivateKey, password: str) -> None:
    """Put a keystore in the place of another one, which is kept as `backup`.

    At every moment `path` holds the one or the other, whole.

    Raises:
        KeystoreExists: the backup exists already; nothing is changed.
        KeystoreUnreadable: a file cannot be read or written; `path` is left as it is.
    """
    content = _sealed(key, password)
    _keep_copy(path, backup)
    try:
        replace_private(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


def _keep_copy(path: Path, backup: Path) -> None:
    former = _content(path)
    try:
        write_private(backup, former)
    except FileExistsError as error:
        raise KeystoreExists(f"{backup} exists, and a keystore is never overwritten") from error
    except OSError as error:
        raise _unwritable(backup, error) from error


def address_of(key: PrivateKey) -> Address:
    """Return the account that a key signs for."""
    with recursion_limit_kept():
        from eth_account import Account
    return parse_address(Account.from_key(key.reveal()).address)


def _sealed(key: PrivateKey, password: str) -> bytes:
    with recursion_limit_kept():
        from eth_account import Account
    keystore = Account.encrypt(key.reveal(), password, kdf="scrypt", iterations=SCRYPT_N)
    return (json.dumps(keystore, indent=1) + "\n").encode()


def _unwritable(path: Path, error: OSError) -> KeystoreUnreadable:
    return KeystoreUnreadable(f"{path} cannot be written: {error.strerror or error}")


# --- judging a file that comes from outside ------------------------------------------------


def _content(path: Path) -> bytes:
    try:
        return read_private(path, _LONGEST_FILE)
    except UnsafeFile as error:
        raise KeystoreUnreadable(str(error)) from error
    except OSError as error:
        raise KeystoreUnreadable(f"{path} cannot be read: {error.strerror or error}") from error


def _read(path: Path) -> Mapping[str, Any]:
    try:
        keystore = _lowered(json.loads(_content(path)))
        _check(keystore)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _Unfit) else "it is not well-formed JSON"
        raise NotAKeystore(f"{path} is not a V3 keystore: {reason}") from None
    return cast("Mapping[str, Any]", keystore)


class _Unfit(ValueError):
    """The reason why something is no keystore; what else raises ValueError may quote the file."""


def _lowered(value: Any) -> Any:
    """Some wallets write `Crypto`; names mean the same in any case."""
    if not isinstance(value, dict):
        return value
    lowered = {key.lower(): _lowered(part) for key, part in value.items()}
    if len(lowered) < len(value):
        raise _Unfit("a name stands in it twice")
    return lowered


def _check(keystore: Any) -> None:
    if _field(keystore, "version", int) != 3:
        raise _Unfit("its version is not 3")
    crypto = _field(keystore, "crypto", dict)
    if crypto.get("cipher") != "aes-128-ctr":
        raise _Unfit("its cipher is not aes-128-ctr")
    _hexadecimal(_field(crypto, "cipherparams", dict), "iv", 16, 16)
    _hexadecimal(crypto, "ciphertext", 32, 32)
    _hexadecimal(crypto, "mac", 32, 32)
    parameters = _field(crypto, "kdfparams", dict)
    if _field(parameters, "dklen", int) != 32:
        raise _Unfit("its dklen is not 32")
    _hexadecimal(parameters, "salt", 1, _LONGEST_SALT)
    checks = {"scrypt": _check_scrypt, "pbkdf2": _check_pbkdf2}
    check = checks.get(_field(crypto, "kdf", str))
    if check is None:
        raise _Unfit("its kdf is neither scrypt nor pbkdf2")
    check(parameters)


def _check_scrypt(parameters: Mapping[str, Any]) -> None:
    n, r, p = (_positive(parameters, name) for name in ("n", "r", "p"))
    if n < 2 or n & (n - 1):
        raise _Unfit("n of its scrypt is not a power of two")
    if 128 * r * (n + p) > _MOST_MEMORY + (1 << 20):
        raise _Unfit(f"opening it would take more than {_MOST_MEMORY >> 20} MiB of memory")
    if n * r * p > _MOST_WORK:
        raise _Unfit("opening it would take minutes")


def _check_pbkdf2(parameters: Mapping[str, Any]) -> None:
    if parameters.get("prf") != "hmac-sha256":
        raise _Unfit("its prf is not hmac-sha256")
    if _positive(parameters, "c") > _MOST_ROUNDS:
        raise _Unfit("opening it would take minutes")


def _field(mapping: Any, name: str, kind: type) -> Any:
    value = mapping.get(name) if isinstance(mapping, dict) else None
    # `type`, because True is an int to isinstance.
    if type(value) is not kind:
        raise _Unfit(f"its {name} is missing, or not of the right kind")
    return value


def _positive(mapping: Mapping[str, Any], name: str) -> int:
    value: int = _field(mapping, name, int)
    if value < 1:
        raise _Unfit(f"its {name} is below 1")
    return value


def _hexadecimal(mapping: Mapping[str, Any], name: str, least: int, most: int) -> None:
    text: str = _field(mapping, name, str)
    digits = text.removeprefix("0x")
    if not digits.isascii() or not digits.isalnum() or not least <= len(digits) / 2 <= most:
        raise _Unfit(f"its {name} is not as many hexadecimal digits as it should be")
    try:
        bytes.fromhex(digits)
    except ValueError:
        raise _Unfit(f"its {name} is not hexadecimal") from None


def _told_address(keystore: Mapping[str, Any]) -> Address | None:
    told = keystore.get("address")
    if not isinstance(told, str):
        return None
    try:
        return parse_address("0x" + told.lower().removeprefix("0x"))
    except InvalidValue:
        return None
