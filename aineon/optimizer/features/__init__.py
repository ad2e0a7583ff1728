"""Features: what is known of an opportunity when it is decided whether to attempt it."""
