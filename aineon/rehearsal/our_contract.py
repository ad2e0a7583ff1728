"""AINEON's own executor contract on the rehearsal's chain."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.execution.contract import Deployment, creation_code
from aineon.primitives import Address, Token
from aineon.rehearsal.accounts import Accounts
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.protocols import tokens

MAX_BUILDER_SHARE_BPS = 9_900


def deploy_executor(
    deployer: Deployer,
    accounts: Accounts,
    wrapped_ether: Token,
    vault: Address,
    aave: Address,
    bases: Sequence[Token],
) -> Address:
    """Deploy the executor with the roles of `accounts`."""
    deployment = Deployment(
        owner=accounts.owner.address,
        operator=accounts.operator.address,
        guardian=accounts.guardian.address,
        treasury=accounts.treasury.address,
        weth=wrapped_ether.address,
        vault=vault,
        aave=aave,
        wsteth=None,
        max_builder_share_bps=MAX_BUILDER_SHARE_BPS,
        bases=[token.address for token in bases],
    )
    return deployer.deploy(creation_code(deployment))


def lend_own_money(
    deployer: Deployer, treasury: Address, wrapped_ether: Token, executor: Address, amount: int
) -> None:
    """Give the treasury WETH, and the executor its allowance to trade with them."""
    rpc = deployer.rpc
    rpc.ask("anvil_impersonateAccount", treasury)
    own = Deployer(rpc, treasury)
    deployer.send(wrapped_ether.address, "transfer(address,uint256)", treasury, amount)
    tokens.approve(own, wrapped_ether, executor, amount)
    rpc.ask("anvil_stopImpersonatingAccount", treasury)
    # Its key signed nothing yet: whoever signs with it answers for every nonce from the first on.
    rpc.ask("anvil_setNonce", treasury, hex(0))
