"""All attacks on the executor."""

from __future__ import annotations

from tests.contracts.executor import (
    attacks_by_pools,
    attacks_by_strangers,
    attacks_by_tokens,
    attacks_by_trades,
    attacks_in_between,
    attacks_on_roles,
    attacks_on_routes,
)
from tests.contracts.executor.attacking import Attack

ATTACKS: dict[str, Attack] = {
    **attacks_by_strangers.ATTACKS,
    **attacks_on_roles.ATTACKS,
    **attacks_by_trades.ATTACKS,
    **attacks_on_routes.ATTACKS,
    **attacks_by_pools.ATTACKS,
    **attacks_in_between.ATTACKS,
    **attacks_by_tokens.ATTACKS,
}
