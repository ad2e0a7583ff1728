# pragma version ~=0.4.3
"""
@title A token whose balances, decimals and rate are set at will
@notice Also its own rate provider. Nothing is checked: the contracts under test do that.
"""

balanceOf: public(HashMap[address, uint256])
decimals: public(uint8)
getRate: public(uint256)


@external
def configure(decimals: uint8, rate: uint256):
    self.decimals = decimals
    self.getRate = rate


@external
def set_balance(owner: address, amount: uint256):
    self.balanceOf[owner] = amount


@external
def mint(owner: address, amount: uint256):
    self.balanceOf[owner] += amount


@external
def transfer(to: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    return True


@external
@view
def allowance(owner: address, spender: address) -> uint256:
    return max_value(uint256)


@external
def approve(spender: address, amount: uint256) -> bool:
    return True
