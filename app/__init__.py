"""The Streamlit console: it reads the engine's heartbeat and book, and never writes."""
