"""The base fee of the next block, exactly as the protocol computes it.

Source: EIP-1559, "Fee market change for ETH 1.0 chain".
"""

from __future__ import annotations

from aineon.errors import InvalidHeader

ELASTICITY = 2
"""How many times its gas target a block may use."""

BASE_FEE_CHANGE_DENOMINATOR = 8
"""A full or an empty block moves the base fee by one part in so many."""


def next_base_fee_wei(
    base_fee_wei: int,
    gas_used: int,
    gas_limit: int,
    elasticity: int = ELASTICITY,
    denominator: int = BASE_FEE_CHANGE_DENOMINATOR,
) -> int:
    """Return the base fee per gas, in wei, of the block that follows the one described.

    A block above its target raises the fee by at least 1 wei, so a fee of zero can rise again.

    Raises:
        InvalidHeader: a value is not an int of at least 0 (1 for `elasticity` and
            `denominator`), the limit is too small to have a target, or more gas was used than
            the limit allows.
    """
    for name, value, lowest in (
        ("base_fee_wei", base_fee_wei, 0),
        ("gas_used", gas_used, 0),
        ("gas_limit", gas_limit, 1),
        ("elasticity", elasticity, 1),
        ("denominator", denominator, 1),
    ):
        if type(value) is not int or value < lowest:
            raise InvalidHeader(f"{name} is {value!r}; allowed is an int of at least {lowest}")
    if gas_used > gas_limit:
        raise InvalidHeader(f"gas_used is {gas_used}; allowed is at most the limit of {gas_limit}")
    target = gas_limit // elasticity
    if target == 0:
        raise InvalidHeader(f"gas_limit is {gas_limit}; allowed is an int of at least {elasticity}")
    if gas_used == target:
        return base_fee_wei
    if gas_used > target:
        rise = base_fee_wei * (gas_used - target) // target // denominator
        return base_fee_wei + max(rise, 1)
    return base_fee_wei - base_fee_wei * (target - gas_used) // target // denominator
