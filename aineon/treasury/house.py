"""House: what the treasury must know of the world around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from aineon.errors import InvalidWithdrawal
from aineon.primitives import ETHER, Address, Book, Token
from aineon.treasury.policy import Policy

Worth: TypeAlias = Callable[[Token, int], int | None]
"""What an amount of a token is worth in wei; None where that is not known now."""

_SWEEP_FORM: Final = "aineon sweep 1"


@dataclass(frozen=True, slots=True)
class House:
    """One treasury's rules and surroundings.

    Attributes:
        chain_id: the chain it is on.
        policy: the rules that its withdrawals obey.
        assets: what may be withdrawn; native ether is `ETHER`.
        ours: contracts, tokens and accounts that are never a destination, and what each is.
        worth: of a token's amount in wei; ether needs no telling.
        pools: of the market, which are never a destination either; there may be many.
    """

    chain_id: int
    policy: Policy
    assets: tuple[Token, ...]
    ours: Mapping[Address, str] = field(default_factory=dict)
    worth: Worth = lambda token, amount: None
    pools: Container[Address] = frozenset()

    def worth_of(self, asset: Token, amount: int) -> int | None:
        """Return what an amount is worth in wei; None where that is not known now."""
        return amount if asset == ETHER else self.worth(asset, amount)

    def require_asset(self, asset: Token) -> None:
        """Check that an asset is one that may be withdrawn.

        Raises:
            InvalidWithdrawal: it is not.
        """
        if asset not in self.assets:
            raise InvalidWithdrawal(
                f"asset {asset} ({asset.address}) is none that is withdrawn here; allowed are "
                f"{', '.join(map(str, self.assets))}"
            )


def sweep_digest(book: Book, safe: Address) -> str:
    """Return SHA-256 over a sweep's book and safe address; amounts are whatever is there."""
    return hashlib.sha256(json.dumps((_SWEEP_FORM, book.value, safe)).encode()).hexdigest()
