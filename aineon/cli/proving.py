"""Proving at the command line: the second factor of whoever confirms a payment alone."""

from __future__ import annotations

import sys
from typing import Final

from aineon.access.users import UserStore
from aineon.cli.secret_input import ask_secret
from aineon.errors import ApprovalRefused
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock, SystemClock
from aineon.runtime.access import access_of
from aineon.runtime.auditing import audit_of
from aineon.runtime.settings import Settings

_LANE: Final = "command line"


def proof_of(
    settings: Settings,
    who: str,
    digest: str,
    typed: str,
    code: str | None,
    clock: Clock | None = None,
) -> str:
    """Return what the engine takes as `who`'s second factor for what `digest` names.

    For whoever has set a second factor up that is a voucher for a one-time code, which is used up
    here; for everybody else what was typed of the digest. A code itself is never kept.

    Args:
        settings: name the control database, and seal the seeds.
        who: confirms; a user's name where he is one.
        digest: of what is confirmed.
        typed: the beginning of it, as it was typed.
        code: a one-time code or a recovery code; None to ask for it, where it is needed.
        clock: this machine's where it is None.

    Raises:
        ApprovalRefused: the code is none that holds now, is missing, or nobody asks for one.
        CodeThrottled: too many codes were tried.
        LedgerError: the control database cannot be read or written.
    """
    clock = clock or SystemClock()
    with ControlStore.open(settings.control_url) as control:
        user = UserStore(control, audit_of(settings, control)).find(who)
        if user is None or not user.has_second_factor:
            if code is not None:
                raise ApprovalRefused(
                    f"a code was given, and {who} has set up no second factor at the console; "
                    "leave --code out"
                )
            return typed
        given = _code(who) if code is None else code
        factor = access_of(settings, control, clock).second_factor
        voucher = factor.vouch(user.name, digest, given, clock.now(), lane=_LANE)
    if voucher is None:
        raise ApprovalRefused(
            f"that is no one-time code of {who} that holds now; each is taken once, and nothing "
            "was asked for"
        )
    return voucher


def _code(who: str) -> str:
    if not sys.stdin.isatty():
        raise ApprovalRefused(
            f"{who} has set up a second factor, and nobody can type here; give a one-time code "
            "by --code"
        )
    return ask_secret(f"One-time code of {who}")
