"""The state of a CryptoSwapPool: what its contract has recorded, checked and frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from aineon.amm.checks import (
    check_transfers,
    checked_address,
    checked_entries,
    checked_flag,
    checked_int,
    checked_ints,
    checked_tokens,
    checked_venue,
)
from aineon.amm.cryptoswap.cardano import cardano_d
from aineon.amm.cryptoswap.checks import checked_contract, precision_of
from aineon.amm.cryptoswap.contracts import CryptoSwapContract, contract_of
from aineon.amm.cryptoswap.math import MAX_UINT, UNIT, Amplification, newton_d
from aineon.amm.cryptoswap.repeg import Repeg, checked_repeg
from aineon.amm.frozen import Frozen
from aineon.errors import IncompleteState, InsufficientLiquidity, InvalidPoolState, PoolPaused
from aineon.primitives.address import Address
from aineon.primitives.token import Token

FEE_UNIT = 10**10
"""Curve's fees are in 1e10."""

_MOST_COINS = 3
_LEAST_D, _MOST_D = 10**17, 10**33
_MAX_PRICE = 2**128 - 1
_STATE = (
    "A",
    "gamma",
    "mid_fee",
    "out_fee",
    "fee_gamma",
    "A_precise",
    "future_A_gamma_time",
    "is_killed",
)

_set = object.__setattr__


