"""`aineon keys`: at a terminal, from files, and never from arguments."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from aineon.cli.key_work import create_key, import_key, place_of, rotate_key, show
from aineon.errors import (
    AineonError,
    AuditUnwritable,
    ConfigurationError,
    InvalidKey,
    KeystoreError,
    KeystoreExists,
    KeystoreUnreadable,
    WrongPassword,
)
from aineon.ledger import BookStore, ControlStore
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxNonceRow, OutboxTransactionRow
from aineon.ledger.tables import table_of
from aineon.primitives import Book, parse_address
from aineon.runtime.settings import load_settings
from aineon.sending import keystore as keystore_module
from aineon.sending.keys import PrivateKey, parse_private_key
from aineon.sending.keystore import address_of, load_keystore
from tests.cli.shell import Shell, one_sentence

PASSWORD = "correct horse battery"
KEY = "0x" + "7c3e" * 15 + "0a51"
PUBLISHED = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

posix = pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX here")


class Desk:
    """Does what the commands do, in this process, and keeps what is said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = load_settings(env={}, data_dir=folder / "var")
        self.said: list[str] = []
        self.password = self.secret_file("password", PASSWORD)

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def secret_file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(f"{text}\n")
        path.chmod(0o600)
        return path

    def keystore(self, role: str = "trading") -> Path:
        return self.folder / "var" / "keys" / f"{role}.json"

    def create(self, role: str = "trading", password: Path | None = None) -> PrivateKey:
        place = place_of(self.settings, role, None)
        given = password or self.password
        assert create_key(self.settings, place, given, self.said.append) == 0
        key = load_keystore(self.keystore(role), PASSWORD)
        self.said.clear()
        return key

    def take_over(self, text: str) -> None:
        place = place_of(self.settings, "guardian", self.folder / "own.json")
        key_file = self.secret_file("key", text)
        import_key(self.settings, place, key_file, self.password, self.said.append)

    def rotate(self, role: str = "trading", *, at_once: bool = False, **files: Path) -> None:
        files = {"password": self.password, **files}
        rotate_key(
            self.settings,
            place_of(self.settings, role, None),
            files["password"],
            files.get("new"),
            self.said.append,
            at_once=at_once,
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(keystore_module, "SCRYPT_N", 2)
    return Desk(tmp_path)


def address_in(text: str) -> str:
    found = re.search(r"0x[0-9a-fA-F]{40}", text)
    assert found, text
    return parse_address(found[0])


# --- as a command --------------------------------------------------------------------------


def piped(shell: Shell, text: str, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aineon", "keys", *arguments],
        cwd=shell.folder,
        env=shell.environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        **how,
    )


def test_create_and_show(shell: Shell) -> None:
    (shell.folder / "password").write_text(PASSWORD)
    (shell.folder / "password").chmod(0o600)
    done = shell.aineon("keys", "create", "--password-file", "password")
    assert done.returncode == 0, done.stderr
    path = shell.folder / "var" / "keys" / "trading.json"
    assert path.stat().st_mode & 0o777 == 0o600 or os.name != "posix"
    key = load_keystore(path, PASSWORD)
    assert address_in(done.stdout) == address_of(key)
    assert f"AINEON_KEYSTORE={path}" in done.stdout
    for secret in (PASSWORD, key.reveal().hex()):
        assert secret not in done.stdout + done.stderr

    again = shell.aineon("keys", "create", "--password-file", "password")
    assert again.returncode == 1
    assert "never overwritten" in one_sentence(again)
    shown = shell.aineon("keys", "show-address")
    assert parse_address(shown.stdout.strip()) == address_of(key)


def test_a_key_comes_through_a_pipe(shell: Shell) -> None:
    (shell.folder / "password").write_text(PASSWORD)
    (shell.folder / "password").chmod(0o600)
    arguments = ("import", "--role", "guardian", "--password-file", "password")
    done = piped(shell, f"{KEY}\n", *arguments)
    assert done.returncode == 0, done.stderr
    path = shell.folder / "var" / "keys" / "guardian.json"
    assert load_keystore(path, PASSWORD).reveal().hex() == KEY[2:]
    assert KEY[2:] not in done.stdout + done.stderr + path.read_text()
    assert "remove the key from wherever it was" in done.stdout


def test_there_is_no_option_that_takes_a_secret(shell: Shell) -> None:
    for command in ("create", "import", "rotate"):
        page = shell.aineon("keys", command, "--help").stdout
        assert "--password-file" in page
        assert not re.search(r"--(password|key|private-key)\s", page)


@posix
def test_without_a_terminal_it_is_said(shell: Shell) -> None:
    done = piped(shell, "", "create", start_new_session=True)
    assert done.returncode == 2
    assert "there is no terminal to ask at" in one_sentence(done)
    assert not (shell.folder / "var").exists()


# --- in detail -----------------------------------------------------------------------------


def test_show_address_needs_no_password_and_proves_it_with_one(desk: Desk) -> None:
    key = desk.create()
    for verify in (False, True):
        show(desk.settings, "trading", None, desk.password, desk.said.append, verify=verify)
    assert [parse_address(line) for line in desk.said] == [address_of(key)] * 2
    wrong = desk.secret_file("wrong", "not the password")
    with pytest.raises(WrongPassword):
        show(desk.settings, "trading", None, wrong, desk.said.append, verify=True)


def test_an_address_of_a_private_key_is_shown_too(tmp_path: Path) -> None:
    settings = load_settings(env={"PRIVATE_KEY": KEY}, data_dir=tmp_path)
    said: list[str] = []
    show(settings, "trading", None, None, said.append, verify=False)
    assert parse_address(said[0]) == address_of(parse_private_key(KEY))


def test_import_from_a_file(desk: Desk) -> None:
    desk.take_over(KEY)
    assert load_keystore(desk.folder / "own.json", PASSWORD).reveal().hex() == KEY[2:]
    assert KEY[2:] not in desk.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PUBLISHED, "published test key"),
        ("00" * 31 + "2a", "easily guessed"),
        ("ab" * 32, "easily guessed"),
        ("test " * 12, "perhaps a seed phrase"),
        ("7c3e" * 10, "as long as an address"),
        ("", "is empty"),
        ("00" * 32, "not a number from 1"),
    ],
)
def test_keys_that_are_none_are_refused_and_not_repeated(desk: Desk, text: str, words: str) -> None:
    with pytest.raises(InvalidKey, match=words) as refused:
        desk.take_over(text)
    assert len(text) < 20 or text.strip() not in str(refused.value)
    assert not (desk.folder / "own.json").exists()


