"""The `aineon` command. What a command needs is imported when it is called: starting is cheap."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import aineon
from aineon.cli import options
from aineon.cli.audit import audit
from aineon.cli.backup import backup
from aineon.cli.keys import keys
from aineon.cli.optimizer import optimizer
from aineon.cli.session import DESK, say, settings_of
from aineon.cli.users import users
from aineon.cli.withdrawals import destinations, withdrawals
from aineon.runtime.undumpable import forbid_dumps

if TYPE_CHECKING:
    from aineon.runtime.settings import Settings

app = typer.Typer(
    name="aineon",
    help="Atomic cross-DEX arbitrage on Ethereum, with honest books. By default it simulates: "
    "no keys, no node, nothing at stake.",
    epilog="Every setting is an environment variable too; see docs/configuration.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys)
app.add_typer(audit)
app.add_typer(backup)
app.add_typer(optimizer)
app.add_typer(withdrawals)
app.add_typer(destinations)
app.add_typer(users)


@app.command()
def up(
    context: typer.Context,
    port: options.Port = None,
    host: options.Host = None,
    feed: options.Feed = None,
    replay_file: options.Data = None,
    seed: options.Seed = None,
    pace_seconds: options.Pace = None,
    warm_up_blocks: options.WarmUp = None,
    sandbox_pools: options.Pools = None,
    mode: options.Mode = None,
    min_profit_wei: options.MinProfit = None,
    max_gas_price_wei: options.MaxGasPrice = None,
    confidence_threshold: options.Confidence = None,
    max_position_wei: options.MaxPosition = None,
    max_hops: options.MaxHops = None,
    data_dir: options.DataDir = None,
) -> None:
    """Start everything: the engine, and the console on one local port. Ctrl-C stops it."""
    from aineon.runtime.switching import run_up

    settings = _with_the_operators_word(settings_of(context.params))
    raise typer.Exit(run_up(settings, say))


@app.command()
def run(
    context: typer.Context,
    mode: options.Mode = None,
    feed: options.Feed = None,
    replay_file: options.Data = None,
    seed: options.Seed = None,
    blocks: options.Blocks = None,
    pace_seconds: options.Pace = None,
    warm_up_blocks: options.WarmUp = None,
    sandbox_pools: options.Pools = None,
    competitor_latency_ms: options.Latency = None,
    min_profit_wei: options.MinProfit = None,
    max_gas_price_wei: options.MaxGasPrice = None,
    confidence_threshold: options.Confidence = None,
    max_position_wei: options.MaxPosition = None,
    max_slippage_bps: options.MaxSlippage = None,
    pair_cooldown_seconds: options.Cooldown = None,
    max_concurrent: options.MaxConcurrent = None,
    max_hops: options.MaxHops = None,
    flash_loan_fee_bps: options.FlashLoanFee = None,
    priority_fee_wei: options.PriorityFee = None,
    builder_tip_bps: options.BuilderTip = None,
    data_dir: options.DataDir = None,
    db: Annotated[
        bool, typer.Option("--db/--no-db", help="Keep the run in the book; else report only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
    secrets_on_stdin: Annotated[bool, typer.Option("--secrets-on-stdin", hidden=True)] = False,
) -> None:
    """Run one engine in the foreground and print what it saw, did and left.

    With a recording, or a number of blocks, it runs as fast as it can unless --pace is given.
    """
    from aineon.cli.run import run_reported, run_supervised

    settings = settings_of(context.params, _secrets_on_stdin() if secrets_on_stdin else None)
    if supervised:
        raise typer.Exit(run_supervised(settings))
    settings = _with_the_operators_word(settings)
    raise typer.Exit(run_reported(settings, keep=db, as_json=as_json))


@app.command()
def engine(
    context: typer.Context,
    mode: options.Mode = None,
    feed: options.Feed = None,
    seed: options.Seed = None,
    pace_seconds: options.Pace = None,
    warm_up_blocks: options.WarmUp = None,
    data_dir: options.DataDir = None,
) -> None:
    """Keep the engine alive without a console, e.g. on a machine of its own.

    A console elsewhere shows it where both have the same DATABASE_URL and mode.
    """
    from aineon.runtime.apart import run_engine

    settings = _with_the_operators_word(settings_of(context.params))
    raise typer.Exit(run_engine(settings, say))


@app.command()
def console(
    context: typer.Context,
    port: options.Port = None,
    host: options.Host = None,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Keep the console alive without an engine, which runs elsewhere with the same database."""
    from aineon.runtime.apart import run_console

    raise typer.Exit(run_console(settings_of(context.params), say))


@app.command()
def api(
    context: typer.Context,
    port: options.Port = None,
    host: options.Host = None,
    mode: options.Mode = None,
    data_dir: options.DataDir = None,
) -> None:
    """Answer /health, /metrics and /api/v1 without pages; any number may run side by side."""
    from aineon.runtime.apart import run_api

    raise typer.Exit(run_api(settings_of(context.params), say))


