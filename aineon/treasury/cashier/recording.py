"""Recording: keeps what became of payouts, in the treasury's states and in the accounts.

What is confirmed was posted before: whatever crashes in between, nothing is confirmed that the
books do not know, and posting it again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.errors import ChainError, InvalidLog
from aineon.execution.live.receipts import net_received
from aineon.ledger.accounts.book import Accounts, PaidOut
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER
from aineon.sending import Sender, SentIntent, Standing
from aineon.treasury.cashier.following import Progress, Shown, progress_of
from aineon.treasury.cashier.payouts import Payout
from aineon.treasury.cashier.scene import Scene
from aineon.treasury.dispatch import Dispatch
from aineon.treasury.states import WithdrawalState
from aineon.treasury.withdrawal import Withdrawal

_S = WithdrawalState
_FROM_A_BLOCK: Final = frozenset({_S.CONFIRMED, _S.FAILED})
Moved = tuple[Withdrawal, ...]


class Recorder:
    """Keeps how far payouts have come.

    Args:
        dispatch, sender, reader, store: the cashier's.
    """

    def __init__(
        self, dispatch: Dispatch, sender: Sender, reader: ChainReader, store: BookStore
    ) -> None:
        self._dispatch = dispatch
        self._sender = sender
        self._reader = reader
        self._accounts = Accounts(store)

    async def keep(self, payout: Payout, sent: SentIntent, now: float) -> Moved:
        """Keep what the outbox knows of a payout's transaction; returns what changed.

        A batch that pays nobody for good is taken apart: each part of it is then paid alone.
        """
        if payout.batch_id is not None and _pays_nobody(sent):
            words = f"its batch pays nobody ({sent.standing}); it is now paid alone"
            return await asyncio.to_thread(self._dispatch.take_apart, payout.batch_id, words, now)
        shown = await self._shown(payout, sent)
        found = [(each, progress_of(each, sent, shown)) for each in payout.members]
        shares: Mapping[str, int] = {}
        if any(progress and progress.state in _FROM_A_BLOCK for _, progress in found):
            shares = await asyncio.to_thread(self._post, payout, sent, now, shown)
        return tuple(
            [
                await self._advance(each, progress, sent, now, shares.get(each.id))
                for each, progress in found
                if progress is not None
            ]
        )

    async def _shown(self, payout: Payout, sent: SentIntent) -> Shown | None:
        """Return what a token's logs show of what was paid for good; None of ether.

        Raises:
            ChainError: no node tells the receipt, or it cannot be read; nothing is kept.
        """
        landing, asset = sent.version.landing, payout.first.asset
        final = sent.standing is Standing.FINAL and landing is not None and landing.succeeded
        if asset == ETHER or not final:
            return None
        receipt = await self._reader.receipt(sent.version.hash)
        if receipt is None:
            raise ChainError(f"no node tells the receipt of {sent.version.hash}")
        signed_by = await asyncio.to_thread(self._sender.outbox.signed_by, payout.intent_id)
        assert signed_by is not None  # or nothing of it would be final
        try:
            left = -net_received(receipt, asset, signed_by)
            return Shown(left, net_received(receipt, asset, payout.first.destination))
        except InvalidLog as error:
            raise ChainError(f"what {sent.version.hash} paid cannot be read: {error}") from error

    async def to(
        self, withdrawal: Withdrawal, state: WithdrawalState, words: str, scene: Scene
    ) -> Withdrawal:
        """Keep a state of which the chain tells nothing more."""
        return await asyncio.to_thread(self._dispatch.advance, withdrawal, state, words, scene.now)

    async def end(self, payout: Payout, words: str, scene: Scene) -> Moved:
        """End what nothing can be mined of; of a batch, have each part paid alone.

        The outbox is told first, so that nothing of it is ever signed by whoever knows less.

        Raises:
            NonceWaiting: something of it may be mined after all.
        """
        await self._sender.retire(payout.intent_id)
        if payout.batch_id is not None:
            return await asyncio.to_thread(
                self._dispatch.take_apart,
                payout.batch_id,
                f"{words}; each is paid alone",
                scene.now,
            )
        withdrawal = payout.first
        if withdrawal.state is _S.MINED:
            withdrawal = await self.to(withdrawal, _S.BROADCAST, "its block is gone", scene)
        return (await self.to(withdrawal, _S.CANCELLED, words, scene),)

    async def _advance(
        self,
        withdrawal: Withdrawal,
        progress: Progress,
        sent: SentIntent,
        now: float,
        gas_wei: int | None,
    ) -> Withdrawal:
        landing = sent.version.landing
        if progress.state in _FROM_A_BLOCK and withdrawal.state is not _S.MINED:
            withdrawal = await self._step(withdrawal, _S.MINED, "it is in a block", now, sent)
        elif progress.state is _S.CANCELLED and withdrawal.state is _S.MINED:
            # A reorganisation took its block away, and the cancel was mined in its place.
            withdrawal = await self._step(withdrawal, _S.BROADCAST, "it is out", now, sent)
        if progress.state is _S.FAILED and landing is not None:
            gas_wei = landing.gas_used * landing.gas_price_wei
        return await asyncio.to_thread(
            self._dispatch.advance,
            withdrawal,
            progress.state,
            progress.reason,
            now,
            transaction_hash=progress.transaction_hash,
            block_number=progress.block_number,
            gas_wei=gas_wei,
        )

    async def _step(
        self,
        withdrawal: Withdrawal,
        state: WithdrawalState,
        reason: str,
        now: float,
        sent: SentIntent,
    ) -> Withdrawal:
        landing = sent.version.landing
        return await asyncio.to_thread(
            self._dispatch.advance,
            withdrawal,
            state,
            reason,
            now,
            transaction_hash=sent.version.hash,
            block_number=None if landing is None else landing.block_number,
        )

    def _post(
        self, payout: Payout, sent: SentIntent, now: float, shown: Shown | None
    ) -> Mapping[str, int]:
        """Post all that the transaction paid, those included that are confirmed already.

        Of a token that is what its logs show to have left, whatever was approved.
        """
        landing, members = sent.version.landing, payout.members
        if landing is None or not landing.succeeded or (shown is not None and shown.left <= 0):
            return {}
        if payout.batch_id is not None:
            members = self._dispatch.batch(payout.batch_id)
        paid = [
            PaidOut(each.id, each.destination, each.asset, shown.left if shown else each.amount)
            for each in members
        ]
        return self._accounts.post_withdrawals(sent.version.hash, paid, now)


def _pays_nobody(sent: SentIntent) -> bool:
    """Whether nothing of it was paid, and nothing of it can be mined or signed any more."""
    if sent.standing is Standing.CANCELLED:
        return True
    landing = sent.version.landing
    return sent.standing is Standing.FINAL and landing is not None and not landing.succeeded
