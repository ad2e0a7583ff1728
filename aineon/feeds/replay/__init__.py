"""Playing recorded blocks, and recording them; the formats are in docs/recording-format.md."""

from aineon.feeds.replay.balancer_pools import RecordedPools, RefusedPool, load_balancer_pools
from aineon.feeds.replay.header import Header
from aineon.feeds.replay.player import ReplayFeed
from aineon.feeds.replay.recorder import Recorder, record

__all__ = [
    "Header",
    "RecordedPools",
    "Recorder",
    "RefusedPool",
    "ReplayFeed",
    "load_balancer_pools",
    "record",
]
