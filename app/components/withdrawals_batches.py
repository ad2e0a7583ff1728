"""Batches: which withdrawals went, or go, in one transaction, and what each paid of its gas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from aineon.ledger.explorers import transaction_url
from aineon.treasury.snapshot import Snapshot
from aineon.treasury.withdrawal import Withdrawal
from app import format as fmt
from app.components import onchain, tables
from app.components import withdrawals_words as words
from app.state import client

_SHOWN = 20


def draw(seen: Snapshot) -> None:
    """Draw the newest batches; nothing where no withdrawal shared a transaction yet."""
    found = _batches(seen)
    if not found:
        return
    st.header("Batches", anchor=False)
    st.caption(
        "Withdrawals of one asset and one gas strategy that are due together leave in one "
        "transaction, where that takes less gas than one for each."
    )
    tables.show(
        # Read whole: some parts of a batch may be older than what the page holds.
        [_row(name, client().withdrawals_of(name), seen) for name in found[:_SHOWN]],
        "",
        alt="Withdrawals that share a transaction",
        **{
            "Gas (ETH)": tables.ether_column("Gas (ETH)", "of the whole transaction"),
            "Each pays (ETH)": tables.ether_column("Each pays (ETH)"),
            "To": st.column_config.TextColumn(width=400),
            "Look up": onchain.columns()["Look up"],
        },
    )


def _batches(seen: Snapshot) -> list[str]:
    """The names of the batches, the one that changed last first."""
    found = (*seen.under_way, *seen.newest)
    latest = sorted(found, key=lambda each: each.changed_at, reverse=True)
    return list(dict.fromkeys(each.batch_id for each in latest if each.batch_id is not None))


def _row(name: str, members: Sequence[Withdrawal], seen: Snapshot) -> dict[str, Any]:
    first = members[0]
    paid = [each.gas_wei for each in members if each.gas_wei is not None]
    gas = sum(paid) if len(paid) == len(members) else None
    total = sum(each.amount for each in members)
    return {
        "Changed (UTC)": fmt.time_cell(max(each.changed_at for each in members)),
        "State": ", ".join(dict.fromkeys(words.state_of(each) for each in members)),
        "Withdrawals": len(members),
        "Amount": words.asset_amount(first.asset, total),
        "To": "; ".join(words.named(each.destination, seen) for each in members),
        "Gas (ETH)": fmt.decimal(gas),
        "Each pays (ETH)": None if gas is None else fmt.decimal(gas // len(members)),
        "Batch": name,
        "Transaction": first.transaction_hash,
        "Look up": transaction_url(first.chain_id, first.transaction_hash) or "",
    }
