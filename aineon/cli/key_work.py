"""What `aineon keys` does, once its arguments are read."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aineon.cli.failures import OK
from aineon.cli.secret_input import ask_secret, new_password
from aineon.errors import (
    AuditUnwritable,
    ConfigurationError,
    KeystoreError,
    KeystoreExists,
    LedgerError,
    UnsafeFile,
)
from aineon.primitives import Address
from aineon.primitives.private_files import read_private
from aineon.runtime.keys import FIELDS, Role, is_given, told_address_of
from aineon.runtime.open_transactions import open_transactions
from aineon.runtime.settings import Settings
from aineon.sending.keys import PrivateKey, parse_private_key, refuse_known_key
from aineon.sending.keystore import (
    address_of,
    load_keystore,
    replace_keystore,
    told_address,
    write_keystore,
)
from aineon.sending.passwords import read_password

Say = Callable[[str], None]
_LONGEST_KEY_FILE = 1024


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a role's keystore is, or is to be."""

    role: Role
    path: Path
    is_setting: bool

    @property
    def variable(self) -> str:
        """The variable that names it to AINEON."""
        return FIELDS[self.role].keystore.env


def place_of(settings: Settings, role: str, file: Path | None) -> KeyPlace:
    """Return where the keystore of `role` is: named, of the settings, or in the data folder.

    Raises:
        ConfigurationError: there is no such role.
    """
    if role not in set(Role):
        raise ConfigurationError(f"--role is {role!r}; allowed is {' or '.join(Role)}")
    known = Role(role)
    given: Path | None = getattr(settings, FIELDS[known].keystore.name)
    path = file or given or settings.data_dir / "keys" / f"{known}.json"
    return KeyPlace(
        known, path.absolute(), given is not None and path.absolute() == given.absolute()
    )


def create_key(settings: Settings, place: KeyPlace, password_file: Path | None, say: Say) -> int:
    """Make a key of the system's randomness and keep it."""
    _refuse_existing(place)
    key = PrivateKey(secrets.token_bytes(32))
    return _keep(settings, place, key, "key.create", password_file, say)


def import_key(
    settings: Settings, place: KeyPlace, key_file: Path | None, password_file: Path | None, say: Say
) -> int:
    """Keep a key that is there already."""
    _refuse_existing(place)
    key = parse_private_key(_key_text(key_file))
    refuse_known_key(key, address_of(key))
    code = _keep(settings, place, key, "key.import", password_file, say)
    say("Now remove the key from wherever it was: files, notes, the shell's history.")
    return code


def rotate_key(
    settings: Settings,
    place: KeyPlace,
    password_file: Path | None,
    new_password_file: Path | None,
    say: Say,
    *,
    at_once: bool,
) -> int:
    """Put a new key in the place of the old one, which stays beside it."""
    told_address(place.path)
    password = read_password(password_file) if password_file else ask_secret("Present password")
    former = address_of(load_keystore(place.path, password))
    still_open = _still_open(settings, former, at_once=at_once)
    if new_password_file is not None or password_file is None:
        password = new_password(new_password_file)
    key = PrivateKey(secrets.token_bytes(32))
    new = address_of(key)
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    backup = place.path.with_name(f"{place.path.stem}-{moment}Z-{former[2:10]}{place.path.suffix}")
    _write_down(settings, place, "key.rotate", {"former": former, "new": new})
    replace_keystore(place.path, backup, key, password)
    _require_readable(place.path, password, new)
    say(f"new address: {_shown(new)}")
    say(f"keystore:    {place.path}")
    say(f"old key:     {backup} ({_shown(former)}), opened by its old password")
    say("What is left to do, in this order:")
    for number, step in enumerate(_steps(place, former, new, still_open), start=1):
        say(f"  {number}. {step}")
    return OK


def show(
    settings: Settings,
    role: str,
    file: Path | None,
    password_file: Path | None,
    say: Say,
    *,
    verify: bool,
) -> int:
    """Print an address, and nothing else."""
    place = place_of(settings, role, file)
    if file is None and not place.is_setting and is_given(settings, place.role):
        # The role has a private key in place of a keystore.
        told = told_address_of(settings, place.role)
    elif verify:
        password = read_password(password_file) if password_file else ask_secret("Password")
        told = address_of(load_keystore(place.path, password))
    else:
        told = told_address(place.path)
    if told is None:
        raise ConfigurationError(
            f"{place.path} does not say which address it is for; --verify opens it"
        )
    say(_shown(told))
    return OK


