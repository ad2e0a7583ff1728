"""Confirming: a second factor where no second person approves."""

from __future__ import annotations

from aineon.errors import ApprovalRefused
from aineon.treasury.approvals import SecondFactor


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
