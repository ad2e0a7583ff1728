"""Which changes of a setting let more through than before: more money, sooner, or by more ways.

A parameter names one of these as its `lets_more`. Such a change takes a fresh one-time code;
its opposite may be made by whoever may stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def higher(old: Any, new: Any) -> bool:
    """A ceiling: more of it lets more through."""
    return bool(new > old)


def lower(old: Any, new: Any) -> bool:
    """A floor, or a time that is waited: less of it lets more through."""
    return bool(new < old)


def switched_on(old: Any, new: Any) -> bool:
    """What happens only where it is on."""
    return bool(new) and not old


def names_another(old: Sequence[str], new: Sequence[str]) -> bool:
    """What is done with those alone that are named."""
    return not _named(new) <= _named(old)


def allows_another(old: Sequence[str], new: Sequence[str]) -> bool:
    """A list of what alone is allowed, on which nobody means everybody."""
    return bool(old) and (not new or names_another(old, new))


def denies_one_less(old: Sequence[str], new: Sequence[str]) -> bool:
    """A list of what is never allowed."""
    return names_another(new, old)


def fewer_people(old: Any, new: Any) -> bool:
    """How many operate the treasury: a single one needs nobody else."""
    return str(old) != str(new) and str(new) == "single"


def _named(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
