"""Secrets from people: asked for at the terminal without being shown, or read from a file."""

from __future__ import annotations

import getpass
import warnings
from pathlib import Path

from aineon.errors import ConfigurationError, KeystoreError
from aineon.sending.passwords import read_password, require_strong

_TRIES = 3


def ask_secret(what: str) -> str:
    """Return what is typed at the terminal, without showing it.

    Raises:
        ConfigurationError: there is no terminal, or it cannot hide what is typed.
    """
    try:
        with warnings.catch_warnings():
            # It warns where it would show what is typed.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{what}: ")
    except (getpass.GetPassWarning, EOFError):
        raise ConfigurationError(
            f"{what.lower()}: there is no terminal to ask at; name a file of mode 0600 "
            "(--password-file, --key-file)"
        ) from None


def new_password(file: Path | None) -> str:
    """Return a password for a new keystore: from a file, or typed twice.

    Raises:
        KeystoreError: it is not to be used, or was typed in two ways three times.
        ConfigurationError: there is no terminal to ask at.
    """
    if file is not None:
        password = read_password(file)
        require_strong(password)
        return password
    for _ in range(_TRIES):
        password = ask_secret("New password")
        require_strong(password)
        if ask_secret("The same again") == password:
            return password
    raise KeystoreError("the two passwords differed three times; nothing was written")
