"""Models at rest: plain arrays and a manifest; nothing in a file is ever executed.

A model is a folder named after its version, with two files:

* `arrays.npz`: numpy arrays, read with pickle switched off;
* `manifest.json`: version, training window, features, what was measured, and the sha256 of the
  arrays.

The version ends with the beginning of the manifest's own sha256, and the manifest holds that of
the arrays, so a file that was cut, edited, or taken from another model does not match and is
refused. This protects against accidents and mix-ups; who can write the folder can make a model.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import shutil
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused, OptimizerError
from aineon.optimizer.arms import ARMS_BPS
from aineon.optimizer.models.ensemble import Ensemble

FORMAT: Final = "aineon-model-1"
"""What a manifest says; other formats are refused."""
ARRAYS: Final = "arrays.npz"
MANIFEST: Final = "manifest.json"
MOST_BYTES: Final = 64 * 2**20
"""A larger file is no model of ours."""

_VERSION: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
_DIGITS: Final = 12
_UNFINISHED: Final = ".model-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model's folder says about itself.

    Attributes:
        trained_at, began_at: seconds, the market's time: the training window.
        rows: opportunities in it.
        features: the features that a vector must hold, in this order.
        metrics: what was measured in training.
        sha256: of the file of arrays.
    """

    trained_at: float
    began_at: float
    rows: int
    features: tuple[str, ...]
    metrics: Mapping[str, float]
    sha256: str

    @property
    def version(self) -> str:
        """The model's name: when its training window ended, and what is in it."""
        digest = hashlib.sha256(self.text().encode()).hexdigest()
        try:
            moment = datetime.fromtimestamp(self.trained_at, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise ModelRefused(f"{self.trained_at} is no moment of training") from error
        return f"{moment:%Y%m%dT%H%M%SZ}-{digest[:_DIGITS]}"

    def text(self) -> str:
        """Return the manifest as it stands in its file."""
        told = {
            "format": FORMAT,
            "arms_bps": list(ARMS_BPS),
            "trained_at": self.trained_at,
            "began_at": self.began_at,
            "rows": self.rows,
            "features": list(self.features),
            "metrics": dict(sorted(self.metrics.items())),
            "sha256": self.sha256,
        }
        return json.dumps(told, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the manifest that `text` is.

        Raises:
            ModelRefused: it is none, or one of another format or other arms.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            if told["format"] != FORMAT:
                raise ModelRefused(
                    f"a model has the format {told['format']!r}; allowed is {FORMAT}"
                )
            if told["arms_bps"] != list(ARMS_BPS):
                raise ModelRefused("a model was made for other bids than the present arms")
            return cls(
                trained_at=_finite(told["trained_at"]),
                began_at=_finite(told["began_at"]),
                rows=int(told["rows"]),
                features=tuple(str(name) for name in told["features"]),
                metrics={str(name): _finite(value) for name, value in told["metrics"].items()},
                sha256=str(told["sha256"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelRefused(f"a model's manifest is damaged: {error}") from error


def save(model: Ensemble, folder: Path) -> str:
    """Write a model into a folder of its own under `folder`; return its version.

    Whoever looks finds the whole model, or none. The same model saved twice stands there once.

    Raises:
        OptimizerError: it cannot be written.
    """
    content = _content(model.arrays())
    manifest = Manifest(
        trained_at=model.trained_at,
        began_at=model.began_at,
        rows=model.rows,
        features=model.names,
        metrics=dict(model.metrics),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    target = folder / manifest.version
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _place(target, {ARRAYS: content, MANIFEST: manifest.text().encode()})
    except OSError as error:
        raise OptimizerError(f"model {target} cannot be written: {error.strerror}") from error
    return manifest.version


def load(folder: Path, version: str) -> Ensemble:
    """Read a model that `save` wrote.

    Raises:
        ModelRefused: it is not there, or a file is cut, edited, or of another model.
    """
    manifest = read_manifest(folder, version)
    content = _read(folder / version / ARRAYS)
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise ModelRefused(f"the arrays of model {version} are not those of its manifest")
    model = Ensemble.from_arrays(
        _arrays(content, version),
        trained_at=manifest.trained_at,
        began_at=manifest.began_at,
        rows=manifest.rows,
        metrics=manifest.metrics,
    )
    if model.names != manifest.features:
        raise ModelRefused(f"the arrays of model {version} are for other features")
    return model


def read_manifest(folder: Path, version: str) -> Manifest:
    """Read what a model says about itself, without its arrays.

    Raises:
        ModelRefused: there is no such model, or its manifest is not the one of that version.
    """
    if not _VERSION.fullmatch(version):
        raise ModelRefused(f"{version[:60]!r} is no model's version")
    try:
        text = _read(folder / version / MANIFEST).decode()
    except UnicodeDecodeError as error:
        raise ModelRefused(f"the manifest of model {version} is no text") from error
    manifest = Manifest.from_text(text)
    # The text must be the very one that was written: a field more would change nothing else.
    if manifest.version != version or manifest.text() != text:
        raise ModelRefused(f"the manifest of model {version} was edited or is another model's")
    return manifest


def versions(folder: Path) -> list[str]:
    """Return the models that stand in `folder`, oldest training window first."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if _VERSION.fullmatch(each.name))


def remove(folder: Path, version: str) -> None:
    """Delete one model; none there is fine.

    Raises:
        ModelRefused: that is no version.
        OptimizerError: it cannot be deleted.
    """
    if not _VERSION.fullmatch(version):
        raise ModelRefused(f"{version[:60]!r} is no model's version")
    try:
        shutil.rmtree(folder / version)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OptimizerError(f"model {version} cannot be deleted: {error.strerror}") from error


def remove_unfinished(folder: Path, before: float) -> None:
    """Delete what a save left that was ended in the middle, where it is older than `before`.

    Args:
        folder: of the models.
        before: seconds since the epoch; what is newer may still be written.
    """
    for each in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if each.stat().st_mtime < before:
                shutil.rmtree(each)


def _content(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _arrays(content: bytes, version: str) -> dict[str, NDArray[np.generic]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    # Only a file that was made with a matching manifest comes this far.
    except (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error) as error:
        raise ModelRefused(f"the arrays of model {version} cannot be read: {error}") from error
    except AttributeError as error:  # a single array is no archive of them
        raise ModelRefused(f"the arrays of model {version} are a single one") from error


def _place(target: Path, files: Mapping[str, bytes]) -> None:
    beside = Path(mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        for name, content in files.items():
            with (beside / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        try:
            beside.rename(target)
        except OSError:
            # Another process was faster; what bears this version is this very model.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ModelRefused(f"{path} is longer than {MOST_BYTES} bytes, so it is no model's")
    return content


def _finite(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ModelRefused(f"a model's manifest holds {number}, which is no figure")
    return number
