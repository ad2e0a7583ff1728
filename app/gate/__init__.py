"""The gate in front of the console: sessions, sign-in pages, and what never passes.

It stands before Streamlit and everything else on the port, and needs nothing of it.
"""
