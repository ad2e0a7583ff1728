"""The accounts, the roll-ups and their migration on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from aineon.ledger.accounts import NATIVE, wallet
from aineon.ledger.accounts.names import GAS
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.connect import postgres_url
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import RehearsalMoney
from tests.ledger.accounts.chain import (
    OPERATOR,
    TREASURY,
    attempted,
    begin,
    open_rehearsal,
    settled,
)
from tests.ledger.booked import NOON, WETH
from tests.postgres_server import postgres_server


@pytest.fixture
def store() -> Iterator[BookStore]:
    with (
        postgres_server() as server,
        open_rehearsal(postgres_url(server, "aineon_rehearsal")) as opened,
    ):
        yield opened


def test_trades_are_posted_and_read_as_on_sqlite(store: BookStore) -> None:
    run_id = begin(store)
    store.write(
        attempts=[attempted(run_id, 1), attempted(run_id, 2, strategy_run="other")],
        settlements=[settled(1, gross=2**200), settled(2, gross=None)],
    )
    reader = BookReader.of(store)
    accounts = AccountsReader(reader)
    balances = {(each.account, each.token): each.amount for each in accounts.balances()}
    assert balances[wallet(TREASURY), WETH] == 2**200 - 3
    assert balances[wallet(OPERATOR), NATIVE] == -14
    assert balances[GAS, NATIVE] == 14
    assert accounts.unbalanced() == ()
    assert len(accounts.recent_entries()) == 2
    runs = ProfitTracker(reader).strategy_runs()
    assert (runs.runs, runs.known, runs.profitable) == (2, 2, 1)
    assert (runs.best_net, runs.worst_net) == (RehearsalMoney(2**200 - 10), RehearsalMoney(-7))
    assert ProfitTracker(reader).summary("all", NOON + 99).failed_gas == RehearsalMoney(7)
    for bad in ("amount = 0", "amount = -1", "source = destination"):
        with pytest.raises(IntegrityError), store.engine.begin() as connection:
            connection.execute(text(f"UPDATE account_moves SET {bad}"))
    reader.close()
