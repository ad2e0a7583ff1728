"""What the settings and the chain say to the treasury."""

from __future__ import annotations

import pytest

from aineon.chain.addresses import mainnet
from aineon.errors import ConfigurationError
from aineon.primitives import ETHER, parse_address
from aineon.primitives.units import ETHER as WEI
from aineon.primitives.units import GWEI
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.withdrawals import automatic_of, house_of, policy_of, pricing_of
from aineon.treasury import Approvers

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
NONE: dict[str, str] = {"AINEON_ENV_FILE": "off"}


def test_the_policy_is_what_the_settings_say() -> None:
    settings = load_settings(
        NONE
        | {
            "MAX_WITHDRAWAL_ETH": "7",
            "AINEON_DAILY_WITHDRAWAL_COUNT": "3",
            "AINEON_WITHDRAWAL_APPROVERS": "several",
            "AINEON_WITHDRAWAL_COOLING_MINUTES": "2",
            "AINEON_DESTINATION_AGE_HOURS": "48",
            "AINEON_WITHDRAWAL_EXPIRES_HOURS": "0.5",
            "AINEON_WITHDRAWAL_PATIENCE_HOURS": "0.5",
        }
    )
    policy = policy_of(settings)
    assert (policy.min_wei, policy.max_wei, policy.daily_wei) == (WEI // 10, 7 * WEI, 1000 * WEI)
    assert (policy.daily_count, policy.approvers) == (3, Approvers.SEVERAL)
    assert (policy.free_up_to_wei, policy.one_up_to_wei) == (WEI, 20 * WEI)
    assert (policy.cooling_seconds, policy.cooling_alone_seconds) == (120, 3600)
    assert (policy.destination_age_seconds, policy.expires_seconds) == (172_800, 1800)
    assert policy.approval_seconds == 43_200


def test_automatic_withdrawal_is_off_until_it_is_switched_on() -> None:
    off = automatic_of(load_settings(NONE | {"WITHDRAWAL_ADDRESS": ADDRESS}))
    assert (off.address, off.threshold_wei) == (ADDRESS.lower(), None)
    on = load_settings(NONE | {"WITHDRAWAL_ADDRESS": ADDRESS, "AUTO_WITHDRAWAL_ENABLED": "on"})
    assert (automatic_of(on).threshold_wei, automatic_of(on).keep_wei) == (10 * WEI, WEI)


def test_gas_is_priced_as_the_settings_say() -> None:
    env = {
        "PRIORITY_FEE_GWEI": "0.5",
        "MAX_GAS_PRICE": "80",
        "AINEON_WITHDRAWAL_PATIENCE_HOURS": "2",
    }
    pricing = pricing_of(load_settings(NONE | env))
    assert (pricing.usual_tip_wei, pricing.most_fee_wei) == (GWEI // 2, 80 * GWEI)
    assert pricing.patience_seconds == 7200


def test_what_the_chain_knows_is_never_paid() -> None:
    known = mainnet()
    own = parse_address("0x" + "ab" * 20)
    usdc = known.token_by_symbol("USDC")
    house = house_of(Settings(), known, {own: "our wallet"}, (usdc,), lambda token, amount: 5)
    assert (house.chain_id, house.assets) == (1, (ETHER, usdc))
    assert house.ours[own] == "our wallet"
    assert house.ours[usdc.address] == "the token USDC"
    assert all(address in house.ours for address in known.contracts.values())
    assert (house.worth_of(ETHER, 7), house.worth_of(usdc, 7)) == (7, 5)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"AINEON_WITHDRAWAL_FREE_UP_TO_ETH": "30"}, "AINEON_WITHDRAWAL_ONE_UP_TO_ETH is 20"),
        ({"AINEON_WITHDRAWAL_COOLING_MINUTES": "90"}, "not shorter than the usual one"),
        (
            {
                "AUTO_WITHDRAWAL_ENABLED": "on",
                "WITHDRAWAL_ADDRESS": ADDRESS,
                "AUTO_WITHDRAWAL_THRESHOLD": "1",
            },
            "a threshold above what is kept",
        ),
        ({"AINEON_WITHDRAWAL_APPROVERS": "nobody"}, "several or single"),
        ({"AINEON_DESTINATION_AGE_HOURS": "nan"}, "a number from 0"),
    ],
)
def test_what_contradicts_itself_is_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(NONE | env)