@app.command()
def rehearse(
    context: typer.Context,
    port: options.Port = None,
    host: options.Host = None,
    seed: options.Seed = None,
    min_profit_wei: options.MinProfit = None,
    max_gas_price_wei: options.MaxGasPrice = None,
    confidence_threshold: options.Confidence = None,
    max_position_wei: options.MaxPosition = None,
    max_hops: options.MaxHops = None,
    data_dir: options.DataDir = None,
    block_seconds: Annotated[
        float, typer.Option("--block-seconds", min=0.2, max=60, help="Time between two blocks.")
    ] = 2.0,
) -> None:
    """Run the live path on a chain of its own, with the real protocols and play money.

    Starts a local node with Uniswap V2 and V3, Balancer V2, Aave V3, traders, a relay and our
    contract, then engine and console. Ctrl-C stops everything.
    """
    from aineon.runtime.switching import run_rehearsal

    settings = settings_of(context.params)
    raise typer.Exit(run_rehearsal(settings, say, block_seconds=block_seconds))


@app.command()
def record(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The recording; gzip where it ends in .gz.")],
    blocks: options.BlocksRecorded = None,
    data_dir: options.DataDir = None,
) -> None:
    """Write the blocks of a chain down as they come, for `aineon run --data FILE`.

    Takes a node (ALCHEMY_API_KEY, INFURA_API_KEY or AINEON_RPC_URLS). Ctrl-C ends it.
    """
    from aineon.cli.record import record_chain

    settings = settings_of({**context.params, "feed": "chain"})
    raise typer.Exit(record_chain(settings, file, say))


@app.command()
def doctor(
    context: typer.Context,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask the chain too; fail where live lacks something."),
    ] = False,
    data_dir: options.DataDir = None,
    port: options.Port = None,
    host: options.Host = None,
) -> None:
    """Show the settings in force, where each comes from, and what would not work."""
    from aineon.cli.doctor import show

    raise typer.Exit(show(settings_of(context.params), live=live))


@app.command()
def stop(
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for everybody who will ask.", metavar="TEXT")
    ] = "stopped by hand",
    who: Annotated[
        str | None, typer.Option("--who", help="Your name; needed to clear.", metavar="NAME")
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say whether it is set, and what may still land.")
    ] = False,
    clear: Annotated[
        bool, typer.Option("--clear", help="Show the reasons, ask for a word, and clear it.")
    ] = False,
    word: Annotated[
        str | None, typer.Option("--word", help="The word, where nobody can type.", metavar="WORD")
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Stop everything that signs or sends, at once; needs neither console nor database.

    Exit codes: 0 it is set (with --status and --clear: it is not set any more), 1 it could not
    be set or cleared, 2 wrong usage, 3 it is set still (with --status and --clear), 4 no AINEON
    was ever at work in this data folder: one that runs elsewhere is not stopped.
    """
    from aineon.cli import stop as command
    from aineon.runtime.stop_desk import settings_to_stop

    settings, problems = settings_to_stop(data_dir)
    for problem in problems.splitlines():
        DESK.say(f"{problem} The stop does without it.")
    if clear:
        raise typer.Exit(command.clear(settings, who, word, say))
    if status:
        raise typer.Exit(command.status(settings, say))
    raise typer.Exit(command.latch(settings, reason, who, say))


@app.command()
def breaker(
    context: typer.Context,
    mode: options.Mode = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="End a halt, once the damage was looked into.")
    ] = False,
    who: Annotated[
        str | None, typer.Option("--who", help="Your name; needed to reset.", metavar="NAME")
    ] = None,
    word: Annotated[
        str | None, typer.Option("--word", help="The word: reset.", metavar="WORD")
    ] = None,
    data_dir: options.DataDir = None,
) -> None:
    """Show the circuit breaker of a book and what moved it, or reset it.

    Exit codes: 0 attempts are let through, or it was reset; 1 it could not be reset; 2 wrong
    usage; 3 nothing is let through.
    """
    from aineon.cli import breaker as command

    settings = settings_of(context.params)
    if reset:
        raise typer.Exit(command.reset(settings, who, word, say))
    raise typer.Exit(command.show(settings, say))


@app.command()
def version() -> None:
    """Print the version."""
    say(f"aineon {aineon.__version__}")


def _with_the_operators_word(settings: Settings) -> Settings:
    from aineon.primitives import Book

    if settings.mode is not Book.LIVE:
        return settings
    from aineon.cli.confirming import confirmed_at_terminal

    return confirmed_at_terminal(settings)


def _secrets_on_stdin() -> Mapping[str, str]:
    from aineon.runtime.handover import read_secrets

    return read_secrets(sys.stdin)


def main() -> int:
    """Run the command and return its exit code; see docs/configuration.md for what they mean."""
    try:
        code = _dispatch(sys.argv[1:])
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 (the last place where one can be told)
        return DESK.handle(error)
    return code


def _dispatch(arguments: list[str]) -> int:
    if arguments in (["version"], ["--version"]):
        # What scripts ask first need not wait for the parser of everything else.
        version()
        return 0
    # Before any secret is read.
    forbid_dumps()
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
