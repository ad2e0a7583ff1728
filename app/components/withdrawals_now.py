"""What of a treasury changes by itself: balances, limits used, what is under way, answers."""

from __future__ import annotations

from typing import Any

import streamlit as st

from aineon.ledger.accounts.names import address_of, is_wallet
from aineon.ledger.accounts.reading import AccountBalance
from aineon.ledger.explorers import transaction_url
from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import Address, Token
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.withdrawal import Withdrawal
from app import format as fmt
from app.components import money, onchain, tables
from app.components import withdrawals_words as words
from app.components.limits import limit_in_force
from app.state import client

COMMANDS_SHOWN = 8


def limits(seen: Snapshot, heartbeat: Heartbeat | None) -> None:
    """Draw how much of the limits is used, with what is under way."""
    used = seen.used
    daily = limit_in_force("daily_withdrawal_limit_wei", heartbeat)
    count = limit_in_force("daily_withdrawal_count", heartbeat)
    least = limit_in_force("min_withdrawal_wei", heartbeat)
    most = limit_in_force("max_withdrawal_wei", heartbeat)
    columns = money.row("withdrawals")
    with columns[0]:
        note = f"of {daily.text} in 24 hours"
        money.figure("Under way or paid", f"{fmt.amount(used.worth_wei, 18)} ETH", "", note)
    with columns[1]:
        money.figure("Withdrawals", fmt.count(used.count), "", f"of {count.text} in 24 hours")
    with columns[2]:
        money.figure("At once", most.text, "", f"at least {least.text}")
    with columns[3]:
        note = "somebody must decide" if seen.pending else "nothing to decide"
        money.figure("Wait for approval", fmt.count(len(seen.pending)), "", note)


def balances(seen: Snapshot) -> None:
    """Draw what our accounts hold, and how much of it is promised already."""
    st.header("What can leave", anchor=False)
    treasury = client().treasury_account()
    held = _held()
    first = [(a, e) for a, e in held if treasury in (None, a)]
    tables.show(
        [_balance_row(seen, address, each) for address, each in first],
        "The books hold nothing there yet: it is taken over with the first final block.",
        **{
            name: st.column_config.NumberColumn(format="%.6f")
            for name in ("Balance", "Under way", "Free")
        },
    )
    if treasury is None:
        st.caption(
            "Money leaves from the treasury's account alone. Which of ours that is, the engine "
            "tells with the first review of a withdrawal."
        )
    elif len(held) > len(first):
        others = ", ".join(
            f"{fmt.amount(each.amount, each.token.decimals)} {each.token} in {words.grouped(a)}"
            for a, each in held
            if a != treasury
        )
        st.caption(f"Not the treasury's, so it stays: {fmt.plain(others)}.")
    compared = client().reconciliation()
    if compared is not None:
        st.caption(
            f"As the books have it, compared with the chain at block {compared.block_number:,}: "
            f"{compared.verdict}. Wrapped ether counts as ether, and is unwrapped where ether is "
            "short; some ether stays for gas."
        )


def _held() -> list[tuple[Address, AccountBalance]]:
    """Return what our accounts hold; what the books have not taken over is not known."""
    ours = [each for each in client().accounts() if is_wallet(each.account)]
    known = [each for each in ours if each.opened_block is not None and each.amount]
    return [(address, each) for each in known if (address := address_of(each.account))]


def _balance_row(seen: Snapshot, address: str, held: AccountBalance) -> dict[str, Any]:
    decimals, promised = held.token.decimals, _promised(seen, held.token)
    return {
        "Asset": words.asset_name(held.token),
        "Balance": fmt.decimal(held.amount, decimals),
        "Under way": fmt.decimal(promised, decimals),
        "Free": fmt.decimal(held.amount - promised, decimals),
        "Account": words.grouped(address),
        "Smallest units": f"{held.amount:,}",
    }


def _promised(seen: Snapshot, asset: Token) -> int:
    return sum(each.amount for each in seen.under_way if each.asset == asset)


def under_way(seen: Snapshot, now: float) -> None:
    """Draw what was admitted and has not ended, with the time that is left."""
    st.header("Under way", anchor=False)
    rows = [
        {
            "State": words.state_of(each),
            "Next": words.next_of(each, now),
            "Amount": words.asset_amount(each.asset, each.amount),
            "To": words.named(each.destination, seen),
            "Why": words.why_of(each),
            "Asked by": each.requested_by,
            "From": each.origin.value,
            "Gas": each.strategy.value,
            "Batch": each.batch_id,
            "Id": each.id,
            "Transaction": each.transaction_hash,
            "Look up": transaction_url(each.chain_id, each.transaction_hash),
        }
        for each in seen.under_way
    ]
    tables.show(_lean(rows), "Nothing is under way.", **_columns())


def history(seen: Snapshot) -> None:
    """Draw the newest withdrawals of any state."""
    st.header("All withdrawals", anchor=False)
    rows = [_history_row(each, seen) for each in seen.newest]
    tables.show(_lean(rows), "Nothing was withdrawn, or asked for, in this book yet.", **_columns())


def _history_row(each: Withdrawal, seen: Snapshot) -> dict[str, Any]:
    return {
        "Changed (UTC)": fmt.time_cell(each.changed_at),
        "State": words.state_of(each),
        "Amount": words.asset_amount(each.asset, each.amount),
        "To": words.named(each.destination, seen),
        "Why": words.why_of(each),
        "Worth (ETH)": fmt.decimal(each.worth_wei),
        "Gas (ETH)": fmt.decimal(each.gas_wei),
        "Asked by": each.requested_by,
        "From": each.origin.value,
        "Batch": each.batch_id,
        "Id": each.id,
        "Block": each.block_number,
        "Transaction": each.transaction_hash,
        "Look up": transaction_url(each.chain_id, each.transaction_hash),
    }


def answers() -> None:
    """Draw what was asked of the engine lately, and its answers."""
    st.header("Asked lately", anchor=False)
    rows = [
        {
            "Time (UTC)": fmt.time_cell(each.at),
            "Asked for": each.kind,
            "By": each.who,
            "State": each.state.value,
            "Answer": each.answer or "the engine has not answered yet",
            "Book": each.book.value,
            "No.": each.number,
        }
        for each in client().treasury_commands(COMMANDS_SHOWN)
    ]
    tables.show(rows, "Nothing was asked for yet.", Answer=st.column_config.TextColumn(width=560))


def _columns() -> dict[str, Any]:
    return {
        "Why": st.column_config.TextColumn(width=320),
        "To": st.column_config.TextColumn(width=400),
        "Transaction": st.column_config.TextColumn(width=110),
        "Look up": onchain.columns()["Look up"],
        "Worth (ETH)": tables.ether_column("Worth (ETH)"),
        "Gas (ETH)": tables.ether_column("Gas (ETH)"),
    }


def _lean(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what no row has: batches, explorers of unknown chains."""
    empty = {name for name in ("Look up", "Batch") if not any(row.get(name) for row in rows)}
    return [{name: cell for name, cell in row.items() if name not in empty} for row in rows]