def _refuse_existing(place: KeyPlace) -> None:
    # Known at once, and not only after a password was thought of.
    if place.path.exists():
        raise KeystoreExists(
            f"{place.path} exists, and a keystore is never overwritten; name another one with "
            "--file, or replace its key by `aineon keys rotate`"
        )


def _keep(
    settings: Settings,
    place: KeyPlace,
    key: PrivateKey,
    action: str,
    password_file: Path | None,
    say: Say,
) -> int:
    password = new_password(password_file)
    address = address_of(key)
    if _has_control(settings):
        _write_down(settings, place, action, {"new": address})
    else:
        say("It is not in the audit: there is no control database yet.")
    write_keystore(place.path, key, password)
    _require_readable(place.path, password, address)
    say(f"address:  {_shown(address)}")
    say(f"keystore: {place.path}")
    if not place.is_setting:
        say(f"Set {place.variable}={place.path}, and {place.variable}_PASSWORD_FILE or")
        say(f"{place.variable}_PASSWORD, for AINEON to use it.")
    say("Keep a copy of the file and the password, in two places: without either, what the")
    say("address holds is lost.")
    return OK


def _has_control(settings: Settings) -> bool:
    from aineon.ledger.connect import is_there, parse_place

    try:
        return is_there(parse_place(settings.control_url))
    except LedgerError as error:
        raise AuditUnwritable(f"the audit cannot be written: {error}") from error


def _write_down(
    settings: Settings, place: KeyPlace, action: str, detail: dict[str, Address]
) -> None:
    """Write down what happens to a role's key, before it does.

    Raises:
        AuditUnwritable: it cannot be written; then it must not happen.
    """
    # With a database's libraries, which nothing else here waits for.
    from aineon.runtime.auditing import open_audit, whoever_starts

    with open_audit(settings) as audit:
        audit.append(
            who=whoever_starts(),
            action=action,
            subject=str(place.role),
            detail={**detail, "keystore": str(place.path)},
            at=time.time(),
        )


def _require_readable(path: Path, password: str, address: Address) -> None:
    """Whatever is sent to the address is lost if the file cannot be opened."""
    if address_of(load_keystore(path, password)) != address:
        raise KeystoreError(f"{path} was replaced while it was written; make a new one")


def _key_text(key_file: Path | None) -> str:
    if key_file is not None:
        try:
            return read_private(key_file, _LONGEST_KEY_FILE).decode(errors="replace")
        except UnsafeFile as error:
            raise ConfigurationError(f"--key-file: {error}") from error
    if sys.stdin is not None and not sys.stdin.isatty():
        return sys.stdin.read(_LONGEST_KEY_FILE)
    return ask_secret("Private key")


def _shown(address: Address) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


def _steps(place: KeyPlace, former: Address, new: Address, still_open: int | None) -> list[str]:
    old, now = _shown(former), _shown(new)
    steps = ["Stop AINEON: until then it goes on with the key that it has."]
    if place.role is Role.TRADING:
        steps.append(f"As the contract's owner, call set_operator({now}). It takes effect at once.")
    if place.role is Role.GUARDIAN:
        steps.append(f"As the contract's owner, call set_guardian({now}).")
    steps.append(f"Send ether for gas to {now}, and move what is left on {old}.")
    if still_open != 0:
        count = "Some" if still_open is None else still_open
        steps.append(
            f"{count} of the transactions that {old} signed may still land, and AINEON looks after "
            "them no longer: follow them in an explorer."
        )
    return [*steps, "Start AINEON again; `aineon doctor --live` compares key and contract."]


def _still_open(settings: Settings, former: Address, *, at_once: bool) -> int | None:
    """Return how many transactions of a key are open; None where that is not known.

    Raises:
        KeystoreError: there are some, or may be, and that matters.
    """
    try:
        found: int | None = open_transactions(settings, former)
        words = f"{found} of the transactions that it signed are open"
    except LedgerError as error:
        found, words = None, f"whether transactions that it signed are open is not known: {error}"
    if found != 0 and not at_once:
        raise KeystoreError(
            f"the key of {_shown(former)} is not replaced: {words}. With a new key, AINEON would "
            "look after them no longer; wait until they are settled, or give --at-once where the "
            "old key may be known to others"
        )
    return found
