"""An office of sign-in over a database of its own, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyotp

from aineon.access.passwords import PasswordHasher
from aineon.access.roles import Role
from aineon.access.sealing import Seal, SealKey
from aineon.access.second_factor import SecondFactor
from aineon.access.sessions import SessionStore
from aineon.access.setup import Setup
from aineon.access.sign_in import SignIn
from aineon.access.users import User, UserStore
from aineon.ledger.audit import AuditEntry, AuditTrail
from aineon.ledger.audit.entry import Details
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from tests.databases import database_url

NOON = 1_800_000_000.0
PASSWORD = "violet tram under the bridge"
WRONG = "violet tram under the ridge!"
TOKEN = "set-up-token-of-the-tests"


class CountingHasher(PasswordHasher):
    """bcrypt at its cheapest, which counts its comparisons."""

    def __init__(self) -> None:
        super().__init__(cost=4)
        self.compared = 0

    def matches(self, password: str, hashed: str | None) -> bool:
        self.compared += 1
        return super().matches(password, hashed)


class Meanwhile:
    """An audit in which something happens between a check and what was checked for."""

    def __init__(self, audit: AuditTrail, happens: Callable[[], object]) -> None:
        self._audit = audit
        self._happens: Callable[[], object] | None = happens

    def append(self, *, who: str, action: str, subject: str, detail: Details, at: float) -> int:
        number = self._audit.append(who=who, action=action, subject=subject, detail=detail, at=at)
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return number


class Office:
    """Everything about sign-in over one control database."""

    def __init__(self, folder: Path, control: ControlStore, seal: Seal | None = None) -> None:
        self.folder = folder
        self.control = control
        self.clock = ManualClock(NOON)
        self.hasher = CountingHasher()
        self.seal = seal or Seal(SealKey.new())
        self.audit = control.audit(folder / "control.anchor")
        self.users = UserStore(control, self.audit, self.hasher)
        self.sessions = SessionStore(control)
        self.second_factor = SecondFactor(control, self.audit, self.seal, self.clock)
        self.sign_in = SignIn(
            control, self.audit, self.seal, self.clock, self.sessions, self.hasher
        )
        self.setup = Setup(control, self.users, self.audit, TOKEN)

    @property
    def now(self) -> float:
        return self.clock.now()

    def add(self, name: str = "anna", role: Role = Role.SUPER_ADMIN) -> User:
        return self.users.add(name, PASSWORD, role, who="tests", at=self.now)

    def enrol(self, name: str = "anna") -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """Give a user a second factor, confirmed by the code of two steps before now."""
        begun = self.second_factor.enrol_begin(name, self.now)
        app = pyotp.TOTP(begun.secret)
        codes = self.second_factor.enrol_confirm(name, app.at(int(self.now)), self.now)
        self.clock.advance(60)
        return app, codes

    def code(self, app: pyotp.TOTP, steps: int = 0) -> str:
        return app.at(int(self.now) + 30 * steps)

    def enter(self, name: str = "anna", password: str = PASSWORD, code: str = "") -> str:
        return self.sign_in.try_sign_in(name, password, code, source="192.0.2.1")

    def told(self, action: str) -> list[AuditEntry]:
        """The audit's entries of an action."""
        return [each for each in self.audit.last(1000) if each.decision.action == action]


@contextmanager
def opened(folder: Path, seal: Seal | None = None) -> Iterator[Office]:
    with ControlStore.open(database_url(folder / "control.db")) as control:
        yield Office(folder, control, seal)
