"""The keys that sign: who has one of its own, where each comes from, and when it is opened.

Only what signs asks for a key: the engine's process. Everybody else is content with addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aineon.errors import ConfigurationError, SendingError
from aineon.primitives import Address
from aineon.sending.keys import PrivateKey, parse_private_key

if TYPE_CHECKING:
    from aineon.access.sealing import Seal
    from aineon.runtime.settings import Settings


class Role(StrEnum):
    """What a key is for."""

    TRADING = "trading"
    WITHDRAWALS = "withdrawals"
    GUARDIAN = "guardian"


class Field(NamedTuple):
    """A setting: its field and its environment variable."""

    name: str
    env: str


@dataclass(frozen=True, slots=True)
class KeyFields:
    """The settings that a role's key comes from: a keystore with its password, or the key."""

    keystore: Field
    password: Field
    password_file: Field
    private_key: Field

    @property
    def names(self) -> frozenset[str]:
        """The fields' names, for which whoever does not sign has no use."""
        fields = (self.keystore, self.password, self.password_file, self.private_key)
        return frozenset(field.name for field in fields)


def _fields(prefix: str, private_key: str) -> KeyFields:
    env = f"AINEON_{prefix.upper()}KEYSTORE"
    return KeyFields(
        Field(f"{prefix}keystore", env),
        Field(f"{prefix}keystore_password", f"{env}_PASSWORD"),
        Field(f"{prefix}keystore_password_file", f"{env}_PASSWORD_FILE"),
        Field(f"{prefix}private_key", private_key),
    )


FIELDS: Final = {
    Role.TRADING: _fields("", "PRIVATE_KEY"),
    Role.WITHDRAWALS: _fields("withdrawal_", "AINEON_WITHDRAWAL_PRIVATE_KEY"),
    Role.GUARDIAN: _fields("guardian_", "AINEON_GUARDIAN_PRIVATE_KEY"),
}


def without_keys(settings: Settings) -> Settings:
    """Return the settings for what never signs: without what is or opens a private key."""
    names = frozenset().union(*(fields.names for fields in FIELDS.values()))
    return settings.model_copy(update=dict.fromkeys(names))


def is_given(settings: Settings, role: Role) -> bool:
    """Whether a role has a key of its own."""
    fields = FIELDS[role]
    return any(_value(settings, f) is not None for f in (fields.keystore, fields.private_key))


def key_of(settings: Settings, role: Role) -> PrivateKey:
    """Return the key of a role; opening a keystore takes half a second and 64 MiB of memory.

    Raises:
        ConfigurationError: it has none of its own, or its keystore cannot be opened.
    """
    fields = FIELDS[role]
    path: Path | None = _value(settings, fields.keystore)
    if path is None:
        return parse_private_key(_private_key(settings, role))
    from aineon.sending.keystore import load_keystore

    try:
        return load_keystore(path, _password(settings, role))
    except SendingError as error:
        raise ConfigurationError(f"{fields.keystore.env}: {error}") from error


def told_address_of(settings: Settings, role: Role) -> Address | None:
    """Return the address of a role's key without opening its keystore; None where it tells none.

    Raises:
        ConfigurationError: the role has no key of its own, or its keystore cannot be read.
    """
    from aineon.sending.keystore import address_of, told_address

    fields = FIELDS[role]
    path: Path | None = _value(settings, fields.keystore)
    if path is None:
        return address_of(parse_private_key(_private_key(settings, role)))
    try:
        return told_address(path)
    except SendingError as error:
        raise ConfigurationError(f"{fields.keystore.env}: {error}") from error


def seal_of(settings: Settings) -> Seal:
    """Return the seal for what is kept secret in this installation's databases.

    Raises:
        InvalidSealKey: its keyring cannot be read or made.
    """
    from aineon.access.sealing import open_keyring

    given = [key.get_secret_value() for key in settings.sealing_keys]
    return open_keyring(settings.data_dir.absolute(), given)


def missing_password(settings: Settings, role: Role) -> str:
    """Return the sentence that says that a keystore lacks its password; empty where it has one."""
    fields = FIELDS[role]
    given = (fields.keystore, fields.password, fields.password_file)
    keystore, *passwords = (_value(settings, field) for field in given)
    if keystore is None or any(each is not None for each in passwords):
        return ""
    return (
        f"{fields.keystore.env} is set and neither {fields.password.env} nor "
        f"{fields.password_file.env} is; a keystore is opened by its password"
    )


Rule = tuple[tuple[str, ...], bool, str]
"""The fields it looks at, whether they break it, and the sentence for that."""


def key_rules(settings: Settings) -> Iterator[Rule]:
    """Yield what a role's settings must not be together."""
    for fields in FIELDS.values():
        store, password, file, key = (
            fields.keystore,
            fields.password,
            fields.password_file,
            fields.private_key,
        )
        yield _not_both(settings, store, key, "an encrypted keystore, or the key itself")
        yield _not_both(settings, password, file, "the password, or the file that holds it")
        for one in (password, file):
            yield (
                (one.name, store.name),
                _value(settings, one) is not None and _value(settings, store) is None,
                (
                    f"{one.env} is set and {store.env} is not; allowed is a password only with "
                    "the keystore that it opens."
                ),
            )


def _not_both(settings: Settings, one: Field, other: Field, allowed: str) -> Rule:
    return (
        (one.name, other.name),
        _value(settings, one) is not None and _value(settings, other) is not None,
        f"{one.env} and {other.env} are both set; allowed is one of them: {allowed}.",
    )


def _private_key(settings: Settings, role: Role) -> str:
    fields = FIELDS[role]
    given = _value(settings, fields.private_key)
    if given is None:
        raise ConfigurationError(
            f"{fields.private_key.env} is not set, nor is {fields.keystore.env}; a chain takes "
            "signed transactions only"
        )
    secret: str = given.get_secret_value()
    return secret


def _password(settings: Settings, role: Role) -> str:
    from aineon.sending.passwords import read_password

    fields = FIELDS[role]
    file: Path | None = _value(settings, fields.password_file)
    if file is not None:
        return read_password(file)
    given = _value(settings, fields.password)
    if given is None:
        raise ConfigurationError(missing_password(settings, role))
    secret: str = given.get_secret_value()
    return secret


def _value(settings: Settings, field: Field) -> Any:
    return getattr(settings, field.name)
