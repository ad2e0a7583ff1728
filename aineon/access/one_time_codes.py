"""One-time codes: six digits of an authenticator app (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from aineon.access.tokens import hash_of

STEP_SECONDS: Final = 30
RECOVERY_CODES: Final = 10
ISSUER: Final = "AINEON"
_DRIFT: Final = (-1, 0, 1)
_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
_RECOVERY: Final = re.compile(r"[a-z2-7]{16}", re.ASCII)
# Those of base32, in which no two look alike.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is told, once.

    Attributes:
        uri: as a QR code shows it (`otpauth://totp/…`).
        secret: the seed, for typing it.
    """

    uri: str = field(repr=False)
    secret: str = field(repr=False)


def new_seed() -> str:
    """Return a seed of 160 random bits, in base32; RFC 4226, 4 recommends that many."""
    import pyotp

    return pyotp.random_base32(32)


def enrolment_of(seed: str, name: str) -> Enrolment:
    """Return what the app of user `name` is told."""
    import pyotp

    return Enrolment(pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER), seed)


def step_of(seed: str, code: str, at: float, after: int | None) -> int | None:
    """Return the time step whose code this is, among now and its neighbours; None where none is.

    Codes of steps up to `after` count no more: each is taken once, and none before one that was.
    """
    import pyotp

    totp = pyotp.TOTP(seed)
    found = None
    for step in (int(at) // STEP_SECONDS + drift for drift in _DRIFT):
        same = step >= 0 and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if same and (after is None or step > after):
            found = step
    return found


def plain(code: str) -> str:
    """Return a code as it was typed, without blanks and dashes."""
    return re.sub(r"[\s-]", "", code[:_LONGEST]).lower()


def is_code(text: str) -> bool:
    """Whether a plain text looks like an app's code."""
    return _CODE.fullmatch(text) is not None


def is_recovery_code(text: str) -> bool:
    """Whether a plain text looks like a recovery code."""
    return _RECOVERY.fullmatch(text) is not None


def new_recovery_codes() -> tuple[str, ...]:
    """Return recovery codes as people keep them; each has 80 random bits."""
    return tuple(_recovery_code() for _ in range(RECOVERY_CODES))


def recovery_hash(name: str, code: str) -> str:
    """Return what is kept of a plain recovery code; nobody guesses 80 bits through a hash."""
    return hash_of("recovery code", name, code)


def hash_among(kept: Collection[str], hashed: str) -> bool:
    """Whether a hash is among those kept; looks at each, wherever it is found."""
    return sum(hmac.compare_digest(hashed, one) for one in kept) > 0


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)
