"""The real protocols, deployed from the bytecode that their makers publish."""
