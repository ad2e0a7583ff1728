# pragma version ~=0.4.3
"""
@title A contract that does as it is told, whatever it is called with
@notice As a pool of any kind, a lender, an operator or a stranger it makes the calls of its script;
    what they are refused with, it is refused with.
"""

struct Call:
    target: address
    worth: uint256
    data: Bytes[4096]


script: DynArray[Call, 4]
# How often the script is still to be played.
plays: uint256
reserve0: uint112
reserve1: uint112
amount0: int256
amount1: int256


@external
def prepare(script: DynArray[Call, 4], plays: uint256):
    self.script = script
    self.plays = plays


@external
def answer(reserve0: uint112, reserve1: uint112, amount0: int256, amount1: int256):
    self.reserve0 = reserve0
    self.reserve1 = reserve1
    self.amount0 = amount0
    self.amount1 = amount1


@external
@payable
def act(calls: DynArray[Call, 4]):
    for call: Call in calls:
        raw_call(call.target, call.data, value=call.worth)


@internal
def _play():
    if self.plays > 0:
        self.plays -= 1
        for call: Call in self.script:
            raw_call(call.target, call.data, value=call.worth)


@external
@view
def getReserves() -> (uint112, uint112, uint32):
    return self.reserve0, self.reserve1, 0


# Of Uniswap V3; all other calls need no answer.
@external
def swap(
    to: address, zero_for_one: bool, amount: int256, limit: uint160, data: Bytes[4096]
) -> (int256, int256):
    self._play()
    return self.amount0, self.amount1


@external
@payable
def __default__():
    self._play()
