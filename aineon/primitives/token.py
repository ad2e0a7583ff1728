"""Token: an ERC-20 (or native ETH) known by its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from aineon.base_error import InvalidValue
from aineon.primitives.address import Address, parse_address

_UNSAFE_SYMBOL = re.compile(r"[^A-Za-z0-9._+$-]")
_LONGEST_SYMBOL = 16
_MOST_DECIMALS = 255


class Transfers(StrEnum):
    """What a token's `transfer` really moves.

    Members:
        NOMINAL: the amount that was asked, to the unit; what contracts of pools believe.
        FEE: less than was asked, because the token keeps or burns a part.
        REBASING: the amount asked, but balances also change between transfers.
        SHARES: whole shares of a growing total, like stETH, so that a unit or two less arrive.
    """

    NOMINAL = "nominal"
    FEE = "fee"
    REBASING = "rebasing"
    SHARES = "shares"


@dataclass(frozen=True, slots=True, init=False)
class Token:
    """A token. Two tokens are the same exactly when their addresses are.

    Attributes:
        address: canonical (lower-case) address.
        symbol: what people call it, reduced to `[A-Za-z0-9._+$-]{0,16}` because symbols are
            chosen by strangers and end up on pages; empty when not known.
        decimals: how many decimals its smallest unit has; None when not known, and then
            amounts are shown in smallest units only.
        transfers: what its `transfer` really moves. Pools refuse a token that moves other
            amounts than they can follow exactly (`UnsupportedToken`).

    Raises:
        InvalidValue: the address is none, the symbol is not text, the decimals are not an
            int from 0 to 255, or `transfers` is none of `Transfers`.
    """

    address: Address
    symbol: str
    decimals: int | None
    transfers: Transfers
    _hash: int

    def __init__(
        self,
        address: str,
        symbol: str = "",
        decimals: int | None = None,
        transfers: Transfers = Transfers.NOMINAL,
    ) -> None:
        if decimals is not None and not (type(decimals) is int and 0 <= decimals <= _MOST_DECIMALS):
            raise InvalidValue(f"decimals {decimals!r} is not an int from 0 to {_MOST_DECIMALS}")
        if not isinstance(symbol, str):
            raise InvalidValue(f"symbol {symbol!r} is not text")
        if not isinstance(transfers, Transfers):
            allowed = ", ".join(f"Transfers.{member.name}" for member in Transfers)
            raise InvalidValue(f"transfers {transfers!r} is none of {allowed}")
        canonical = parse_address(address)
        # A frozen value has no other way to set its own fields while it is being built.
        set_field = object.__setattr__
        set_field(self, "address", canonical)
        set_field(self, "symbol", _UNSAFE_SYMBOL.sub("", symbol)[:_LONGEST_SYMBOL])
        set_field(self, "decimals", decimals)
        set_field(self, "transfers", transfers)
        set_field(self, "_hash", hash(canonical))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Token):
            return NotImplemented
        return self.address == other.address

    def __lt__(self, other: Token) -> bool:
        return self.address < other.address

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.symbol or f"{self.address[:6]}…{self.address[-4:]}"

    def __repr__(self) -> str:
        moves = "" if self.transfers is Transfers.NOMINAL else f", transfers={self.transfers!s}"
        return f"Token({self.address!r}, symbol={self.symbol!r}, decimals={self.decimals}{moves})"


ETHER = Token("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE", "ETH", 18)
"""Native ether, under the address that contracts give to what has none."""
