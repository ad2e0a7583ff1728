"""Settling: what the chain says of the open nonces, judged by hash, header and finality.

No answer of a relay and no error text counts here. A receipt counts where its block is the
canonical one of its height; a nonce counts as spent for good where that block is final. What a
reorganisation takes back is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aineon.chain.reader import ChainReader, Receipt
from aineon.primitives import Address
from aineon.safety import StopState
from aineon.sending.canon import Canon
from aineon.sending.nonces import ChainNonces, Spender, find_spender
from aineon.sending.outbox_changes import Change, ForeignSpend
from aineon.sending.slots import Landing, Slot, Version
from aineon.sending.states import OPEN, TransactionState

_S = TransactionState


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read from the chain.

    Attributes:
        nonces: the chain's count at its head.
        final: number of the newest finalised block; None where the chain has none yet.
        receipts: by transaction hash, as far as there are any.
        canonical: block hashes by height.
        spenders: of nonces that are spent in a finalised block without a receipt of ours.
    """

    nonces: ChainNonces
    final: int | None = None
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    canonical: Mapping[int, str] = field(default_factory=dict)
    spenders: Mapping[int, Spender] = field(default_factory=dict)

    def is_final(self, number: int) -> bool:
        """Whether a block of this height can no longer be taken back."""
        return self.final is not None and number <= self.final


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evidence means.

    Attributes:
        changes: of versions, in the order in which they happen.
        foreign: nonces that strangers spent, proven.
        unexplained: nonces that are spent, nobody knows by what.
        reopened: nonces that a reorganisation gave back.
    """

    changes: tuple[Change, ...] = ()
    foreign: tuple[ForeignSpend, ...] = ()
    unexplained: tuple[int, ...] = ()
    reopened: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a look at the chain came to.

    Attributes:
        head: number of the block it was looked at.
        changes: of versions, in their order.
        foreign: nonces of ours that strangers spent.
        fence: what keeps new work from being signed; empty where nothing does.
        handed_out: hashes of what was handed out again.
        stop: the emergency stop afterwards.
        final: number of the newest finalised block; None where the chain has none yet.
    """

    head: int
    changes: tuple[Change, ...]
    foreign: tuple[ForeignSpend, ...]
    fence: str
    handed_out: tuple[str, ...]
    stop: StopState
    final: int | None


async def gather(
    reader: ChainReader,
    sender: Address,
    nonces: ChainNonces,
    final: int | None,
    slots: Sequence[Slot],
    canon: Canon,
) -> Evidence:
    """Read what the chain knows of the nonces in `slots`; little where nothing has moved.

    Args:
        reader: the chain.
        sender: whose nonces.
        nonces: the chain's count at its head.
        final: as `Evidence.final`.
        slots: the nonces that are not spent for good.
        canon: the canonical hashes that are known already.
    """
    if not slots:
        return Evidence(nonces, final)
    spent = [slot for slot in slots if slot.is_open and slot.nonce < nonces.latest]
    receipts = await _receipts(reader, spent)
    landings = [v.landing.block_number for slot in slots for v in slot.versions if v.landing]
    heights = {*landings, *(receipt.block_number for receipt in receipts.values())}
    spenders = {}
    for slot in spent:
        if final is not None and not any(v.hash in receipts for v in slot.versions):
            low = max(slot.versions[0].signed_head - 1, 0)
            spender = await find_spender(reader, sender, slot.nonce, low, final)
            if spender is not None:
                spenders[slot.nonce] = spender
    canonical = await canon.at(reader, nonces.head, heights)
    return Evidence(nonces, final, receipts, canonical, spenders)


async def _receipts(reader: ChainReader, spent: Iterable[Slot]) -> dict[str, Receipt]:
    """Return a receipt for each nonce that has one, asking for the newest version first."""
    found = {}
    for slot in spent:
        for version in reversed(slot.versions):
            receipt = await reader.receipt(version.hash)
            if receipt is not None:
                found[version.hash] = receipt
                break
    return found


def judge(slots: Iterable[Slot], evidence: Evidence) -> Judgement:
    """Say what the evidence means for each nonce."""
    judged = [_judge_slot(slot, evidence) for slot in slots]
    return Judgement(
        tuple(change for one in judged for change in one.changes),
        tuple(spend for one in judged for spend in one.foreign),
        tuple(nonce for one in judged for nonce in one.unexplained),
        tuple(nonce for one in judged for nonce in one.reopened),
    )


def _judge_slot(slot: Slot, evidence: Evidence) -> Judgement:
    landed = next((v for v in slot.versions if v.state is _S.MINED and v.landing), None)
    if landed is not None and landed.landing is not None:
        return _judge_mined(slot, landed, landed.landing, evidence)
    if slot.nonce >= evidence.nonces.latest:
        return Judgement(_missed(slot, evidence.nonces.head.number))
    for version in slot.versions:
        receipt = evidence.receipts.get(version.hash)
        if receipt and evidence.canonical.get(receipt.block_number) == receipt.block_hash:
            return Judgement(_mined(slot, version, _landing_of(receipt)))
    spender = evidence.spenders.get(slot.nonce)
    if spender is None or any(spender.transaction_hash == v.hash for v in slot.versions):
        # Ours, without a receipt yet; or nobody can show whose.
        return Judgement(unexplained=(slot.nonce,))
    gone = [Change(version, _S.SUPERSEDED) for version in slot.versions]
    gone += [Change(version, _S.REPLACED) for version in slot.versions]
    spend = ForeignSpend(slot.nonce, spender.transaction_hash, spender.block_number)
    return Judgement(tuple(gone), foreign=(spend,))


def _judge_mined(slot: Slot, landed: Version, landing: Landing, evidence: Evidence) -> Judgement:
    canonical = evidence.canonical.get(landing.block_number)
    if canonical is None:
        # The node is behind that block: no evidence that it is gone.
        return Judgement()
    if canonical != landing.block_hash:
        opened = tuple(Change(version, _S.UNRESOLVED) for version in slot.versions)
        return Judgement(opened, reopened=(slot.nonce,))
    if not evidence.is_final(landing.block_number):
        return Judgement()
    return Judgement(
        tuple(
            Change(version, _S.FINALISED, landing)
            if version is landed
            else Change(version, _S.REPLACED)
            for version in slot.versions
        )
    )


def _mined(slot: Slot, landed: Version, landing: Landing) -> tuple[Change, ...]:
    return tuple(
        Change(version, _S.MINED, landing) if version is landed else Change(version, _S.SUPERSEDED)
        for version in slot.versions
    )


def _missed(slot: Slot, head: int) -> tuple[Change, ...]:
    return tuple(
        Change(version, _S.MISSED)
        for version in slot.versions
        if version.window is not None
        and version.window.last < head
        and version.state in OPEN - {_S.MISSED}
    )


def _landing_of(receipt: Receipt) -> Landing:
    return Landing(
        receipt.block_number,
        receipt.block_hash,
        receipt.succeeded,
        receipt.gas_used,
        receipt.gas_price_wei,
    )
