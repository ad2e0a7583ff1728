"""Stopping what runs in the foreground: a signal cancels it, so that it can end in order."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def cancel_on_signals() -> None:
    """From now on let the first signal to stop cancel the task that runs this."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if not stopped and task is not None:
            stopped = True
            loop.call_soon_threadsafe(task.cancel)

    for name in _STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
