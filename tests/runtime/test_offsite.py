"""A backup is put into a bucket whole and signed, or it is said why not."""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
import sqlite3
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from aineon.cli.main import app
from aineon.errors import BackupError, ConfigurationError
from aineon.ledger.backup.verifying import verify_backup
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock
from aineon.runtime import object_store, offsite
from aineon.runtime.object_store import Bucket, put_file, sign
from aineon.runtime.settings import Settings, load_settings
from tests.postgres_server import postgres_server

SECRET = "s3cr3t/of+the=bucket"
NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC


class Store(ThreadingHTTPServer):
    """An object store that believes nobody: it checks each signature from the bytes it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.failing = 0
        self.asked: list[str] = []
        self.loses = 0


class Handler(BaseHTTPRequestHandler):
    server: Store
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused(body):
            return
        self.server.objects[self.path] = body[: len(body) - self.server.loses]
        self._answer(200)

    def do_HEAD(self) -> None:
        if self._refused(b""):
            return
        found = self.server.objects.get(self.path)
        self._answer(404 if found is None else 200, length=len(found or b""))

    def _refused(self, body: bytes) -> bool:
        self.server.asked.append(f"{self.command} {self.path}")
        if self.server.failing:
            self.server.failing -= 1
            self._answer(503, b"<Code>SlowDown</Code>")
            return True
        if not self._is_signed(body):
            self._answer(403, b"<Code>SignatureDoesNotMatch</Code>")
            return True
        return False

    def _is_signed(self, body: bytes) -> bool:
        """Follow the specification from the request as it came, with no code of ours."""
        given = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=key-1/(\d{8})/(.+)/s3/aws4_request, "
            r"SignedHeaders=(.+), Signature=([0-9a-f]{64})",
            self.headers["Authorization"],
        )
        told = self.headers["x-amz-content-sha256"]
        if given is None or hashlib.sha256(body).hexdigest() != told:
            return False
        day, region, names, signature = given.groups()
        canonical = [self.command, self.path, ""]
        canonical += [f"{name}:{self.headers[name].strip()}" for name in names.split(";")]
        canonical += ["", names, told]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        scope = f"{day}/{region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{digest}"
        key = b"AWS4" + SECRET.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, to_sign.encode(), "sha256").hex() == signature

    def _answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def bucket(store: Store) -> Bucket:
    endpoint = f"http://127.0.0.1:{store.server_port}"
    return Bucket(endpoint, "eu-central-1", "copies", "key-1", SecretStr(SECRET))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file"
    path.write_bytes(b"some bytes" * 300_000)
    return path


def put(bucket: Bucket, file: Path, name: str = "aineon/2027/one file.dump") -> object_store.Sent:
    return put_file(bucket, name, file, httpx.HTTPTransport())


def test_a_signature_is_what_amazons_own_library_makes(bucket: Bucket) -> None:
    amazon = replace(bucket, endpoint="https://s3.eu-central-1.amazonaws.com")
    digest = hashlib.sha256(b"abc").hexdigest()
    at = datetime(2027, 1, 15, 8, tzinfo=UTC)
    signed = sign(amazon, "PUT", "aineon/2027/one file.dump", digest, at)
    # From botocore 1.43.11, for the same request.
    expected = "26caee5d4a1ac9cb3b2bc712ee59b1fe3ff05b8637399d4da3ea5c707bc13c0f"
    assert signed["authorization"].endswith(f"Signature={expected}")


def test_what_arrives_is_what_was_sent(store: Store, bucket: Bucket, file: Path) -> None:
    sent = put(bucket, file)
    assert store.objects == {"/copies/aineon/2027/one%20file.dump": file.read_bytes()}
    assert sent.size == 3_000_000
    assert sent.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [each.split()[0] for each in store.asked] == ["PUT", "HEAD"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": SecretStr("another secret")},
        {"key_id": "key-2"},
    ],
)
def test_control_a_wrong_key_is_refused_at_once(
    store: Store, bucket: Bucket, file: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BackupError, match=r"HTTP 403 <Code>SignatureDoesNotMatch</Code>") as error:
        put(replace(bucket, **wrong), file)
    assert "secret" not in str(error.value)
    assert len(store.asked) == 1
    assert not store.objects


def test_a_store_in_trouble_is_asked_again(store: Store, bucket: Bucket, file: Path) -> None:
    store.failing = 2
    put(bucket, file)
    assert len(store.asked) == 4


def test_a_store_that_stays_in_trouble_is_given_up(
    store: Store, bucket: Bucket, file: Path
) -> None:
    store.failing = 99
    with pytest.raises(BackupError, match="HTTP 503"):
        put(bucket, file)
    assert len(store.asked) == 3


def test_nobody_there(bucket: Bucket, file: Path, store: Store) -> None:
    store.server_close()
    closed = replace(bucket, endpoint="http://127.0.0.1:1")
    with pytest.raises(BackupError, match="could not be sent to bucket copies: ConnectError"):
        put(closed, file)


def test_an_object_that_is_cut_short_is_found_out(store: Store, bucket: Bucket, file: Path) -> None:
    store.loses = 1
    with pytest.raises(BackupError, match="sent with 3000000 bytes, and copies holds 2999999"):
        put(bucket, file)


def test_too_much_for_one_request(
    bucket: Bucket, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "MOST_BYTES", 10)
    with pytest.raises(BackupError, match="one request takes 10 at most"):
        put(bucket, file)


# --- of databases --------------------------------------------------------------------------


def settings_of(folder: Path, bucket: Bucket, **env: str) -> Settings:
    return load_settings(env=environment(folder, bucket) | env)


def environment(folder: Path, bucket: Bucket) -> dict[str, str]:
    return {
        "AINEON_DATA_DIR": str(folder),
        "AINEON_BACKUP_ENDPOINT": bucket.endpoint,
        "AINEON_BACKUP_REGION": bucket.region,
        "AINEON_BACKUP_BUCKET": bucket.name,
        "AINEON_BACKUP_KEY_ID": bucket.key_id,
        "AINEON_BACKUP_SECRET_KEY": SECRET,
    }


def test_files_are_packed_and_can_be_put_back(
    store: Store, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "var"
    with ControlStore.open(sqlite_url(folder / "control.db")):
        pass
    with BookStore.open(sqlite_url(folder / "simulation.db"), Book.SIMULATION):
        pass
    for name, value in environment(folder, bucket).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AINEON_ENV_FILE", "off")
    done = CliRunner().invoke(app, ["backup", "send"])
    assert done.exit_code == 0, done.output
    [(path, content)] = store.objects.items()
    assert re.fullmatch(r"/copies/aineon/\d{4}/\d{2}/aineon-\d{8}T\d{6}Z\.tar\.gz", path)
    assert f"SHA-256 {hashlib.sha256(content).hexdigest()}" in done.output
    assert SECRET not in done.output
    (tmp_path / "got.tar.gz").write_bytes(content)
    with tarfile.open(tmp_path / "got.tar.gz") as archive:
        archive.extractall(tmp_path / "got", filter="data")
    [unpacked] = (tmp_path / "got").iterdir()
    assert {kept.name for kept in verify_backup(unpacked).manifest.files} >= {
        "control.db",
        "simulation.db",
    }
    with sqlite3.connect(unpacked / "control.db") as control:
        [(count,)] = control.execute("SELECT count(*) FROM audit WHERE action = 'backup.create'")
    assert count == 1


def test_nothing_stays_behind(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with ControlStore.open(sqlite_url(folder / "control.db")):
        pass
    offsite.send(settings_of(folder, bucket), print, ManualClock(NOW))
    assert {path.name.partition("-")[0] for path in folder.iterdir()} == {
        "control.db",
        "control.anchor",
    }
    assert list(store.objects) == ["/copies/aineon/2027/01/aineon-20270115T080000Z.tar.gz"]


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="there is no pg_dump on this machine")
def test_a_server_is_dumped_whole(store: Store, bucket: Bucket, tmp_path: Path) -> None:
    with postgres_server() as server:
        url = server
        settings = settings_of(tmp_path / "var", bucket, DATABASE_URL=url)
        with ControlStore.open(settings.control_url):
            pass
        with BookStore.open(settings.book_url, Book.SIMULATION):
            pass
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA of_others")
            connection.execute("CREATE TABLE of_others.diary (page text)")
        offsite.send(settings, print, ManualClock(NOW))
    [(path, content)] = store.objects.items()
    assert path == "/copies/aineon/2027/01/aineon-20270115T080000Z.dump"
    dump = tmp_path / "got.dump"
    dump.write_bytes(content)
    listed = subprocess.run(
        ["pg_restore", "--list", str(dump)], capture_output=True, text=True, check=True
    ).stdout
    assert "TABLE aineon_control audit" in listed
    assert "TABLE aineon_simulation settlements" in listed
    assert "diary" not in listed


def test_a_server_that_is_away_is_said_without_its_password(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("there is no pg_dump on this machine")
    url = "postgresql://ada:canary-password@127.0.0.1:1/books"
    settings = settings_of(tmp_path, bucket, DATABASE_URL=url)
    with pytest.raises(BackupError, match="pg_dump failed") as error:
        offsite.send(settings, print)
    assert "canary" not in str(error.value)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="there is no pg_dump here"):
        offsite.send(settings, print)


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AINEON_BACKUP_BUCKET, AINEON_BACKUP_KEY_ID"):
        offsite.send(
            load_settings(env={"AINEON_BACKUP_ENDPOINT": "https://store.example.org"}), print
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AINEON_BACKUP_ENDPOINT", "http://store.example.org"),
        ("AINEON_BACKUP_ENDPOINT", "https://store.example.org/bucket"),
        ("AINEON_BACKUP_ENDPOINT", "https://user:word@store.example.org"),
        ("AINEON_BACKUP_BUCKET", "Upper"),
        ("AINEON_BACKUP_BUCKET", "a/b"),
        ("AINEON_BACKUP_REGION", "no where"),
        ("AINEON_BACKUP_SECRET_KEY", "with blank in"),
    ],
)
def test_settings_that_cannot_be_meant(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(env={name: value})
