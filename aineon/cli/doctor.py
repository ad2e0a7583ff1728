"""`aineon doctor` on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aineon.cli.confirming import confirmed_at_terminal
from aineon.cli.failures import COULD_NOT_RUN, OK, reader_may_leave
from aineon.runtime.doctor import Check, Examination, Verdict, examine
from aineon.runtime.live_points import terminal_points
from aineon.runtime.settings import PARAMETERS, Settings

_STYLE = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.PROBLEM: "bold red"}
_WIDTH_WHERE_NOBODY_LOOKS = 160


def show(settings: Settings, *, live: bool) -> int:
    """Print the examination; returns the exit code.

    0 where simulation can run; with `live`, only where live mode can.
    """
    console = Console()
    if not console.is_terminal:
        # In a file or a pipe, nothing is to be cut off.
        console = Console(width=_WIDTH_WHERE_NOBODY_LOOKS)
    if live:
        settings = confirmed_at_terminal(settings)
    found = examine(settings)
    beside = terminal_points(settings) if live else ()
    with reader_may_leave():
        console.print(_settings_table(settings))
        console.print(_checks_table("Checks", found.checks))
        if beside:
            console.print(_checks_table("For live mode", beside))
        _print_verdict(console, found)
    unready = any(check.verdict is Verdict.PROBLEM for check in beside)
    lacking = not found.can_simulate or (live and (found.missing_for_live or unready))
    return COULD_NOT_RUN if lacking else OK


def _settings_table(settings: Settings) -> Table:
    table = Table("Setting", "Value", "From", title="Settings in force", title_justify="left")
    for field, parameter in PARAMETERS.items():
        origin = settings.origin(field)
        table.add_row(
            parameter.env,
            Text(parameter.show_with_unit(getattr(settings, field))),
            Text(origin, style="dim" if origin == "default" else ""),
        )
    return table


def _checks_table(title: str, checks: Sequence[Check]) -> Table:
    table = Table("Check", "Verdict", "", title=title, title_justify="left")
    for check in checks:
        table.add_row(
            check.name, Text(check.verdict, style=_STYLE[check.verdict]), Text(check.words)
        )
    return table


def _print_verdict(console: Console, found: Examination) -> None:
    if found.missing_for_live:
        console.print("Missing for live mode:")
    else:
        console.print("No setting that live mode needs is missing.", style="green")
    for sentence in found.missing_for_live:
        console.print(Text(f"  - {sentence}"))
    if found.can_simulate:
        console.print("Simulation can run: start it with `aineon up`.", style="green")
    else:
        console.print("Simulation cannot run.", style="bold red")
