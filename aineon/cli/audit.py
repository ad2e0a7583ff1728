"""`aineon audit`: is every decision still as it was written down, and what was decided."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aineon.cli import options
from aineon.cli.failures import COULD_NOT_RUN, OK
from aineon.cli.session import say, settings_of
from aineon.errors import AuditUnwritable, ConfigurationError, LedgerNotFound

if TYPE_CHECKING:
    from aineon.ledger.audit import AuditEntry
    from aineon.ledger.audit.anchor import Head
    from aineon.ledger.audit.verifying import AuditReport
    from aineon.ledger.connect import Place
    from aineon.runtime.settings import Settings

audit = typer.Typer(
    name="audit",
    help="Verify and show the log of decisions; see docs/audit.md.",
    no_args_is_help=True,
)


@audit.command()
def verify(
    context: typer.Context,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect",
            help="A head that was noted down earlier, as this command prints it.",
            metavar="NUMBER:HASH",
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            "--also",
            help="A copy of another machine's anchor, one option for each machine: whether each "
            "entry was announced by one of them.",
            metavar="FILE",
        ),
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Compare every entry with its hash, the one before it and the anchor.

    Exit codes: 0 nothing is wrong, 1 something is, or it cannot be read, 2 wrong usage.
    """
    from aineon.ledger.audit.verifying import verify_audit
    from aineon.ledger.connect import parse_place
    from aineon.runtime.auditing import anchor_of

    settings = settings_of(context.params)
    place = parse_place(settings.control_url)
    try:
        _take_over(settings)
        report = verify_audit(place, anchor_of(settings), head_of(expect))
    except LedgerNotFound:
        if settings.anchor_path.exists():
            say(
                f"The audit is NOT sound: the control database is gone, and its anchor "
                f"{settings.anchor_path} is there."
            )
            raise typer.Exit(COULD_NOT_RUN) from None
        say("Nothing has been decided here yet: there is no control database.")
        raise typer.Exit(OK) from None
    for line in lines_of(report):
        say(line)
    say(f"Anchor: {settings.anchor_path}")
    agreed = not also or _compare(place, (settings.anchor_path, *also))
    raise typer.Exit(OK if report.is_sound and agreed else COULD_NOT_RUN)


def _compare(place: Place, anchors: tuple[Path, ...]) -> bool:
    """Lay the anchors of all machines side by side; whether nothing is wrong."""
    from aineon.ledger.audit.among import compare_anchors

    found = compare_anchors(place, anchors)
    if found.finding is not None:
        say(f"The audit is NOT sound: {found.finding.words}.")
    elif found.judged is None:
        say("No entry is one that all machines' anchors tell about.")
    else:
        first, last = found.judged
        say(f"Each entry from {first} to {last} was announced by one of {len(anchors)} machines.")
    for notice in found.notices:
        say(f"Notice: {notice}.")
    return found.finding is None


def _take_over(settings: Settings) -> None:
    """Let the anchor catch up first, where other machines write the audit too."""
    from aineon.ledger.connect import is_there, parse_place
    from aineon.runtime.auditing import open_audit
    from aineon.runtime.sections.processes import SEVERAL

    if settings.audit_machines == SEVERAL and is_there(parse_place(settings.control_url)):
        # What disagrees is for the verification to tell.
        with suppress(AuditUnwritable), open_audit(settings) as audit:
            audit.catch_up()


@audit.command()
def show(
    context: typer.Context,
    last: Annotated[
        int, typer.Option("--last", help="How many, the newest.", min=1, metavar="N")
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, hashes included.")
    ] = False,
    data_dir: options.DataDir = None,
) -> None:
    """Show the newest entries, oldest first."""
    from aineon.ledger.control import ControlStore

    settings = settings_of(context.params)
    try:
        with ControlStore.open_reader(settings.control_url) as control:
            entries = control.audit(settings.anchor_path).last(last)
    except LedgerNotFound:
        entries = ()
    if not entries and not as_json:
        say("Nothing has been decided here yet.")
    for entry in entries:
        say(_as_json(entry) if as_json else _as_text(entry))


@audit.command("renew-anchor")
def renew_anchor(
    context: typer.Context,
    who: Annotated[str, typer.Option("--who", help="Your name.", metavar="NAME")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why the old one is lost or wrong.", metavar="TEXT")
    ],
    data_dir: options.DataDir = None,
) -> None:
    """Begin another anchor where the old one is lost; it vouches for nothing that is older.

    The old file is kept beside it. Run `aineon audit verify` first, and know what it says.
    """
    from aineon.primitives import SystemClock
    from aineon.runtime.auditing import open_audit

    settings = settings_of(context.params)
    if not (who.strip() and reason.strip()):
        raise ConfigurationError("--who and --reason are empty; an anchor is renewed in a name")
    with open_audit(settings) as log:
        kept = log.renew_anchor(who, reason, SystemClock().now())
    say(f"The anchor was begun anew: {settings.anchor_path}")
    if kept is not None:
        say(f"The former one was kept: {kept}")


def lines_of(report: AuditReport) -> list[str]:
    """Return what verification found, in lines for people."""
    finding = report.finding
    if finding is None:
        first = f"The audit is sound: {report.entries} entries."
    else:
        first = f"The audit is NOT sound ({finding.fault}): {terminal_safe(finding.words)}."
    notices = [f"Note: {notice}." for notice in report.notices]
    return [first, *notices, f"Head: {report.head}"]


def terminal_safe(text: str) -> str:
    """Return `text` so that a terminal shows it and does not obey it: escapes are spelled out."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text.encode("utf-8", "backslashreplace").decode("utf-8")
    )


def _as_text(entry: AuditEntry) -> str:
    decision = entry.decision
    at = datetime.fromtimestamp(decision.at, UTC)
    words = (f"{at:%F %T}Z", decision.who, decision.action, decision.subject, decision.detail)
    return f"{entry.number}  " + "  ".join(map(terminal_safe, words))


def _as_json(entry: AuditEntry) -> str:
    decision = entry.decision
    return json.dumps(
        {
            "number": entry.number,
            "at": decision.at,
            "who": decision.who,
            "action": decision.action,
            "subject": decision.subject,
            "detail": entry.details,
            "previous": entry.previous,
            "hash": entry.hash,
        }
    )


def head_of(text: str | None) -> Head | None:
    """Return the head that an option gives.

    Raises:
        ConfigurationError: it is none.
    """
    from aineon.ledger.audit.anchor import Kind, parse_line

    if text is None:
        return None
    line = parse_line(text.strip().replace(":", " ", 1))
    if line is None or line.kind is not Kind.KEPT:
        raise ConfigurationError(
            f"--expect is {text!r}; allowed is a head as `aineon audit verify` prints it, "
            "NUMBER:HASH"
        )
    return line.head
