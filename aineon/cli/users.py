"""`aineon users`: who may sign in, and as what.

A password is never an argument: arguments are seen by everybody on the machine and kept in the
shell's history. It is asked for, or read from a pipe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aineon.cli import options
from aineon.cli.session import say, settings_of

users = typer.Typer(
    name="users",
    help="Add and change the console's users; see docs/access.md.",
    no_args_is_help=True,
)

_Name = Annotated[str, typer.Argument(help="Upper and lower case make no difference.")]
_Role = Annotated[
    str, typer.Option("--role", help="super-admin, admin, trader, risk-manager or viewer.")
]


@users.command()
def add(
    context: typer.Context,
    name: _Name,
    role: _Role,
    display_name: Annotated[
        str, typer.Option("--display-name", help="The name as it is shown.", metavar="TEXT")
    ] = "",
    email: Annotated[str, typer.Option("--email", help="For notices.", metavar="ADDRESS")] = "",
    data_dir: options.DataDir = None,
) -> None:
    """Add a user; the password is asked for, or is the one line of a pipe."""
    from aineon.cli.user_work import add_user

    settings = settings_of(context.params)
    raise typer.Exit(add_user(settings, name, role, display_name, email, say))


@users.command("list")
def list_(context: typer.Context, data_dir: options.DataDir = None) -> None:
    """Show who may sign in."""
    from aineon.cli.user_work import list_users

    raise typer.Exit(list_users(settings_of(context.params), say))


@users.command("set-role")
def set_role(
    context: typer.Context,
    name: _Name,
    role: Annotated[str, typer.Argument(help="As for `add`.")],
    data_dir: options.DataDir = None,
) -> None:
    """Give a user another role; all sessions of that user end."""
    from aineon.cli.user_work import set_role as work

    raise typer.Exit(work(settings_of(context.params), name, role, say))


@users.command("set-password")
def set_password(context: typer.Context, name: _Name, data_dir: options.DataDir = None) -> None:
    """Give a user another password, asked for or from a pipe; all sessions of that user end."""
    from aineon.cli.user_work import set_password as work

    raise typer.Exit(work(settings_of(context.params), name, say))


@users.command()
def remove(context: typer.Context, name: _Name, data_dir: options.DataDir = None) -> None:
    """Remove a user with sessions and second factor."""
    from aineon.cli.user_work import change_user

    raise typer.Exit(change_user(settings_of(context.params), "remove", name, say))


@users.command()
def disable(context: typer.Context, name: _Name, data_dir: options.DataDir = None) -> None:
    """Let a user sign in no more, until `enable`; all sessions of that user end."""
    from aineon.cli.user_work import change_user

    raise typer.Exit(change_user(settings_of(context.params), "disable", name, say))


@users.command()
def enable(context: typer.Context, name: _Name, data_dir: options.DataDir = None) -> None:
    """Let a disabled user sign in again."""
    from aineon.cli.user_work import change_user

    raise typer.Exit(change_user(settings_of(context.params), "enable", name, say))


@users.command("reset-second-factor")
def reset_second_factor(
    context: typer.Context, name: _Name, data_dir: options.DataDir = None
) -> None:
    """Forget a user's second factor and recovery codes; all sessions of that user end."""
    from aineon.cli.user_work import change_user

    settings = settings_of(context.params)
    raise typer.Exit(change_user(settings, "reset-second-factor", name, say))


@users.command("end-sessions")
def end_sessions(context: typer.Context, name: _Name, data_dir: options.DataDir = None) -> None:
    """End all sessions of a user, and forget the browsers that the user signed in with."""
    from aineon.cli.user_work import change_user

    raise typer.Exit(change_user(settings_of(context.params), "end-sessions", name, say))


@users.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML or JSON in streamlit-authenticator's format.")],
    default_role: Annotated[
        str | None,
        typer.Option("--default-role", help="For users with none of our roles.", metavar="ROLE"),
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Take over users with hashed passwords from streamlit-authenticator: all of them, or none."""
    from aineon.cli.user_work import import_users

    raise typer.Exit(import_users(settings_of(context.params), file, default_role, say))


@users.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Is created (mode 0600); never overwritten.")],
    data_dir: options.DataDir = None,
) -> None:
    """Write users with hashed passwords in streamlit-authenticator's format (JSON, so YAML)."""
    from aineon.cli.user_work import export_users

    raise typer.Exit(export_users(settings_of(context.params), file, say))
