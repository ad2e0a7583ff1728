"""Versions of the optimizer's models, and going back to an earlier one."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import format as fmt
from app.actions import Action
from app.components import settings_asking as asking
from app.components import tables
from app.components.confirming import confirmation
from app.components.optimizer_told import told_in
from app.effects.optimizer import BOOK, VERSION
from app.models_seen import ModelSeen, ModelsSeen
from app.state import client

_FORM: Final = "roll_back"


def listed() -> None:
    """Draw the versions of the newest run's market that lie on this machine."""
    st.subheader("Model versions", anchor=False)
    told = told_in(client().heartbeat())
    if told is not None:
        st.caption(told.training)
    seen = client().models()
    if seen.trouble:
        st.warning(fmt.plain(seen.trouble), icon=":material/warning:")
    tables.show(
        [_row(each, seen) for each in seen.models],
        "No model has been trained on this market yet, or none lies on this machine.",
        alt="The models that are kept: what each was trained on, and when it was in use",
        Words=st.column_config.TextColumn(width=420),
    )


def form() -> None:
    """Offer the way back to a model that was in use before."""
    former = _former()
    if not former:
        st.caption("There is no former model to go back to.")
    elif asking.allowed(Action.ROLL_BACK_MODEL):
        _fields(former)
    asking.told(_FORM)


def _former() -> tuple[str, ...]:
    """Versions to go back to: those that lie here, or else those that the engine tells of."""
    told = told_in(client().heartbeat())
    return client().models().former or (() if told is None else told.champions[1:])


def _fields(former: tuple[str, ...]) -> None:
    with st.form(_FORM, border=True):
        version = st.selectbox("Go back to", former, key=f"{_FORM}_version")
        is_sure = st.checkbox(
            "This model is to have its say from the next block on, in place of the present one.",
            key=f"{_FORM}_sure",
        )
        code = confirmation(Action.ROLL_BACK_MODEL, _FORM)
        pressed = st.form_submit_button("Roll back", icon=":material/history:")
    st.caption(
        "It is in use at once. A later training may promote another one; "
        "AINEON_OPTIMIZER_TRAINING=off keeps it from that."
    )
    if pressed and not is_sure:
        st.warning("Tick that you mean it; nothing was changed.", icon=":material/block:")
    elif pressed:
        body = {VERSION: version or "", BOOK: client().settings.mode.value}
        asking.submit(Action.ROLL_BACK_MODEL, _FORM, body, code)
        st.rerun()


def _row(model: ModelSeen, seen: ModelsSeen) -> dict[str, object]:
    is_champion = model.version == seen.champion
    return {
        "State": "in use" if is_champion else "refused" if model.rows is None else "kept",
        "Version": model.version,
        "Trained from (UTC)": fmt.time_cell(model.began_at),
        "To (UTC)": fmt.time_cell(model.trained_at),
        "Rows": model.rows,
        "Put to use (UTC)": fmt.time_cell(model.used_at),
        "Words": model.words,
    }
