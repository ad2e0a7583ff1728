"""Keystores: they open with their password, and nothing that comes from outside is believed."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aineon.errors import (
    AineonError,
    KeystoreError,
    KeystoreExists,
    KeystoreUnreadable,
    NotAKeystore,
    WrongPassword,
)
from aineon.sending import keystore as module
from aineon.sending.keys import PrivateKey, parse_private_key
from aineon.sending.keystore import (
    SCRYPT_N,
    address_of,
    load_keystore,
    replace_keystore,
    told_address,
    write_keystore,
)
from aineon.sending.passwords import read_password, require_strong

KEY = parse_private_key("0x" + "7c3e" * 15 + "0a51")
OTHER = parse_private_key("0x" + "7c3e" * 15 + "0a52")
PASSWORD = "correct horse battery"

# The two vectors of the Web3 Secret Storage Definition (ethereum.org), password "testpassword".
VECTOR_KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
PBKDF2: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
SCRYPT: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written costs little here; one test looks at the real parameters."""
    monkeypatch.setattr(module, "SCRYPT_N", 2)


def put(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o600)
    return path


def changed(source: dict[str, Any], *path: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(source))
    part = copy
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return copy


@pytest.mark.parametrize("vector", [PBKDF2, SCRYPT], ids=["pbkdf2", "scrypt"])
def test_the_vectors_of_the_definition_open(tmp_path: Path, vector: dict[str, Any]) -> None:
    path = put(tmp_path / "vector.json", vector)
    assert load_keystore(path, "testpassword").reveal().hex() == VECTOR_KEY
    assert told_address(path) is None


def test_names_in_other_case_open_too(tmp_path: Path) -> None:
    shouted = {"Crypto": PBKDF2["crypto"], "VERSION": 3}
    path = put(tmp_path / "vector.json", shouted)
    assert load_keystore(path, "testpassword").reveal().hex() == VECTOR_KEY


def test_a_key_comes_back_and_tells_its_address(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "trading.json"
    write_keystore(path, KEY, PASSWORD)
    assert load_keystore(path, PASSWORD).reveal() == KEY.reveal()
    assert told_address(path) == address_of(KEY)
    assert KEY.reveal().hex() not in path.read_text()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_opening_one_costs_64_mebibytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCRYPT_N", SCRYPT_N)
    path = tmp_path / "trading.json"
    write_keystore(path, KEY, PASSWORD)
    parameters = json.loads(path.read_text())["crypto"]["kdfparams"]
    assert 128 * parameters["n"] * parameters["r"] == 64 << 20
    assert load_keystore(path, PASSWORD).reveal() == KEY.reveal()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 2**255).map(lambda n: PrivateKey(n.to_bytes(32, "big"))),
    st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()),
)
def test_whatever_the_key_and_the_password(
    tmp_path_factory: pytest.TempPathFactory, key: PrivateKey, password: str
) -> None:
    path = tmp_path_factory.mktemp("k") / "k.json"
    write_keystore(path, key, password)
    assert load_keystore(path, password).reveal() == key.reveal()
    with pytest.raises(WrongPassword):
        load_keystore(path, password + "x")


@pytest.mark.parametrize("password", ["", "Correct horse battery", PASSWORD + " ", "\ud800"])
def test_a_wrong_password_is_refused_and_not_repeated(tmp_path: Path, password: str) -> None:
    path = tmp_path / "trading.json"
    write_keystore(path, KEY, PASSWORD)
    with pytest.raises(WrongPassword, match="is not opened by this password") as refused:
        load_keystore(path, password)
    assert not password.strip() or password.strip() not in str(refused.value)


def test_none_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "trading.json"
    write_keystore(path, KEY, PASSWORD)
    before = path.read_bytes()
    with pytest.raises(KeystoreExists, match="never overwritten"):
        write_keystore(path, OTHER, PASSWORD)
    assert path.read_bytes() == before


def test_one_is_replaced_and_the_former_kept(tmp_path: Path) -> None:
    path, backup = tmp_path / "trading.json", tmp_path / "former.json"
    write_keystore(path, KEY, PASSWORD)
    before = path.read_bytes()
    replace_keystore(path, backup, OTHER, "another password")
    assert backup.read_bytes() == before
    assert load_keystore(backup, PASSWORD).reveal() == KEY.reveal()
    assert load_keystore(path, "another password").reveal() == OTHER.reveal()
    with pytest.raises(KeystoreExists):
        replace_keystore(path, backup, KEY, PASSWORD)
    assert load_keystore(path, "another password").reveal() == OTHER.reveal()


def test_a_replacement_that_fails_leaves_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trading.json"
    write_keystore(path, KEY, PASSWORD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "replace_private", full)
    with pytest.raises(KeystoreUnreadable, match="No space left"):
        replace_keystore(path, tmp_path / "former.json", OTHER, PASSWORD)
    assert load_keystore(path, PASSWORD).reveal() == KEY.reveal()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trading.json"
    write_keystore(path, KEY, PASSWORD)
    path.chmod(0o644)
    with pytest.raises(KeystoreUnreadable, match="other users.*chmod 600"):
        load_keystore(path, PASSWORD)
    path.chmod(0o600)
    assert load_keystore(path, PASSWORD)


def test_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeystoreUnreadable, match="cannot be read"):
        load_keystore(tmp_path / "nowhere.json", PASSWORD)
    with pytest.raises(KeystoreUnreadable):
        load_keystore(tmp_path, PASSWORD)


