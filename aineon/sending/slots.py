"""Slot: one nonce and all versions signed for it, of which at most one is ever mined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aineon.errors import NonceWaiting, Underpriced
from aineon.primitives import Address
from aineon.primitives.units import GWEI
from aineon.sending.intent import Fees, Intent, IntentKind, Window
from aineon.sending.states import ENDED, OPEN, TransactionState

LONGEST_QUEUE: Final = 16
"""Nonces that may be open at once: nodes drop what lies further ahead."""

MOST_VERSIONS: Final = 256
"""Trades that may compete for one nonce before it is spent on nothing."""

MOST_TIP_FOR_NOTHING_WEI: Final = 5 * GWEI
"""The tip that a nonce spent on nothing takes over from a trade at most.

A trade's tip may be a builder's share of its profit, a thousand times the usual one. Nothing is
earned here, and 21,000 gas are taken up for a usual tip.
"""


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a transaction was mined, and what it cost."""

    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    gas_price_wei: int


@dataclass(frozen=True, slots=True)
class Version:
    """Signed bytes, as the outbox keeps them.

    Attributes:
        row_id: in the outbox.
        ordinal: counts the versions of its nonce from 0 on.
        cancels: the intent it cancels, where it is a cancel.
        is_public: whether it was, or may have been, handed to the public mempool.
        signed_head: the newest block known when it was signed.
        landing: where it was mined; None while it is not.
    """

    row_id: int
    intent_id: str
    kind: IntentKind
    cancels: str | None
    nonce: int
    ordinal: int
    hash: str
    raw: bytes
    fees: Fees
    gas_limit: int
    window: Window | None
    is_public: bool
    signed_head: int
    state: TransactionState
    landing: Landing | None = None

    @property
    def is_perishable(self) -> bool:
        """Whether it is worth nothing after its target blocks."""
        return self.window is not None


@dataclass(frozen=True, slots=True)
class Slot:
    """A nonce of a sender with the versions signed for it, oldest first; never without one."""

    sender: Address
    nonce: int
    versions: tuple[Version, ...]

    @property
    def is_open(self) -> bool:
        """Whether nothing of this nonce is known to be mined."""
        return all(version.state in OPEN for version in self.versions)

    @property
    def is_settled(self) -> bool:
        """Whether the nonce is spent for good."""
        return all(version.state in ENDED for version in self.versions)

    @property
    def newest(self) -> Version:
        """The version signed last."""
        return self.versions[-1]

    def least_fees(self) -> Fees:
        """The least that a further version must offer: what is public is outbid by a tenth.

        Nodes refuse less. Bundles compete by what they pay a builder, so a version that never
        was public asks for nothing.
        """
        public = [version.fees for version in self.versions if version.is_public]
        if not public:
            return Fees(0, 0)
        most = Fees(
            max(fees.max_fee_wei for fees in public), max(fees.priority_fee_wei for fees in public)
        )
        return most.raised()

    def admits(self, intent: Intent) -> bool:
        """Whether a version for `intent` may compete for this nonce.

        A lasting intent keeps its nonce for itself and for its own cancel. A perishable one may
        be displaced by whatever comes: it is safe not to happen.
        """
        wanted = {intent.intent_id, intent.cancels}
        return all(v.is_perishable or v.intent_id in wanted for v in self.versions)


def choose_nonce(open_slots: Sequence[Slot], next_nonce: int, intent: Intent) -> int:
    """Return the nonce that a first version of `intent` is to be signed for.

    Args:
        open_slots: in the order of their nonces.
        next_nonce: the first one that was never reserved.
        intent: what is to be sent; none of its versions may be alive.

    Raises:
        NonceWaiting: an earlier transaction must be mined first.
    """
    for slot in open_slots:
        if slot.admits(intent):
            return slot.nonce
        if intent.is_perishable:
            # A later nonce cannot be mined before this one, so its bundle could only be missed.
            raise NonceWaiting(
                f"intent {intent.intent_id} waits: nonce {slot.nonce} belongs to intent "
                f"{slot.newest.intent_id}, which is not mined yet"
            )
    if len(open_slots) >= LONGEST_QUEUE:
        raise NonceWaiting(
            f"intent {intent.intent_id} waits: {len(open_slots)} earlier nonces are not mined yet, "
            f"and nodes keep no more than {LONGEST_QUEUE}"
        )
    return next_nonce


def gap_in(open_slots: Sequence[Slot]) -> tuple[Slot, Fees] | None:
    """Return a nonce that is better spent on nothing, and the fees to do so.

    There are three such. One that only missed trades hold and that something lasting waits
    behind: a reorganisation took a trade out of its block after its deadline, and nothing would
    ever spend that nonce. One whose missed trades are public: whatever came next would have to
    outbid them, higher each time. And one that has gathered so many trades that looking through
    them all costs more than the gas of being rid of their bytes, wherever these may lie.

    The fees are those of the newest trade, with a tip of at most `MOST_TIP_FOR_NOTHING_WEI`; more
    only where something public must be outbid, or where what waits behind offers more itself.
    """
    if not open_slots or any(not version.is_perishable for version in open_slots[0].versions):
        return None
    first, *later = open_slots
    waiting = [slot.newest.fees for slot in later if not slot.newest.is_perishable]
    missed = all(version.state is TransactionState.MISSED for version in first.versions)
    public = any(version.is_public for version in first.versions)
    if not (missed and (waiting or public)) and len(first.versions) < MOST_VERSIONS:
        return None
    newest = first.newest.fees
    modest = Fees(newest.max_fee_wei, min(newest.priority_fee_wei, MOST_TIP_FOR_NOTHING_WEI))
    offers = [first.least_fees(), modest, *waiting[:1]]
    return first, Fees(
        max(fees.max_fee_wei for fees in offers), max(fees.priority_fee_wei for fees in offers)
    )


def require_fees(slot: Slot | None, intent_id: str, fees: Fees) -> None:
    """Check that a further version in `slot` offers enough.

    Raises:
        Underpriced: it does not.
    """
    least = Fees(0, 0) if slot is None else slot.least_fees()
    if not fees.covers(least):
        raise Underpriced(
            f"intent {intent_id} offers {fees.max_fee_wei} wei with a tip of "
            f"{fees.priority_fee_wei}, and must offer at least {least.max_fee_wei} with "
            f"{least.priority_fee_wei}: an earlier version of its nonce is public"
        )
