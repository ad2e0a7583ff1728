"""Passwords: which may be chosen, and how they are kept (bcrypt, as streamlit-authenticator does).

Length is what counts: NIST SP 800-63B, 5.1.1 asks for a least length and for refusing what is on
every attacker's list, and against rules of composition. bcrypt looks at 72 bytes and no more,
so that a longer password is refused rather than cut; and as it once ended at a NUL, so is that.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from aineon.errors import PasswordRefused

SHORTEST: Final = 12
"""Characters that a new password has at least."""

MOST_BYTES: Final = 72
"""Bytes that bcrypt takes."""

COST: Final = 12
"""The base-2 logarithm of bcrypt's rounds; what streamlit-authenticator's hasher uses."""

_HASH: Final = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
# Salt and hash of no password at all: their bits are zero.
_NOBODYS: Final = "." * 53
_LOOK_ALIKES: Final = str.maketrans("0134@5$7", "oieaasst")
_LONGEST_PATTERN: Final = 4
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "1234567890" * 3, "qwertyuiopasdfghjklzxcvbnm")
_FEWEST_DIFFERENT: Final = 5
# Words that the most common passwords of this length are made of (public lists of leaked ones);
# what is around them in digits and signs is what everybody puts there.
_COMMON: Final = frozenset(
    {
        "administrator",
        "adminadmin",
        "adminadminadmin",
        "aineon",
        "aineonaineon",
        "arbitrage",
        "bitcoin",
        "changeme",
        "changemenow",
        "changemeplease",
        "correcthorsebatterystaple",
        "ethereum",
        "football",
        "iloveyou",
        "iloveyouforever",
        "iloveyousomuch",
        "letmein",
        "letmeinnow",
        "letmeinplease",
        "masterpassword",
        "metamask",
        "monkey",
        "mypassword",
        "newpassword",
        "nopassword",
        "passphrase",
        "password",
        "passwordpassword",
        "passw",
        "princess",
        "qaz",
        "qazwsx",
        "qazwsxedc",
        "qazwsxedcrfv",
        "qweasdzxc",
        "qwerty",
        "qwertyqwerty",
        "qwertyuiop",
        "secret",
        "secretpassword",
        "sunshine",
        "superadmin",
        "superman",
        "supersecret",
        "test",
        "testtest",
        "testtesttest",
        "thisismypassword",
        "trustno",
        "trustnoone",
        "welcome",
        "zaqxsw",
    }
)
# The same keys in columns, as fingers walk over them.
_WALKS: Final = frozenset({"1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "zaq12wsxcde3"})


class PasswordHasher:
    """Hashes and compares; every comparison takes as long, whoever's and whatever it is.

    Args:
        cost: of bcrypt; hashes of another cost are not taken over, for they would tell by the
            time they take which names exist.
    """

    def __init__(self, cost: int = COST) -> None:
        self._cost = cost

    def hash(self, password: str) -> str:
        """Return the hash that a password is kept as.

        Raises:
            PasswordRefused: bcrypt would not take all of it.
        """
        # Loaded where it is used: most of what imports users never sees a password.
        import bcrypt

        return bcrypt.hashpw(_required(password), bcrypt.gensalt(self._cost)).decode()

    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether a password is the one that was hashed; None is the hash of nobody's."""
        import bcrypt

        given = _bytes_of(password)
        kept = hashed or f"$2b${self._cost:02d}${_NOBODYS}"
        # Compared in any case, so that nothing can be told from the time.
        same = bcrypt.checkpw(b"" if given is None else given, kept.encode())
        return same and given is not None and hashed is not None

    def takes(self, hashed: str) -> bool:
        """Whether a hash is one of ours, or could be."""
        found = _HASH.fullmatch(hashed)
        return found is not None and int(found["cost"]) == self._cost


def require_fit(password: str, name: str) -> None:
    """Check a new password of user `name`.

    Raises:
        PasswordRefused: the message says why, and does not show it.
    """
    _required(password)
    if len(_normal(password)) < SHORTEST:
        raise PasswordRefused(
            f"the password is {len(_normal(password))} characters long; allowed are {SHORTEST} or "
            f"more, in up to {MOST_BYTES} bytes"
        )
    if not password.isprintable():
        raise PasswordRefused("the password holds a character that cannot be printed")
    why = _weakness(_normal(password).casefold(), name)
    if why:
        raise PasswordRefused(f"the password {why}; choose one that nobody would try")


def _weakness(password: str, name: str) -> str:
    bare = re.sub(r"[^a-z]", "", password)
    # Digits and signs around a word are cut off before those within it are read as letters.
    word = re.sub(r"^[^a-z]+|[^a-z]+$", "", password).translate(_LOOK_ALIKES)
    letters = re.sub(r"[^a-z]", "", word)
    if name and _without(password, name) < SHORTEST // 2:
        return "is little more than the name"
    if _COMMON & {letters, bare} or password in _WALKS:
        return "is among the most common ones"
    if len(set(password)) < _FEWEST_DIFFERENT or _is_pattern(password):
        return "is a few characters over and over"
    if any(password in run or password in run[::-1] for run in _RUNS):
        return "is a row of keys"
    return ""


def _without(password: str, name: str) -> int:
    """How many characters are left of a password without the name in it."""
    return len(password.replace(name, ""))


def _is_pattern(password: str) -> bool:
    return any(
        password == (password[:length] * len(password))[: len(password)]
        for length in range(1, _LONGEST_PATTERN + 1)
    )


def _normal(password: str) -> str:
    # One and the same letter may be typed as one code point or as two.
    return unicodedata.normalize("NFC", password)


def _bytes_of(password: str) -> bytes | None:
    """What bcrypt is given; None where it would not take all of it."""
    if len(password) > MOST_BYTES:
        return None
    try:
        encoded = _normal(password).encode()
    except UnicodeEncodeError:
        return None
    return encoded if len(encoded) <= MOST_BYTES and b"\0" not in encoded else None


def _required(password: str) -> bytes:
    encoded = _bytes_of(password)
    if encoded is None:
        raise PasswordRefused(
            f"the password is longer than {MOST_BYTES} bytes, or holds what is no text; bcrypt "
            "would ignore the rest of it"
        )
    return encoded
