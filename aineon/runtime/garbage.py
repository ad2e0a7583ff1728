"""Keeping what a process has loaded out of Python's collections of garbage."""

from __future__ import annotations

import gc

from aineon.engine.events import EngineEvent, StepProcessed

# Steps between two collections of what is young: a block makes some thousands of values and next
# to no cycles of them. With Python's own 700, a tenth of a block's time went into looking.
_YOUNG = 50_000


def freeze_loaded() -> None:
    """Keep what is there out of collections, and collect what is young less often.

    A full collection walks over every module, pool and tick, which takes the time of many
    blocks, and finds nothing: they all live as long as the process. Frozen objects are left
    out; what is replaced later is freed all the same, when nobody refers to it any more. It is
    for processes that are the engine's own, not for a library's user.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


class FreezeWhenLoaded:
    """Listens to an engine, and freezes what is there when the market has been loaded."""

    def __init__(self) -> None:
        self._frozen = False

    def follow(self, event: EngineEvent) -> None:
        """Freeze after the first step, which brings the pools."""
        if not self._frozen and isinstance(event, StepProcessed):
            self._frozen = True
            freeze_loaded()
