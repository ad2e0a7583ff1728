"""Sizing: how much to put into a cycle; `docs/sizing.md` says how it is found."""

from aineon.search.sizing.optimum import approximate_input, optimal_input

__all__ = ["approximate_input", "optimal_input"]
