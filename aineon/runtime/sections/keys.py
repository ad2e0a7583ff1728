"""Settings: the keys that sign, each as an encrypted keystore or as a private key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter

_GROUP = "Keys"


class KeySettings(BaseModel):
    """One key for trading; withdrawals and the guardian have keys of their own where wanted."""

    keystore: Annotated[
        Path | None,
        Parameter(
            "AINEON_KEYSTORE",
            "Keystore",
            _GROUP,
            kinds.PATH,
            "The encrypted file of the key that trades; `aineon keys create` makes one. "
            "Simulation needs none; live mode needs it, or PRIVATE_KEY.",
            leads_to_secret=True,
        ),
    ] = None

    keystore_password: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_KEYSTORE_PASSWORD",
            "Keystore's password",
            _GROUP,
            kinds.PASSWORD,
            "Opens the keystore. It reaches the engine process alone.",
            secret=True,
        ),
    ] = None

    keystore_password_file: Annotated[
        Path | None,
        Parameter(
            "AINEON_KEYSTORE_PASSWORD_FILE",
            "Keystore's password file",
            _GROUP,
            kinds.PATH,
            "The file (mode 0600) whose one line opens the keystore, read by the engine process.",
            leads_to_secret=True,
        ),
    ] = None

    private_key: Annotated[
        SecretStr | None,
        Parameter(
            "PRIVATE_KEY",
            "Private key",
            _GROUP,
            kinds.PRIVATE_KEY,
            "The key that trades, in place of a keystore. Weaker: whoever reads `.env`, or the "
            "environment of the shell that starts AINEON, has the money. It reaches the engine "
            "process alone.",
            secret=True,
            live=True,
        ),
    ] = None

    withdrawal_keystore: Annotated[
        Path | None,
        Parameter(
            "AINEON_WITHDRAWAL_KEYSTORE",
            "Withdrawals' keystore",
            _GROUP,
            kinds.PATH,
            "The encrypted file of the key that signs withdrawals.",
            leads_to_secret=True,
            default_words="the key that trades",
        ),
    ] = None

    withdrawal_keystore_password: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_WITHDRAWAL_KEYSTORE_PASSWORD",
            "Withdrawals' password",
            _GROUP,
            kinds.PASSWORD,
            "Opens the withdrawals' keystore.",
            secret=True,
        ),
    ] = None

    withdrawal_keystore_password_file: Annotated[
        Path | None,
        Parameter(
            "AINEON_WITHDRAWAL_KEYSTORE_PASSWORD_FILE",
            "Withdrawals' password file",
            _GROUP,
            kinds.PATH,
            "The file (mode 0600) whose one line opens the withdrawals' keystore.",
            leads_to_secret=True,
        ),
    ] = None

    withdrawal_private_key: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_WITHDRAWAL_PRIVATE_KEY",
            "Withdrawals' private key",
            _GROUP,
            kinds.PRIVATE_KEY,
            "The key that signs withdrawals, in place of a keystore; weaker, as PRIVATE_KEY is.",
            secret=True,
        ),
    ] = None

    guardian_keystore: Annotated[
        Path | None,
        Parameter(
            "AINEON_GUARDIAN_KEYSTORE",
            "Guardian's keystore",
            _GROUP,
            kinds.PATH,
            "The encrypted file of the key that may pause the contract, and can do nothing else.",
            leads_to_secret=True,
        ),
    ] = None

    guardian_keystore_password: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_GUARDIAN_KEYSTORE_PASSWORD",
            "Guardian's password",
            _GROUP,
            kinds.PASSWORD,
            "Opens the guardian's keystore.",
            secret=True,
        ),
    ] = None

    guardian_keystore_password_file: Annotated[
        Path | None,
        Parameter(
            "AINEON_GUARDIAN_KEYSTORE_PASSWORD_FILE",
            "Guardian's password file",
            _GROUP,
            kinds.PATH,
            "The file (mode 0600) whose one line opens the guardian's keystore.",
            leads_to_secret=True,
        ),
    ] = None

    guardian_private_key: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_GUARDIAN_PRIVATE_KEY",
            "Guardian's private key",
            _GROUP,
            kinds.PRIVATE_KEY,
            "The guardian's key, in place of a keystore; weaker, as PRIVATE_KEY is.",
            secret=True,
        ),
    ] = None

    sealing_keys: Annotated[
        tuple[SecretStr, ...],
        Parameter(
            "AINEON_SECRET_KEY",
            "Sealing key",
            _GROUP,
            kinds.SEALING_KEYS,
            "Seals what is to be kept secret in a database; after a comma, earlier keys that "
            "still open what they sealed.",
            secret=True,
            shared=True,
            default_words="made at the first need, in the data folder",
        ),
    ] = ()
