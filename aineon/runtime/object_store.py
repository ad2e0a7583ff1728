"""One thing that S3, and the many stores that speak like it, can do: keep a file under a name.

A whole SDK would be the larger part of what this process loads. Requests are signed by AWS
Signature Version 4, with the file's SHA-256 in the signature: what arrives is what was sent, or is
refused. Source: AWS, "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
from pydantic import SecretStr

from aineon.errors import BackupError

MOST_BYTES: Final = 5 * 1024**3
"""What S3 takes in one request."""

_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_CHUNK: Final = 1 << 20
_TRIES: Final = 3
_SECONDS: Final = 60.0
_LONGEST_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and the key that may put objects into it; `endpoint` without a path."""

    endpoint: str
    region: str
    name: str
    key_id: str
    secret_key: SecretStr


@dataclass(frozen=True, slots=True)
class Sent:
    """An object that is in a bucket: its name, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


def put_file(bucket: Bucket, name: str, path: Path, transport: httpx.BaseTransport) -> Sent:
    """Put the file at `path` into `bucket` under `name`, and see that it is there.

    The same content under the same name may be put again, so a try that failed is repeated.

    Raises:
        BackupError: it is too large, was refused, or could not be sent.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise BackupError(
            f"{path.name} is {size} bytes, and one request takes {MOST_BYTES} at most; send it by "
            "a tool that divides it, such as rclone"
        )
    digest = _digest_of(path)
    with httpx.Client(transport=transport, timeout=_SECONDS, follow_redirects=False) as client:
        # The length is given, because stores do not take what comes in chunks.
        put = {"content-length": str(size), "content-type": "application/octet-stream"}
        _ask(client, bucket, "PUT", name, digest, put, path)
        told = _ask(client, bucket, "HEAD", name, _EMPTY, {}, None)
    found = told.headers.get("content-length")
    if found != str(size):
        raise BackupError(f"{name} was sent with {size} bytes, and {bucket.name} holds {found}")
    return Sent(name, size, digest)


def _ask(
    client: httpx.Client,
    bucket: Bucket,
    method: str,
    name: str,
    digest: str,
    headers: Mapping[str, str],
    path: Path | None,
) -> httpx.Response:
    trouble = ""
    for _ in range(_TRIES):
        url = f"{bucket.endpoint}/{bucket.name}/{quote(name)}"
        signed = sign(bucket, method, name, digest, datetime.now(UTC))
        content = None if path is None else _pieces(path)
        try:
            answer = client.request(method, url, headers={**headers, **signed}, content=content)
        except httpx.TransportError as error:
            trouble = f"{type(error).__name__}: {error}"
            continue
        if answer.is_success:
            return answer
        trouble = f"HTTP {answer.status_code} {_words_of(answer)}".strip()
        if answer.status_code < 500:
            break
    raise BackupError(f"{name} could not be sent to bucket {bucket.name}: {trouble}")


def sign(bucket: Bucket, method: str, name: str, digest: str, at: datetime) -> dict[str, str]:
    """Return the headers that sign a request for object `name`; `digest` of its body in hex."""
    stamp, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    signed = {
        "host": urlsplit(bucket.endpoint).netloc,
        "x-amz-content-sha256": digest,
        "x-amz-date": stamp,
    }
    names = ";".join(signed)
    lines = "".join(f"{key}:{value}\n" for key, value in signed.items())
    request = f"{method}\n/{bucket.name}/{quote(name)}\n\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{bucket.region}/s3/aws4_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = f"AWS4{bucket.secret_key.get_secret_value()}".encode()
    for part in (day, bucket.region, "s3", "aws4_request"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    credential = f"{bucket.key_id}/{scope}"
    return {
        **signed,
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, "
        f"Signature={signature}",
    }


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _words_of(answer: httpx.Response) -> str:
    """Return what the store says, on one line; it knows no secret of ours."""
    return " ".join(answer.text.split())[:_LONGEST_WORDS]
