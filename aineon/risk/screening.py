"""TokenScreen: which tokens may be in an attempt at all.

Tokens are made by strangers. One whose transfers take a fee, or whose name says it is another,
turns a calculated gain into a loss that no simulation of pools shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from aineon.primitives import Address, Token, Transfers
from aineon.risk.limits import Refusal

_MOVES_OTHERWISE: Final = {
    Transfers.FEE: "takes a fee from what is transferred",
    Transfers.REBASING: "changes balances by itself",
}
# Letters and digits that look alike on a screen, reduced to one of each.
_LOOK_ALIKES: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z"})


class TokenScreen:
    """Says why a token may not be traded.

    Args:
        known: tokens that are what they say, base tokens above all; whoever bears one of their
            names at another address is refused.
        allowed: addresses that alone may be traded; all may where there is none.
        denied: addresses that may not.
    """

    def __init__(
        self,
        known: Iterable[Token] = (),
        allowed: Collection[Address] = (),
        denied: Collection[Address] = (),
    ) -> None:
        self._named: dict[str, Token] = {}
        for token in known:
            if token.symbol:
                self._named.setdefault(_shape(token.symbol), token)
        self._known = frozenset(token.address for token in self._named.values())
        self._allowed = frozenset(allowed)
        self._denied = frozenset(denied)
        self._judged: dict[Token, tuple[Token, Refusal | None]] = {}

    def check(self, tokens: Iterable[Token]) -> Refusal | None:
        """Return why one of `tokens` must not be traded; None where all may."""
        for token in tokens:
            judged = self._judged.get(token)
            # Tokens are equal by address; one of which more is known now is judged anew.
            if judged is None or judged[0] is not token:
                judged = self._judged[token] = (token, self._judge(token))
            if judged[1] is not None:
                return judged[1]
        return None

    def _judge(self, token: Token) -> Refusal | None:
        address = token.address
        if address in self._denied:
            return Refusal("token_denied", f"token {_name(token)} is on the list of denied tokens")
        if self._allowed and address not in self._allowed:
            return Refusal(
                "token_not_allowed",
                f"token {_name(token)} is not among the {len(self._allowed)} allowed tokens",
            )
        if token.decimals is None:
            return Refusal("token_decimals", f"the decimals of token {_name(token)} are not known")
        if token.transfers in _MOVES_OTHERWISE:
            moves = _MOVES_OTHERWISE[token.transfers]
            return Refusal("token_transfers", f"token {_name(token)} {moves}")
        return self._impersonation(token)

    def _impersonation(self, token: Token) -> Refusal | None:
        other = self._named.get(_shape(token.symbol)) if token.symbol else None
        if other is None or token.address in self._known:
            return None
        return Refusal(
            "token_impersonates",
            f"token {_name(token)} bears the name of {other.symbol}, which is at {other.address}",
        )


def _shape(symbol: str) -> str:
    """What a symbol looks like to a hurried reader."""
    return symbol.lower().translate(_LOOK_ALIKES)


def _name(token: Token) -> str:
    return f"{token.symbol} at {token.address}" if token.symbol else str(token.address)
