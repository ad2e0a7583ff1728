"""Batching: which of the withdrawals that are due are cheaper by one transaction, as tried."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.primitives import Block
from aineon.treasury.batches import BatchGas, select_batches
from aineon.treasury.cashier.multisend import is_genuine
from aineon.treasury.cashier.payouts import Payout
from aineon.treasury.cashier.scene import CashierRules
from aineon.treasury.cashier.trying import try_batch, try_payment
from aineon.treasury.withdrawal import Withdrawal

MULTICALL3_GAS: Final = BatchGas(alone=21_000, base=22_500, each=12_600, most=16)
"""As measured, of ether to accounts that exist. It chooses what is tried; what is tried decides."""

_LOG: Final = logging.getLogger(__name__)


class Batcher:
    """Says what shares a transaction.

    Args:
        reader: the chain.
        rules: the cashier's.
    """

    def __init__(self, reader: ChainReader, rules: CashierRules) -> None:
        self._reader = reader
        self._account = rules.account
        self._multisend = rules.multisend
        self._is_told = False

    async def groups(self, due: Sequence[Withdrawal], head: Block) -> tuple[Payout, ...]:
        """Return what may go together; nothing where no contract is to pay it, or another one is.

        Tokens go alone: the contract would have to be allowed to take them, by a transaction of
        its own, and that costs more than is saved.

        Raises:
            ChainError: no node answers.
        """
        native = [each for each in due if each.is_native]
        if self._multisend is None or len(native) < 2:
            return ()
        found = select_batches(native, MULTICALL3_GAS)
        if found and not await self.is_genuine(head):
            self._tell(
                f"the code at {self._multisend.address} is not the contract that is to pay "
                "several withdrawals at once; each is paid alone"
            )
            return ()
        return tuple(Payout.of(*members) for members in found)

    async def is_genuine(self, head: Block) -> bool:
        """Whether the contract that pays several is the one that is meant; see `Multisend`.

        Raises:
            ChainError: no node answers.
        """
        known = self._multisend
        return known is not None and await is_genuine(self._reader, known, head)

    async def is_cheaper(self, group: Payout, head: Block) -> bool:
        """Whether all can be paid, and together take less gas than each alone, as tried now.

        An account that does not exist yet takes 25,000 gas from a contract that pays it and none
        from a plain payment, so it is not always.

        Raises:
            ChainError: no node answers, or none can simulate.
        """
        if self._multisend is None:
            return False
        alone = 0
        for each in group.members:
            tried = await try_payment(self._reader, self._account, each, head)
            if tried.failure:
                return False
            alone += tried.gas_used
        batch = await try_batch(self._reader, self._account, group.members, self._multisend, head)
        return not batch.failure and batch.gas_used < alone

    def _tell(self, words: str) -> None:
        if not self._is_told:
            self._is_told = True
            _LOG.warning(words)
