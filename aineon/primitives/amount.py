"""TokenAmount: an amount that knows its token."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.primitives.token import Token
from aineon.primitives.units import format_units


@dataclass(frozen=True, slots=True)
class TokenAmount:
    """`raw` smallest units of `token`; may be negative (a loss)."""

    token: Token
    raw: int

    def __str__(self) -> str:
        if self.token.decimals is None:
            return f"{self.raw} units of {self.token}"
        return f"{format_units(self.raw, self.token.decimals)} {self.token}"
