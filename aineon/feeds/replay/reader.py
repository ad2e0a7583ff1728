"""RecordingReader: reads AINEON recordings, line by line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aineon.errors import InvalidRecording
from aineon.feeds.base import FeedStep, Rewind
from aineon.feeds.replay.codec import decode_step
from aineon.feeds.replay.fields import Field
from aineon.feeds.replay.files import PART, lines, parse_json
from aineon.feeds.replay.header import decode_header, decode_token
from aineon.primitives import Address, Token

COUNTED = ("token", "step", "rewind")


def is_recording(path: Path) -> bool:
    """Whether the first line is a JSON object that names a format."""
    for _, line in lines(path):
        try:
            head = json.loads(line)
        except (ValueError, RecursionError):
            return False
        return isinstance(head, dict) and "format" in head
    return False


class RecordingReader:
    """A closed recording: its header, and its steps as often as they are asked for.

    Raises:
        InvalidRecording: the header is not one, or the recording is not closed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        last = 0
        ending = b""
        for number, line in lines(path):
            if number == 1:
                self.header = decode_header(self._field(number, line))
            last, ending = number, line
        self._check_closed(last, ending)

    def steps(self) -> Iterator[FeedStep | Rewind]:
        """Yield the steps in order.

        Raises:
            InvalidRecording: a line is broken, or the counts of the closing line are others.
        """
        tokens: dict[Address, Token] = {}
        counts: Counter[str] = Counter()
        for number, line in lines(self._path):
            if number == 1:
                continue
            field = self._field(number, line)
            kind = field["kind"].text()
            if counts["end"]:
                raise InvalidRecording(
                    f"{self._path}: line {number} comes after the closing line, allowed is nothing"
                )
            counts[kind] += 1
            if kind == "step":
                yield decode_step(field, tokens)
            elif kind == "token":
                token = decode_token(field)
                tokens[token.address] = token
            elif kind == "rewind":
                yield Rewind(field["to_block"].integer(0, 2**63 - 1))
            elif kind == "end":
                self._check_counts(field, counts)
            else:
                raise field["kind"].refuse("token, step, rewind or end")
        if not counts["end"]:
            raise InvalidRecording(f"{self._path} lost its closing line since it was opened")

    def _check_closed(self, last: int, ending: bytes) -> None:
        """The closing line is written last, so a recording without it is not whole."""
        try:
            field = self._field(last, ending)
            closed = last > 1 and field["kind"].value == "end"
        except InvalidRecording:
            closed = False
        if not closed:
            unfinished = "is unfinished:" if self._path.name.endswith(PART) else "breaks off:"
            raise InvalidRecording(
                f"{self._path} {unfinished} line {last} is its last and not the closing line, "
                'with which every whole recording ends ({"kind":"end",…})'
            )

    def _check_counts(self, field: Field, counts: Counter[str]) -> None:
        for kind in COUNTED:
            said = field[f"{kind}s"].integer()
            if said != counts[kind]:
                raise InvalidRecording(
                    f"{self._path}: {field.place} counts {said} lines of kind {kind!r}, "
                    f"but {counts[kind]} are there; lines are missing or were added"
                )

    def _field(self, number: int, line: bytes) -> Field:
        place = f"line {number}"
        return Field(parse_json(self._path, line, place), self._path, place)
