"""Batches on the withdrawals page: what shared a transaction, and what each paid of its gas."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aineon.primitives import Token
from aineon.treasury.withdrawal import WithdrawalState
from app.components import tables, withdrawals_batches
from tests.treasury.desks import SAVINGS

ETHER = 10**18
COIN = Token("0x" + "c0" * 20, symbol="USDC", decimals=6)


def paid(name: str, batch: str | None, gas: int | None = 3, **changes: Any) -> Any:
    plain = {"id": name, "batch_id": batch, "gas_wei": gas, "changed_at": 1.0, "amount": 2 * 10**6}
    plain |= {"asset": COIN, "destination": SAVINGS, "chain_id": 1, "transaction_hash": "0xab"}
    plain |= {"state": WithdrawalState.CONFIRMED, "cancel_asked_by": None, "waits_because": None}
    return SimpleNamespace(**plain | changes)


def drawn(
    monkeypatch: pytest.MonkeyPatch, under_way: list[Any], newest: list[Any], *older: Any
) -> list[Any]:
    """What is shown where the page holds `under_way` and `newest`, and the treasury `older`."""
    shown: list[Any] = []
    treasury = {each.id: each for each in (*under_way, *newest, *older)}.values()
    reading = SimpleNamespace(
        withdrawals_of=lambda name: [each for each in treasury if each.batch_id == name]
    )
    monkeypatch.setattr(withdrawals_batches, "client", lambda: reading)
    monkeypatch.setattr(tables, "show", lambda rows, *_, **__: shown.extend(rows))
    seen = SimpleNamespace(under_way=under_way, newest=newest, entry=lambda address: None)
    withdrawals_batches.draw(seen)  # type: ignore[arg-type]
    return shown


def test_members_are_told_together_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = paid("a", "one"), paid("b", "one", gas=4, changed_at=5.0)
    [late, early] = drawn(
        monkeypatch, [first], [first, second, paid("c", None), paid("d", "two", 9)]
    )
    assert (late["Batch"], late["Withdrawals"]) == ("one", 2)
    assert late["Amount"] == "4 USDC"
    assert (late["Gas (ETH)"] * ETHER, late["Each pays (ETH)"] * ETHER) == (7, 3)
    assert (early["Batch"], early["Withdrawals"]) == ("two", 1)


def test_members_that_the_page_does_not_hold_count(monkeypatch: pytest.MonkeyPatch) -> None:
    [row] = drawn(monkeypatch, [], [paid("b", "one")], paid("a", "one"), paid("c", "one"))
    assert (row["Withdrawals"], row["Amount"]) == (3, "6 USDC")
    assert (row["Gas (ETH)"] * ETHER, row["Each pays (ETH)"] * ETHER) == (9, 3)


def test_gas_that_is_not_known_of_all_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    [row] = drawn(monkeypatch, [], [paid("a", "one"), paid("b", "one", gas=None)])
    assert row["Gas (ETH)"] is None
    assert row["Each pays (ETH)"] is None


def test_without_a_batch_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, [], [paid("a", None)]) == []
