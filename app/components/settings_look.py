"""How the console looks: light or dark, which each browser chooses for itself."""

from __future__ import annotations

import streamlit as st


def draw() -> None:
    """Say which theme is worn, and where it is chosen."""
    st.header("Theme", anchor=False)
    worn = st.context.theme.type or "not known"
    st.markdown(f"This browser wears the **{worn}** theme.")
    st.caption(
        "Each browser chooses for itself: open the menu at the top right, then Settings, and pick "
        "light, dark, or the system's own. Words and signs stand beside every colour in both."
    )
