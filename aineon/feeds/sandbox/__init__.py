"""The sandbox: a seeded synthetic market, the default feed, which needs no keys."""

from aineon.feeds.sandbox.feed import SandboxFeed
from aineon.feeds.sandbox.simulation import Simulation

__all__ = ["SandboxFeed", "Simulation"]
