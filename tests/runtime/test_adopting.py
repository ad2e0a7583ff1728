"""A key that was used before: somebody answers for what it sent, or it signs nothing here."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.errors import AuditUnwritable, LeaseHeld, SendingError
from aineon.primitives import ManualClock
from aineon.runtime.adopting import adopt, history_of
from tests.sending.engines import Life, open_book, payment
from tests.sending.fakes import CHAIN_ID, SENDER, FakeChain, FakeReader, PlainSigner
from tests.treasury.desks import AuditInMemory

CLOCK = ManualClock(1_800_000_000.0)


def used_before(chain: FakeChain, times: int = 2) -> None:
    """Somebody signs with the key elsewhere, and it is mined for good."""
    from aineon.sending.signer import UnsignedTransaction

    for nonce in range(times):
        known = payment(900 + nonce)
        spent = UnsignedTransaction(
            CHAIN_ID, nonce, known.to, known.value, b"", known.gas_limit, known.fees
        )
        chain.submit(PlainSigner().sign(spent).raw)
        chain.mine()
    chain.mine(chain.final_after)


async def test_a_history_that_is_adopted_lets_the_key_sign(tmp_path: Path) -> None:
    """Control: without it, the first look latches the stop."""
    chain, audit = FakeChain(), AuditInMemory()
    used_before(chain)
    with open_book(tmp_path) as store:
        seen = await history_of(FakeReader(chain), store, SENDER)
        assert (seen.known, seen.counted, seen.phrase) == (0, 2, f"{SENDER[2:10]} 2")
        adopt(store, seen, f" {seen.phrase.upper()}\n", "ada", audit, CLOCK)
    assert audit.actions == ["key.adopt"]
    async with Life(tmp_path, chain) as life:
        assert not (await life.sender.reconcile()).stop.is_set
        assert (await life.sender.send(payment())).version.nonce == 2


async def test_nothing_is_adopted_without_the_phrase_the_audit_or_the_lease(tmp_path: Path) -> None:
    chain, audit = FakeChain(), AuditInMemory()
    used_before(chain)
    with open_book(tmp_path) as store:
        seen = await history_of(FakeReader(chain), store, SENDER)
        with pytest.raises(SendingError, match="nothing was adopted"):
            adopt(store, seen, "yes", "ada", audit, CLOCK)
        audit.broken = True
        with pytest.raises(AuditUnwritable):
            adopt(store, seen, seen.phrase, "ada", audit, CLOCK)
        audit.broken = False
        assert (await history_of(FakeReader(chain), store, SENDER)).known == 0
    async with Life(tmp_path, chain) as life:
        with open_book(tmp_path) as store, pytest.raises(LeaseHeld):
            adopt(store, seen, seen.phrase, "ada", audit, life.clock)
    assert audit.actions == []


async def test_what_is_not_final_yet_is_not_adopted(tmp_path: Path) -> None:
    chain = FakeChain()
    used_before(chain, 1)
    chain.reorganise(chain.final_after + 1, keep=True)
    chain.blocks = chain.blocks[:2]
    with open_book(tmp_path) as store, pytest.raises(SendingError, match="not final yet"):
        await history_of(FakeReader(chain), store, SENDER)


async def test_where_all_is_explained_there_is_nothing_to_adopt(tmp_path: Path) -> None:
    chain = FakeChain()
    with open_book(tmp_path) as store, pytest.raises(SendingError, match="nothing to adopt"):
        await history_of(FakeReader(chain), store, SENDER)
