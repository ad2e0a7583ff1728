"""One withdrawal's whole story, and all of them as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from aineon.ledger.explorers import transaction_url
from aineon.treasury.approvals import Approval
from aineon.treasury.snapshot import Snapshot
from app import format as fmt
from app.components import tables
from app.components import withdrawals_words as words
from app.state import client


def files() -> None:
    """Offer all withdrawals as JSON and as CSV; name and rows say whose money it is."""
    with st.container(horizontal=True):
        for ending in ("json", "csv"):
            export = client().export_withdrawals(ending)
            st.download_button(
                f"Download {ending.upper()} ({client().settings.mode.value})",
                data=partial(_text, ending),
                file_name=export.file_name,
                mime=export.media_type,
                key=f"download-withdrawals-{ending}",
                on_click="ignore",
                icon=":material/download:",
            )


def _text(ending: str) -> str:
    return client().export_withdrawals(ending).text()


def story(seen: Snapshot) -> None:
    """Draw everything that happened to the withdrawal that is chosen."""
    if not seen.newest:
        return
    known = {each.id: each for each in seen.newest}
    chosen = st.selectbox(
        "One of them",
        list(known),
        key="withdrawal",
        bind="query-params",
        # Nothing that changes: a field that is filled in keeps the words it was filled in with.
        format_func=lambda name: (
            f"{name} · {words.asset_amount(known[name].asset, known[name].amount)}"
            if name in known
            else name
        ),
    )
    if chosen not in known:
        return
    found = client().withdrawal_history(chosen)
    each = found.withdrawal
    st.markdown(
        f"**{fmt.plain(words.asset_amount(each.asset, each.amount))}** → "
        f"**{fmt.plain(words.named(each.destination, seen))}**, {words.state_of(each)}: "
        f"{fmt.plain(words.why_of(each))}."
    )
    link = transaction_url(each.chain_id, each.transaction_hash)
    if link is not None:
        st.link_button("Look the transaction up", link, icon=":material/open_in_new:")
    elif each.transaction_hash is not None:
        st.caption(f"Transaction {each.transaction_hash}, on a chain that no explorer lists.")
    st.caption(f"Digest {each.digest}")
    tables.show(
        [
            {
                "Time (UTC)": fmt.time_cell(event.at),
                "What": event.what,
                "State": event.new.value,
                "By": event.who,
                "Reason": event.reason,
                "Version": event.version,
                "Audit entry": event.audit,
            }
            for event in found.events
        ],
        "Nothing happened to it.",
        Reason=st.column_config.TextColumn(width=480),
    )
    _approvals(found.approvals)


def _approvals(given: tuple[Approval, ...]) -> None:
    rows = [
        {
            "Time (UTC)": fmt.time_cell(each.at),
            "Approved by": each.who,
            "Second person": "no, alone" if each.alone else "yes",
            "Version": each.version,
            "Stands": "yes" if each.voided_at is None else "void since an edit",
        }
        for each in given
    ]
    tables.show(rows, "Nobody has approved it.")
