"""The Streamlit console: it reads the engine's heartbeat and book, and asks through `actions`."""
