"""Whether the time that a refusal takes tells which names exist."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.access.sealing import Seal, SealKey
from aineon.access.sign_in import WINDOW_SECONDS, SignIn
from aineon.access.users import UserStore
from aineon.errors import SignInRefused
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from tests.databases import database_url

PASSWORD = "violet tram under the bridge"
LIMIT = 1.5
ROUNDS = 9


def test_unknown_names_take_as_long_as_known_ones(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000.0)
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        audit = control.audit(tmp_path / "control.anchor")
        users = UserStore(control, audit, PasswordHasher())
        users.add("anna", PASSWORD, Role.SUPER_ADMIN, who="root", at=clock.now())
        users.add("bert", PASSWORD, Role.VIEWER, who="root", at=clock.now())
        users.disable("bert", who="root", at=clock.now())
        sign_in = SignIn(control, audit, Seal(SealKey.new()), clock)

        def seconds(name: str, password: str) -> float:
            begun = time.perf_counter()
            with pytest.raises(SignInRefused):
                sign_in.try_sign_in(name, password, source="192.0.2.1")
            return time.perf_counter() - begun

        tries = {
            "known": ("anna", "another tram over the bridge"),
            "unknown": ("nobody", "another tram over the bridge"),
            "impossible": ("no name; at all", "another tram over the bridge"),
            "disabled": ("bert", PASSWORD),
            "too long": ("anna", PASSWORD * 10),
        }
        taken: dict[str, list[float]] = {what: [] for what in tries}
        for _ in range(ROUNDS):
            for what, (name, password) in tries.items():
                taken[what].append(seconds(name, password))
            clock.advance(WINDOW_SECONDS)
    medians = {what: statistics.median(each) for what, each in taken.items()}
    assert max(medians.values()) < LIMIT * min(medians.values()), medians
