"""Ethereum addresses in one canonical form.

The canonical form is lower-case hex with `0x`. String order then equals numeric order, which
is the order in which contracts sort a pair into token0 and token1.
"""

from __future__ import annotations

import re
from typing import NewType

from aineon.base_error import InvalidValue

Address = NewType("Address", str)

_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")


def parse_address(text: str) -> Address:
    """Return `text` as a canonical address.

    Raises:
        InvalidValue: `text` is not `0x` followed by 40 hexadecimal digits.
    """
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise InvalidValue(f"address {text!r} is not 0x followed by 40 hexadecimal digits")
    return Address(text.lower())
