"""The words everything else is written in: tokens, addresses, blocks, units, books, clocks."""

from aineon.primitives.address import Address, parse_address
from aineon.primitives.amount import TokenAmount
from aineon.primitives.block import SECONDS_PER_BLOCK, Block, market_time
from aineon.primitives.book import (
    MONEY_OF,
    Book,
    LiveMoney,
    Money,
    Provenance,
    RehearsalMoney,
    SimulatedMoney,
)
from aineon.primitives.clock import Clock, ManualClock, SystemClock
from aineon.primitives.token import ETHER, Token, Transfers

__all__ = [
    "ETHER",
    "MONEY_OF",
    "SECONDS_PER_BLOCK",
    "Address",
    "Block",
    "Book",
    "Clock",
    "LiveMoney",
    "ManualClock",
    "Money",
    "Provenance",
    "RehearsalMoney",
    "SimulatedMoney",
    "SystemClock",
    "Token",
    "TokenAmount",
    "Transfers",
    "market_time",
    "parse_address",
]
