"""When the console asks who is there, and how the first user is created."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aineon.access.roles import Role
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, ManualClock
from aineon.runtime import backups
from aineon.runtime.access import access_of, sign_in_required, with_setup_token
from aineon.runtime.handover import console_environment, engine_environment
from aineon.runtime.redaction import secrets_of
from aineon.runtime.settings import Settings, load_settings
from tests.databases import files_only

PASSWORD = "violet tram under the bridge"
TOKEN = "t0ken-of-the-first-user"


@pytest.mark.parametrize(
    ("env", "required"),
    [
        ({}, False),
        ({"AINEON_SIGN_IN": "auto"}, False),
        ({"AINEON_SIGN_IN": "always"}, True),
        ({"AINEON_HOST": "127.0.0.1"}, False),
        ({"AINEON_HOST": "127.8.9.1"}, False),
        ({"AINEON_HOST": "localhost"}, False),
        ({"AINEON_HOST": "::1"}, False),
        ({"AINEON_HOST": "0.0.0.0"}, True),
        ({"AINEON_HOST": "::"}, True),
        ({"AINEON_HOST": "192.168.0.7"}, True),
        ({"AINEON_HOST": "console"}, True),
        ({"RENDER": "true"}, True),
        ({"RENDER": "true", "AINEON_HOST": "127.0.0.1"}, True),
        ({"RENDER_EXTERNAL_HOSTNAME": "x.onrender.com"}, True),
        # A proxy on this machine passes on what others ask for.
        ({"AINEON_ALLOWED_HOSTS": "console.example.org"}, True),
        ({"AINEON_ALLOWED_HOSTS": "localhost,127.0.0.1"}, False),
    ],
)
def test_sign_in_is_asked_for_as_soon_as_others_could_reach_it(
    env: dict[str, str], required: bool
) -> None:
    assert sign_in_required(load_settings(env=env)) is required


def test_sign_in_is_asked_for_where_money_is_at_stake() -> None:
    calm = Settings()
    assert not sign_in_required(calm)
    assert not sign_in_required(calm.model_copy(update={"mode": Book.REHEARSAL}))
    assert sign_in_required(calm.model_copy(update={"mode": Book.LIVE}))


def settings_in(folder: Path, **given: Any) -> Settings:
    return load_settings(env={}, data_dir=folder, **given)


def test_everything_about_sign_in_from_settings(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000)
    settings = settings_in(
        tmp_path, setup_token=TOKEN, session_idle_minutes="10", session_hours="2"
    )
    with ControlStore.open(settings.control_url) as control:
        access = access_of(settings, control, clock)
        access.setup.create_first(TOKEN, "anna", PASSWORD, at=clock.now())
        token = access.sign_in.try_sign_in("anna", PASSWORD)
        session = access.sessions.find(token, clock.now())
        assert session is not None
        assert session.ends_at == clock.now() + 7200
        assert access.sessions.look(token, clock.now() + 600) is None
        begun = access.second_factor.enrol_begin("anna", clock.now())
        assert begun.secret
    # The seed is sealed with the installation's key, which was made at this need.
    assert (tmp_path / "sealing.key").is_file()


def test_a_token_is_made_where_somebody_will_need_it(tmp_path: Path) -> None:
    said: list[str] = []
    settings = settings_in(tmp_path, sign_in="always")
    told = with_setup_token(settings, said.append)
    assert told.setup_token is not None
    token = told.setup_token.get_secret_value()
    [line] = said
    assert token in line
    assert len(token) == 32
    # It reaches the console, and no log.
    assert console_environment({}, told)["AINEON_SETUP_TOKEN"] == token
    assert "AINEON_SETUP_TOKEN" not in engine_environment({"AINEON_SETUP_TOKEN": token}, told)
    assert token in set(secrets_of(told))
    assert token not in repr(told)


@pytest.mark.parametrize("why", ["not asked", "given", "there is a user", "on Render"])
def test_no_token_is_made_where_nobody_needs_it(tmp_path: Path, why: str) -> None:
    given: dict[str, Any] = {} if why == "not asked" else {"sign_in": "always"}
    given |= {"setup_token": TOKEN} if why == "given" else {}
    given |= {"on_render": True} if why == "on Render" else {}
    settings = settings_in(tmp_path, **given)
    if why == "there is a user":
        with ControlStore.open(settings.control_url) as control:
            users = access_of(settings, control, ManualClock(0)).users
            users.add("anna", PASSWORD, Role.SUPER_ADMIN, who="root", at=0.0)
    said: list[str] = []
    assert with_setup_token(settings, said.append) == settings
    assert len(said) == (why == "on Render")


@pytest.mark.parametrize("token", ["short", "with a blank in it ok", "é" * 20, "x" * 300])
def test_a_setup_token_that_is_none(token: str) -> None:
    with pytest.raises(Exception, match="AINEON_SETUP_TOKEN is set to a value that is not shown"):
        load_settings(env={"AINEON_SETUP_TOKEN": token})


@pytest.mark.parametrize(
    "env",
    [
        {"AINEON_SESSION_IDLE": "31"},
        {"AINEON_SESSION_IDLE": "0"},
        {"AINEON_SESSION_MOST": "13"},
        {"AINEON_SIGN_IN": "never"},
    ],
)
def test_sign_in_is_not_to_be_weakened(env: dict[str, str]) -> None:
    with pytest.raises(Exception, match="allowed is"):
        load_settings(env=env)


@files_only
def test_a_backup_that_is_put_back_revives_no_session(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000)
    settings = settings_in(tmp_path / "var", setup_token=TOKEN)
    with ControlStore.open(settings.control_url) as control:
        access = access_of(settings, control, clock)
        access.setup.create_first(TOKEN, "anna", PASSWORD, at=clock.now())
        token = access.sign_in.try_sign_in("anna", PASSWORD)
        backups.create(settings, tmp_path / "backup", print, clock)
        access.sign_in.sign_out(token)
    backups.restore(settings, tmp_path / "backup", {"control"}, clock)
    with ControlStore.open(settings.control_url) as control:
        access = access_of(settings, control, clock)
        assert access.users.count() == 1
        assert access.sessions.look(token, clock.now()) is None
