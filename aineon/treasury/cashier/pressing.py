"""Pressing: more gas for what is out for long, and a nonce spent on nothing for a cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from aineon.errors import SendingError, StopLatched
from aineon.primitives import Address, Block
from aineon.sending import Fees, Intent, Sender, SentIntent, Standing, cancel_of
from aineon.treasury.cashier.pricing import GasWeather

_STUCK_BLOCKS: Final = 5
"""Blocks after which what is out is offered more gas."""


class Pressing:
    """Gets a decision about what is out: mined, or never.

    Args:
        sender: whose transactions they are.
        account: that it signs for.
        most_fee_wei: never more than this for a unit of gas.
    """

    def __init__(self, sender: Sender, account: Address, most_fee_wei: int) -> None:
        self._sender = sender
        self._account = account
        self._most = most_fee_wei

    async def speed_up(
        self,
        sent: SentIntent,
        intent_for: Callable[[int, Fees], Intent],
        head: Block,
        weather: GasWeather,
    ) -> str:
        """Offer more gas for what cannot be mined at what it offers; returns why it is not.

        `intent_for` makes the intent anew, for a gas limit and fees.

        Raises:
            ChainError, LedgerError: as the sender.
        """
        if not _is_stuck(sent, head, weather):
            return ""
        version = sent.version
        return await self._reprice(intent_for(version.gas_limit, version.fees), sent, weather)

    async def cancel(self, sent: SentIntent, head: Block, weather: GasWeather) -> str:
        """Try to spend the nonce of what is out on nothing; returns why that is not tried.

        Raises:
            ChainError, LedgerError: as the sender.
        """
        fees = self._fees(sent, weather)
        if fees is None:
            return "it cannot be cancelled now: gas costs more than is allowed"
        nothing = cancel_of(sent.intent_id, self._account, fees)
        asked = await self._sender.status(nothing.intent_id)
        try:
            if asked is None or asked.standing is Standing.DISPLACED:
                await self._sender.cancel(sent.intent_id, fees)
                return ""
        except (SendingError, StopLatched) as error:
            return f"it cannot be cancelled now: {error}"
        if asked.standing is Standing.IN_FLIGHT and _is_stuck(asked, head, weather):
            return await self._reprice(nothing, asked, weather)
        return ""

    async def _reprice(self, intent: Intent, sent: SentIntent, weather: GasWeather) -> str:
        fees = self._fees(sent, weather)
        if fees is None:
            return "it is out, and gas costs more than is allowed"
        try:
            await self._sender.reprice(intent, fees)
        except (SendingError, StopLatched) as error:
            return f"it is out, and is not offered more gas: {error}"
        return ""

    def _fees(self, sent: SentIntent, weather: GasWeather) -> Fees | None:
        """What outbids a version and can be mined; None where that is more than is allowed."""
        raised = sent.version.fees.raised()
        tip = raised.priority_fee_wei
        cap = min(max(raised.max_fee_wei, weather.base_fee_wei * 2 + tip), self._most)
        if cap < raised.max_fee_wei or cap <= weather.base_fee_wei:
            return None
        return Fees(cap, min(tip, cap))


def made_anew(intent: Intent) -> Callable[[int, Fees], Intent]:
    """Return what makes an intent for another gas limit and other fees: it does the same."""
    return lambda gas_limit, fees: replace(intent, gas_limit=gas_limit, fees=fees)


def _is_stuck(sent: SentIntent, head: Block, weather: GasWeather) -> bool:
    version = sent.version
    out_for = head.number - version.signed_head
    return out_for >= _STUCK_BLOCKS and version.fees.max_fee_wei < weather.base_fee_wei
