"""Recorder: writes the steps of any feed down, so that they can be replayed exactly."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from aineon.errors import FeedError
from aineon.feeds.base import Feed, FeedPaused, FeedStep, Rewind
from aineon.feeds.replay.codec import encode_step, tokens_of
from aineon.feeds.replay.files import PART
from aineon.feeds.replay.header import Header, encode_header, encode_token
from aineon.feeds.replay.parts import Json
from aineon.feeds.replay.reader import COUNTED
from aineon.primitives import Address, Token


class Recorder:
    """Writes a recording; gzip where the name ends in `.gz`.

    It writes to `<name>.part` and gives the file its name in `close()`, after the closing line:
    a recording under its own name is whole. As a context manager it closes at the end of the
    block, and leaves the `.part` where the block failed.

    Raises:
        FeedError: the path is taken (a recording is never overwritten) or cannot be written.
    """

    def __init__(self, path: str | PathLike[str], header: Header) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(self.path.name + PART)
        self._counts: Counter[str] = Counter()
        self._declared: dict[Address, Token] = {}
        if self.path.exists():
            raise FeedError(f"{self.path} exists, a recording is never overwritten")
        try:
            self._file: BinaryIO = self._part.open("xb")
        except FileExistsError as error:
            raise FeedError(
                f"{self._part} exists: another recorder is at work or was interrupted; "
                "remove the file if none is running"
            ) from error
        except OSError as error:
            raise self._failed(error) from error
        # No time stamp in the gzip header: equal steps give equal files.
        self._packed = (
            gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0)
            if self.path.suffix == ".gz"
            else None
        )
        self._closed = False
        self._line(encode_header(header))

    def write(self, step: FeedStep | Rewind) -> None:
        """Append a step.

        Raises:
            FeedError: it cannot be written, or holds a pool the format cannot hold.
        """
        if isinstance(step, Rewind):
            self._record("rewind", {"to_block": step.to_block})
            return
        encoded = encode_step(step)
        for token in tokens_of(step.update.events, step.takings):
            declared = self._declared.get(token.address)
            if declared is None or _name(declared) != _name(token):
                self._declared[token.address] = token
                self._record("token", encode_token(token))
        self._record("step", encoded)

    def close(self) -> None:
        """Write the closing line and give the recording its name; once is enough.

        Raises:
            FeedError: it cannot be written; the `.part` stays.
        """
        if self._closed:
            return
        self._line({"kind": "end", **{f"{kind}s": self._counts[kind] for kind in COUNTED}})
        try:
            if self._packed is not None:
                self._packed.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self.path)
        except OSError as error:
            raise self._failed(error) from error
        self._closed = True

    def abandon(self) -> None:
        """Stop without closing the recording; the `.part` stays, named as unfinished."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._packed is not None:
                self._packed.close()
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def _record(self, kind: str, content: Json) -> None:
        self._counts[kind] += 1
        self._line({"kind": kind, **content})

    def _line(self, content: dict[str, Any]) -> None:
        line = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        if self._closed:
            raise FeedError(f"{self.path} is closed, nothing can be recorded to it any more")
        try:
            (self._packed or self._file).write(line)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> FeedError:
        return FeedError(
            f"{self.path} cannot be recorded: {error.strerror or error}; what was written is "
            f"kept in {self._part.name} and is unfinished"
        )


async def record(feed: Feed, path: str | PathLike[str], source: str = "") -> None:
    """Record `feed` from its first step to its last; that it paused is not kept.

    Raises:
        FeedError: the path is taken or cannot be written, or the feed failed.
    """
    with Recorder(path, Header.of(feed, source)) as recorder:
        async for step in feed.steps():
            if not isinstance(step, FeedPaused):
                recorder.write(step)


def _name(token: Token) -> tuple[str, int | None, str]:
    return token.symbol, token.decimals, token.transfers
