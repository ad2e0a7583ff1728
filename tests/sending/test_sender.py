"""The sender: what becomes of an intent, whatever carriers answer and chains take back."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from aineon.errors import (
    InvalidIntent,
    KeyNotHere,
    LeaseHeld,
    LeaseLost,
    MixedBooks,
    NonceFenced,
    NonceWaiting,
    SendingError,
    StopLatched,
    Underpriced,
)
from aineon.ledger.store import BookStore
from aineon.primitives import Address, Book, ManualClock
from aineon.safety import Stop, StopFile
from aineon.sending.intent import Fees
from aineon.sending.sender import FRESH_SECONDS, Sender
from aineon.sending.standing import Standing
from aineon.sending.states import TransactionState
from tests.databases import database_url
from tests.sending.engines import FEES, GWEI, Life, payment, trade
from tests.sending.fakes import SENDER, FakeCarrier, FakeChain, FakeReader, PlainSigner, recipient

HIGHER = FEES.raised()


def relay(chain: FakeChain, *faults: object) -> FakeCarrier:
    return FakeCarrier(chain, faults, is_public=False)


def stranger_spends(chain: FakeChain, nonce: int) -> None:
    """Somebody else with our key has a transaction mined."""
    signer = PlainSigner()
    from aineon.sending.signer import UnsignedTransaction

    to = Address("0x" + "ee" * 20)
    signed = signer.sign(UnsignedTransaction(1, nonce, to, 9, b"theft", 21_000, FEES))
    chain.mempool.append(signed.raw)
    chain.mine(takes=lambda raw: raw == signed.raw)


async def test_a_payment_is_sent_mined_and_final(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        sent = await life.sender.send(payment())
        assert (sent.standing, sent.version.state) == (Standing.IN_FLIGHT, "broadcast")
        chain.mine()
        await life.sender.reconcile()
        mined = await life.sender.status("withdrawal:0")
        assert mined is not None
        assert mined.standing is Standing.MINED
        chain.mine(4)
        await life.sender.reconcile()
        final = await life.sender.status("withdrawal:0")
        assert final is not None
        assert final.standing is Standing.FINAL
        assert final.version.landing is not None
        assert final.version.landing.succeeded
        assert final.version.landing.block_number == 1
        assert await life.sender.may_land() == ()
    assert chain.received(recipient(0)) == 1


async def test_the_same_intent_again_is_the_same_transaction(tmp_path: Path) -> None:
    chain = FakeChain()
    carrier = FakeCarrier(chain)
    async with Life(tmp_path, chain, public=carrier) as life:
        first = await life.sender.send(payment())
        second = await life.sender.send(payment())
        assert first.version == second.version
        assert len(carrier.parcels) == 1
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        third = await life.sender.send(payment())
        assert third.standing is Standing.FINAL
    assert chain.received(recipient(0)) == 1


async def test_another_intent_of_the_same_name_is_refused(tmp_path: Path) -> None:
    async with Life(tmp_path, FakeChain()) as life:
        await life.sender.send(payment())
        other = payment(7)
        object.__setattr__(other, "intent_id", "withdrawal:0")
        with pytest.raises(InvalidIntent, match="withdrawal:0 is known, and was to do something"):
            await life.sender.send(other)


@pytest.mark.parametrize("fault", ["lost", "unheard", "refused", "liar", "broken"])
async def test_whatever_is_answered_it_is_paid_once(tmp_path: Path, fault: str) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, public=FakeCarrier(chain, [fault] * 2)) as life:
        sent = await life.sender.send(payment())
        refused = fault in {"refused", "liar"}
        assert sent.version.state == ("refused" if refused else "unresolved")
        for _ in range(8):
            chain.mine()
            await life.sender.reconcile()
        status = await life.sender.status("withdrawal:0")
        assert status is not None
        assert status.standing is Standing.FINAL
    assert chain.received(recipient(0)) == 1


async def test_the_node_forgets_and_is_told_again(tmp_path: Path) -> None:
    chain = FakeChain()
    carrier = FakeCarrier(chain)
    async with Life(tmp_path, chain, public=carrier) as life:
        await life.sender.send(payment())
        await life.sender.reconcile()
        assert len(carrier.parcels) == 1
        chain.mempool.clear()
        await life.sender.reconcile()
        assert [parcel.raw for parcel in carrier.parcels] == [carrier.parcels[0].raw] * 2


async def test_a_trade_goes_to_the_relays_alone(tmp_path: Path) -> None:
    chain = FakeChain()
    private, public = relay(chain), FakeCarrier(chain)
    async with Life(tmp_path, chain, relays=(private,), public=public) as life:
        sent = await life.sender.send(trade(0, 1, 2))
        assert not sent.version.is_public
        assert private.parcels[0].blocks == (1, 2)
        await life.sender.send(payment(1))
    assert [len(private.parcels), len(public.parcels)] == [1, 1]


@pytest.mark.parametrize("fault", ["refused", "lost", "broken"])
async def test_what_the_named_relays_do_not_take_goes_to_all_at_once(
    tmp_path: Path, fault: str
) -> None:
    chain = FakeChain()
    near, far = relay(chain, *[fault] * 9), relay(chain)
    near.name, far.name = "near", "far"
    async with Life(tmp_path, chain, relays=(near, far)) as life:
        sent = await life.sender.send(trade(0, 1), through={"near"})
        assert [len(near.parcels), len(far.parcels)] == [2, 1]
        assert {each.raw for each in (*near.parcels, *far.parcels)} == {(sent.version.raw,)}
        assert [each.carrier for each in sent.answers] == ["near", "near", "far"]
        chain.mine()
    assert chain.received(recipient(0)) == 1


async def test_a_trade_goes_through_the_relays_that_are_named_and_again_through_all(
    tmp_path: Path,
) -> None:
    chain = FakeChain()
    near, far = relay(chain), relay(chain, "lost")
    near.name, far.name = "near", "far"
    async with Life(tmp_path, chain, relays=(near, far)) as life:
        await life.sender.send(trade(0, 1, 3), through={"near"})
        assert [len(near.parcels), len(far.parcels)] == [1, 0]
        near.faults = ["lost", "lost"]
        await life.sender.send(trade(1, 1, 3), through={"near"})
        assert [len(near.parcels), len(far.parcels)] == [3, 1]
        # Nobody knows whether it arrived, so by now it is more than a matter of choice.
        chain.mine(takes=lambda raw: False)
        await life.sender.reconcile()
        assert [len(near.parcels), len(far.parcels)] == [4, 2]


@pytest.mark.parametrize("through", [{"a relay of yesterday's"}, {"near", "nearer"}, set()])
async def test_a_relay_that_is_none_of_ours_has_nothing_signed_and_nothing_kept(
    tmp_path: Path, through: set[str]
) -> None:
    chain = FakeChain()
    near = relay(chain)
    near.name = "near"
    async with Life(tmp_path, chain, relays=(near,)) as life:
        with pytest.raises(InvalidIntent, match="allowed are near$"):
            await life.sender.send(trade(0, 1), through=through)
        assert await life.sender.status(trade(0, 1).intent_id) is None
        assert life.sender.outbox.next_nonce() == 0
        assert not near.parcels
        # The same one is sent where its name is right.
        await life.sender.send(trade(0, 1), through={"near"})
        assert len(near.parcels) == 1


async def test_a_missed_trade_leaves_its_nonce_to_the_next(tmp_path: Path) -> None:
    chain = FakeChain()
    private = relay(chain)
    async with Life(tmp_path, chain, relays=(private,)) as life:
        await life.sender.send(trade(0, 1))
        chain.mine(takes=lambda raw: False)
        await life.sender.reconcile()
        chain.mine(takes=lambda raw: False)
        done = await life.sender.reconcile()
        assert done.handed_out == ()
        missed = await life.sender.status("trade:0")
        assert missed is not None
        assert missed.standing is Standing.MISSED
        second = await life.sender.send(trade(1, 3))
        assert second.version.nonce == missed.version.nonce
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        first = await life.sender.status("trade:0")
        assert first is not None
        assert first.version.state is TransactionState.REPLACED
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (0, 1)


async def test_an_unfaithful_relay_mines_a_missed_trade_instead(tmp_path: Path) -> None:
    chain = FakeChain()
    private = relay(chain)
    async with Life(tmp_path, chain, relays=(private,)) as life:
        old = await life.sender.send(trade(0, 1))
        chain.mine(2, takes=lambda raw: False)
        await life.sender.reconcile()
        await life.sender.send(trade(1, 3, 5))
        chain.reverting.add(old.version.hash)  # the contract's deadline
        chain.mempool.append(old.version.raw)
        chain.mine(takes=lambda raw: raw == old.version.raw)
        await life.sender.reconcile()
        late = await life.sender.status("trade:0")
        lost = await life.sender.status("trade:1")
        assert late is not None
        assert lost is not None
        assert late.version.landing is not None
        assert (late.standing, late.version.landing.succeeded) == (Standing.MINED, False)
        assert (lost.standing, lost.version.state) == (Standing.MISSED, "superseded")
        chain.mine(2)
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (0, 0)


async def test_a_trade_after_its_window_is_not_signed(tmp_path: Path) -> None:
    chain = FakeChain()
    chain.mine(3)
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        with pytest.raises(InvalidIntent, match="meant for blocks 2 to 3, and block 3 is known"):
            await life.sender.send(trade(0, 2, 3))
        assert await life.sender.status("trade:0") is None


async def test_a_trade_waits_for_a_payment(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        await life.sender.send(payment())
        with pytest.raises(NonceWaiting, match="nonce 0 belongs to intent withdrawal:0"):
            await life.sender.send(trade(1, 1))
        second = await life.sender.send(payment(2))
        assert second.version.nonce == 1


async def test_a_payment_takes_a_trades_nonce_and_survives_losing_it(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        swap = await life.sender.send(trade(0, 1, 3))
        sent = await life.sender.send(payment(1))
        assert sent.version.nonce == swap.version.nonce == 0
        chain.mine(takes=lambda raw: raw == swap.version.raw)
        await life.sender.reconcile()
        # Not before the trade is final: a reorganisation could have both mined.
        again = await life.sender.send(payment(1))
        assert (again.standing, again.version.nonce) == (Standing.IN_FLIGHT, 0)
        chain.mine(4)
        await life.sender.reconcile()
        status = await life.sender.status("withdrawal:1")
        assert status is not None
        assert status.standing is Standing.DISPLACED
        moved = await life.sender.send(payment(1))
        assert moved.version.nonce == 1
        chain.mine(6)
        await life.sender.reconcile()
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (1, 1)


async def test_raising_the_fees_is_a_version_at_the_same_nonce(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        first = await life.sender.send(payment())
        with pytest.raises(Underpriced, match=f"at least {HIGHER.max_fee_wei}"):
            await life.sender.reprice(payment(), Fees(31 * GWEI, GWEI))
        second = await life.sender.reprice(payment(), HIGHER)
        assert (second.version.nonce, second.version.ordinal) == (0, 1)
        assert second.version.hash != first.version.hash
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        with pytest.raises(NonceWaiting, match="nothing to replace"):
            await life.sender.reprice(payment(), HIGHER.raised())
    assert chain.received(recipient(0)) == 1


async def test_a_cancel_spends_the_nonce_on_nothing(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        cancel = await life.sender.cancel("withdrawal:0", HIGHER)
        assert cancel.version.nonce == 0
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        # Sending it again does not bring it back to life.
        status = await life.sender.send(payment())
        assert status.standing is Standing.CANCELLED
        with pytest.raises(InvalidIntent, match="nothing to cancel"):
            await life.sender.cancel("withdrawal:1", HIGHER)
    assert chain.received(recipient(0)) == 0


async def test_a_cancel_that_comes_too_late(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        paid = await life.sender.send(payment())
        await life.sender.cancel("withdrawal:0", HIGHER)
        chain.mempool.append(paid.version.raw)
        chain.mine(6, takes=lambda raw: raw == paid.version.raw)
        await life.sender.reconcile()
        await life.sender.reconcile()
        status = await life.sender.status("withdrawal:0")
        assert status is not None
        assert status.standing is Standing.FINAL
    assert chain.received(recipient(0)) == 1


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("keep", [True, False])
async def test_a_reorganisation_opens_what_it_took(tmp_path: Path, depth: int, keep: bool) -> None:
    chain = FakeChain(final_after=6)
    async with Life(tmp_path, chain) as life:
        chain.mine(3)
        await life.sender.reconcile()
        await life.sender.send(payment())
        chain.mine(depth)
        await life.sender.reconcile()
        chain.reorganise(depth, keep=keep)
        done = await life.sender.reconcile()
        states = [change.state for change in done.changes]
        assert states == (["unresolved", "mined"] if keep else ["unresolved"])
        assert len(done.handed_out) == (0 if keep else 1)
        for _ in range(9):
            chain.mine()
            await life.sender.reconcile()
        status = await life.sender.status("withdrawal:0")
        assert status is not None
        assert status.standing is Standing.FINAL
        assert status.version.landing is not None
        assert chain.blocks[status.version.landing.block_number].hash == (
            status.version.landing.block_hash
        )
    assert chain.received(recipient(0)) == 1


async def test_a_payment_behind_a_trade_that_a_reorganisation_took_is_freed(
    tmp_path: Path,
) -> None:
    chain = FakeChain(final_after=8)
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        await life.sender.send(trade(0, 1))
        chain.mine()
        await life.sender.reconcile()
        sent = await life.sender.send(payment(1))
        assert sent.version.nonce == 1
        chain.reorganise(1)
        chain.mine()
        await life.sender.reconcile()  # the trade's window is over, its nonce is a gap
        for _ in range(12):
            chain.mine()
            await life.sender.reconcile()
        status = await life.sender.status("withdrawal:1")
        assert status is not None
        assert status.standing is Standing.FINAL
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (0, 1)


async def leave_a_gap(life: Life, chain: FakeChain) -> None:
    """A trade whose block was taken back too late to be sent again, and a payment behind it."""
    await life.sender.send(trade(0, 1))
    chain.mine()
    await life.sender.reconcile()
    await life.sender.send(payment(1))
    chain.reorganise(1)
    chain.mine(2)


async def test_a_stop_right_before_a_nonce_is_spent_on_nothing_ends_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = FakeChain(final_after=8)
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        await leave_a_gap(life, chain)

        def set_just_now(before: str) -> None:
            raise StopLatched(f"{before} was refused")

        with monkeypatch.context() as patched:
            patched.setattr(life.stop, "check", set_just_now)
            await life.sender.reconcile()
        assert len(life.sender.outbox.slots()[0].versions) == 1
        await life.sender.reconcile()
        # Control: with the stop gone, the gap is filled at the next look.
        assert life.sender.outbox.slots()[0].newest.kind == "cancel"


async def test_without_a_key_what_waits_behind_a_gap_is_handed_out_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = FakeChain(final_after=8)
    async with Life(tmp_path, chain, relays=(relay(chain),)) as life:
        await leave_a_gap(life, chain)

        def not_here(*_: object) -> NoReturn:
            raise KeyNotHere("its key is not here any more")

        with monkeypatch.context() as patched:
            patched.setattr(PlainSigner, "sign", not_here)
            done = await life.sender.reconcile()
        assert len(life.sender.outbox.slots()[0].versions) == 1
        assert len(done.handed_out) == 1


async def test_a_missed_trade_in_the_public_mempool_blocks_nobody(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, public=FakeCarrier(chain, ["lost"])) as life:
        await life.sender.send(trade(0, 1))
        with pytest.raises(Underpriced):
            await life.sender.send(payment(1))
        chain.mine(2)
        await life.sender.reconcile()
        sent = await life.sender.send(payment(1))
        assert sent.version.nonce == 1
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        assert await life.sender.may_land() == ()
    assert (chain.received(recipient(0)), chain.received(recipient(1))) == (0, 1)


async def test_a_nonce_with_too_many_missed_trades_is_spent_on_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.sending.slots.MOST_VERSIONS", 3)
    chain = FakeChain()
    private = relay(chain, *["lost"] * 3)
    async with Life(tmp_path, chain, relays=(private,)) as life:
        for number in range(3):
            await life.sender.send(trade(number, chain.head.number + 1))
            chain.mine()
            await life.sender.reconcile()
        assert [v.kind for v in await life.sender.may_land()] == ["trade"] * 3 + ["cancel"]
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
        assert await life.sender.may_land() == ()
        sent = await life.sender.send(trade(9, chain.head.number + 1))
        assert sent.version.nonce == 1


async def test_a_receipt_off_the_canonical_chain_is_not_believed(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        chain.mine()
        chain.head.hash = "0x" + "99" * 32
        real = life.reader.receipt

        async def lying(name: str) -> object:
            receipt = await real(name)
            assert receipt is not None
            object.__setattr__(receipt, "block_hash", "0x" + "11" * 32)
            return receipt

        life.reader.receipt = lying  # type: ignore[method-assign, assignment]
        done = await life.sender.reconcile()
        assert done.changes == ()
        assert "nonce 0 is spent on chain, and by none" in done.fence


async def test_a_nonce_that_the_outbox_does_not_know_latches_the_stop(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        stranger_spends(chain, 0)
        done = await life.sender.reconcile()
        assert "counted 1 transactions" in str(done.stop)
        with pytest.raises(StopLatched):
            await life.sender.send(payment())
    # It survives a restart.
    async with Life(tmp_path, chain) as life:
        with pytest.raises(StopLatched, match="counted 1 transactions"):
            await life.sender.send(payment())
        life.sender.outbox.adopt(1, "ada")
        life.stop.clear("ada", life.stop.state())
        await life.sender.reconcile()
        sent = await life.sender.send(payment())
        assert sent.version.nonce == 1


async def test_a_pending_nonce_that_the_outbox_does_not_know_latches_too(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        from aineon.sending.signer import UnsignedTransaction

        thief = UnsignedTransaction(1, 0, recipient(5), 9, b"theft", 21_000, FEES)
        chain.submit(PlainSigner().sign(thief).raw)
        done = await life.sender.reconcile()
        assert done.stop.is_set


async def test_a_stranger_in_our_nonce_is_proven_before_it_is_signed_anew(tmp_path: Path) -> None:
    chain = FakeChain(final_after=6)
    carrier = FakeCarrier(chain, ["lost"] * 99)
    async with Life(tmp_path, chain, public=carrier) as life:
        await life.sender.send(payment())
        stranger_spends(chain, 0)
        done = await life.sender.reconcile()
        assert "spent on chain, and by none" in done.fence
        assert not done.stop.is_set
        with pytest.raises(NonceFenced, match="by none of the transactions signed for it"):
            await life.sender.send(payment(1))
        chain.mine(3)
        done = await life.sender.reconcile()
        assert done.stop.is_set
        assert done.foreign == ()
        chain.mine(4)
        done = await life.sender.reconcile()
        assert [(spend.nonce, spend.block_number) for spend in done.foreign] == [(0, 1)]
        assert f"nonce 0 was spent by {done.foreign[0].transaction_hash}" in str(done.stop)
        life.stop.clear("ada", life.stop.state())
        carrier.faults.clear()
        await life.sender.reconcile()
        again = await life.sender.send(payment())
        assert again.version.nonce == 1
        chain.mine()
    assert chain.received(recipient(0)) == 1


async def test_lost_receipts_alone_never_sign_anew(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        life.reader.forgets_receipts = True
        for _ in range(9):
            chain.mine()
            done = await life.sender.reconcile()
        assert done.stop.is_set
        assert done.foreign == ()
        life.stop.clear("ada", life.stop.state())
        with pytest.raises(NonceFenced):
            await life.sender.send(payment())
        life.reader.forgets_receipts = False
        await life.sender.reconcile()
        done = await life.sender.reconcile()
        status = await life.sender.status("withdrawal:0")
        assert status is not None
        assert status.standing is Standing.FINAL
    assert chain.received(recipient(0)) == 1


async def test_a_node_far_behind_is_an_obstacle_and_no_alarm(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        chain.mine(6)
        await life.sender.reconcile()
        await life.sender.reconcile()
    async with Life(tmp_path, FakeChain()) as life:
        assert not life.stop.state().is_set
        with pytest.raises(NonceFenced, match="it is behind"):
            await life.sender.send(payment(1))


async def test_the_stop_is_asked_before_the_signature_and_before_the_bytes_leave(
    tmp_path: Path,
) -> None:
    chain = FakeChain()
    carrier = FakeCarrier(chain)
    async with Life(tmp_path, chain, public=carrier) as life:
        life.stop.latch("a test", "ada")
        with pytest.raises(StopLatched, match="signing was refused.*a test"):
            await life.sender.send(payment())
        assert await life.sender.status("withdrawal:0") is None
        life.stop.clear("ada", life.stop.state())

    def latch(point: str) -> None:
        if point == "after the commit of the signed bytes":
            life.stop.latch("between", "ada")

    async with Life(tmp_path, chain, public=carrier, crash=latch) as life:
        with pytest.raises(StopLatched, match="broadcasting was refused.*between"):
            await life.sender.send(payment())
        assert carrier.parcels == []
        done = await life.sender.reconcile()
        assert done.handed_out == ()
        assert [v.state for v in await life.sender.may_land()] == ["signed"]
        life.stop.clear("ada", life.stop.state())
        done = await life.sender.reconcile()
        assert len(done.handed_out) == 1


async def test_two_engines_never_sign_together(tmp_path: Path) -> None:
    chain = FakeChain()
    clock = ManualClock(1000.0)
    async with Life(tmp_path, chain, clock=clock, holder="first") as first:
        second = Life(tmp_path, chain, clock=clock, holder="second")
        with pytest.raises(LeaseHeld, match="first signs for 0xa1"):
            await second.sender.start()
        clock.advance(60.0)  # the first one sleeps through its lease
        await second.sender.start()
        await second.sender.send(payment(1))
        with pytest.raises(LeaseLost, match="the lease belongs to second"):
            await first.sender.send(payment(2))
        with pytest.raises(LeaseLost):
            await first.sender.reconcile()
        await second.close()
    async with Life(tmp_path, chain, clock=clock, holder="third") as third:
        assert await third.sender.status("withdrawal:2") is None
        assert await third.sender.status("withdrawal:1") is not None


async def test_a_stale_look_at_the_chain_is_renewed_before_signing(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        life.reader.asked.clear()
        await life.sender.send(payment())
        assert life.reader.asked == []
        life.clock.advance(FRESH_SECONDS + 1)
        stranger_spends(chain, 0)
        with pytest.raises(NonceFenced):
            await life.sender.send(payment(1))


async def test_nothing_is_sent_before_the_start(tmp_path: Path) -> None:
    life = Life(tmp_path, FakeChain())
    with pytest.raises(SendingError, match="not started"):
        await life.sender.send(payment())
    await life.close()


async def test_the_simulation_signs_nothing(tmp_path: Path) -> None:
    with BookStore.open(database_url(tmp_path / "simulation.db"), Book.SIMULATION) as store:
        chain = FakeChain()
        stop = Stop([StopFile(tmp_path / "STOP")])
        carrier = FakeCarrier(chain)
        with pytest.raises(MixedBooks, match="signs and sends nothing"):
            Sender(store, PlainSigner(), FakeReader(chain), stop, public=carrier)


async def test_nobody_to_hand_anything_to(tmp_path: Path) -> None:
    with BookStore.open(database_url(tmp_path / "live.db"), Book.LIVE) as store:
        stop = Stop([StopFile(tmp_path / "STOP")])
        with pytest.raises(SendingError, match="name relays, or allow the public mempool"):
            Sender(store, PlainSigner(), FakeReader(FakeChain()), stop)


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        for number in range(16):
            await life.sender.send(payment(number))
        with pytest.raises(NonceWaiting, match="16 earlier nonces"):
            await life.sender.send(payment(16))
        chain.mine()
        await life.sender.reconcile()
        await life.sender.send(payment(16))
        chain.mine()
    assert all(chain.received(recipient(number)) == 1 for number in range(17))
    assert chain.count(SENDER) == 17
