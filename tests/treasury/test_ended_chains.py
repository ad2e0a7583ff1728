"""What was asked for on one chain is never paid on another, and ends with its chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import WithdrawalMoved
from aineon.primitives import ETHER, Book
from aineon.treasury import Desk, House, Payment, Strategy, TreasuryStore, Withdrawal
from aineon.treasury import WithdrawalState as S
from tests.treasury.desks import DAY, NOON, POLICY, SAVINGS, WEI, AuditInMemory
from tests.treasury.template import open_book

OLD, NEW = 31_337_001, 31_337_002


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """The same book's desks on one chain and on the next one."""
    house = House(OLD, POLICY, (ETHER,))
    with open_book(tmp_path, Book.REHEARSAL) as book:
        store = TreasuryStore(book)
        old, new = (
            Desk(store, replace(house, chain_id=chain), AuditInMemory()) for chain in (OLD, NEW)
        )
        old.add_destination(SAVINGS, "savings", who="anna", at=NOON - 2 * DAY)
        yield old, new


def cooled(desk: Desk) -> Withdrawal:
    """Half an ether, which needs no approval."""
    payment = Payment(ETHER, WEI // 2, SAVINGS, Strategy.STANDARD)
    return desk.request(payment, who="anna", at=NOON)


LATER = NOON + 3600


def test_it_is_due_on_its_own_chain_alone(desks: tuple[Desk, Desk]) -> None:
    old, new = desks
    asked = cooled(old)
    assert new.dispatch.due(LATER) == ()
    with pytest.raises(WithdrawalMoved, match=f"approved for chain {OLD}"):
        new.dispatch.advance(asked, S.SIGNED, "handed over", LATER)
    # Control: there it is due, and may be signed.
    assert old.dispatch.due(LATER) == (asked,)
    signed = old.dispatch.advance(asked, S.SIGNED, "handed over", LATER)
    assert (old.dispatch.out(), new.dispatch.out()) == ((signed,), ())
    marked = old.cancel(signed.id, who="anna", at=LATER)
    assert (old.dispatch.to_cancel(), new.dispatch.to_cancel()) == ((marked,), ())


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ((), S.EXPIRED),
        ((S.SIGNED,), S.CANCELLED),
        ((S.SIGNED, S.BROADCAST), S.CANCELLED),
        ((S.SIGNED, S.BROADCAST, S.MINED), S.FAILED),
        ((S.SIGNED, S.BROADCAST, S.MINED, S.CONFIRMED), S.CONFIRMED),
    ],
)
def test_it_ends_with_its_chain(desks: tuple[Desk, Desk], path: tuple[S, ...], end: S) -> None:
    old, new = desks
    left = cooled(old)
    for state in path:
        left = old.dispatch.advance(left, state, "on its way", LATER)
    assert new.dispatch.end_chains(lambda chain: False, LATER) == ()
    new.dispatch.end_chains(lambda chain: chain != NEW, LATER)
    assert new.store.get(left.id).state is end
    # Nothing of it counts any more, unless it was paid.
    with new.store.reading() as treasury:
        assert treasury.used(LATER).count == (1 if end is S.CONFIRMED else 0)
