"""The rehearsal: real protocols on a chain of our own, and the live path with play money."""
