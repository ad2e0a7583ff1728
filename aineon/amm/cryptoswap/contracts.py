"""Which of Curve's contracts a pool for assets without a peg is, and what each allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from aineon.errors import InvalidPoolState
from aineon.primitives.address import Address


@dataclass(frozen=True, slots=True)
class Limits:
    """What one contract is made for.

    Attributes:
        coins: how many tokens it holds.
        multiplier: its A_MULTIPLIER, by which its A is larger than A * n^n.
        given_multiplier: by how much less its `A()` says than it reckons with.
        least_ann, most_ann, most_gamma: the bounds of its mathematics.
        least_ratio: the smallest balance over the largest, in 1e18, that its `newton_D` takes.
    """

    coins: int
    multiplier: int
    given_multiplier: int
    least_ann: int
    most_ann: int
    most_gamma: int
    least_ratio: int


class CryptoSwapContract(Enum):
    """One generation of the contract.

    Members:
        TRICRYPTO: three coins, of May 2021 (0x80466c64…). Its `A()` is its `A_precise()` / 100.
        TRICRYPTO2: three coins, of July 2021 (0xd51a44d3… and its copies on other chains).
        TWO_COIN: two coins, of 2021 and 2022, with those of the first crypto factory.
        TRICRYPTO_NG: three coins, of 2023 on, from the factory of tricrypto-ng. It solves the
            same equation by a formula, with other roundings.

    The `-ng` generation of two coins is not among them: built as another contract, such a pool
    would be off by some units.
    """

    TRICRYPTO = Limits(3, 100, 100, 27 * 100, 27 * 100 * 10_000, 10**16, 10**11)
    TRICRYPTO2 = Limits(3, 10_000, 1, 27 * 100, 27 * 10_000 * 1000, 5 * 10**16, 10**11)
    TRICRYPTO_NG = Limits(3, 10_000, 1, 27 * 100, 27 * 10_000 * 1000, 5 * 10**16, 0)
    TWO_COIN = Limits(2, 10_000, 1, 4 * 1000, 4 * 10_000 * 100_000, 2 * 10**16, 10**14)


_AT = {"0xd51a44d3fae010294c616388b506acda1bfaae46": CryptoSwapContract.TRICRYPTO2}


def contract_of(address: Address, coins: int, A: int) -> CryptoSwapContract:  # noqa: N803
    """Return the contract of a pool for which none was named.

    Three coins are taken for the first Tricrypto where its bounds admit A.

    Raises:
        InvalidPoolState: more than one contract could be meant.
    """
    known = _AT.get(address)
    if known is not None:
        return known
    first = CryptoSwapContract.TRICRYPTO.value
    if coins == first.coins and A * first.given_multiplier <= first.most_ann:
        return CryptoSwapContract.TRICRYPTO
    raise InvalidPoolState(
        f"contract is None for the pool {address} of {coins} coins with A {A}; "
        "allowed is a CryptoSwapContract, because generations differ in their roundings"
    )
