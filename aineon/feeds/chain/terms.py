"""Watching the terms on which money is lent: plans were made with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aineon.chain.addresses import ChainAddresses
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot import LenderTerms, lender_terms
from aineon.errors import FeedError
from aineon.primitives import Block, Token


async def refuse_new_terms(
    reader: ChainReader,
    known: ChainAddresses,
    tokens: Sequence[Token],
    terms: LenderTerms,
    block: Block,
) -> None:
    """Compare the lenders' fees at `block` with those that are reckoned with.

    How much there is to borrow changes all the time, and is not compared.

    Raises:
        FeedError: a fee, or how it is rounded, has changed; an engine has to start anew.
        ChainError: the chain cannot be read.
    """
    now = _fees(await lender_terms(reader, known, block.hash or block.number, base_tokens=tokens))
    for name, before in _fees(terms).items():
        if now[name] != before:
            raise FeedError(
                f"{name} is {_said(now[name])} at block {block.number}, and was {_said(before)}: "
                "what loans cost has changed, so the engine has to start anew to reckon with it"
            )


def _fees(terms: LenderTerms) -> Mapping[str, int | None]:
    aave, balancer = terms.aave, terms.balancer
    return {
        "FLASHLOAN_PREMIUM_TOTAL of aave_v3": None if aave is None else aave.premium_bps,
        "POOL_REVISION of aave_v3": None if aave is None else aave.revision,
        "the flash loan fee of balancer_v2": None if balancer is None else balancer.fee_percentage,
    }


def _said(value: int | None) -> str:
    return "not to be read" if value is None else str(value)
