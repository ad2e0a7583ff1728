"""Where markets come from: the sandbox, recordings."""

from aineon.feeds.base import Feed, FeedStep, Rewind, Taking

__all__ = ["Feed", "FeedStep", "Rewind", "Taking"]
