"""Whether a source of its own tells the same of a transaction as our node did.

What a node says of a trade is not proven by asking that node again. A witness is another node, or
a block explorer: it is asked for the receipt, and the same figures are computed from its answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aineon.chain.reader import ChainReader, Receipt
from aineon.errors import AineonError, ChainError
from aineon.execution.live.receipts import Places, realised
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Verification

PATIENCE_SECONDS: Final = 20.0
"""How long a witness may take."""

_LOG: Final = logging.getLogger(__name__)


class Witness(Protocol):
    """Somebody who knows receipts and does not ask our node for them."""

    @property
    def name(self) -> str: ...

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """Return a receipt; None where the witness knows of none.

        Raises:
            ChainError: it cannot be asked.
        """

    async def aclose(self) -> None:
        """Let go of the connection."""


class NodeWitness:
    """A second node, with a reader of its own.

    Args:
        name: for messages.
        reader: of other nodes than those that trades are settled by; whoever made it closes it.
    """

    def __init__(self, name: str, reader: ChainReader) -> None:
        self.name = name
        self._reader = reader

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """Return a receipt; None where the node knows of none."""
        return await self._reader.receipt(transaction_hash)

    async def aclose(self) -> None:
        """The reader is not ours."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be confirmed.

    Attributes:
        transaction_hash: of the attempt's transaction.
        receipt: as our node tells it; None where the transaction is in no block.
        plan: what it carried out.
        places: whose accounts the money passes.
    """

    transaction_hash: str
    receipt: Receipt | None
    plan: ExecutionPlan
    places: Places


async def verify(
    claim: Claim, witnesses: Sequence[Witness], patience: float = PATIENCE_SECONDS
) -> tuple[Verification, str]:
    """Ask all witnesses, and return what they say together, with a sentence for people.

    One who contradicts outweighs all who agree; one who agrees is enough otherwise.
    """
    if not witnesses:
        return Verification.UNVERIFIED, "no independent source is configured"
    told = await asyncio.gather(*(_ask(claim, witness, patience) for witness in witnesses))
    for verdict in (Verification.DIFFERS, Verification.VERIFIED, Verification.UNVERIFIED):
        words = [sentence for said, sentence in told if said is verdict]
        if words:
            return verdict, "; ".join(words)
    raise AssertionError


async def _ask(claim: Claim, witness: Witness, patience: float) -> tuple[Verification, str]:
    """What a witness says; one that makes us stumble says nothing, and ends nothing."""
    try:
        return await _heard(claim, witness, patience)
    except Exception as error:  # noqa: BLE001 - what is settled must not wait for a strange answer
        _LOG.exception("%s could not be compared with", witness.name)
        # Another library's message may hold an address with a key in it; the log masks that.
        words = f"{witness.name} could not be compared with ({type(error).__name__})"
        return Verification.UNVERIFIED, words


async def _heard(claim: Claim, witness: Witness, patience: float) -> tuple[Verification, str]:
    try:
        async with asyncio.timeout(patience):
            found = await witness.receipt(claim.transaction_hash)
    except TimeoutError:
        return Verification.UNVERIFIED, f"{witness.name} did not answer in {patience:g} seconds"
    except ChainError as error:
        return Verification.UNVERIFIED, f"{witness.name} could not be asked: {error}"
    ours, theirs = _figures(claim, claim.receipt), _figures(claim, found)
    if found is None and claim.receipt is not None:
        return Verification.UNVERIFIED, f"{witness.name} does not know the transaction"
    if ours == theirs:
        return Verification.VERIFIED, f"{witness.name} says the same"
    names = [name for name in ours | theirs if ours.get(name) != theirs.get(name)]
    differing = ", ".join(
        f"{name} {theirs.get(name, 'unknown')} (ours {ours.get(name, 'unknown')})" for name in names
    )
    return Verification.DIFFERS, f"{witness.name} says {differing}"


def _figures(claim: Claim, receipt: Receipt | None) -> dict[str, str]:
    """What counts of a receipt, by name, as people read it."""
    if receipt is None:
        return {"block": "none"}
    figures = {
        "block": f"{receipt.block_number} {receipt.block_hash}",
        "status": "succeeded" if receipt.succeeded else "reverted",
        "gas": str(receipt.gas_used),
        "gas price": f"{receipt.gas_price_wei} wei",
    }
    if receipt.succeeded:
        try:
            found = realised(receipt, claim.plan, claim.places)
        except (AineonError, LookupError, ValueError) as error:
            return figures | {"profit": f"unreadable ({error})"}
        symbol = claim.plan.base_token
        figures |= {
            "profit": f"{found.profit} units of {symbol}",
            "builder payment": f"{found.builder_payment} wei",
            "loan fee": f"{found.flash_fee} units of {symbol}",
        }
    return figures
