"""Devices: browsers in which a user has signed in before, and which therefore may try apart.

Whoever floods an account with wrong passwords uses up what strangers may try, and shuts out its
owner wherever he has never been. A browser that he has signed in with holds a token, and with it a
budget of its own (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). The token opens
nothing: password and code are asked for as ever.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from aineon.access.store import DEVICES, AccessStore
from aineon.access.tokens import new_token, token_hash

DEVICE_SECONDS: Final = 90 * 86_400.0
_MOST_DEVICES: Final = 10
_PURPOSE: Final = "device"


def device_key(token: str) -> str | None:
    """Return the hash that a device is kept under; None where the token cannot be one."""
    return token_hash(_PURPOSE, token)


def add_device(connection: Connection, name: str, at: float) -> str:
    """Remember a browser of user `name`, and return the token that it is to hold."""
    token = new_token()
    connection.execute(delete(DEVICES).where(DEVICES.c.ends_at <= at))
    newest = (
        select(DEVICES.c.token_hash)
        .where(DEVICES.c.user_name == name)
        .order_by(DEVICES.c.ends_at.desc(), DEVICES.c.token_hash)
    )
    rest = connection.execute(newest).scalars().all()[_MOST_DEVICES - 1 :]
    connection.execute(delete(DEVICES).where(DEVICES.c.token_hash.in_(rest)))
    row = {"token_hash": device_key(token), "user_name": name, "ends_at": at + DEVICE_SECONDS}
    connection.execute(insert(DEVICES).values(**row))
    return token


def is_device_of(store: AccessStore, key: str, name: str, at: float) -> bool:
    """Whether the device kept under `key` is one of user `name`; waits for nobody.

    It is asked at every try, and a flood of them must not keep others from writing.
    """
    # The key is a hash of ours, in hex.
    query = f"SELECT user_name, ends_at FROM user_devices WHERE token_hash = '{key}'"  # noqa: S608
    return any(owner == name and ends_at > at for owner, ends_at in store.glance(query))
