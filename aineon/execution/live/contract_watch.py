"""What the contract, and the operator's purse, say against sending a trade."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.errors import ChainError, ExecutionError
from aineon.execution.live.gas import base_fee_forecast
from aineon.execution.live.readiness import (
    PAUSED,
    Expectations,
    Roles,
    balance_finding,
    code_finding,
    read_roles,
    standing_finding,
)
from aineon.primitives import Block
from aineon.primitives.units import format_ether
from aineon.safety import StopReporter
from aineon.search.costs import CostModel

CHEAPEST_TRADE_GAS: Final = 150_000
"""Gas without which no trade is worth trying; an operator who cannot pay it is out of money."""

_WHO: Final = "execution"


class ContractWatch:
    """Looks at contract and purse at each head, and reports the contract's pause.

    Args:
        reader: the chain.
        expected: contract, operator and least balance.
        costs: tells the usual priority fee.
        pause: is told of the contract's own pause; unreadable counts as set.
    """

    def __init__(
        self,
        reader: ChainReader,
        expected: Expectations,
        costs: CostModel,
        pause: StopReporter | None,
    ) -> None:
        self._reader = reader
        self._expected = expected
        self._costs = costs
        self._pause = pause
        self._is_code_known = False
        self._balance_wei = 0

    async def look_at_pause(self) -> None:
        """Report the pause where nobody has yet; where it cannot be read, that is reported."""
        if self._pause is not None and not self._pause.is_watched:
            with contextlib.suppress(ChainError, ExecutionError):
                await self._roles()

    async def obstacle(self, block: Block) -> str:
        """Why the contract, or the operator's purse, lets no trade through; empty where they do.

        Raises:
            ChainError: no node answers.
            ExecutionError: the contract does not answer as the executor does.
        """
        expected = self._expected
        if not self._is_code_known:
            code = await code_finding(self._reader, expected)
            if not code.ok:
                if self._pause is not None:
                    self._pause.report_set(code.words, _WHO)
                return code.words
            # Code never changes where it stands.
            self._is_code_known = True
        roles, self._balance_wei = await asyncio.gather(
            self._roles(), self._reader.balance(expected.operator)
        )
        standing = standing_finding(roles, expected)
        if not standing.ok:
            return standing.words
        price = (base_fee_forecast(block, block.number + 1) or 0) + self._costs.priority_fee_wei
        least = max(expected.least_balance_wei, CHEAPEST_TRADE_GAS * price)
        purse = balance_finding(self._balance_wei, replace(expected, least_balance_wei=least))
        return "" if purse.ok else purse.words

    def shortfall(self, most_wei: int) -> str:
        """Why the operator cannot pay so much, as of the latest look; empty where he can."""
        if self._balance_wei >= most_wei:
            return ""
        return (
            f"the operator {self._expected.operator} has {format_ether(self._balance_wei)} ETH, "
            f"and this takes up to {format_ether(most_wei)} ETH"
        )

    async def _roles(self) -> Roles:
        """Read what the contract says of itself, and report its pause to the emergency stop."""
        address = self._expected.executor
        try:
            roles = await read_roles(self._reader, address)
        except (ChainError, ExecutionError) as error:
            if self._pause is not None:
                self._pause.report_set(f"the contract's pause cannot be read: {error}", _WHO)
            raise
        if self._pause is not None and roles.is_paused:
            self._pause.report_set(PAUSED, f"its owner or guardian, at {address}")
        elif self._pause is not None:
            self._pause.report_clear()
        return roles
