# pragma version ~=0.4.3
"""
@title Stands in for wrapped staked ether: four of these are five of the wrapped token
"""

from ethereum.ercs import IERC20

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(constant(uint8)) = 18
WRAPPED: immutable(address)


@deploy
def __init__(wrapped: address):
    WRAPPED = wrapped


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    return True


@external
def wrap(amount: uint256) -> uint256:
    extcall IERC20(WRAPPED).transferFrom(msg.sender, self, amount)
    self.balanceOf[msg.sender] += amount * 4 // 5
    return amount * 4 // 5


@external
def unwrap(amount: uint256) -> uint256:
    self.balanceOf[msg.sender] -= amount
    extcall IERC20(WRAPPED).transfer(msg.sender, amount * 5 // 4)
    return amount * 5 // 4
