"""Tokens: random, given to one browser or process, and kept as a hash alone.

A token has 256 random bits, so a plain hash is as good as a slow one: nobody guesses through it.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

_BYTES: Final = 32
_LONGEST: Final = 200


def new_token() -> str:
    """Return a token of the system's randomness."""
    return secrets.token_urlsafe(_BYTES)


def hash_of(purpose: str, *parts: str) -> str:
    """Return the SHA-256, in hex, of texts that serve `purpose`.

    The length of each part goes in with it, so that no two lists of parts look alike.
    """
    digest = hashlib.sha256(f"aineon {purpose}".encode())
    for part in parts:
        # What browsers send is any text, lone surrogates included.
        encoded = part.encode(errors="surrogatepass")
        digest.update(b"\0%d\0" % len(encoded) + encoded)
    return digest.hexdigest()


def token_hash(purpose: str, token: str) -> str | None:
    """Return the hash under which a token is kept; None where it cannot be one of ours."""
    if not token or len(token) > _LONGEST or not token.isascii():
        return None
    return hash_of(purpose, token)
