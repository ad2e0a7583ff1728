"""Whose key is whose, where it comes from, and what is said where it cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aineon.errors import ConfigurationError
from aineon.runtime.agreement import missing_for_live
from aineon.runtime.carrying import guardian_signer_of, signer_of, withdrawal_signer_of
from aineon.runtime.keys import FIELDS, Role, key_of, seal_of, told_address_of
from aineon.runtime.settings import PARAMETERS, Settings, load_settings
from aineon.sending import keystore
from aineon.sending.keys import parse_private_key
from aineon.sending.keystore import address_of, write_keystore

KEYS = {role: parse_private_key("0x" + "7c3e" * 15 + f"0a5{n}") for n, role in enumerate(Role)}
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore, "SCRYPT_N", 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for role, key in KEYS.items():
        write_keystore(tmp_path / f"{role}.json", key, PASSWORD)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    return tmp_path


def with_keystore(folder: Path, role: Role, how: str) -> dict[str, str]:
    fields = FIELDS[role]
    given = {fields.keystore.env: str(folder / f"{role}.json")}
    if how == "file":
        return given | {fields.password_file.env: str(folder / "password")}
    return given | {fields.password.env: PASSWORD}


def refusal(**env: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(env=env)
    return str(refused.value)


def test_the_fields_are_settings_and_their_variables() -> None:
    for fields in FIELDS.values():
        for field in (fields.keystore, fields.password, fields.password_file, fields.private_key):
            assert PARAMETERS[field.name].env == field.env
        assert all(PARAMETERS[name].is_withheld for name in fields.names)
        assert all(PARAMETERS[f.name].secret for f in (fields.password, fields.private_key))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("how", ["file", "variable", "key"])
def test_a_key_comes_from_either_place(folder: Path, role: Role, how: str) -> None:
    key = KEYS[role].reveal().hex()
    env = {FIELDS[role].private_key.env: key} if how == "key" else with_keystore(folder, role, how)
    settings = load_settings(env=env)
    assert key_of(settings, role).reveal() == KEYS[role].reveal()
    assert told_address_of(settings, role) == address_of(KEYS[role])
    assert PASSWORD not in repr(settings)
    assert key not in repr(settings)


def test_withdrawals_are_signed_by_their_own_key_or_by_the_one_that_trades(folder: Path) -> None:
    trading = with_keystore(folder, Role.TRADING, "file")
    both = trading | with_keystore(folder, Role.WITHDRAWALS, "variable")
    assert withdrawal_signer_of(load_settings(env=trading)).address == address_of(
        KEYS[Role.TRADING]
    )
    assert withdrawal_signer_of(load_settings(env=both)).address == address_of(
        KEYS[Role.WITHDRAWALS]
    )
    assert signer_of(load_settings(env=both)).address == address_of(KEYS[Role.TRADING])


def test_a_guardian_is_ours_only_where_it_is_given(folder: Path) -> None:
    assert guardian_signer_of(load_settings(env={})) is None
    guardian = guardian_signer_of(load_settings(env=with_keystore(folder, Role.GUARDIAN, "file")))
    assert guardian is not None
    assert guardian.address == address_of(KEYS[Role.GUARDIAN])


def test_a_keystore_of_withdrawals_that_cannot_be_opened_is_not_replaced_by_another(
    folder: Path,
) -> None:
    env = with_keystore(folder, Role.TRADING, "file") | with_keystore(
        folder, Role.WITHDRAWALS, "file"
    )
    (folder / "withdrawals.json").unlink()
    with pytest.raises(ConfigurationError, match="AINEON_WITHDRAWAL_KEYSTORE: .*cannot be read"):
        withdrawal_signer_of(load_settings(env=env))


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "PRIVATE_KEY is not set, nor is AINEON_KEYSTORE"),
        ({"AINEON_KEYSTORE": "nowhere.json"}, "neither AINEON_KEYSTORE_PASSWORD nor"),
        (
            {"AINEON_KEYSTORE": "nowhere.json", "AINEON_KEYSTORE_PASSWORD": "something"},
            "AINEON_KEYSTORE: nowhere.json cannot be read",
        ),
        (
            {"AINEON_KEYSTORE": "nowhere.json", "AINEON_KEYSTORE_PASSWORD_FILE": "nowhere.txt"},
            "AINEON_KEYSTORE: the password file nowhere.txt cannot be read",
        ),
    ],
)
def test_what_is_missing_is_named(env: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        signer_of(load_settings(env=env))


def test_a_wrong_password_ends_the_start_and_is_not_tried_again(folder: Path) -> None:
    """A ConfigurationError: a supervisor does not restart an engine that ends with one."""
    env = with_keystore(folder, Role.TRADING, "variable") | {"AINEON_KEYSTORE_PASSWORD": "another"}
    with pytest.raises(ConfigurationError, match="is not opened by this password") as refused:
        signer_of(load_settings(env=env))
    assert "another" not in str(refused.value)


@pytest.mark.parametrize("role", Role)
def test_settings_of_a_role_that_contradict_each_other_are_refused(role: Role) -> None:
    fields = FIELDS[role]
    store = {fields.keystore.env: "k.json"}
    both = refusal(**store, **{fields.private_key.env: "7c3e" * 16})
    assert f"{fields.keystore.env} and {fields.private_key.env} are both set" in both
    assert "7c3e7c3e" not in both
    twice = refusal(
        **store, **{fields.password.env: PASSWORD, fields.password_file.env: "password"}
    )
    assert f"{fields.password.env} and {fields.password_file.env} are both set" in twice
    assert PASSWORD not in twice
    for alone in (fields.password, fields.password_file):
        assert f"{alone.env} is set and {fields.keystore.env} is not" in refusal(
            **{alone.env: PASSWORD}
        )


def missing(**given: Any) -> str:
    return "\n".join(missing_for_live(load_settings(env={}, **given)))


def test_live_mode_lacks_a_key_or_what_opens_it(folder: Path) -> None:
    assert "AINEON_KEYSTORE is not set, nor is PRIVATE_KEY" in missing()
    assert "needs the key" not in missing(keystore=folder / "trading.json")
    for role in Role:
        words = f"neither {FIELDS[role].password.env} nor"
        given = {FIELDS[role].keystore.name: "k.json"}
        assert words in missing(**given)
        assert words not in missing(**given, **{FIELDS[role].password.name: PASSWORD})
        assert words not in missing(**given, **{FIELDS[role].password_file.name: "p"})


@pytest.mark.parametrize(
    "value", ["00" * 31, "zz" * 32, "00" * 32 + "," + "00" * 32, "ab" * 32 + ","]
)
def test_what_is_no_sealing_key_is_refused_and_not_repeated(value: str) -> None:
    words = refusal(AINEON_SECRET_KEY=value)
    assert words.startswith("AINEON_SECRET_KEY is set to a value that is not shown")
    assert value not in words


def test_sealing_keys_are_read_in_their_order() -> None:
    settings: Settings = load_settings(env={"AINEON_SECRET_KEY": f"{'AB' * 32}, {'cd' * 32}"})
    assert [k.get_secret_value() for k in settings.sealing_keys] == ["ab" * 32, "cd" * 32]
    assert "abab" not in repr(settings)


def test_an_installation_has_one_seal(tmp_path: Path) -> None:
    settings = load_settings(env={}, data_dir=tmp_path)
    sealed = seal_of(settings).seal("totp.7", b"secret")
    assert seal_of(settings).open("totp.7", sealed) == b"secret"
    given = load_settings(env={"AINEON_SECRET_KEY": "ab" * 32}, data_dir=tmp_path / "other")
    sealed = seal_of(given).seal("totp.7", b"secret")
    changed = load_settings(env={"AINEON_SECRET_KEY": f"{'cd' * 32},{'ab' * 32}"})
    assert seal_of(changed).open("totp.7", sealed) == b"secret"
    assert not (tmp_path / "other").exists()
