"""No password, seed, token or code in the database, the log, an exception or a repr."""

from __future__ import annotations

import logging
import pickle
import traceback
from pathlib import Path

import pytest

from aineon.access.credentials import import_credentials
from aineon.access.roles import Role
from aineon.errors import AccessError, AineonError
from tests.access.office import NOON, PASSWORD, TOKEN, WRONG, Office
from tests.databases import files_only


@files_only
def test_nothing_secret_is_left_anywhere(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def failing(*arguments: str, **named: str | None) -> None:
        try:
            office.sign_in.try_sign_in(*arguments, **named)  # type: ignore[arg-type]
        except AineonError as error:
            said.extend(traceback.format_exception(error))

    user = office.setup.create_first(TOKEN, "anna", PASSWORD, at=NOON)
    app, codes = office.enrol()
    begun = office.second_factor.enrol_begin("anna", office.now, codes[9])
    token = office.enter(code=office.code(app))
    device = office.sign_in.remember(token)
    office.clock.advance(60)
    given = office.code(app)
    voucher = office.second_factor.vouch("anna", "digest", given, office.now)
    assert voucher is not None
    # People type passwords where names belong.
    failing(PASSWORD, WRONG, "")
    failing(PASSWORD, WRONG, "", device=device)
    for _ in range(8):
        failing("anna", WRONG, codes[0], source="192.0.2.7", device=device)
    for action in (
        lambda: office.setup.create_first("another-" + TOKEN, "bert", PASSWORD, at=NOON),
        lambda: office.users.add("bert", PASSWORD + "\t", Role.VIEWER, who="root", at=NOON),
        lambda: office.users.set_password("carl", PASSWORD, who="root", at=NOON),
        lambda: office.sign_in.change_password("anna", WRONG, PASSWORD),
        lambda: office.second_factor.enrol_confirm("anna", given, office.now),
        lambda: import_credentials({"usernames": {"bert": {"password": PASSWORD}}}),
    ):
        with pytest.raises(AccessError) as caught:
            action()
        said.extend(traceback.format_exception(caught.value))
    said.append(caplog.text)
    said.extend(map(repr, (user, begun, office.sessions.of("anna", office.now), office.seal)))
    said.extend(repr(each) for each in vars(office).values())
    office.control.close()
    stored = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert b"session.refuse" in stored
    secrets = [PASSWORD, WRONG, TOKEN, app.secret, begun.secret, token, device, voucher, given]
    secrets += [*codes, *(code.replace("-", "") for code in codes), voucher.partition(":")[2]]
    text = "\n".join(said)
    # A traceback shows the lines of these tests, in which no value stands.
    for secret in secrets:
        assert secret.encode() not in stored
        assert secret not in text
    # The hash of the password is in the database alone.
    assert user.password_hash.encode() in stored
    assert user.password_hash not in text


def test_a_user_and_an_enrolment_show_nothing_even_in_a_container(office: Office) -> None:
    user = office.add()
    begun = office.second_factor.enrol_begin("anna", office.now)
    shown = f"{[user]} {(begun,)} {user!s} {begun!s}"
    assert user.password_hash not in shown
    assert begun.secret not in shown
    assert "anna" in shown
    # They are values all the same.
    assert pickle.loads(pickle.dumps(user)) == user
