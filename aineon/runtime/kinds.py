"""The kinds of values that settings have: how their text is read and written.

Numbers are plain ASCII decimals. Money is read exactly from text into an int of wei, through
no float on the way; a thousands separator is refused because it is a decimal comma to half of
the world.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from aineon.primitives import parse_address
from aineon.primitives.units import format_units, parse_units
from aineon.runtime.notices.kinds import SWITCHED
from aineon.runtime.parameter import Kind, NotAllowed

_NOBODY = "none"
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}
_KEY = re.compile(r"(0x)?([0-9a-fA-F]{64})", re.ASCII)
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_API_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}", re.ASCII)
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{20,256}", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{4,128}", re.ASCII)
_STORE_KEY = re.compile(r"[!-~]{8,256}", re.ASCII)
_SEALING_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SETUP_TOKEN = re.compile(r"[!-~]{16,256}", re.ASCII)
_NUMBERED = re.compile(r"/?|/\d{1,3}", re.ASCII)
_LONGEST_PASSWORD = 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LENDERS = ("flash_swap", "balancer_v2", "aave_v3")
_NO_KINDS = "none"
_ZERO_ADDRESS = "0x" + "0" * 40


def _decimal_text(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a decimal number")
    return text


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _number(text: str) -> float:
    value = float(_decimal_text(text))
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def _show_number(value: float) -> str:
    return format(value, ".15g")


def _switch(text: str) -> bool:
    try:
        return _SWITCH[text.lower()]
    except KeyError as error:
        raise ValueError(f"{text!r} is neither on nor off") from error


def _address(text: str) -> str:
    address = parse_address(text)
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()):
        # eth_utils takes 0.1 s to import, and most starts have no address to check.
        from eth_utils.address import to_checksum_address

        if text != to_checksum_address(address):
            raise NotAllowed(
                "its mix of upper and lower case is not the EIP-55 checksum of the address, "
                "so a character is wrong; allowed is a correctly checksummed address"
            )
    if address == _ZERO_ADDRESS:
        raise NotAllowed("what is sent to the zero address is lost; allowed is another address")
    return str(address)


def _private_key(text: str) -> SecretStr:
    match = _KEY.fullmatch(text)
    if match is None or not 0 < int(match[2], 16) < _SECP256K1_ORDER:
        raise ValueError("not a private key")
    return SecretStr("0x" + match[2].lower())


def _password(text: str) -> SecretStr:
    if not text.isprintable() or len(text) > _LONGEST_PASSWORD:
        raise ValueError("not a password")
    return SecretStr(text)


def _setup_token(text: str) -> SecretStr:
    if not _SETUP_TOKEN.fullmatch(text):
        raise ValueError("not a token")
    return SecretStr(text)


def _sealing_keys(text: str) -> tuple[SecretStr, ...]:
    keys = [part.strip().lower() for part in text.split(",")]
    if not all(_SEALING_KEY.fullmatch(key) for key in keys) or len(set(keys)) < len(keys):
        raise ValueError("not such keys")
    return tuple(SecretStr(key) for key in keys)


def _api_key(text: str) -> SecretStr:
    if not _API_KEY.fullmatch(text):
        raise ValueError("not an API key")
    return SecretStr(text)


def _bearer_token(text: str) -> SecretStr:
    if not _BEARER_TOKEN.fullmatch(text):
        raise ValueError("not such a token")
    return SecretStr(text)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("not such a text")
        return text

    return read


def _store_url(text: str) -> str:
    parts = urlsplit(_require_url(text, ("http", "https")))
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise NotAllowed("what is sent there could be read on the way; allowed is https://")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise NotAllowed("allowed is scheme, host and port alone: the bucket has its own setting")
    return text.rstrip("/")


def _rpc_urls(text: str) -> tuple[SecretStr, ...]:
    urls = [part.strip() for part in text.split(",")]
    for url in urls:
        _require_url(url, ("http", "https", "ws", "wss"))
    return tuple(SecretStr(url) for url in urls)


def _relay_urls(text: str) -> tuple[SecretStr, ...]:
    if text.strip().lower() == _NOBODY:
        return ()
    urls = [part.strip() for part in text.split(",")]
    for url in urls:
        _require_url(url, ("http", "https"))
        if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in _LOOPBACK:
            raise NotAllowed("what is sent there could be read on the way; allowed is https://")
    return tuple(SecretStr(url) for url in urls)


def _lenders(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(","))
    if not set(names) <= set(_LENDERS) or len(set(names)) < len(names):
        raise ValueError("not such names")
    return names


def _tokens(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"0x[0-9a-fA-F]{40}|[A-Za-z0-9._+$-]{1,16}", name) for name in names):
        raise ValueError("neither symbols nor addresses")
    if len({name.lower() for name in names}) < max(len(names), 2):
        raise ValueError("fewer than two, or one of them twice")
    return names


def _venues(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(","))
    if not all(re.fullmatch(r"[a-z0-9_]{1,40}", name) for name in names):
        raise ValueError("not such names")
    return tuple(dict.fromkeys(names))


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_address(part.strip()) for part in text.split(",")))


def _notify_urls(text: str) -> tuple[SecretStr, ...]:
    # Addresses may have commas of their own; a new one begins with its scheme.
    urls = re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", text.strip())
    for url in urls:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+", url) or not url.isprintable():
            raise ValueError("not such addresses")
    return tuple(SecretStr(url) for url in dict.fromkeys(urls))


def _notify_kinds(text: str) -> tuple[str, ...]:
    if text.lower() == _NO_KINDS:
        return ()
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(names) <= set(SWITCHED):
        raise ValueError("not such kinds")
    return tuple(kind.value for kind in SWITCHED if kind in names)


def _redis_url(text: str) -> SecretStr:
    parts = urlsplit(_require_url(text, ("redis", "rediss")))
    # What stands behind a question mark would overrule how long a server may take.
    if parts.query or parts.fragment or parts.port == 0 or not _NUMBERED.fullmatch(parts.path):
        raise ValueError("not such a URL")
    return SecretStr(text)


def _require_url(text: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname or re.search(r"\s", text):
        raise ValueError("not such a URL")
    return text


def _database_url(text: str) -> SecretStr:
    prefix, slashes, path = text.partition(":///")
    if prefix == "sqlite":
        if not slashes or not path or path.endswith("/") or "?" in path:
            raise ValueError("not an SQLite URL")
        return SecretStr(text)
    parts = urlsplit(text)
    query = parse_qs(parts.query)
    if parts.scheme not in ("postgres", "postgresql") or re.search(r"\s", text):
        raise ValueError("neither SQLite nor PostgreSQL")
    if not parts.path.strip("/") or not (parts.hostname or query.get("host")):
        raise ValueError("without a host or a database")
    if "schema" in query:
        raise ValueError("with a schema, which AINEON chooses itself")
    return SecretStr(text)


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("not a path")
    return Path(text).expanduser()


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", text, re.ASCII):
        raise ValueError("not a host")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(
        _host(part.strip().removeprefix("*.")) and part.strip() for part in text.split(",")
    )


def _amount(decimals: int, unit: str) -> Kind:
    return Kind(
        words=f"an amount of {unit}{{range}} with at most {decimals} decimals",
        parse=lambda text: parse_units(_decimal_text(text), decimals),
        show=lambda raw: format_units(raw, decimals).replace(",", ""),
        accepts=(int,),
    )


def _live_phrase(text: str) -> str:
    match = re.fullmatch(
        r"(trade with real money on chain [1-9]\d{0,18} through )(0x[0-9a-fA-F]{40})",
        text,
        re.ASCII,
    )
    if match is None:
        raise ValueError("not the phrase")
    return match[1] + _address(match[2])


ETHER = _amount(18, "ETH")
GWEI = _amount(9, "gwei")
WHOLE = Kind("a whole number{range}", _whole, accepts=(int,))
NUMBER = Kind("a number{range}", _number, _show_number, accepts=(int, float))
SWITCH = Kind("on or off", _switch, lambda value: "on" if value else "off", accepts=(bool,))
CHOICE = Kind("one of a few words", str)
ADDRESS = Kind("an Ethereum address, 0x followed by 40 hexadecimal digits", _address)
PRIVATE_KEY = Kind("a private key, 64 hexadecimal digits with or without 0x", _private_key)
PASSWORD = Kind("up to 1024 printable characters; blanks around them do not count", _password)
SETUP_TOKEN = Kind("16 to 256 printable ASCII characters without blanks", _setup_token)
SEALING_KEYS = Kind(
    "64 hexadecimal digits, or several such keys separated by commas",
    _sealing_keys,
    accepts=(tuple,),
)
API_KEY = Kind("8 to 128 letters, digits, dashes and underscores", _api_key)
BEARER_TOKEN = Kind(
    "20 to 256 letters, digits and signs of - . _ ~ + / = (e.g. from `openssl rand -hex 32`)",
    _bearer_token,
)
STORE_URL = Kind("an https:// address without a path; http:// on this machine", _store_url)
REGION = Kind("a region such as eu-central-1, or auto", _matching(_KEY_ID))
BUCKET = Kind(
    "a bucket's name: 3 to 63 lower-case letters, digits, dots, dashes", _matching(_BUCKET)
)
KEY_ID = Kind("an access key's id", _matching(_KEY_ID))
STORE_KEY = Kind(
    "8 to 256 printable characters without blanks",
    lambda text: SecretStr(_matching(_STORE_KEY)(text)),
)
RPC_URLS = Kind(
    "http(s):// or ws(s):// addresses, separated by commas", _rpc_urls, accepts=(tuple,)
)
RELAY_URLS = Kind(
    f"https:// addresses, separated by commas; http:// on this machine; or {_NOBODY}",
    _relay_urls,
    accepts=(tuple,),
)
LENDERS = Kind(
    f"one or more of {', '.join(_LENDERS)}, separated by commas",
    _lenders,
    ",".join,
    accepts=(tuple,),
)
TOKENS = Kind(
    "two or more different symbols or addresses of tokens, separated by commas",
    _tokens,
    ",".join,
    accepts=(tuple,),
)
VENUES = Kind(
    "names of venues such as uniswap_v2, separated by commas",
    _venues,
    ",".join,
    accepts=(tuple,),
)
ADDRESSES = Kind("Ethereum addresses, separated by commas", _addresses, ",".join, accepts=(tuple,))
NOTIFY_URLS = Kind(
    "addresses such as tgram://TOKEN/CHAT, separated by blanks or commas",
    _notify_urls,
    accepts=(tuple,),
)
NOTIFY_KINDS = Kind(
    f"one or more of {', '.join(SWITCHED)}, separated by commas, or {_NO_KINDS}",
    _notify_kinds,
    lambda kinds: ",".join(kinds) or _NO_KINDS,
    accepts=(tuple,),
)
LIVE_PHRASE = Kind(
    "the phrase that `aineon doctor --live` asks for, e.g. trade with real money on chain 1 "
    "through 0x… (the executor contract's address)",
    _live_phrase,
)
STOP = Kind("any text; off, no, false and 0 leave it off", str)
REDIS_URL = Kind("an address such as redis://host:6379/0", _redis_url)
DATABASE_URL = Kind(
    "an SQLite URL such as sqlite:///var/aineon.db, or a PostgreSQL URL such as "
    "postgresql://user:password@host/database",
    _database_url,
)
PATH = Kind("a path", _path, accepts=(type(Path()),))
HOST = Kind("a host name or an IP address", _host)
HOSTS = Kind(
    "host names such as example.org or *.example.org, separated by commas",
    _hosts,
    ",".join,
    accepts=(tuple,),
)

# SHA-256 of the ten private keys that anvil and hardhat print at every start. Everybody holds
# them, and bots empty their accounts within seconds. Digests, so that no key stands here.
PUBLISHED_KEY_DIGESTS = frozenset(
    {
        "59891c96881dfbcf7d2ddc270b7813e666694fbbffe8ddd2736bf91c1b0e85d4",
        "bca4c2c0761d850f0c403a699280f70f86ab6659a611ada431019203cd66098f",
        "193ae84c4c9567c25105535802f463f3f8dc420b0ce9a5b57c7931c764e623d6",
        "e25a680eff8baac7b15129a830ecc40211017919d5d32fce8c6b409af753e50f",
        "6718ba8966161cc843e01e8d19f018859e1bcba7f0e8f2c108578b497ac408b7",
        "ac29b3735d1b57180dea890d6321cd27e593723cbe9e227eed8a3fa35945122c",
        "93e372c67f7238faf2dfdc029246b299e88d71937680cbb895fedeb2a262ed19",
        "59ad99d565557cc0968550ed2f5ea5ff5fd1d279324a25d324a531053c9c16a3",
        "2d1831e800ec18fe3e29da2e4357db936efce5b9792d76683d465582f0910db0",
        "25061aad2bb0917814989eb38f95608a744ecb8173fdce329486e8b83086e5f0",
    }
)


def is_published_key(key: SecretStr) -> bool:
    """Whether `key` is one of the ten test keys that anvil and hardhat publish."""
    return hashlib.sha256(bytes.fromhex(key.get_secret_value()[2:])).hexdigest() in (
        PUBLISHED_KEY_DIGESTS
    )
