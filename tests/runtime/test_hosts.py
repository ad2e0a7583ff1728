"""The names that browsers may reach the console by."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.runtime.hosts import allowed_hosts, host_is_allowed, is_own_origin, name_of
from aineon.runtime.settings import load_settings

LOCAL = ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, LOCAL),
        ({"AINEON_HOST": "10.0.0.7"}, (*LOCAL, "10.0.0.7")),
        ({"AINEON_HOST": "0.0.0.0"}, ("*",)),
        ({"AINEON_HOST": "::"}, ("*",)),
        ({"RENDER_EXTERNAL_HOSTNAME": "a.onrender.com"}, (*LOCAL, "a.onrender.com")),
        ({"AINEON_ALLOWED_HOSTS": "a.example,*.b.example"}, ("a.example", "*.b.example")),
    ],
)
def test_hosts_follow_from_settings(
    tmp_path: Path, env: dict[str, str], expected: tuple[str, ...]
) -> None:
    settings = load_settings(env={"AINEON_DATA_DIR": str(tmp_path), **env})
    assert allowed_hosts(settings) == expected


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        (None, "localhost:8501", True),
        ("http://localhost:8501", "localhost:8501", True),
        ("http://localhost:8502", "localhost:8501", False),
        ("http://127.0.0.1:8501", "localhost:8501", False),
        *(
            ("null", "localhost", False),
            ("http://[", "localhost", False),
            ("http://a", None, False),
        ),
    ],
)
def test_an_origin_is_this_host_and_port(
    origin: str | None, host: str | None, is_own: bool
) -> None:
    assert is_own_origin(origin, host) is is_own


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8501", "127.0.0.1:80", "[::1]:8501", "[::1]", "localhost.:8501"],
)
def test_a_known_host_is_known_with_any_port(host: str) -> None:
    assert host_is_allowed(host, LOCAL)


@pytest.mark.parametrize(
    "host",
    [
        *(None, "", ":8501", "evil.example", "localhost.evil.example", "evil-localhost"),
        *("localhost@evil.example", "user@localhost", "localhost:99999", "localhost:x"),
        *("localhost/path", "localhost?x", "localhost#x", "[::1", "local host", "\x00"),
    ],
)
def test_any_other_is_not(host: str | None) -> None:
    assert not host_is_allowed(host, LOCAL)


def test_a_star_stands_for_names_below_it() -> None:
    assert host_is_allowed("a.b.example", ("*.b.example",))
    assert host_is_allowed("anything.at.all:1", ("*",))
    assert not host_is_allowed("b.example", ("*.b.example",))
    assert not host_is_allowed("evilb.example", ("*.b.example",))
    assert not host_is_allowed(None, ("*",))
    assert name_of("A.Example:1") == "a.example"
