"""The variables that operators expect to find."""

from __future__ import annotations

OPERATOR_NAMES = frozenset(
    {
        "ALCHEMY_API_KEY",
        "INFURA_API_KEY",
        "ETHERSCAN_API_KEY",
        "AINEON_KEYSTORE",
        "AINEON_KEYSTORE_PASSWORD_FILE",
        "PRIVATE_KEY",
        "WITHDRAWAL_ADDRESS",
        "AINEON_MODE",
        "AINEON_RPC_URLS",
        "MIN_PROFIT_THRESHOLD",
        "MAX_GAS_PRICE",
        "CONFIDENCE_THRESHOLD",
        "MAX_POSITION_SIZE",
        "MIN_WITHDRAWAL_ETH",
        "MAX_WITHDRAWAL_ETH",
        "AUTO_WITHDRAWAL_ENABLED",
        "AUTO_WITHDRAWAL_THRESHOLD",
        "DAILY_WITHDRAWAL_LIMIT",
        "SCAN_INTERVAL",
        "MAX_CONCURRENT",
        "MAX_SLIPPAGE_BPS",
        "PAIR_COOLDOWN",
        "REDIS_URL",
        "DATABASE_URL",
        "PORT",
    }
)
