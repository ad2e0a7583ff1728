"""`aineon users`: at a terminal or from a pipe, and never a password among the arguments."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.cli import user_work
from aineon.cli.users import users as app
from aineon.errors import (
    ConfigurationError,
    InvalidCredentials,
    InvalidUser,
    LastSuperAdmin,
    PasswordRefused,
    UnknownRole,
    UnknownUser,
    UserExists,
)
from aineon.ledger.control import ControlStore
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import load_settings
from tests.cli.shell import Shell, one_sentence

PASSWORD = "violet tram under the bridge"
OTHER = "another tram over the bridge"


class Pipe(io.StringIO):
    """Standard input that is no terminal."""


class Desk:
    """Does what the commands do, in this process, and keeps what is said."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.settings = load_settings(env={}, data_dir=folder / "var")
        self.said: list[str] = []
        self._patch = patch
        patch.setattr("aineon.access.users.PasswordHasher", lambda: PasswordHasher(cost=4))

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def type(self, text: str) -> None:
        self._patch.setattr(sys, "stdin", Pipe(text))

    def add(self, name: str = "anna", role: str = "super-admin", password: str = PASSWORD) -> int:
        self.type(f"{password}\n")
        return user_work.add_user(self.settings, name, role, "", "", self.said.append)

    def change(self, what: str, name: str) -> None:
        assert user_work.change_user(self.settings, what, name, self.said.append) == 0

    def listed(self) -> str:
        self.said.clear()
        assert user_work.list_users(self.settings, self.said.append) == 0
        return self.text


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_users_are_added_and_listed(desk: Desk) -> None:
    assert "There is no user yet" in desk.listed()
    assert desk.add("Anna") == 0
    assert desk.text.endswith("anna may sign in as super admin.")
    desk.add("bert", "risk_manager")
    header, *rows = desk.listed().splitlines()
    assert header.split("  ")[0] == "NAME"
    assert [row.split()[0] for row in rows] == ["anna", "bert"]
    assert "risk manager" in rows[1]
    assert all("may sign in" in row for row in rows)
    assert PASSWORD not in desk.text


def test_a_user_is_changed(desk: Desk) -> None:
    desk.add()
    desk.add("bert", "viewer")
    user_work.set_role(desk.settings, "BERT", "admin", desk.said.append)
    assert desk.said[-1] == "bert is admin now, and was viewer; all sessions have ended."
    desk.type(OTHER)
    user_work.set_password(desk.settings, "bert", desk.said.append)
    for what in ("disable", "end-sessions", "reset-second-factor"):
        desk.change(what, "bert")
    assert "disabled" in desk.listed()
    desk.change("enable", "bert")
    assert "disabled" not in desk.listed()
    desk.change("remove", "bert")
    assert "bert" not in desk.listed()
    with ControlStore.open(desk.settings.control_url) as control:
        done = [each.decision.action for each in audit_of(desk.settings, control).last(20)]
    assert done == [
        "user.add",
        "user.add",
        "user.role",
        "user.password",
        "user.disable",
        "session.end",
        "second_factor.reset",
        "user.enable",
        "user.remove",
    ]


REFUSED: list[tuple[Callable[[Desk], object], type[Exception]]] = [
    (lambda desk: desk.add("anna"), UserExists),
    (lambda desk: desk.add("b b"), InvalidUser),
    (lambda desk: desk.add("bert", "king"), UnknownRole),
    (lambda desk: desk.add("bert", "viewer", "short"), PasswordRefused),
    (lambda desk: desk.add("bert", "viewer", ""), PasswordRefused),
    (lambda desk: desk.add("bert", "viewer", f"{PASSWORD}\n{PASSWORD}"), PasswordRefused),
    (lambda desk: desk.add("bert", "viewer", "x" * 2000), PasswordRefused),
    (lambda desk: desk.change("remove", "anna"), LastSuperAdmin),
    (lambda desk: desk.change("disable", "bert"), UnknownUser),
]


@pytest.mark.parametrize(("act", "error"), REFUSED)
def test_what_is_refused(desk: Desk, act: Callable[[Desk], object], error: type[Exception]) -> None:
    desk.add()
    before = desk.listed()
    with pytest.raises(error) as caught:
        act(desk)
    assert PASSWORD not in str(caught.value)
    assert desk.listed() == before


def test_users_move_in_streamlit_authenticators_format(desk: Desk, tmp_path: Path) -> None:
    desk.add()
    desk.add("bert", "viewer")
    desk.add("carl", "viewer")
    desk.change("disable", "carl")
    file = tmp_path / "credentials.json"
    assert user_work.export_users(desk.settings, file, desk.said.append) == 0
    assert desk.said[-1].startswith(f"2 users are in {file}; 1 disabled left out.")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="is not overwritten"):
        user_work.export_users(desk.settings, file, desk.said.append)
    there = load_settings(env={}, data_dir=tmp_path / "there")
    with pytest.raises(InvalidCredentials, match="with the cost that is used here"):
        user_work.import_users(there, file, None, desk.said.append)
    text = file.read_text().replace("$2b$04$", "$2b$12$")
    file.write_text(text)
    desk._patch.undo()
    assert user_work.import_users(there, file, None, desk.said.append) == 0
    assert desk.said[-2:] == ["anna may sign in as super admin.", "bert may sign in as viewer."]
    assert json.loads(text)["credentials"]["usernames"]["bert"]["roles"] == [Role.VIEWER]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"{secret", "is neither YAML nor JSON"),
        (b"!!python/object/apply:os.system ['true']", "is neither YAML nor JSON"),
        (b"x" * 1_000_001, "is larger than"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_none(desk: Desk, tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "credentials.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=why) as caught:
        user_work.import_users(desk.settings, file, None, desk.said.append)
    assert "secret" not in str(caught.value)


def test_a_password_is_typed_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    typed = iter([PASSWORD, OTHER, PASSWORD, PASSWORD])
    monkeypatch.setattr(user_work, "ask_secret", lambda _: next(typed))
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert user_work.add_user(desk.settings, "anna", "super admin", "", "", desk.said.append) == 0
    typed = iter([PASSWORD, OTHER] * 3)
    with pytest.raises(PasswordRefused, match="differed three times"):
        user_work.set_password(desk.settings, "anna", desk.said.append)


def test_no_command_takes_a_password_as_an_argument() -> None:
    names = {
        parameter
        for command in app.registered_commands
        if command.callback is not None
        for parameter in command.callback.__annotations__
    }
    assert "name" in names
    assert not [name for name in names if "password" in name or "secret" in name]


def test_as_a_command(shell: Shell) -> None:
    def piped(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aineon", "users", *arguments],
            cwd=shell.folder,
            env=shell.environment(),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    done = piped(f"{PASSWORD}\n", "add", "anna", "--role", "super-admin")
    assert (done.returncode, done.stdout) == (0, "anna may sign in as super admin.\n"), done.stderr
    refused = piped("", "remove", "anna")
    assert refused.returncode == 1
    assert "last super admin" in one_sentence(refused)
