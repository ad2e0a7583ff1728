"""Reading wrappers: ether and WETH, stETH and wstETH, and Lido's share rate.

Source: lidofinance/core, contracts/0.4.24/Lido.sol. Since its third version `getTotalPooledEther`
and `getTotalShares` count what vaults back as well, but shares are converted by the internal
part alone: what is external is told by `getExternalEther` and `getExternalShares`, which the
versions before do not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aineon.amm import EtherWrapper, StakedEtherShares, StakedEtherWrapper
from aineon.chain.snapshot.calls import Answer, Read, ask
from aineon.chain.snapshot.outcome import Outcomes, outcome_of
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import EtherWrapperSeed, StakedEtherWrapperSeed
from aineon.primitives import Address

_TOTALS = ("getTotalPooledEther()", "getTotalShares()")
_EXTERNAL = ("getExternalEther()", "getExternalShares()")


def share_reads(steth: Address) -> list[Read]:
    """Return the reads that `shares_of` makes a share rate of."""
    return [ask(steth, signature) for signature in (*_TOTALS, *_EXTERNAL)]


def shares_of(answers: Sequence[Answer]) -> StakedEtherShares:
    """Return Lido's share rate.

    Raises:
        Unreadable: the contract does not tell it.
        InvalidPoolState: what it tells is no rate.
    """
    ether, shares = (answer.word() for answer in answers[:2])
    outside = [answer.word() if answer.is_given else 0 for answer in answers[2:]]
    return StakedEtherShares(ether - outside[0], shares - outside[1])


async def read_ether(_: PinnedChain, seeds: Sequence[EtherWrapperSeed]) -> Outcomes:
    """Return the wrappers of ether, which have no state."""
    return {seed.address: EtherWrapper(seed.weth) for seed in seeds}


async def read_staked_ether(
    chain: PinnedChain, seeds: Sequence[StakedEtherWrapperSeed]
) -> Outcomes:
    """Return the wrappers of stETH as they stand."""
    outcomes: Outcomes = {}
    for seed in seeds:
        answers = await chain.read(share_reads(seed.steth.address), "share rate")
        outcomes[seed.address] = outcome_of(partial(_wrapper, seed, answers))
    return outcomes


def _wrapper(seed: StakedEtherWrapperSeed, answers: Sequence[Answer]) -> StakedEtherWrapper:
    shares = shares_of(answers)
    return StakedEtherWrapper(
        shares.total_pooled_ether, shares.total_shares, seed.steth, seed.wsteth
    )
