"""The `aineon` command. What a command needs is imported when it is called: starting is cheap."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import aineon
from aineon.cli import options
from aineon.cli.failures import FailureDesk, reader_may_leave

app = typer.Typer(
    name="aineon",
    help="Atomic cross-DEX arbitrage on Ethereum, with honest books. By default it simulates: "
    "no keys, no node, nothing at stake.",
    epilog="Every setting is an environment variable too; see docs/configuration.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_desk = FailureDesk()


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

    settings = _settings(context.params)
    raise typer.Exit(run_up(settings, _say))


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
) -> None:
    """Run one engine in the foreground and print what it saw, did and left.

    With a recording, or a number of blocks, it runs as fast as it can unless --pace is given.
    """
    from aineon.cli.run import run_reported, run_supervised

    settings = _settings(context.params)
    if supervised:
        raise typer.Exit(run_supervised(settings))
    raise typer.Exit(run_reported(settings, keep=db, as_json=as_json))


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

    settings = _settings(context.params)
    raise typer.Exit(run_rehearsal(settings, _say, block_seconds=block_seconds))


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

    settings = _settings({**context.params, "feed": "chain"})
    raise typer.Exit(record_chain(settings, file, _say))


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

    raise typer.Exit(show(_settings(context.params), live=live))


@app.command()
def version() -> None:
    """Print the version."""
    _say(f"aineon {aineon.__version__}")


def _settings(parameters: dict[str, Any]) -> Any:
    from aineon.runtime.logs import set_up_logging
    from aineon.runtime.settings import load_settings

    settings = load_settings(override_origins=options.FLAGS, **options.overrides_of(parameters))
    _desk.use(settings, set_up_logging(settings).text)
    return settings


def _say(line: str) -> None:
    with reader_may_leave():
        sys.stdout.write(f"{line}\n")


def main() -> int:
    """Run the command and return its exit code; see docs/configuration.md for what they mean."""
    try:
        code = _dispatch(sys.argv[1:])
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 (the last place where one can be told)
        return _desk.handle(error)
    return code


def _dispatch(arguments: list[str]) -> int:
    if arguments in (["version"], ["--version"]):
        # What scripts ask first need not wait for the parser of everything else.
        version()
        return 0
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
