"""Who is who on the rehearsal's chain, with keys that anybody can work out: play money alone.

The roles that our own software plays have keys made from the seed, so that they sign for
themselves as they would on mainnet. Everybody else uses accounts that the node has unlocked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aineon.primitives import Address, parse_address
from aineon.sending.keys import play_key

ROLES = ("owner", "operator", "guardian", "treasury", "searcher")
"""The contract's roles, and `searcher`, whose signature relays know us by."""


@dataclass(frozen=True, slots=True)
class Account:
    """A role, its address, and its private key as 0x-hex."""

    role: str
    address: Address
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accounts:
    """All roles, and the unlocked accounts of the others."""

    owner: Account
    operator: Account
    guardian: Account
    treasury: Account
    searcher: Account
    deployer: Address
    crowd: Address
    traders: tuple[Address, ...]

    @property
    def roles(self) -> tuple[Account, ...]:
        """Those with keys of their own."""
        return tuple(getattr(self, role) for role in ROLES)


def accounts_of(seed: int, unlocked: list[str]) -> Accounts:
    """Return everybody; the first unlocked account deploys, the second fills blocks."""
    deployer, crowd, *traders = map(parse_address, unlocked)
    roles = {role: _account(seed, role) for role in ROLES}
    return Accounts(**roles, deployer=deployer, crowd=crowd, traders=tuple(traders))


def _account(seed: int, role: str) -> Account:
    from eth_account import Account as Signer  # importing it takes longer than all else here

    key = f"0x{play_key(seed, role).reveal().hex()}"
    return Account(role, parse_address(Signer.from_key(key).address), key)
