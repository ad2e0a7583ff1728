# pragma version ~=0.4.3
"""
@title A borrower of Aave V3 and of Balancer V2
@notice Pays back what is asked, less what it is told to keep, and remembers what that was.
"""

interface Token:
    def transfer(to: address, amount: uint256) -> bool: nonpayable
    def approve(spender: address, amount: uint256) -> bool: nonpayable
    def balanceOf(owner: address) -> uint256: view


interface Aave:
    def flashLoanSimple(
        receiver: address, asset: address, amount: uint256, params: Bytes[1], referral: uint16
    ): nonpayable


interface Vault:
    def flashLoan(
        receiver: address, tokens: DynArray[address, 1], amounts: DynArray[uint256, 1], data: Bytes[1]
    ): nonpayable


held: public(uint256)
fee: public(uint256)
keep: uint256


@external
def borrow_from_aave(pool: address, token: address, amount: uint256, keep: uint256):
    self.keep = keep
    extcall Aave(pool).flashLoanSimple(self, token, amount, b"", 0)


@external
def borrow_from_balancer(vault: address, token: address, amount: uint256, keep: uint256):
    self.keep = keep
    extcall Vault(vault).flashLoan(self, [token], [amount], b"")


@external
def executeOperation(
    asset: address, amount: uint256, premium: uint256, initiator: address, params: Bytes[1]
) -> bool:
    self.held = staticcall Token(asset).balanceOf(self)
    self.fee = premium
    extcall Token(asset).approve(msg.sender, amount + premium - self.keep)
    return True


@external
def receiveFlashLoan(
    tokens: DynArray[address, 1],
    amounts: DynArray[uint256, 1],
    fees: DynArray[uint256, 1],
    data: Bytes[1],
):
    self.held = staticcall Token(tokens[0]).balanceOf(self)
    self.fee = fees[0]
    extcall Token(tokens[0]).transfer(msg.sender, amounts[0] + fees[0] - self.keep)
