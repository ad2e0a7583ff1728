"""Unwrapping: wrapped ether that is turned into the ether which a withdrawal lacks."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from aineon.chain.reader import Call, ChainReader
from aineon.errors import AuditUnwritable, SendingError, StopLatched
from aineon.ledger.accounts.book import Accounts
from aineon.ledger.audit import JsonValue
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Address, Block, Token, TokenAmount
from aineon.sending import Fees, Sender, SentIntent, Standing
from aineon.treasury.cashier.payments import balance_data, unwrapping_id, unwrapping_of
from aineon.treasury.cashier.pressing import Pressing, made_anew
from aineon.treasury.cashier.pricing import GasWeather
from aineon.treasury.cashier.scene import Scene
from aineon.treasury.cashier.unwrapped import Unwrapped
from aineon.treasury.journal import Journal
from aineon.treasury.withdrawal import CASHIER, Withdrawal

_LOG: Final = logging.getLogger(__name__)
UNWRAP_GAS: Final = 60_000
"""What is allowed to an unwrapping; WETH9's takes less than half of it."""
_MOST: Final = 5
"""How often ether is unwrapped for one withdrawal: each time takes gas."""


class Unwrapper:
    """Unwraps ether, and posts it when it is final.

    Args:
        sender, reader, store: the cashier's.
        journal: written to before anything is sent.
        account: whose ether it is.
        wrapped: what is unwrapped; None where the chain has none.
        spare_wei: how much more than what lacks is unwrapped, where there is as much: fees may
            rise until it is there. What is unwrapped in vain stays the account's.
    """

    def __init__(
        self,
        sender: Sender,
        reader: ChainReader,
        store: BookStore,
        journal: Journal,
        account: Address,
        wrapped: Token | None,
        spare_wei: int,
    ) -> None:
        self._sender = sender
        self._reader = reader
        self._accounts = Accounts(store)
        self._journal = journal
        self._account = account
        self._wrapped = wrapped
        self._spare = spare_wei
        self._unwrapped = Unwrapped(store, reader.chain_id, account)

    async def held(self, block: int | str) -> int:
        """Return what the account has wrapped, in wei.

        Raises:
            ChainError: no node answers.
        """
        if self._wrapped is None:
            return 0
        call = Call(self._wrapped.address, balance_data(self._account))
        told = await self._reader.call(call, block)
        return int.from_bytes(told, "big") if len(told) == 32 else 0

    async def unwrap(self, withdrawal: Withdrawal, lacking: int, fees: Fees, scene: Scene) -> str:
        """Have unwrapped what a withdrawal lacks, and return why it waits until that is there.

        Raises:
            ChainError: no node answers.
            LedgerError: nothing can be kept.
        """
        intent_id, sent = await self._newest(withdrawal)
        if sent is not None:
            return f"the unwrapping of ether for it is {sent.standing}"
        held = await self.held(scene.head.hash or scene.head.number)
        if self._wrapped is None or held < lacking:
            return (
                f"the account lacks {TokenAmount(ETHER, lacking)}, and has "
                f"{TokenAmount(ETHER, held)} wrapped"
            )
        amount = min(held, lacking + self._spare)
        intent = unwrapping_of(withdrawal, intent_id, self._wrapped, amount, UNWRAP_GAS, fees)
        detail: dict[str, JsonValue] = {"withdrawal": withdrawal.id, "amount": str(amount)}
        note = partial(
            self._journal.note, "withdrawal.unwrap", intent_id, detail, CASHIER, scene.now
        )
        try:
            # Before it is written down: what cannot be signed now was not decided either.
            await self._sender.require_ready()
            await asyncio.to_thread(note)
            await self._sender.send(intent)
        except (SendingError, StopLatched, AuditUnwritable) as error:
            return f"ether is not unwrapped for it yet: {error}"
        return f"{TokenAmount(ETHER, amount)} are being unwrapped for it"

    async def press(self, pressing: Pressing, head: Block, weather: GasWeather) -> None:
        """Offer more gas for what cannot be mined at what it offers: other nonces wait for it.

        Raises:
            ChainError: no node answers.
            LedgerError: nothing can be kept.
        """
        for each in await asyncio.to_thread(self._unwrapped.open):
            sent = await self._sender.status(each.intent_id)
            if sent is not None and sent.standing is Standing.IN_FLIGHT:
                why = await pressing.speed_up(sent, made_anew(each), head, weather)
                if why:
                    _LOG.info("the unwrapping %s waits: %s", each.intent_id, why)

    def post(self, at: float) -> None:
        """Post what was unwrapped for good, whatever became of the withdrawals it was meant for.

        Raises:
            LedgerError: the book cannot be read or written.
        """
        if self._wrapped is None:
            return
        for each in self._unwrapped.unposted():
            self._accounts.post_conversion(
                transaction_hash=each.transaction_hash,
                given=TokenAmount(self._wrapped, each.amount),
                got=TokenAmount(ETHER, each.amount),
                at=at,
            )
            self._unwrapped.posted(each)

    async def _newest(self, withdrawal: Withdrawal) -> tuple[str, SentIntent | None]:
        """Return the newest unwrapping for a withdrawal; None of it where one may be begun.

        One that is over is followed by another where ether lacks all the same: something else
        took its nonce, or the ether.
        """
        for ordinal in range(_MOST):
            intent_id = unwrapping_id(withdrawal, ordinal)
            sent = await self._sender.status(intent_id)
            if sent is None or sent.standing not in {Standing.FINAL, Standing.DISPLACED}:
                break
        return intent_id, sent
