"""Passwords of keystores: from a file of their own, and long enough to be worth it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aineon.errors import KeystoreError, KeystoreUnreadable, UnsafeFile
from aineon.primitives.private_files import read_private

SHORTEST: Final = 10
LONGEST: Final = 1024
"""Characters that a new password may have."""


def read_password(path: Path) -> str:
    """Return the password in a file: its one line, without the line's end.

    Raises:
        KeystoreUnreadable: it is not there, can be read by others, or holds something else.
    """
    try:
        text = read_private(path, 4 * LONGEST).decode()
    except UnsafeFile as error:
        raise KeystoreUnreadable(f"the password file cannot be used: {error}") from error
    except UnicodeDecodeError:
        raise KeystoreUnreadable(f"the password file {path} is not UTF-8 text") from None
    except OSError as error:
        raise KeystoreUnreadable(
            f"the password file {path} cannot be read: {error.strerror or error}"
        ) from error
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password:
        raise KeystoreUnreadable(
            f"the password file {path} is {'empty' if not password else 'several lines long'}; "
            "allowed is one line, the password"
        )
    return password


def require_strong(password: str) -> None:
    """Check a password that a new keystore is to have.

    Raises:
        KeystoreError: it is too short or too long, begins or ends with a blank, or holds
            characters that cannot be typed everywhere.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise KeystoreError(
            f"the password is {len(password)} characters long; allowed are {SHORTEST} to "
            f"{LONGEST}: whoever gets hold of the file may try as many as he likes"
        )
    if not password.isprintable() or password != password.strip():
        raise KeystoreError(
            "the password begins or ends with a blank, or holds characters that cannot be "
            "printed; settings and terminals would not give it back as it is"
        )
