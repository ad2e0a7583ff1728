"""The checklist of live mode: every point, met or not, with words.

It is asked of the process that has the keys, and says of them only whose they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from aineon.runtime.agreement import missing_for_live
from aineon.runtime.doctor import Check, Verdict
from aineon.runtime.going_live import people_finding
from aineon.runtime.live_check import check_of, look_at_chain
from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.settings import Settings
from aineon.runtime.stop_desk import stop_desk

MET: Final = "met"
NOT_MET: Final = "not met"


def live_points(settings: Settings) -> tuple[Check, ...]:
    """Look at everything that live mode needs; starts, signs and sends nothing."""
    return (
        *_of_settings(settings),
        check_of(people_finding(settings)),
        _of_stop(settings),
        *asyncio.run(look_at_chain(settings)),
    )


def terminal_points(settings: Settings) -> tuple[Check, ...]:
    """Look at what live mode needs beside its settings where it is started at the terminal.

    Whoever holds the terminal needs no one-time code; the console asks for one.
    """
    people = people_finding(settings)
    verdict = Verdict.OK if people.ok else Verdict.NOTE
    return (
        Check(people.name, verdict, people.words),
        _of_stop(settings),
        *asyncio.run(look_at_chain(settings)),
    )


def live_lines(settings: Settings) -> str:
    """Return the points as lines of text: `met: NAME: words`."""
    mask = Redactor(secrets_of(settings)).text
    return "\n".join(
        f"{NOT_MET if point.verdict is Verdict.PROBLEM else MET}: {point.name}: "
        f"{mask(' '.join(point.words.split()))}"
        for point in live_points(settings)
    )


def _of_settings(settings: Settings) -> Iterator[Check]:
    missing = [*missing_for_live(settings), *settings.ignored]
    if not missing:
        yield Check("settings", Verdict.OK, "all that live mode needs is set, and in force")
    for sentence in missing:
        yield Check("settings", Verdict.PROBLEM, sentence)


def _of_stop(settings: Settings) -> Check:
    """Under the emergency stop nothing would be signed."""
    if not settings.data_dir.exists():
        # A look creates nothing; a place that was there and went would count as set.
        return Check("stop", Verdict.OK, "the emergency stop is not set: no data folder yet")
    with stop_desk(settings) as desk:
        state = desk.stop.state()
    if state.is_set:
        return Check("stop", Verdict.PROBLEM, f"the emergency stop is set: {state}")
    return Check("stop", Verdict.OK, "the emergency stop is not set")
