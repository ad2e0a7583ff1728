"""Block explorers: where everybody can look a transaction up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SITES: Final[Mapping[int, str]] = {
    1: "https://etherscan.io",
    10: "https://optimistic.etherscan.io",
    137: "https://polygonscan.com",
    8_453: "https://basescan.org",
    42_161: "https://arbiscan.io",
    17_000: "https://holesky.etherscan.io",
    560_048: "https://hoodi.etherscan.io",
    11_155_111: "https://sepolia.etherscan.io",
}
"""By chain id. Rehearsals have ids that no explorer knows, and simulations have no chain."""


def transaction_url(chain_id: int | None, transaction_hash: str | None) -> str | None:
    """Return the page of a transaction; None on chains that nobody lists, and where none is."""
    if chain_id is None or transaction_hash is None or chain_id not in _SITES:
        return None
    return f"{_SITES[chain_id]}/tx/{transaction_hash}"
