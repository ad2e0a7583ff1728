"""Rivals: searchers who bid for the first place in the next block, as the sandbox knows them."""

from aineon.feeds.sandbox.rivals.changes import Change, ChangeKind
from aineon.feeds.sandbox.rivals.mixes import MIXES, RivalMix, mix_named

__all__ = ["MIXES", "Change", "ChangeKind", "RivalMix", "mix_named"]
