"""What the pools of exactly two tokens share: identity, tokens, direction."""

from __future__ import annotations

from aineon.amm.checks import (
    check_pair,
    check_transfers,
    checked_address,
    checked_fee,
    checked_venue,
    refuse_tokens,
)
from aineon.amm.frozen import Frozen
from aineon.primitives.address import Address
from aineon.primitives.token import Token

_set = object.__setattr__


class PairPool(Frozen):
    """The part of a pool that a swap does not change.

    Attributes:
        address: of the contract, canonical.
        token0, token1: ordered by address as on chain.
        fee_pips: the fee in millionths of the input (3000 is 0.3 %).
        venue: the protocol's name.
    """

    __slots__ = ("address", "fee_pips", "token0", "token1", "venue")

    address: Address
    token0: Token
    token1: Token
    fee_pips: int
    venue: str

    def _set_identity(
        self, address: str, token0: Token, token1: Token, fee_pips: int, venue: str
    ) -> None:
        check_pair(token0, token1)
        check_transfers((token0, token1))
        _set(self, "address", checked_address(address))
        _set(self, "token0", token0)
        _set(self, "token1", token1)
        _set(self, "fee_pips", checked_fee(fee_pips))
        _set(self, "venue", checked_venue(venue))

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Both tokens, in the contract's order."""
        return (self.token0, self.token1)

    def _sells_token0(self, token_in: Token, token_out: Token) -> bool:
        # Identity first: searches pass the very objects the pool holds, and `==` is slow.
        if token_in is self.token0 and token_out is self.token1:
            return True
        if token_in is self.token1 and token_out is self.token0:
            return False
        if token_in == self.token0 and token_out == self.token1:
            return True
        if token_in == self.token1 and token_out == self.token0:
            return False
        raise refuse_tokens(self, self.tokens, token_in, token_out)

    def _same_identity(self, other: PairPool) -> bool:
        return (
            self.address == other.address
            and self.token0 == other.token0
            and self.token1 == other.token1
            and self.fee_pips == other.fee_pips
            and self.venue == other.venue
        )
