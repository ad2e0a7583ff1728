"""Tokens: the canonical WETH9, and ERC-20s of any decimals that anybody may mint.

The latter are Aave's test tokens, OpenZeppelin's ERC-20 with a public `mint`.
"""

from __future__ import annotations

from aineon.primitives import Address, Token
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.packages import AAVE_V3, WRAPPED_ETHER

MOST = 2**256 - 1


def deploy_wrapped_ether(deployer: Deployer) -> Token:
    """Deploy WETH9."""
    return Token(deployer.deploy_packaged(WRAPPED_ETHER, "WETH9"), "WETH", 18)


def deploy_token(deployer: Deployer, symbol: str, decimals: int) -> Token:
    """Deploy an ERC-20 without supply."""
    address = deployer.deploy_packaged(AAVE_V3, "MintableERC20", symbol, symbol, decimals)
    return Token(address, symbol, decimals)


def mint(deployer: Deployer, token: Token, owner: Address, amount: int) -> None:
    """Give somebody new units of a token that `deploy_token` made."""
    deployer.send(token.address, "mint(address,uint256)", owner, amount)


def wrap(deployer: Deployer, wrapped_ether: Token, amount: int) -> None:
    """Turn the deployer's own ether into WETH, in wei."""
    deployer.send(wrapped_ether.address, "deposit()", value=amount)


def approve(deployer: Deployer, token: Token, spender: Address, most: int = MOST) -> None:
    """Let a contract take that many of the deployer's units of a token."""
    deployer.send(token.address, "approve(address,uint256)", spender, most)


def balance(deployer: Deployer, token: Token, owner: Address) -> int:
    """Return how many units somebody holds."""
    (found,) = deployer.call(token.address, "balanceOf(address)", ["uint256"], owner)
    return int(found)
