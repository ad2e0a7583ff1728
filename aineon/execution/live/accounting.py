"""From a receipt to the figures of a settlement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aineon.chain.reader import ChainReader, Receipt
from aineon.execution.live.readiness import read_roles
from aineon.execution.live.receipts import Places, realised
from aineon.execution.live.reverts import Cause, explain
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Outcome
from aineon.market import Market
from aineon.primitives import Address
from aineon.search.costs import CostModel
from aineon.sending.signer import call_data_of
from aineon.sending.slots import Version


@dataclass(frozen=True, slots=True)
class Account:
    """What a transaction in a block came to.

    Attributes:
        receipt: what it is computed from.
        places: whose accounts the money passed.
        outcome, reason: the reason is a sentence for people.
        cause: whose fault a revert is; None of a trade that went through.
        amount_out, gross_profit, flash_fee: in the base token; None where it was reverted.
        gas_wei, builder_wei: what it cost.
        net_wei: what is left; None where the base token's worth is not known.
        discrepancy: how the contract's event contradicts the tokens' logs; empty where it agrees.
    """

    receipt: Receipt
    places: Places
    outcome: Outcome
    reason: str
    cause: Cause | None
    amount_out: int | None
    gross_profit: int | None
    flash_fee: int
    gas_wei: int
    builder_wei: int
    net_wei: int | None
    discrepancy: str = ""


class Accountant:
    """Computes accounts; asks the chain for what a receipt does not say.

    Args:
        reader: the chain.
        executor: the executor contract.
        operator: who sends trades.
        costs: tells the wrapped native token, and what other base tokens are worth in it.
    """

    def __init__(
        self, reader: ChainReader, executor: Address, operator: Address, costs: CostModel
    ) -> None:
        self._reader = reader
        self._executor = executor
        self._operator = operator
        self._costs = costs

    async def places(self, block: int) -> Places:
        """Return whose accounts the money of a trade in `block` passes.

        Raises:
            ChainError: no node tells.
            ExecutionError: the contract does not answer.
        """
        roles = await read_roles(self._reader, self._executor, block)
        return Places(self._executor, roles.treasury, self._costs.native_token)

    async def account(
        self, receipt: Receipt, plan: ExecutionPlan, version: Version, market: Market
    ) -> Account:
        """Return what the transaction of `receipt`, signed as `version`, came to.

        Raises:
            ChainError: no node answers.
            ExecutionError: the contract does not answer.
            InvalidLog: a log cannot be read.
        """
        places = await self.places(receipt.block_number)
        if receipt.succeeded:
            return self._included(receipt, plan, places, market)
        return await self._reverted(receipt, plan, places, version)

    def _included(
        self, receipt: Receipt, plan: ExecutionPlan, places: Places, market: Market
    ) -> Account:
        found = realised(receipt, plan, places)
        gas_wei = receipt.gas_used * receipt.gas_price_wei
        kept = found.gross_profit - found.flash_fee
        worth = self._costs.native_value(kept, plan.base_token, market)
        return Account(
            receipt=receipt,
            places=places,
            outcome=Outcome.INCLUDED,
            reason=f"included in block {receipt.block_number}",
            cause=None,
            amount_out=plan.amount_in + found.gross_profit,
            gross_profit=found.gross_profit,
            flash_fee=found.flash_fee,
            gas_wei=gas_wei,
            builder_wei=found.builder_payment,
            net_wei=None if worth is None else worth - gas_wei - found.builder_payment,
            discrepancy=found.discrepancy,
        )

    async def _reverted(
        self, receipt: Receipt, plan: ExecutionPlan, places: Places, version: Version
    ) -> Account:
        call: dict[str, Any] = {
            "from": self._operator,
            "to": self._executor,
            "data": f"0x{call_data_of(version.raw).hex()}",
            "gas": hex(version.gas_limit),
        }
        why = await explain(self._reader, receipt, call)
        gas_wei = receipt.gas_used * receipt.gas_price_wei
        return Account(
            receipt=receipt,
            places=places,
            outcome=Outcome.REVERTED,
            reason=f"reverted in block {receipt.block_number}: {why.words}",
            cause=why.cause,
            amount_out=None,
            gross_profit=None,
            flash_fee=0,
            gas_wei=gas_wei,
            builder_wei=0,
            net_wei=-gas_wei,
        )
