"""Opening what may be a recording: plain or gzip, whole or broken."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from aineon.errors import InvalidRecording

PART = ".part"
_GZIP_MAGIC = b"\x1f\x8b"
_TAIL = 1 << 16


def open_recording(path: Path) -> BinaryIO | gzip.GzipFile:
    """Open `path` for reading, unpacking gzip (told by content, not by name).

    Raises:
        InvalidRecording: missing, not a file, or not readable.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise InvalidRecording(_missing(path)) from error
    except IsADirectoryError as error:
        raise InvalidRecording(f"{path} is a directory, a recording is a file") from error
    except OSError as error:
        raise InvalidRecording(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        magic = file.read(len(_GZIP_MAGIC))
        file.seek(0)
    except OSError as error:
        file.close()
        raise InvalidRecording(f"{path} cannot be read: {error.strerror or error}") from error
    if magic != _GZIP_MAGIC:
        return file
    file.close()
    return gzip.GzipFile(path, "rb")


def _missing(path: Path) -> str:
    part = path.with_name(path.name + PART)
    if part.exists():
        return f"{path} does not exist, but {part.name} beside it is an unfinished recording"
    return f"{path} does not exist, a replay needs the path of a recording"


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each line; the last one may lack its line end.

    Raises:
        InvalidRecording: the file, or its gzip stream, breaks off.
    """
    number = 0
    with open_recording(path) as file:
        while True:
            try:
                line = file.readline()
            except (OSError, EOFError, zlib.error) as error:
                _broken_stream(path, f"after line {number}", error)
            if not line:
                return
            number += 1
            yield number, line


def read_whole(path: Path) -> bytes:
    """Return the whole content.

    Raises:
        InvalidRecording: the file, or its gzip stream, breaks off.
    """
    content = bytearray()
    with open_recording(path) as file:
        while True:
            try:
                piece = file.read(_TAIL)
            except (OSError, EOFError, zlib.error) as error:
                _broken_stream(path, f"after offset {len(content)}", error)
            if not piece:
                return bytes(content)
            content += piece


def parse_json(path: Path, content: bytes, place: str = "") -> Any:
    """Return the JSON value in `content`; NaN, Infinity and broken text are refused.

    `place` ("line 7") says where the content stands where it is not the whole file.
    """
    at = f"{place}: " if place else ""
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 text at offset {error.start}"
    except json.JSONDecodeError as error:
        spot = f"column {error.colno}" if place else f"line {error.lineno} column {error.colno}"
        reason = f"not valid JSON at {spot} (offset {error.pos}): {error.msg}"
    except (ValueError, RecursionError) as error:
        reason = f"not valid JSON: {error}"
    raise InvalidRecording(f"{path}: {at}{reason}; a recording is complete JSON or JSON lines")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _broken_stream(path: Path, where: str, error: Exception) -> NoReturn:
    raise InvalidRecording(
        f"{path} breaks off {where} ({error}), allowed is a complete file or gzip stream"
    ) from error
