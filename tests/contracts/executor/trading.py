"""Trades as the executor is sent them."""

from __future__ import annotations

from typing import NamedTuple

from aineon.primitives import Address, parse_address
from aineon.rehearsal.calls import call_data

NATIVE = parse_address("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")
ALL = 0
ENDLESS = 2**256 - 1
STEP = "(uint8,address,address,address,uint256,uint256,bytes32)"
EXECUTE = f"execute((uint8,address,uint256,uint256,uint256,uint256,{STEP}[]))"

OWN, BALANCER_LOAN, AAVE_LOAN, FLASH_SWAP = range(4)
MONEY = {"own": OWN, "balancer": BALANCER_LOAN, "aave": AAVE_LOAN, "flash swap": FLASH_SWAP}
UNISWAP_V2, UNISWAP_V3, CURVE, CRYPTO_CURVE, BALANCER = range(1, 6)
WRAP_ETHER, UNWRAP_ETHER, CURVE_UNDERLYING, WRAP_STAKED, UNWRAP_STAKED = range(6, 11)
NOBODY = parse_address("0x" + "00" * 20)


class Step(NamedTuple):
    """One swap; see the contract's `Step`."""

    kind: int
    pool: Address
    token_in: Address
    token_out: Address
    amount_in: int = ALL
    min_amount_out: int = 1
    data: bytes = bytes(32)


class Trade(NamedTuple):
    """One trade; see the contract's `Trade`."""

    money: int
    base: Address
    amount: int
    steps: tuple[Step, ...]
    min_profit: int = 1
    builder_payment: int = 0
    deadline: int = 2**255

    def encode(self) -> bytes:
        """Return the call that carries it out."""
        fields = (
            self.money, self.base, self.amount, self.min_profit, self.builder_payment,
            self.deadline, list(self.steps),
        )  # fmt: skip
        return call_data(EXECUTE, fields)


def fee(pips: int) -> bytes:
    """Return a pair's fee as a step holds it."""
    return pips.to_bytes(32, "big")


def coins(i: int, j: int) -> bytes:
    """Return the places of a Curve pool's coins as a step holds them."""
    return (i | j << 8).to_bytes(32, "big")
