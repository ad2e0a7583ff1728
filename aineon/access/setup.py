"""Setup: the first user, created by whoever holds the token of this installation.

There is no default password. As long as there is no user, the console shows nothing but the page
that asks for the token; `aineon users add` is the other way, for whoever has the machine.
"""

from __future__ import annotations

import hmac
from typing import Final

from aineon.access.refusals import Refusals
from aineon.access.roles import Role
from aineon.access.sign_in import site_of
from aineon.access.store import AccessStore
from aineon.access.throttle import Budget, give_back, in_words, key_of, spend, wait_for
from aineon.access.tokens import hash_of
from aineon.access.users import User, UserStore
from aineon.errors import SetupRefused
from aineon.ledger.audit import AuditTrail
from aineon.ledger.control import ControlStore

PER_SOURCE: Final = Budget(10, 900.0)
"""Wrong tokens from one place, which keeps nobody at another one from setting up."""

OF_ALL: Final = Budget(100, 900.0)
"""Wrong tokens from everywhere; `aineon users add` asks for none."""

_PURPOSE: Final = "set-up"


class Setup:
    """Creates the first user.

    Args:
        control: the control database, opened for writing.
        users: of the same database.
        audit: where tries are written down.
        token: what is asked for; None where nothing was set, and then nobody gets through.
    """

    def __init__(
        self, control: ControlStore, users: UserStore, audit: AuditTrail, token: str | None
    ) -> None:
        self._users = users
        self._store = AccessStore(control)
        self._refusals = Refusals(self._store, audit, _PURPOSE)
        # Kept as a hash, of which all have the same length.
        self._expected = None if token is None else hash_of(_PURPOSE, token.strip())

    @property
    def is_possible(self) -> bool:
        """Whether a token was set that somebody can give."""
        return self._expected is not None

    def is_open(self) -> bool:
        """Whether there is no user yet; false for ever after the first one."""
        return self._users.is_empty()

    def create_first(
        self,
        token: str,
        name: str,
        password: str,
        *,
        at: float,
        display_name: str = "",
        email: str = "",
        source: str = "",
    ) -> User:
        """Create the first user, a super admin.

        `source` is the network address that the try comes from.

        Raises:
            SetupRefused: there are users, no token was set, it is another one, or there were
                too many tries.
            InvalidUser, PasswordRefused: something is not allowed.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        if not self.is_open():
            raise SetupRefused("there are users already; one of them adds the others")
        if self._expected is None:
            raise SetupRefused(
                "no set-up token is set; set AINEON_SETUP_TOKEN and start again, or run "
                "`aineon users add`"
            )
        budgets = {key_of(_PURPOSE, site_of(source)): PER_SOURCE, key_of(_PURPOSE): OF_ALL}
        # Looked at first: a flood of tries that are not heard must not keep others from writing.
        _require(wait_for(self._store, budgets, at))
        with self._store.turn() as connection:
            _require(spend(connection, budgets, at))
        if not hmac.compare_digest(hash_of(_PURPOSE, token.strip()), self._expected):
            self._refusals.add("setup.refuse", "first user", {}, at)
            raise SetupRefused("that is not the set-up token of this installation")
        with self._store.turn() as connection:
            give_back(connection, budgets)
        user = self._users.new(
            name, password, Role.SUPER_ADMIN, display_name=display_name, email=email
        )
        return self._users.add_first(user, who=_PURPOSE, at=at)


def _require(wait: float) -> None:
    if wait:
        raise SetupRefused(
            f"too many set-up tokens were tried; wait {in_words(wait)}, or run `aineon users add` "
            "on the machine"
        )
