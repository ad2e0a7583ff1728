"""`aineon withdrawals` and `aineon destinations`: ask the engine, and see what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from aineon.cli import options
from aineon.cli.session import say, settings_of

withdrawals = typer.Typer(
    name="withdrawals",
    help="Ask for withdrawals, approve them, see what became of them; see docs/withdrawals.md.",
    no_args_is_help=True,
)
destinations = typer.Typer(
    name="destinations",
    help="The allow-list: the only addresses that money goes to, once their entries have aged.",
    no_args_is_help=True,
)

_Id = Annotated[str, typer.Argument(help="As `list` shows it.", metavar="ID")]
_Reason = Annotated[str, typer.Option("--reason", help="Why.", metavar="TEXT")]
_Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        help="The first 8 characters of the digest, where nobody can type.",
        metavar="TEXT",
    ),
]
_Code = Annotated[
    str | None,
    typer.Option(
        "--code",
        help="A one-time code of whoever has set up a second factor; else it is asked for.",
        metavar="CODE",
    ),
]
_Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")]


@withdrawals.command("list")
def list_(
    context: typer.Context,
    limit: _Limit = 20,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Show the newest withdrawals, and what counts against today's limits."""
    from aineon.cli.treasury_desk import list_withdrawals

    raise typer.Exit(list_withdrawals(settings_of(context.params), limit, say))


@withdrawals.command()
def show(
    context: typer.Context,
    withdrawal_id: _Id,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Show a withdrawal, its digest, who approved it, and everything that happened to it."""
    from aineon.cli.treasury_desk import show_withdrawal

    raise typer.Exit(show_withdrawal(settings_of(context.params), withdrawal_id, say))


@withdrawals.command()
def request(
    context: typer.Context,
    amount: Annotated[str, typer.Argument(help="A decimal number such as 1.5.")],
    destination: Annotated[str, typer.Argument(help="An address on the allow-list.")],
    asset: Annotated[
        str, typer.Option("--asset", help="ETH, or a token by symbol or address.")
    ] = "ETH",
    strategy: Annotated[
        str, typer.Option("--strategy", help="slow, standard, fast or optimized.")
    ] = "standard",
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Ask for a withdrawal."""
    from aineon.cli.treasury_desk import ask

    body = {"amount": amount, "destination": destination, "asset": asset, "strategy": strategy}
    raise typer.Exit(ask(settings_of(context.params), "withdrawal.request", body, say))


@withdrawals.command()
def approve(
    context: typer.Context,
    withdrawal_id: _Id,
    confirm: _Confirm = None,
    code: _Code = None,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Show a withdrawal, and approve exactly what was shown."""
    from aineon.cli.treasury_desk import approve_shown

    settings = settings_of(context.params)
    raise typer.Exit(approve_shown(settings, withdrawal_id, confirm, say, code))


@withdrawals.command()
def reject(
    context: typer.Context,
    withdrawal_id: _Id,
    reason: _Reason = "",
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Refuse a withdrawal that is not signed, for good."""
    from aineon.cli.treasury_desk import ask

    body = {"id": withdrawal_id, "reason": reason}
    raise typer.Exit(ask(settings_of(context.params), "withdrawal.reject", body, say))


@withdrawals.command()
def cancel(
    context: typer.Context,
    withdrawal_id: _Id,
    reason: _Reason = "",
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Take a withdrawal back; of one that is signed this can only be tried."""
    from aineon.cli.treasury_desk import ask

    body = {"id": withdrawal_id, "reason": reason}
    raise typer.Exit(ask(settings_of(context.params), "withdrawal.cancel", body, say))


@withdrawals.command()
def sweep(
    context: typer.Context,
    confirm: _Confirm = None,
    code: _Code = None,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """In an emergency: send everything to the safe address."""
    from aineon.cli.treasury_desk import sweep_shown

    raise typer.Exit(sweep_shown(settings_of(context.params), confirm, say, code))


@withdrawals.command()
def rules(
    context: typer.Context, mode: options.Mode = None, data_dir: options.DataDir = None
) -> None:
    """Show the rules that start withdrawals by themselves, and what came of each last."""
    from aineon.cli.treasury_desk import show_rules

    raise typer.Exit(show_rules(settings_of(context.params), say))


@withdrawals.command()
def add_rule(
    context: typer.Context,
    schedule: Annotated[
        str | None,
        typer.Option("--schedule", help="Five cron fields in UTC, such as '0 6 * * 1'."),
    ] = None,
    threshold: Annotated[
        str | None, typer.Option("--threshold", help="The balance it starts from.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", help="How much leaves; else all but what is kept.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option("--keep", help="What always stays; else nothing.")
    ] = None,
    destination: Annotated[
        str | None, typer.Option("--to", help="An address; else the destinations by their shares.")
    ] = None,
    asset: Annotated[
        str, typer.Option("--asset", help="ETH, or a token by symbol or address.")
    ] = "ETH",
    strategy: Annotated[
        str, typer.Option("--strategy", help="slow, standard, fast or optimized.")
    ] = "optimized",
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Let withdrawals start by themselves: at times, or from a balance on."""
    from aineon.cli.treasury_desk import ask

    origin = "automatic" if schedule is None else "scheduled"
    wish = {
        "origin": origin,
        "schedule": schedule,
        "threshold": threshold,
        "amount": amount,
        "keep": keep,
        "destination": destination,
        "asset": asset,
        "strategy": strategy,
    }
    body = {name: value for name, value in wish.items() if value is not None}
    raise typer.Exit(ask(settings_of(context.params), "rule.add", body, say))


@withdrawals.command()
def remove_rule(
    context: typer.Context,
    rule_id: Annotated[str, typer.Argument(help="As `rules` shows it.", metavar="ID")],
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Take a rule out of force; what it started goes on."""
    from aineon.cli.treasury_desk import ask

    raise typer.Exit(ask(settings_of(context.params), "rule.remove", {"id": rule_id}, say))


@destinations.command("list")
def list_destinations(
    context: typer.Context, mode: options.Mode = None, data_dir: options.DataDir = None
) -> None:
    """Show the allow-list, and from when on each address can be paid."""
    from aineon.cli.treasury_desk import show_destinations

    raise typer.Exit(show_destinations(settings_of(context.params), say))


@destinations.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="With its checksum.")],
    label: Annotated[str, typer.Argument(help="What people call it.")],
    share: Annotated[
        int, typer.Option("--share", min=0, max=10_000, help="Of automatic withdrawals.")
    ] = 0,
    safe: Annotated[
        bool, typer.Option("--safe", help="It is where an emergency sends everything.")
    ] = False,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Enter an address into the allow-list; its entry must age before it can be paid."""
    from aineon.cli.treasury_desk import ask

    purpose = "safe" if safe else "payments"
    body = {"address": address, "label": label, "share": str(share), "purpose": purpose}
    raise typer.Exit(ask(settings_of(context.params), "destination.add", body, say))


@destinations.command()
def share(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="As `list` shows it.")],
    share: Annotated[int, typer.Argument(min=0, max=10_000, help="0 for none.")],
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Change an address's part of automatic withdrawals, in proportion to the others' shares."""
    from aineon.cli.treasury_desk import ask

    body = {"address": address, "share": str(share)}
    raise typer.Exit(ask(settings_of(context.params), "destination.share", body, say))


@destinations.command()
def remove(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="As `list` shows it.")],
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Take an address off the allow-list, and cancel what is unsigned and was to go there."""
    from aineon.cli.treasury_desk import ask

    body = {"address": address}
    raise typer.Exit(ask(settings_of(context.params), "destination.remove", body, say))
