"""Scene: what the cashier works with, the block at which a round works, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aineon.primitives import Address, Block, Token
from aineon.treasury.cashier.exchanges import ConversionRules
from aineon.treasury.cashier.multisend import Multisend
from aineon.treasury.cashier.payouts import Payout
from aineon.treasury.cashier.pricing import GasWeather, Pricing
from aineon.treasury.withdrawal import Withdrawal

PAYMENT_GAS: Final = 100_000
"""What the gas reserve counts for one payment of a token, or for each payment of a batch."""


@dataclass(frozen=True, slots=True)
class CashierRules:
    """What the cashier works with.

    Attributes:
        account: whose money it is; the sender signs for it.
        assets: what may be withdrawn.
        wrapped: wrapped ether, which is unwrapped where a withdrawal lacks ether; None where the
            chain has none.
        pricing: of gas.
        multisend: pays several withdrawals by one transaction; None where none is to.
        conversion: what is sold for wrapped ether; None where nothing is.
        most_seconds_apart: how far this machine's clock may be from the newest block; None where
            the chain has a time of its own, as a rehearsal's has.
    """

    account: Address
    assets: tuple[Token, ...]
    wrapped: Token | None
    pricing: Pricing = field(default_factory=Pricing)
    multisend: Multisend | None = None
    conversion: ConversionRules | None = None
    most_seconds_apart: float | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to.

    Attributes:
        moved: withdrawals that changed.
        waiting: withdrawal's id to why it waits.
        conversion: in words, what is converted or why it is not; empty where nothing is to be.
    """

    moved: tuple[Withdrawal, ...] = ()
    waiting: dict[str, str] = field(default_factory=dict)
    conversion: str = ""

    def wait(self, payout: Payout, why: str) -> None:
        """Note why what a payout pays waits."""
        self.waiting.update(dict.fromkeys((each.id for each in payout.members), why))


class Scene(NamedTuple):
    """The block at which a round works.

    Attributes:
        weather: None where the base fee is not known.
        doubt: why this machine's clock is not believed, so that nothing is begun; empty where it
            is.
    """

    head: Block
    weather: GasWeather | None
    now: float
    doubt: str = ""