def test_a_new_key_is_written_into_the_audit_first(desk: Desk) -> None:
    """Control: before there is a control database, it is said that it was not."""
    place = place_of(desk.settings, "guardian", None)
    create_key(desk.settings, place, desk.password, desk.said.append)
    assert "not in the audit: there is no control database yet" in desk.text
    desk.said.clear()
    with ControlStore.open(desk.settings.control_url) as control:
        trading = desk.create()
        desk.take_over(KEY)
        entries = control.audit(desk.settings.anchor_path).last(2)
    assert "not in the audit" not in desk.text
    assert {(each.decision.action, each.decision.subject) for each in entries} == {
        ("key.create", "trading"),
        ("key.import", "guardian"),
    }
    told = str(entries)
    assert address_of(trading) in told.lower()
    for secret in (PASSWORD, KEY[2:], trading.reveal().hex()):
        assert secret not in told
    # What cannot be written down is not done.
    (desk.folder / "var" / "control.db").write_text("no database")
    with pytest.raises(AuditUnwritable):
        desk.create("withdrawals")
    assert not desk.keystore("withdrawals").exists()


def test_rotate_keeps_the_old_key_and_says_what_is_left_to_do(desk: Desk) -> None:
    former = desk.create()
    path = desk.keystore()
    desk.rotate(new=desk.secret_file("newer", "another good password"))
    key = load_keystore(path, "another good password")
    assert address_in(desk.text) == address_of(key) != address_of(former)
    [backup] = [each for each in path.parent.iterdir() if each != path]
    assert load_keystore(backup, PASSWORD).reveal() == former.reveal()
    assert re.fullmatch(r"trading-\d{8}-\d{6}Z-[0-9a-f]{8}\.json", backup.name)
    for words in ("set_operator(0x", "Stop AINEON", "Send ether for gas", "doctor --live"):
        assert words in desk.text
    with sqlite3.connect(desk.folder / "var" / "control.db") as control:
        told = str(control.execute("SELECT * FROM audit").fetchall())
    control.close()
    assert "key.rotate" in told
    assert address_of(key) in told.lower()
    for secret in (PASSWORD, key.reveal().hex(), former.reveal().hex()):
        assert secret not in told + desk.text


def test_rotate_with_one_password_file_keeps_the_password(desk: Desk) -> None:
    former = desk.create("guardian")
    desk.rotate("guardian")
    assert "set_guardian(0x" in desk.text
    assert load_keystore(desk.keystore("guardian"), PASSWORD).reveal() != former.reveal()


def test_rotate_is_refused_where_it_cannot_be_written_down(desk: Desk) -> None:
    desk.create()
    before = desk.keystore().read_bytes()
    (desk.folder / "var" / "control.db").write_text("no database")
    with pytest.raises(AuditUnwritable):
        desk.rotate()
    assert desk.keystore().read_bytes() == before
    assert list(desk.keystore().parent.iterdir()) == [desk.keystore()]


def test_rotate_with_the_wrong_password_changes_nothing(desk: Desk) -> None:
    desk.create()
    before = desk.keystore().read_bytes()
    with pytest.raises(WrongPassword):
        desk.rotate(password=desk.secret_file("wrong", "not the password"))
    with pytest.raises(KeystoreError, match="5 characters"):
        desk.rotate(new=desk.secret_file("weak", "short"))
    assert desk.keystore().read_bytes() == before
    assert list(desk.keystore().parent.iterdir()) == [desk.keystore()]


