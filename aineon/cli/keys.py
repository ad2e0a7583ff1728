"""`aineon keys`: make, take over, replace and name the keys that sign.

A key or a password is never an argument: arguments are seen by everybody on the machine and kept
in the shell's history.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aineon.cli import options
from aineon.cli.session import say, settings_of

keys = typer.Typer(
    name="keys",
    help="Make, take over, replace and name the keys that sign; see docs/keys.md.",
    no_args_is_help=True,
)

_Role = Annotated[
    str, typer.Option("--role", help="trading, withdrawals or guardian.", metavar="ROLE")
]
_File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="The keystore; else the one of the settings, or keys/ROLE.json in the data folder.",
    ),
]
_PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="A file (mode 0600) with the password; else it is asked for."
    ),
]


@keys.command()
def create(
    context: typer.Context,
    role: _Role = "trading",
    file: _File = None,
    password_file: _PasswordFile = None,
    data_dir: options.DataDir = None,
) -> None:
    """Make a new key, keep it in a keystore that a password opens, and say its address."""
    from aineon.cli.key_work import create_key, place_of

    settings = settings_of(context.params)
    place = place_of(settings, role, file)
    raise typer.Exit(create_key(settings, place, password_file, say))


@keys.command("import")
def import_(
    context: typer.Context,
    role: _Role = "trading",
    file: _File = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            help="A file (mode 0600) with the private key; else it is asked for, or read from a "
            "pipe.",
        ),
    ] = None,
    password_file: _PasswordFile = None,
    data_dir: options.DataDir = None,
) -> None:
    """Keep a private key that you have in a keystore, and say its address."""
    from aineon.cli.key_work import import_key, place_of

    settings = settings_of(context.params)
    place = place_of(settings, role, file)
    raise typer.Exit(import_key(settings, place, key_file, password_file, say))


@keys.command()
def rotate(
    context: typer.Context,
    role: _Role = "trading",
    file: _File = None,
    password_file: _PasswordFile = None,
    new_password_file: Annotated[
        Path | None,
        typer.Option(
            "--new-password-file",
            help="The new keystore's password; else it is asked for, or stays the same where "
            "--password-file is given.",
        ),
    ] = None,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="Even while transactions of the old key are open."),
    ] = False,
    data_dir: options.DataDir = None,
) -> None:
    """Put a new key in the place of a keystore's, keep the old one, and say what else to do."""
    from aineon.cli.key_work import place_of, rotate_key

    settings = settings_of(context.params)
    place = place_of(settings, role, file)
    raise typer.Exit(
        rotate_key(settings, place, password_file, new_password_file, say, at_once=at_once)
    )


@keys.command("show-address")
def show_address(
    context: typer.Context,
    role: _Role = "trading",
    file: _File = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Open the keystore, which proves the address.")
    ] = False,
    password_file: _PasswordFile = None,
    data_dir: options.DataDir = None,
) -> None:
    """Print the address of a role's key; no password is needed for what a keystore says."""
    from aineon.cli.key_work import show

    raise typer.Exit(
        show(settings_of(context.params), role, file, password_file, say, verify=verify)
    )


@keys.command()
def adopt(
    context: typer.Context,
    role: _Role = "withdrawals",
    who: Annotated[str | None, typer.Option("--who", help="Who answers for it.")] = None,
    word: Annotated[
        str | None,
        typer.Option("--word", help="What is to be typed, where nobody can type.", metavar="TEXT"),
    ] = None,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Answer for what a key sent before this book began, so that it may sign here."""
    from aineon.cli.key_adoption import adopt_history

    raise typer.Exit(adopt_history(settings_of(context.params), role, who, word, say))