HUGE = {
    "memory": ("n", 1 << 30, "256 MiB"),
    "blocks": ("r", 1 << 24, "256 MiB"),
    "lanes": ("p", 1 << 24, "256 MiB"),
    "time": ("p", 64, "minutes"),
    "odd": ("n", 1000, "power of two"),
    "one": ("n", 1, "power of two"),
    "zero": ("r", 0, "below 1"),
    "negative": ("n", -2, "below 1"),
    "true": ("p", True, "not of the right kind"),
    "float": ("n", 262144.0, "not of the right kind"),
    "text": ("n", "262144", "not of the right kind"),
    "endless": ("n", 1 << 1000, "256 MiB"),
    "length": ("dklen", 1 << 30, "dklen"),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_would_take_too_much_is_refused_before_it_is_taken(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    field, value, reason = HUGE[name]
    from eth_account import Account

    def opened(*_: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(Account, "decrypt", opened)
    path = put(tmp_path / "k.json", changed(SCRYPT, "crypto", "kdfparams", field, value=value))
    tracemalloc.start()
    try:
        with pytest.raises(NotAKeystore, match=reason):
            load_keystore(path, PASSWORD)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_control_what_is_allowed_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eth_account import Account

    monkeypatch.setattr(Account, "decrypt", lambda *_: KEY.reveal())
    for n, r, p in ((1 << 18, 8, 1), (1 << 12, 8, 6), (1 << 18, 1, 8), (2, 1, 1)):
        kept = changed(SCRYPT, "crypto", "kdfparams", value=SCRYPT["crypto"]["kdfparams"] | {
            "n": n, "r": r, "p": p,
        })  # fmt: skip
        assert load_keystore(put(tmp_path / "k.json", kept), PASSWORD)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 4),
        (("version",), "3"),
        (("version",), None),
        (("crypto",), "aes"),
        (("crypto",), []),
        (("crypto", "cipher"), "aes-256-gcm"),
        (("crypto", "cipherparams"), None),
        (("crypto", "cipherparams", "iv"), "00" * 15),
        (("crypto", "cipherparams", "iv"), 7),
        (("crypto", "ciphertext"), "00" * 31),
        (("crypto", "ciphertext"), "00" * 33),
        (("crypto", "ciphertext"), "zz" * 32),
        (("crypto", "ciphertext"), "٠٠" * 32),
        (("crypto", "ciphertext"), "0 " * 32),
        (("crypto", "mac"), ""),
        (("crypto", "mac"), "0" * 63),
        (("crypto", "kdf"), "argon2"),
        (("crypto", "kdf"), ["scrypt"]),
        (("crypto", "kdfparams", "salt"), ""),
        (("crypto", "kdfparams", "salt"), "00" * 129),
        (("crypto", "kdfparams", "prf"), "hmac-md5"),
        (("crypto", "kdfparams", "c"), 0),
        (("crypto", "kdfparams", "c"), 10**9),
    ],
)
def test_what_is_malformed_is_refused(tmp_path: Path, path: tuple[str, ...], value: Any) -> None:
    file = put(tmp_path / "k.json", changed(PBKDF2, *path, value=value))
    with pytest.raises(NotAKeystore, match="is not a V3 keystore: "):
        load_keystore(file, "testpassword")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x" + VECTOR_KEY,
        "{",
        "null",
        "3",
        "[" * 60_000,
        '{"a":' * 10_000,
        '{"version": ' + "9" * 10_000 + "}",
        '{"version": NaN}',
        '{"Version": 3, "version": 3}',
        "\ud800",
    ],
)
def test_what_is_no_keystore_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    path.chmod(0o600)
    with pytest.raises(NotAKeystore) as refused:
        load_keystore(path, PASSWORD)
    assert VECTOR_KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(NotAKeystore):
        told_address(path)


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "k.json", json.dumps(PBKDF2) + " " * (1 << 16))
    with pytest.raises(KeystoreUnreadable, match="longer than"):
        load_keystore(path, "testpassword")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_changed_byte_gives_another_key(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("k") / "k.json"
    write_keystore(path, KEY, PASSWORD)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    path.write_bytes(content)
    try:
        found = load_keystore(path, PASSWORD)
    except KeystoreError:
        return
    # Names in other case, blanks, the id: what does not matter may change.
    assert found.reveal() == KEY.reveal()


def test_one_that_names_another_address_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    write_keystore(path, KEY, PASSWORD)
    put(path, changed(json.loads(path.read_text()), "address", value=address_of(OTHER)[2:]))
    with pytest.raises(NotAKeystore, match="says that its key is the one of"):
        load_keystore(path, PASSWORD)
    put(path, changed(json.loads(path.read_text()), "address", value="nonsense"))
    assert load_keystore(path, PASSWORD)
    assert told_address(path) is None


def test_too_little_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eth_account import Account

    def exhausted(*_: object) -> None:
        raise MemoryError

    path = tmp_path / "k.json"
    write_keystore(path, KEY, PASSWORD)
    monkeypatch.setattr(Account, "decrypt", exhausted)
    with pytest.raises(KeystoreUnreadable, match="too little memory"):
        load_keystore(path, PASSWORD)


# --- passwords -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_file_is_one_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(f" {PASSWORD} {end}".encode())
    path.chmod(0o600)
    assert read_password(path) == f" {PASSWORD} "


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe", b"x" * 5000, b"one\n\n"]
)
def test_other_password_files_are_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeystoreUnreadable, match="password file"):
        read_password(path)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    path.chmod(0o640)
    with pytest.raises(KeystoreUnreadable, match="other users"):
        read_password(path)
    with pytest.raises(KeystoreUnreadable, match="cannot be read"):
        read_password(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 1025, " leading blank", "trailing blank ", "tab\tin the middle"]
)
def test_weak_passwords_are_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(AineonError) as refused:
        require_strong(password)
    assert not password or password not in str(refused.value)
    require_strong(PASSWORD)