class CryptoSwapState(Frozen):
    """The part of a CryptoSwapPool that answers nothing yet."""

    __slots__ = (
        "A", "A_precise", "D", "_amplification", "_most", "address", "balances", "contract",
        "fee_gamma", "future_A_gamma_time", "gamma", "is_killed", "mid_fee", "out_fee",
        "precisions", "price_scale", "repeg", "tokens", "venue",
    )  # fmt: skip

    address: Address
    tokens: tuple[Token, ...]
    balances: tuple[int, ...]
    A: int
    gamma: int
    D: int | None
    price_scale: tuple[int, ...]
    mid_fee: int
    out_fee: int
    fee_gamma: int
    precisions: tuple[int, ...]
    contract: CryptoSwapContract
    A_precise: int | None
    future_A_gamma_time: int  # noqa: N815
    is_killed: bool
    repeg: Repeg | None
    venue: str
    _amplification: Amplification
    _most: dict[tuple[int, int], int]

    def __init__(
        self,
        address: str,
        tokens: Sequence[Token],
        balances: Sequence[int],
        A: int,  # noqa: N803
        gamma: int,
        D: int | None,  # noqa: N803
        price_scale: Sequence[int],
        mid_fee: int,
        out_fee: int,
        fee_gamma: int,
        *,
        precisions: Sequence[int] | None = None,
        contract: CryptoSwapContract | None = None,
        A_precise: int | None = None,  # noqa: N803
        future_A_gamma_time: int = 0,  # noqa: N803
        is_killed: bool = False,
        repeg: Repeg | None = None,
        venue: str = "curve",
    ) -> None:
        _set(self, "address", checked_address(address))
        _set(self, "tokens", checked_tokens(tokens, _MOST_COINS))
        check_transfers(self.tokens)
        _set(self, "venue", checked_venue(venue))
        coins = len(self.tokens)
        _set(self, "balances", checked_ints("balances", balances, coins, 0, MAX_UINT))
        _set(self, "A", checked_int("A", A, 1, MAX_UINT))
        if contract is None:
            contract = contract_of(self.address, coins, A)
        _set(self, "contract", checked_contract(contract, coins))
        _set(self, "gamma", checked_int("gamma", gamma, 10**10, contract.value.most_gamma))
        if D is not None:
            checked_int("D", D, 0, _MOST_D)
        _set(self, "D", D)
        prices = checked_ints("price_scale", price_scale, coins - 1, 1, _MAX_PRICE)
        _set(self, "price_scale", prices)
        _set(self, "mid_fee", checked_int("mid_fee", mid_fee, 0, FEE_UNIT))
        _set(self, "out_fee", checked_int("out_fee", out_fee, 0, FEE_UNIT))
        _set(self, "fee_gamma", checked_int("fee_gamma", fee_gamma, 1, UNIT))
        if precisions is None:
            precisions = [precision_of(token) for token in self.tokens]
        _set(self, "precisions", checked_ints("precisions", precisions, coins, 1, UNIT))
        _set(self, "A_precise", A_precise)
        checked_int("future_A_gamma_time", future_A_gamma_time, 0, MAX_UINT)
        _set(self, "future_A_gamma_time", future_A_gamma_time)
        _set(self, "is_killed", checked_flag("is_killed", is_killed))
        if repeg is not None:
            checked_repeg(repeg).check(contract, coins)
        _set(self, "repeg", repeg)
        _set(self, "_amplification", self._amplified())
        # The largest inputs, found when they are first asked for: each takes some milliseconds.
        _set(self, "_most", {})

    def _amplified(self) -> Amplification:
        limits = self.contract.value
        ann = self.A * limits.given_multiplier
        if self.A_precise is not None:
            checked_int("A_precise", self.A_precise, ann, ann + limits.given_multiplier - 1)
            ann = self.A_precise
        lowest, highest = limits.least_ann, limits.most_ann
        if not lowest <= ann <= highest:
            given = limits.given_multiplier
            raise InvalidPoolState(
                f"A is {self.A}; allowed for {self.contract.name} is an int "
                f"from {lowest // given} to {highest // given}"
            )
        return Amplification(ann, limits.multiplier, self.gamma, limits.least_ratio)

    def with_balances(self, balances: Sequence[int]) -> Self:
        """Return this pool with other balances; D is then not known, and nothing is quoted.

        What changes balances changes D as well, and often price_scale: see `with_state`.

        Raises:
            InvalidPoolState: not as many ints from 0 on as there are tokens.
        """
        if checked_entries("balances", balances) == self.balances:
            return self
        return self._with(balances=balances, D=None, repeg=None)

    def with_state(
        self,
        balances: Sequence[int],
        D: int,  # noqa: N803
        price_scale: Sequence[int],
        repeg: Repeg | None = None,
        **others: int | None,
    ) -> Self:
        """Return this pool as it was read at another block.

        `others` are, where they have changed: A, gamma, A_precise, future_A_gamma_time, mid_fee,
        out_fee, fee_gamma, is_killed.

        Raises:
            InvalidPoolState: a value that such a contract cannot have, or an unknown name.
        """
        for name in others:
            if name not in _STATE:
                raise InvalidPoolState(f"{name} is no state of a {type(self).__name__}")
        return self._with(balances=balances, D=D, price_scale=price_scale, repeg=repeg, **others)

    def _scale(self, index: int) -> float:
        price = self.price_scale[index - 1] / UNIT if index else 1.0
        return self.precisions[index] * price

    def _scaled(self, balances: Sequence[int]) -> list[int]:
        first, *rest = map(int.__mul__, balances, self.precisions)
        return [first, *(x * p // UNIT for x, p in zip(rest, self.price_scale, strict=True))]

    def _known_d(self) -> int:
        if self.D is None:
            raise IncompleteState(f"{self!r} cannot be quoted: D is not known after its balances")
        return self._checked_d(self.D)

    def _checked_d(self, invariant: int) -> int:
        if not _LEAST_D <= invariant <= _MOST_D:
            raise InsufficientLiquidity(
                f"{self!r} cannot swap: D is {invariant}, "
                f"the contract wants {_LEAST_D} to {_MOST_D}"
            )
        return invariant

    def _invariant(self) -> int:
        """The D that `exchange` reckons with."""
        if self.is_killed:
            raise PoolPaused(f"{self!r} is killed; it takes no swaps")
        return self._present_d()

    def _present_d(self) -> int:
        invariant = self._known_d()
        if self.contract is CryptoSwapContract.TRICRYPTO or not self.future_A_gamma_time:
            return invariant
        return self._checked_d(self._invariant_of(self._scaled(self.balances)))

    def _invariant_of(self, x: Sequence[int], k0: int = 0) -> int:
        """The D of scaled balances; the -ng contract may start from a K0."""
        if self.contract is CryptoSwapContract.TRICRYPTO_NG:
            return cardano_d(self._amplification, x, k0)
        return newton_d(self._amplification, x)

    def _factor(self, index: int) -> int:
        return self.precisions[index] * (self.price_scale[index - 1] if index else UNIT)

    def _parts(self) -> dict[str, Any]:
        names = (name for name in CryptoSwapState.__slots__ if not name.startswith("_"))
        return {name: getattr(self, name) for name in names}

    def _with(self, **changes: Any) -> Self:
        return type(self)(**{**self._parts(), **changes})

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, CryptoSwapState):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.address, self.balances, self.D))

    def __repr__(self) -> str:
        held = "/".join(str(token) for token in self.tokens)
        return f"CryptoSwapPool({held} {self.venue} {self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self._parts())


def _rebuilt(kind: type[CryptoSwapState], parts: dict[str, Any]) -> CryptoSwapState:
    return kind(**parts)
