"""Registry: finding pools and tokens of a market by what people know of them."""

from __future__ import annotations

from collections.abc import Mapping

from aineon.amm import Pool
from aineon.errors import UnknownToken
from aineon.market.graph import TokenGraph
from aineon.primitives import Address, Token, parse_address


class Registry:
    """Look-ups over the pools of a market at one moment."""

    __slots__ = ("_graph", "_pools")

    def __init__(self, pools: Mapping[Address, Pool], graph: TokenGraph) -> None:
        self._pools = pools
        self._graph = graph

    def pools_of(self, token: Token) -> tuple[Pool, ...]:
        """The pools that hold `token`; none where the market does not know it."""
        addresses = dict.fromkeys(hop.pool for hop in self._graph.hops_from(token))
        return tuple(self._pools[address] for address in addresses)

    def pools_between(self, token_a: Token, token_b: Token) -> tuple[Pool, ...]:
        """The pools that swap `token_a` and `token_b` directly; the order does not matter."""
        return tuple(self._pools[at] for at in self._graph.pools_between(token_a, token_b))

    def token_by_address(self, address: str) -> Token:
        """The token at `address`, with symbol and decimals as its pools name them.

        Raises:
            UnknownToken: no pool of the market holds it, or it is not an address.
        """
        try:
            wanted = parse_address(address)
        except ValueError as error:
            raise UnknownToken(str(error)) from error
        for token in self._graph:
            if token.address == wanted:
                return token
        raise UnknownToken(f"no pool of the market holds a token with address {wanted}")

    def tokens_by_symbol(self, symbol: str) -> tuple[Token, ...]:
        """Every token that calls itself `symbol`, in exactly this spelling.

        Symbols are chosen by strangers: several tokens can share one.
        """
        return tuple(token for token in self._graph if token.symbol == symbol)

    def token_by_symbol(self, symbol: str) -> Token:
        """The one token that calls itself `symbol`.

        Raises:
            UnknownToken: none does, or more than one does.
        """
        found = self.tokens_by_symbol(symbol)
        if len(found) == 1:
            return found[0]
        if not found:
            raise UnknownToken(f"no token of the market has the symbol {symbol!r}")
        addresses = ", ".join(token.address for token in found)
        raise UnknownToken(f"symbol {symbol!r} is not unique in the market: {addresses}")
