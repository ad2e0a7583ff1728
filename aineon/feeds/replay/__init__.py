"""Playing recorded blocks, and recording them; the formats are in docs/recording-format.md."""

from aineon.feeds.replay.header import Header
from aineon.feeds.replay.player import ReplayFeed
from aineon.feeds.replay.recorder import Recorder, record

__all__ = ["Header", "Recorder", "ReplayFeed", "record"]