def leave_open(desk: Desk, sender: str) -> None:
    """Leave two versions of a transaction in the live book, as an engine that was killed does."""
    intent = {
        "intent_id": "one", "chain_id": 1, "sender": sender, "kind": "trade", "to_address": sender,
        "value": 0, "data": b"", "digest": "0x", "fingerprint": "0x", "attempt_id": None,
        "cancels": None, "created_at": 0.0, "memo": None,
    }  # fmt: skip
    version = {
        "intent_id": "one", "chain_id": 1, "sender": sender, "nonce": 7, "raw": b"\x02",
        "gas_limit": 1, "max_fee": 1, "priority_fee": 1, "first_block": None, "last_block": None,
        "signed_head": 1, "is_public": False, "signed_at": 0.0, "changed_at": 0.0,
        "block_number": None, "block_hash": None, "succeeded": None, "gas_used": None,
        "gas_price": None,
    }  # fmt: skip
    nonce = {"chain_id": 1, "sender": sender, "nonce": 7, "reserved_at": 0.0}
    url = f"sqlite:///{desk.folder}/var/live.db"
    with BookStore.open(url, Book.LIVE) as store, store.engine.begin() as connection:
        connection.execute(insert(table_of(OutboxIntentRow)).values(intent))
        connection.execute(insert(table_of(OutboxNonceRow)).values(nonce))
        for number, state in enumerate(("broadcast", "unresolved")):
            row = version | {"ordinal": number, "hash": f"0x{number}", "state": state}
            connection.execute(insert(table_of(OutboxTransactionRow)).values(row))


def test_rotate_waits_for_what_is_open_unless_told_otherwise(desk: Desk) -> None:
    former = desk.create()
    before = desk.keystore().read_bytes()
    leave_open(desk, address_of(former))
    with pytest.raises(KeystoreError, match="1 of the transactions that it signed are open"):
        desk.rotate()
    assert desk.keystore().read_bytes() == before
    desk.rotate(at_once=True)
    assert "1 of the transactions" in desk.text
    assert "may still land" in desk.text


def test_rotate_does_not_take_an_unreadable_book_for_an_empty_one(desk: Desk) -> None:
    desk.create()
    (desk.folder / "var" / "live.db").write_text("no database")
    with pytest.raises(KeystoreError, match="is not known"):
        desk.rotate()
    desk.rotate(at_once=True)
    assert "Some of the transactions" in desk.text


def test_others_keystores_are_not_touched_by_a_new_one(desk: Desk) -> None:
    desk.create()
    before = desk.keystore().read_bytes()
    with pytest.raises(KeystoreExists, match="aineon keys rotate"):
        desk.create()
    assert desk.keystore().read_bytes() == before


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (lambda d: d.create("owner"), ConfigurationError, "trading or withdrawals or guardian"),
        (lambda d: d.rotate(), KeystoreUnreadable, "cannot be read"),
        (lambda d: d.create(password=d.folder / "no"), KeystoreUnreadable, "password file .*/no"),
        (lambda d: d.create(password=d.secret_file("w", "short")), KeystoreError, "5 characters"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(
    desk: Desk, act: Any, kind: type[AineonError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        act(desk)
    assert not (desk.folder / "var" / "keys").exists()


# --- at a terminal -------------------------------------------------------------------------


def at_terminal(shell: Shell, typed: Sequence[str], *arguments: str) -> tuple[int, str]:
    """Run `aineon keys` at a terminal of its own and type; returns exit code and the screen."""
    import pty

    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(shell.folder)
        os.execve(
            sys.executable,
            [sys.executable, "-m", "aineon", "keys", *arguments],
            shell.environment(),
        )
    shown = b""
    for answer in typed:
        prompts = shown.count(b": ")
        while shown.count(b": ") == prompts:
            shown += os.read(screen, 1024)
        os.write(screen, answer.encode() + b"\n")
    while True:
        try:
            part = os.read(screen, 1024)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(screen)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


@posix
def test_a_password_is_asked_for_twice_and_not_shown(shell: Shell) -> None:
    typed = [PASSWORD, "a slip of the finger", PASSWORD, PASSWORD]
    code, screen = at_terminal(shell, typed, "create")
    assert code == 0, screen
    assert screen.count("New password: ") == 2
    assert PASSWORD not in screen
    assert load_keystore(shell.folder / "var" / "keys" / "trading.json", PASSWORD)


@posix
def test_three_slips_write_nothing(shell: Shell) -> None:
    code, screen = at_terminal(shell, [PASSWORD, "a slip of it"] * 3, "create")
    assert code == 1
    assert "differed three times" in screen
    assert not (shell.folder / "var" / "keys").exists()


@posix
def test_a_key_is_typed_without_being_shown(shell: Shell) -> None:
    code, screen = at_terminal(shell, [KEY, PASSWORD, PASSWORD], "import")
    assert code == 0, screen
    assert KEY not in screen
    path = shell.folder / "var" / "keys" / "trading.json"
    assert load_keystore(path, PASSWORD).reveal().hex() == KEY[2:]
