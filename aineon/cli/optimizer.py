"""`aineon optimizer`: what it learned, how good it really is, and why it decides as it does."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from aineon.cli.failures import OK
from aineon.cli.session import say
from aineon.errors import ConfigurationError

if TYPE_CHECKING:
    from aineon.optimizer.arms import Channel
    from aineon.optimizer.evaluation.extras import Extra

SEEDS: Final = "1 2 3 4 5"
MIX: Final = "mixed"
MOST_SEEDS: Final = 50
BOTH: Final = "both"

optimizer = typer.Typer(
    name="optimizer",
    help="Record, train, explain and evaluate what chooses attempts and bids; see "
    "docs/evaluating.md.",
    no_args_is_help=True,
)

Seeds = Annotated[
    str, typer.Option("--seeds", help="Seeds of the sandbox's markets.", metavar="'N N …'")
]
Mix = Annotated[str, typer.Option("--mix", help="Mix of the sandbox's rivals.", metavar="NAME")]
Data = Annotated[
    Path | None, typer.Option("--data", help="A tape of your own, instead.", metavar="FILE")
]
Hours = Annotated[str, typer.Option("--hours", help="Of each market.", metavar="HOURS")]
TapeFile = Annotated[Path, typer.Argument(help="A tape, as `aineon optimizer tape` writes it.")]
ChannelChosen = Annotated[
    str,
    typer.Option("--channel", help="private, public or both.", metavar="CHANNEL"),
]


@optimizer.command()
def evaluate(
    seeds: Seeds = SEEDS,
    mix: Mix = MIX,
    data: Data = None,
    hours: Hours = "30",
    learning_hours: Annotated[
        str,
        typer.Option(
            "--learning-hours", help="The first of them, which do not count.", metavar="HOURS"
        ),
    ] = "12",
    channel: ChannelChosen = BOTH,
    retrain_minutes: Annotated[
        str,
        typer.Option(
            "--retrain-minutes", help="The market's time between trainings.", metavar="MINUTES"
        ),
    ] = "240",
    drift: Annotated[
        bool, typer.Option("--drift", help="Change the competition, and watch it recover.")
    ] = False,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="What each group of features earns.")
    ] = False,
    regimes: Annotated[
        bool, typer.Option("--regimes", help="How well the market's regime is told.")
    ] = False,
    honesty: Annotated[
        bool, typer.Option("--honesty", help="Shuffled labels, a planted future column.")
    ] = False,
    training: Annotated[
        bool, typer.Option("--training", help="Time and memory of one training.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of these.")] = False,
    processes: Annotated[
        str | None,
        typer.Option("--processes", help="How many at a time; else one a core.", metavar="N"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    more_seeds: Annotated[
        list[str] | None, typer.Argument(help="More seeds, so that --seeds 1 2 3 is understood.")
    ] = None,
) -> None:
    """Walk along markets that it has never seen, and print each figure beside its target.

    Everything is decided and learned in the order of time, by the code that an engine runs.
    Exit codes: 0 it was measured (met or not), 1 it could not be, 2 what was given is not allowed.
    """
    from aineon.cli.optimizer_report import print_found, to_json
    from aineon.optimizer.evaluation.extras import Extra
    from aineon.runtime.optimizing import Asked
    from aineon.runtime.optimizing import evaluate as run

    chosen = {
        Extra.DRIFT: drift,
        Extra.ABLATION: ablation,
        Extra.REGIMES: regimes,
        Extra.HONESTY: honesty,
        Extra.TRAINING: training,
    }
    asked = Asked(
        seeds=_seeds(" ".join([seeds, *(more_seeds or [])])),
        mix=mix,
        hours=_number("--hours", hours, 1, 24 * 365),
        learning_hours=_number("--learning-hours", learning_hours, 0, 24 * 365),
        channels=_channels(channel),
        retrain_minutes=_number("--retrain-minutes", retrain_minutes, 1, 24 * 60),
        extras=_extras(chosen, everything=everything, own_tape=data is not None),
        data=data,
        processes=_processes(processes),
    )
    found = run(asked, _progress)
    if as_json:
        say(to_json(asked, found))
    else:
        print_found(asked, found)
    raise typer.Exit(OK)


@optimizer.command()
def tape(
    out: Annotated[Path, typer.Argument(help="The file to write (.npz).")],
    seed: Annotated[
        str, typer.Option("--seed", help="Of the sandbox's market.", metavar="N")
    ] = "101",
    mix: Mix = MIX,
    hours: Hours = "24",
    change: Annotated[
        str | None,
        typer.Option("--change", help="What changes in the competition.", metavar="KIND"),
    ] = None,
    at_hour: Annotated[
        str | None,
        typer.Option("--at-hour", help="When; else after half the time.", metavar="HOUR"),
    ] = None,
    universe: Annotated[
        str,
        typer.Option(
            "--universe",
            help="What there is to trade: wide (70 pools, about 800 opportunities an hour) or "
            "usual (24 pools, about 110).",
            metavar="NAME",
        ),
    ] = "wide",
) -> None:
    """Record the opportunities of a sandbox with rivals, each with what it would have taken."""
    from aineon.runtime.optimizing import tape_of_market

    length = _number("--hours", hours, 0.1, 24 * 365)
    if change is None:
        if at_hour is not None:
            raise ConfigurationError("--at-hour has nothing to change; give --change too")
        changes = None
    else:
        hour = length / 2 if at_hour is None else _number("--at-hour", at_hour, 0.01, length)
        changes = (hour, change)
    recorded = tape_of_market(_whole("--seed", seed), mix, length, changes, universe)
    recorded.save(out)
    say(f"{len(recorded)} opportunities of {length:g} hours, {len(recorded.names)} features: {out}")


@optimizer.command()
def train(
    file: TapeFile,
    models: Annotated[
        Path, typer.Option("--models", help="Where the model is kept.", metavar="FOLDER")
    ] = Path("models"),
) -> None:
    """Train models on a tape and keep them, with how they did on what they had not seen."""
    from aineon.cli.optimizer_model import print_trained
    from aineon.runtime.optimizing import train_on

    version, ensemble = train_on(file, models)
    print_trained(version, models, ensemble)


@optimizer.command()
def explain(
    file: TapeFile,
    row: Annotated[
        str | None,
        typer.Option("--row", help="Which one, from 0; else the last.", metavar="N"),
    ] = None,
    channel: ChannelChosen = "private",
) -> None:
    """Decide about one opportunity of a tape, and say which features moved the score most.

    It has learned what was known by then, and nothing that came later.
    """
    from aineon.cli.optimizer_model import print_explained
    from aineon.runtime.optimizing import explain_row

    ways = _channels(channel)
    if len(ways) > 1:
        raise ConfigurationError(f"--channel is {channel!r}; allowed is private or public here")
    number = None if row is None else _whole("--row", row)
    print_explained(explain_row(file, number, ways[0], _progress))


def _extras(chosen: dict[Extra, bool], *, everything: bool, own_tape: bool) -> frozenset[Extra]:
    from aineon.runtime.optimizing import WITH_A_TAPE

    if everything:
        return frozenset(each for each in chosen if not own_tape or each in WITH_A_TAPE)
    return frozenset(each for each, wanted in chosen.items() if wanted)


def _channels(text: str) -> tuple[Channel, ...]:
    from aineon.optimizer.arms import Channel

    if text == BOTH:
        return tuple(Channel)
    if text not in tuple(Channel):
        raise ConfigurationError(f"--channel is {text!r}; allowed are private, public and both")
    return (Channel(text),)


def _seeds(text: str) -> tuple[int, ...]:
    parts = text.replace(",", " ").split()
    seeds = tuple(dict.fromkeys(_whole("--seeds", part) for part in parts))
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise ConfigurationError(
            f"--seeds is {text!r}; allowed are 1 to {MOST_SEEDS} whole numbers, as in '{SEEDS}'"
        )
    return seeds


def _processes(text: str | None) -> int:
    if text is None:
        return os.cpu_count() or 1
    count = _whole("--processes", text)
    if not 1 <= count <= 64:
        raise ConfigurationError(f"--processes is {text!r}; allowed are 1 to 64")
    return count


def _whole(flag: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"{flag} is {text!r}; allowed is a whole number") from None


def _number(flag: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ConfigurationError(
            f"{flag} is {text!r}; allowed is a number from {least:g} to {most:g}"
        )
    return value


def _progress(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
