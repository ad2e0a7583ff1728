"""Confirming: a second factor where no second person approves."""

from __future__ import annotations

from typing import Protocol

from aineon.errors import ApprovalRefused
from aineon.treasury.approvals import SecondFactor, TypedDigest


class Codes(SecondFactor, Protocol):
    """Second factors of people who have accounts."""

    def is_enrolled(self, name: str) -> bool:
        """Whether somebody has set a second factor up."""


class OwnFactor:
    """The second factor that somebody has; whoever has set none up types the digest.

    The name is what the command says. Whoever can write the control database can say any name, so
    this holds as far as that database is trusted.

    Args:
        codes: of the accounts.
    """

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._typed = TypedDigest()
        self.asks_for = f"{codes.asks_for}; or {self._typed.asks_for}, without an account"

    def accepts(self, who: str, digest: str, proof: str) -> bool:
        """Whether `proof` is what `who` has to give for what `digest` names."""
        if self._codes.is_enrolled(who):
            return self._codes.accepts(who, digest, proof)
        return self._typed.accepts(who, digest, proof)


def require_second_factor(factor: SecondFactor, who: str, digest: str, proof: str) -> None:
    """Check what `who` gives in place of a second person's approval.

    Raises:
        ApprovalRefused: it is not what is asked for.
    """
    if not isinstance(proof, str) or not factor.accepts(who, digest, proof):
        raise ApprovalRefused(
            f"{who} approves alone, and this is not the second factor that stands in for a second "
            f"person: {factor.asks_for}"
        )
