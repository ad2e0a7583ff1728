"""Accounts by name: where money is, where it came from, and what it went for."""

from __future__ import annotations

from typing import Final, NewType

from aineon.primitives import ETHER, Address, Token, parse_address

Account = NewType("Account", str)
"""A name such as `wallet:0x…`; money in an account is positive, what it owes to others negative."""

NATIVE: Final[Token] = ETHER
"""The chain's own currency, which gas is paid in."""

INCOME: Final = Account("income:trading")
GAS: Final = Account("expense:gas")
BUILDER: Final = Account("expense:builder")
FLASH_FEE: Final = Account("expense:flash_fee")
FUNDING: Final = Account("funding:external")
CONVERSION: Final = Account("conversion")
SUSPENSE: Final = Account("suspense")
"""What nobody has explained: an operator looks into whatever stands here."""

_WALLET: Final = "wallet:"
_WITHDRAWN: Final = "withdrawn:"


def wallet(address: str) -> Account:
    """Return the account of what an address of ours holds on chain.

    Raises:
        InvalidValue: not an address.
    """
    return Account(f"{_WALLET}{parse_address(address)}")


def withdrawn(address: str) -> Account:
    """Return the account of what was paid out to an address.

    Raises:
        InvalidValue: not an address.
    """
    return Account(f"{_WITHDRAWN}{parse_address(address)}")


def is_wallet(account: str) -> bool:
    """Whether what stands in an account lies on chain, at an address of ours."""
    return account.startswith(_WALLET)


def address_of(account: str) -> Address | None:
    """Return the address that an account is about; None where it is about none."""
    _, _, rest = account.partition(":")
    return parse_address(rest) if account.startswith((_WALLET, _WITHDRAWN)) else None
