# pragma version ~=0.4.3
"""
@title A token that misbehaves as it is told
"""

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(constant(uint8)) = 18
# Of what is moved, this share vanishes, and True is returned all the same.
fee_bps: public(uint256)
# Transfers to this address return False and move nothing; to the other one they revert.
refused: public(address)
blocked: public(address)
refuses_approvals: public(bool)
# Called with every transfer.
hook: public(address)


@external
def mint(owner: address, amount: uint256):
    self.balanceOf[owner] += amount


@external
def misbehave(
    fee_bps: uint256, refused: address, blocked: address, refuses_approvals: bool, hook: address
):
    self.fee_bps = fee_bps
    self.refused = refused
    self.blocked = blocked
    self.refuses_approvals = refuses_approvals
    self.hook = hook


@external
def approve(spender: address, amount: uint256) -> bool:
    if self.refuses_approvals:
        return False
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    return self._move(owner, to, amount)


@internal
def _move(owner: address, to: address, amount: uint256) -> bool:
    assert to != self.blocked, "blocked"
    if to == self.refused:
        return False
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - amount * self.fee_bps // 10_000
    if self.hook != empty(address):
        raw_call(self.hook, b"")
    return True
