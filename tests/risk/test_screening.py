"""Tokens that may not be traded: each reason, and the control that a plain token may."""

from __future__ import annotations

import pytest

from aineon.primitives import Address, Token, Transfers
from aineon.risk.screening import TokenScreen

USDC = Token("0x" + "aa" * 20, "USDC", 6)
WETH = Token("0x" + "bb" * 20, "WETH", 18)
OTHER = Address("0x" + "cc" * 20)
PLAIN = Token(OTHER, "PEPE", 18)
SCREEN = TokenScreen([WETH, USDC])


def test_plain_and_known_tokens_may_be_traded() -> None:
    assert SCREEN.check([WETH, PLAIN, USDC, WETH]) is None


@pytest.mark.parametrize(
    ("token", "gate", "words"),
    [
        (Token(OTHER, "PEPE", None), "token_decimals", "the decimals of token PEPE at 0xcc"),
        (Token(OTHER, "PEPE", 18, Transfers.FEE), "token_transfers", "takes a fee"),
        (Token(OTHER, "AMPL", 9, Transfers.REBASING), "token_transfers", "changes balances"),
        (Token(OTHER, "USDC", 6), "token_impersonates", "bears the name of USDC, which is at 0xaa"),
        (Token(OTHER, "usdc", 6), "token_impersonates", "bears the name of USDC"),
        (Token(OTHER, "U5DC", 6), "token_impersonates", "bears the name of USDC"),
    ],
)
def test_each_reason(token: Token, gate: str, words: str) -> None:
    refusal = SCREEN.check([WETH, token])
    assert refusal is not None
    assert refusal.gate == gate
    assert words in refusal.reason


def test_what_moves_in_shares_is_followed_exactly_and_may_be_traded() -> None:
    assert SCREEN.check([Token(OTHER, "stETH", 18, Transfers.SHARES)]) is None


def test_a_token_without_a_name_impersonates_nobody() -> None:
    assert SCREEN.check([Token(OTHER, "", 18)]) is None


def test_lists() -> None:
    denied = TokenScreen([WETH], denied=[OTHER]).check([PLAIN])
    assert denied is not None
    assert denied.gate == "token_denied"
    listed = TokenScreen([WETH], allowed=[WETH.address])
    assert listed.check([WETH]) is None
    refusal = listed.check([WETH, PLAIN])
    assert refusal is not None
    assert (refusal.gate, "not among the 1 allowed" in refusal.reason) == (
        "token_not_allowed",
        True,
    )


def test_a_token_of_which_more_is_known_is_judged_anew() -> None:
    screen = TokenScreen([WETH])
    assert screen.check([Token(OTHER, "PEPE", None)]) is not None
    assert screen.check([PLAIN]) is None
