"""SignIn: from name, password and code to a session.

Each try takes from budgets before anything is hashed; see `budgets_of` for what that holds against.
A name that nobody has takes the same way as one that somebody has: the same budgets, one hash, one
refusal in the same words.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import Final

from aineon.access.devices import add_device, device_key, is_device_of
from aineon.access.names import folded
from aineon.access.passwords import PasswordHasher
from aineon.access.refusals import Refusals
from aineon.access.sealing import Seal
from aineon.access.second_factor import SecondFactor
from aineon.access.sessions import SessionStore
from aineon.access.store import AccessStore
from aineon.access.throttle import Budget, Budgets, give_back, in_words, key_of, spend, wait_for
from aineon.access.users import User, UserStore
from aineon.errors import (
    CodeThrottled,
    PasswordRefused,
    SealError,
    SignInRefused,
    SignInThrottled,
)
from aineon.ledger.audit import AuditTrail, note
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock

WINDOW_SECONDS: Final = 900.0
PER_ACCOUNT: Final = Budget(5, WINDOW_SECONDS)
PER_ACCOUNT_AND_SOURCE: Final = Budget(4, WINDOW_SECONDS)
PER_SOURCE: Final = Budget(20, WINDOW_SECONDS)
FOR_STRANGERS: Final = Budget(100, WINDOW_SECONDS)
"""A hash takes a quarter of a second of one core: a hundred in a window are 3 % of it."""
PER_DEVICE: Final = Budget(5, WINDOW_SECONDS)

REFUSED: Final = "name, password and one-time code do not belong together"
_NOBODY: Final = "an unknown name"
_IPV6_SITE: Final = 64
_LOG: Final = logging.getLogger(__name__)


class SignIn:
    """Lets users in.

    It takes a quarter of a second of computing, and waits for the database: call it in a thread.

    Args:
        control: the control database, opened for writing.
        audit: where is written down who came in, and who did not.
        seal: of the seeds of one-time codes.
        clock: seconds since the epoch.
        sessions: how long they stand; None is 30 minutes idle and 12 hours at most.
        hasher: of passwords.
    """

    def __init__(
        self,
        control: ControlStore,
        audit: AuditTrail,
        seal: Seal,
        clock: Clock,
        sessions: SessionStore | None = None,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = AccessStore(control)
        self._audit = audit
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._users = UserStore(control, audit, self._hasher)
        self._sessions = sessions or SessionStore(control)
        self._second_factor = SecondFactor(control, audit, seal, clock)
        self._refusals = Refusals(self._store, audit, "sign-in")

    def try_sign_in(
        self,
        name: str,
        password: str,
        code: str = "",
        *,
        source: str = "",
        device: str | None = None,
    ) -> str:
        """Return the token of a new session.

        Args:
            name: as it was typed.
            password: as it was typed.
            code: of the second factor, where the user has one.
            source: the network address that the try comes from.
            device: the token that the browser holds from an earlier time; see `remember`.

        Raises:
            SignInRefused: something does not fit; the words are the same whatever it is.
            SignInThrottled: too many tries; nothing was looked at.
            LedgerError: the database cannot be read or written.
        """
        at, typed = self._clock.now(), folded(name)
        lane, budgets = self._lane(typed, source, device, at)
        last = self._spend(budgets, at)
        user = self._users.find(typed)
        if not self._is_right(user, password, code, lane, at):
            subject = _NOBODY if user is None else user.name
            self._refuse(subject, lane, at, last=last)
        assert user is not None  # or nothing is right
        token = self._sessions.open(user, at)
        with self._store.turn() as connection:
            give_back(connection, budgets)
        self._tell("session.open", user.name, self._opened(token, user, lane, at), at)
        return token

    def remember(self, token: str) -> str:
        """Return a token by which the browser of a session is known at the next sign-in.

        It opens nothing, and stands for 90 days, or until he ends all his sessions.

        Raises:
            SignInRefused: the session has ended.
        """
        at = self._clock.now()
        session = self._sessions.look(token, at)
        if session is None:
            raise SignInRefused("the session has ended; sign in again")
        with self._store.turn() as connection:
            return add_device(connection, session.name, at)

    def sign_out(self, token: str) -> None:
        """End the session of a token; nothing happens where there is none."""
        at = self._clock.now()
        session = self._sessions.look(token, at)
        self._sessions.revoke(token)
        if session is not None:
            self._tell("session.close", session.name, {"session": session.number}, at)

    def change_password(self, name: str, present: str, new: str) -> None:
        """Give a user, who is signed in, another password; all his sessions end.

        Raises:
            PasswordRefused: the present one is wrong, or the new one not allowed.
            SignInThrottled: too many tries; nothing was looked at.
            UnknownUser: there is none of this name.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        user = self.require_password(name, present)
        self._users.set_password(user.name, new, who=user.name, at=self._clock.now())

    def require_password(self, name: str, present: str) -> User:
        """Check that whoever acts in a user's session knows his password; returns the user.

        Raises:
            PasswordRefused: it is another one.
            SignInThrottled: too many tries; nothing was looked at.
            UnknownUser: there is none of this name.
            LedgerError: the database cannot be read or written.
        """
        at, user = self._clock.now(), self._users.get(name)
        budgets = {key_of("change", user.name): PER_DEVICE}
        self._spend(budgets, at)
        if not self._hasher.matches(present, user.password_hash):
            self._refusals.add("user.refuse", user.name, {"what": "password"}, at)
            raise PasswordRefused("the present password is another one")
        with self._store.turn() as connection:
            give_back(connection, budgets)
        return user

    def _lane(self, name: str, source: str, device: str | None, at: float) -> tuple[str, Budgets]:
        """Return whose tries these are, and what they take from."""
        key = None if device is None else device_key(device)
        if key is not None and is_device_of(self._store, key, name, at):
            return f"device:{key}", {key_of("device", key): PER_DEVICE}
        return "stranger", budgets_of(name, source)

    def _spend(self, budgets: Budgets, at: float) -> bool:
        """Take from the budgets; returns whether that was the last of one of them."""
        # Looked at first: a flood of tries that are not heard must not keep others from writing.
        _require(wait_for(self._store, budgets, at))
        with self._store.turn() as connection:
            _require(spend(connection, budgets, at))
        return wait_for(self._store, budgets, at) > 0

    def _is_right(self, user: User | None, password: str, code: str, lane: str, at: float) -> bool:
        # One hash in any case, and before anything else is asked.
        same = self._hasher.matches(password, None if user is None else user.password_hash)
        if user is None or not same or user.disabled:
            return False
        if not user.has_second_factor:
            return True
        try:
            return self._second_factor.check(user.name, code, at, lane=lane)
        except CodeThrottled as error:
            _LOG.warning("%s: %s", user.name, error)
        except SealError as error:
            _LOG.error("the second factor of %s cannot be checked: %s", user.name, error)
        return False

    def _refuse(self, subject: str, lane: str, at: float, *, last: bool) -> None:
        known = {"lane": lane.partition(":")[0]}
        self._refusals.add("session.refuse", subject, known, at)
        if last:
            self._refusals.add("session.throttle", subject, known, at)
        raise SignInRefused(REFUSED)

    def _opened(self, token: str, user: User, lane: str, at: float) -> dict[str, str | int]:
        session = self._sessions.look(token, at)
        return {
            "session": "" if session is None else session.number,
            "role": user.role.value,
            "lane": lane.partition(":")[0],
            "refused_before": self._refusals.take("session.refuse", user.name),
        }

    def _tell(self, action: str, name: str, detail: dict[str, str | int], at: float) -> None:
        # Noted, not required: who is to mend an audit that cannot be written must get in.
        note(self._audit, _LOG.warning, who=name, action=action, subject=name, detail=detail, at=at)


def budgets_of(name: str, source: str) -> Budgets:
    """Return what a try of a stranger takes from, whether or not the name is somebody's.

    Five tries an account and window, of which one source has four: who floods an account from one
    place leaves something for its owner at another. A source has twenty over all names, and all
    strangers together a hundred, which bounds what hashing may cost.
    """
    place = site_of(source)
    return {
        key_of("account", name): PER_ACCOUNT,
        key_of("account and source", name, place): PER_ACCOUNT_AND_SOURCE,
        key_of("source", place): PER_SOURCE,
        key_of("strangers"): FOR_STRANGERS,
    }


def site_of(source: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that one site has of IPv6."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))


def _require(wait: float) -> None:
    if wait:
        raise SignInThrottled(
            f"too many tries; wait {in_words(wait)}, or use a browser that you have signed in with "
            "before",
            wait,
        )
