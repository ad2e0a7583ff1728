"""Settings: the mode, and the market that the engine looks at."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from aineon.primitives import Book
from aineon.runtime import kinds
from aineon.runtime.loosening import names_another
from aineon.runtime.parameter import Parameter


class FeedName(StrEnum):
    """Where the market's blocks come from."""

    SANDBOX = "sandbox"
    REPLAY = "replay"
    CHAIN = "chain"


class SandboxRivals(StrEnum):
    """Who competes in the sandbox: its searchers, or a mix of rivals that bid for first place."""

    NONE = "none"
    STEADY = "steady"
    MIXED = "mixed"
    RESTLESS = "restless"
    CROWDED = "crowded"
    SPARSE = "sparse"


def _default_feed(known: dict[str, Any]) -> FeedName:
    """With a node, and nothing else said, its chain is what is looked at."""
    nodes = ("rpc_urls", "alchemy_api_key", "infura_api_key")
    return FeedName.CHAIN if any(known.get(name) for name in nodes) else FeedName.SANDBOX


class MarketSettings(BaseModel):
    """What is played: mode, feed and the sandbox market."""

    mode: Annotated[
        Book,
        Parameter(
            "AINEON_MODE",
            "Mode",
            "Mode and market",
            kinds.CHOICE,
            "Which kind of money is at stake. Simulation risks none; rehearsal carries plans out "
            "on a chain of its own, with play money (`aineon rehearse`); live trades with real "
            "money, and starts only where nothing stands in the way (`aineon doctor --live`).",
            choices=tuple(Book),
        ),
    ] = Book.SIMULATION

    feed: Annotated[
        FeedName,
        Parameter(
            "AINEON_FEED",
            "Feed",
            "Mode and market",
            kinds.CHOICE,
            "Where blocks come from: the built-in synthetic market, a recording, or an Ethereum "
            "node, which is read and nothing else.",
            choices=tuple(FeedName),
            default_words="chain where a node is given; else sandbox",
        ),
    ] = Field(default_factory=_default_feed)

    chain_file: Annotated[
        Path | None,
        Parameter(
            "AINEON_CHAIN_FILE",
            "Chain file",
            "Mode and market",
            kinds.PATH,
            "Addresses of a chain other than Ethereum mainnet, in the format of "
            "aineon/chain/mainnet.json.",
            default_words="Ethereum mainnet",
        ),
    ] = None

    tokens: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_TOKENS",
            "Tokens",
            "Mode and market",
            kinds.TOKENS,
            "Tokens whose pools with each other are looked for on the chain, by known symbol or "
            "by address.",
            savable=True,
            lets_more=names_another,
        ),
    ] = ("WETH", "USDC", "USDT", "DAI", "WBTC")

    replay_file: Annotated[
        Path | None,
        Parameter(
            "AINEON_REPLAY_FILE",
            "Recording",
            "Mode and market",
            kinds.PATH,
            "The recording that the replay feed plays.",
        ),
    ] = None

    seed: Annotated[
        int,
        Parameter(
            "AINEON_SEED",
            "Seed",
            "Mode and market",
            kinds.WHOLE,
            "Seed of the sandbox market and of the paper executor: same seed, same run.",
            least=0,
            most=2**32 - 1,
            savable=True,
        ),
    ] = 7

    pace_seconds: Annotated[
        float,
        Parameter(
            "AINEON_PACE",
            "Pace",
            "Mode and market",
            kinds.NUMBER,
            "Time from one sandbox block to the next, after the warm-up; 0 runs as fast as it can.",
            unit="s",
            least=0,
            most=3600,
            savable=True,
        ),
    ] = 1.0

    warm_up_blocks: Annotated[
        int,
        Parameter(
            "AINEON_WARM_UP_BLOCKS",
            "Warm-up",
            "Mode and market",
            kinds.WHOLE,
            "Sandbox blocks that are run through at once at the start, trades included.",
            unit="blocks",
            least=0,
            most=100_000,
            savable=True,
        ),
    ] = 600

    blocks: Annotated[
        int | None,
        Parameter(
            "AINEON_BLOCKS",
            "Blocks",
            "Mode and market",
            kinds.WHOLE,
            "How many sandbox blocks to run after the warm-up; endless where it is not set.",
            unit="blocks",
            least=1,
            most=10_000_000,
            savable=True,
        ),
    ] = None

    sandbox_pools: Annotated[
        int,
        Parameter(
            "AINEON_SANDBOX_POOLS",
            "Sandbox pools",
            "Mode and market",
            kinds.WHOLE,
            "How many pools the sandbox market has.",
            unit="pools",
            least=2,
            most=500,
            savable=True,
        ),
    ] = 24

    competitor_latency_ms: Annotated[
        int,
        Parameter(
            "AINEON_COMPETITOR_LATENCY_MS",
            "Competitors' latency",
            "Mode and market",
            kinds.WHOLE,
            "How long the sandbox's competing searchers need to see an opportunity; at 0 they "
            "leave next to nothing.",
            unit="ms",
            least=0,
            most=60_000,
            savable=True,
        ),
    ] = 1000

    sandbox_rivals: Annotated[
        SandboxRivals,
        Parameter(
            "AINEON_SANDBOX_RIVALS",
            "Sandbox rivals",
            "Mode and market",
            kinds.CHOICE,
            "Which mix of rivals bids for the first place in the sandbox's next block, instead of "
            "searchers who react within the block; docs/sandbox.md tells how the mixes differ.",
            choices=tuple(SandboxRivals),
            savable=True,
        ),
    ] = SandboxRivals.NONE
