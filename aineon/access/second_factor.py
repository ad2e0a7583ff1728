"""SecondFactor: what somebody has, beside the password that he knows.

A seed is sealed (`aineon.access.sealing`) before it is stored, and counts when a code of it has
confirmed it. A code is taken once, recovery codes are hashed, and tries are throttled. Checking a
code and using it up are one transaction: of two who give the same one, one succeeds.

A code that was given in one process can be proven to another: `vouch` checks it and returns a token
that stands for exactly one subject, once, and for a few minutes.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from aineon.access.names import folded
from aineon.access.one_time_codes import (
    Enrolment,
    enrolment_of,
    hash_among,
    is_code,
    is_recovery_code,
    new_recovery_codes,
    new_seed,
    plain,
    recovery_hash,
    step_of,
)
from aineon.access.refusals import Refusals
from aineon.access.sealing import Seal
from aineon.access.store import FACTORS, RECOVERY, VOUCHERS, AccessStore
from aineon.access.throttle import Budget, Budgets, give_back, in_words, key_of, spend
from aineon.access.tokens import hash_of, new_token, token_hash
from aineon.access.user_rows import get_user
from aineon.errors import CodeThrottled, EnrolmentRefused
from aineon.ledger.audit import AuditTrail, note
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock

IN_SESSION: Final = "session"
CODES: Final = Budget(most=5, seconds=900.0)
CODES_FOR_LONG: Final = Budget(most=10, seconds=3 * 3_600.0)
"""Three codes in a million are right at any moment: eighty tries a day find one in years. Whoever
goes on trying keeps a lane's owner from the app's codes for as long as he goes on; a browser that
is known has a lane of its own."""

RECOVERIES: Final = Budget(most=1_000, seconds=900.0)
"""Apart from the app's codes, which somebody else may have spent. Nobody guesses 80 bits; this
bounds work alone."""

VOUCHER_SECONDS: Final = 600.0
ENROLMENT_SECONDS: Final = 900.0
_VOUCHER: Final = "voucher:"
_LOG: Final = logging.getLogger(__name__)


class SecondFactor:
    """The second factors in the control database.

    It is what `aineon.treasury` asks a single operator for. All methods raise `LedgerError` where
    the database cannot be read or written, and those that open a seed `SealError` where the key
    that sealed it is gone.

    Args:
        control: opened for writing.
        audit: where changes are written down.
        seal: of the seeds.
        clock: tells `accepts` the time.
    """

    asks_for: Final = "a one-time code of the authenticator app, or a recovery code"

    def __init__(self, control: ControlStore, audit: AuditTrail, seal: Seal, clock: Clock) -> None:
        self._store = AccessStore(control)
        self._audit = audit
        self._seal = seal
        self._clock = clock
        self._refusals = Refusals(self._store, audit, "sign-in")

    # --- setting it up ---------------------------------------------------------------------

    def is_enrolled(self, name: str) -> bool:
        """Whether a user has a second factor that was confirmed."""
        with self._store.turn() as connection:
            row = _row(connection, folded(name))
        return row is not None and row["seed"] is not None

    def enrol_begin(self, name: str, at: float, code: str = "") -> Enrolment:
        """Make a seed for a user, which counts once a code has confirmed it.

        Args:
            name: of the user.
            at: seconds since the epoch.
            code: of the second factor that he has already; not needed for the first one.

        Raises:
            UnknownUser: there is none of this name.
            EnrolmentRefused: he has a second factor, and the code is not one of it.
            CodeThrottled: too many codes were tried.
        """
        name = folded(name)
        if self.is_enrolled(name) and not self.check(name, code, at):
            raise EnrolmentRefused(
                "replacing a second factor takes a code of the present one, and this is none"
            )
        seed = new_seed()
        sealed = self._seal.seal(_purpose(name), seed.encode())
        values = {"waiting": sealed, "waiting_since": at}
        with self._store.turn() as connection:
            get_user(connection, name)
            if _row(connection, name) is None:
                connection.execute(insert(FACTORS).values(user_name=name, **values))
            else:
                _update(connection, name, **values)
        return enrolment_of(seed, name)

    def enrol_confirm(self, name: str, code: str, at: float) -> tuple[str, ...]:
        """Let a seed count from now on; returns recovery codes, which are told this once.

        Raises:
            EnrolmentRefused: the code is not one of the seed, or none was made just before.
            CodeThrottled: too many codes were tried.
            AuditUnwritable: nothing was changed.
        """
        name = folded(name)
        step, sealed = self._confirmed(name, plain(code), at)
        codes = new_recovery_codes()
        self._audit.append(who=name, action="second_factor.enrol", subject=name, detail={}, at=at)
        with self._store.turn() as connection:
            row = _row(connection, name)
            if row is None or row["waiting"] != sealed:
                raise EnrolmentRefused("another second factor was begun meanwhile; begin again")
            values = {"seed": sealed, "last_step": step, "waiting": None, "waiting_since": None}
            _update(connection, name, **values)
            _replace_recovery(connection, name, codes)
        return codes

    def renew_recovery(self, name: str, code: str, at: float) -> tuple[str, ...]:
        """Replace the recovery codes; returns the new ones, which are told this once.

        Raises:
            EnrolmentRefused: the code is not one of the second factor.
            CodeThrottled: too many codes were tried.
            AuditUnwritable: nothing was changed.
        """
        name = folded(name)
        if not self.check(name, code, at):
            raise EnrolmentRefused("new recovery codes take a one-time code, and this is none")
        codes = new_recovery_codes()
        self._audit.append(who=name, action="second_factor.renew", subject=name, detail={}, at=at)
        with self._store.turn() as connection:
            _replace_recovery(connection, name, codes)
        return codes

    def recovery_left(self, name: str) -> int:
        """Return how many recovery codes a user has left."""
        query = select(func.count()).where(RECOVERY.c.user_name == folded(name))
        with self._store.turn() as connection:
            return int(connection.execute(query).scalar_one())

    # --- asking for it ---------------------------------------------------------------------

    def check(self, name: str, code: str, at: float, *, lane: str = IN_SESSION) -> bool:
        """Whether a code is one of this user's, which uses it up.

        Args:
            name: of the user.
            code: of the app, or a recovery code.
            at: seconds since the epoch.
            lane: whose tries these are; each lane has a budget of its own, so that nobody uses up
                another one's.

        Raises:
            CodeThrottled: too many were tried; this one was not looked at.
        """
        name, given = folded(name), plain(code)
        if not (is_code(given) or is_recovery_code(given)):
            return False
        budgets = _budgets_of(given, name, lane)
        with self._store.turn() as connection:
            row = _row(connection, name)
            if row is None or row["seed"] is None:
                return False
            _require(spend(connection, budgets, at))
            taken = self._take(connection, row, given, at)
            if taken:
                give_back(connection, budgets)
        if not taken:
            self._refusals.add("second_factor.refuse", name, {"lane": lane.partition(":")[0]}, at)
        elif is_recovery_code(given):
            left = {"left": self.recovery_left(name)}
            self._note("second_factor.recover", name, left, at)
        return taken

    def vouch(
        self, name: str, subject: str, code: str, at: float, *, lane: str = IN_SESSION
    ) -> str | None:
        """Return a proof that a user gave a code for `subject`; None where the code is wrong.

        The proof is taken once, by `accepts`, for this user and subject, within ten minutes.

        Raises:
            CodeThrottled: as `check`.
        """
        name = folded(name)
        if not self.check(name, code, at, lane=lane):
            return None
        token = new_token()
        row = {"user_name": name, "subject": subject, "ends_at": at + VOUCHER_SECONDS}
        with self._store.turn() as connection:
            connection.execute(delete(VOUCHERS).where(VOUCHERS.c.ends_at <= at))
            kept = token_hash(_VOUCHER, token)
            connection.execute(insert(VOUCHERS).values(token_hash=kept, **row))
        return f"{_VOUCHER}{token}"

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        """Whether `proof` is a code of `who`, or a voucher for exactly what `digest` names.

        Too many tries are refused as a wrong one is.
        """
        at = self._clock.now()
        if proof.startswith(_VOUCHER):
            return self._redeem(folded(who), digest, proof.removeprefix(_VOUCHER), at)
        try:
            return self.check(who, proof, at, lane="engine")
        except CodeThrottled as error:
            _LOG.warning("%s", error)
            return False

    # --- how -------------------------------------------------------------------------------

    def _confirmed(self, name: str, code: str, at: float) -> tuple[int, str]:
        """Return the step of a seed that waits, and the sealed seed."""
        budgets = {key_of("enrol", name): CODES}
        with self._store.turn() as connection:
            row = _row(connection, name)
            sealed: str | None = None if row is None else row["waiting"]
            if row is None or sealed is None or at - row["waiting_since"] > ENROLMENT_SECONDS:
                raise EnrolmentRefused("no second factor was begun in the last minutes; begin one")
            _require(spend(connection, budgets, at))
            seed = self._seal.open(_purpose(name), sealed).decode()
            step = step_of(seed, code, at, None) if is_code(code) else None
            if step is not None:
                give_back(connection, budgets)
        if step is None:
            raise EnrolmentRefused(
                "that is not the code which the app shows now; the clocks of the app and of this "
                "machine may differ by half a minute"
            )
        return step, sealed

    def _take(self, connection: Connection, row: RowMapping, code: str, at: float) -> bool:
        """Use a code up; False where it is none."""
        name = row["user_name"]
        if is_recovery_code(code):
            hashed = recovery_hash(name, code)
            mine = select(RECOVERY.c.code_hash).where(RECOVERY.c.user_name == name)
            if not hash_among(connection.execute(mine).scalars().all(), hashed):
                return False
            connection.execute(delete(RECOVERY).where(RECOVERY.c.code_hash == hashed))
            return True
        seed = self._seal.open(_purpose(name), row["seed"]).decode()
        step = step_of(seed, code, at, row["last_step"])
        if step is None:
            return False
        _update(connection, name, last_step=step)
        return True

    def _redeem(self, name: str, subject: str, token: str, at: float) -> bool:
        kept = token_hash(_VOUCHER, token)
        if kept is None:
            return False
        mine = (VOUCHERS.c.token_hash == kept) & (VOUCHERS.c.user_name == name)
        with self._store.turn() as connection:
            fits = mine & (VOUCHERS.c.subject == subject) & (VOUCHERS.c.ends_at > at)
            return bool(connection.execute(delete(VOUCHERS).where(fits)).rowcount)

    def _note(self, action: str, name: str, detail: dict[str, int], at: float) -> None:
        note(self._audit, _LOG.warning, who=name, action=action, subject=name, detail=detail, at=at)


def _row(connection: Connection, name: str) -> RowMapping | None:
    query = select(FACTORS).where(FACTORS.c.user_name == name)
    return connection.execute(query).mappings().first()


def _update(connection: Connection, name: str, **values: object) -> None:
    connection.execute(update(FACTORS).where(FACTORS.c.user_name == name).values(**values))


def _replace_recovery(connection: Connection, name: str, codes: tuple[str, ...]) -> None:
    connection.execute(delete(RECOVERY).where(RECOVERY.c.user_name == name))
    rows = [{"code_hash": recovery_hash(name, plain(code)), "user_name": name} for code in codes]
    connection.execute(insert(RECOVERY), rows)


def _budgets_of(code: str, name: str, lane: str) -> Budgets:
    if is_recovery_code(code):
        return {key_of("recovery", name, lane): RECOVERIES}
    return {key_of("code", name, lane): CODES, key_of("long", name, lane): CODES_FOR_LONG}


def _require(wait: float) -> None:
    if wait:
        raise CodeThrottled(
            f"too many one-time codes were tried; wait {in_words(wait)} and try again", wait
        )


def _purpose(name: str) -> str:
    # A name may hold what a purpose may not.
    return f"totp.{hash_of('name', name)[:32]}"
