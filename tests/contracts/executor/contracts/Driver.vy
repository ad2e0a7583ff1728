# pragma version ~=0.4.3
"""
@title Makes many calls, and does not mind what becomes of them
"""

# More than any trade uses; some malformed calls burn all they are given.
GAS_A_CALL: constant(uint256) = 1_000_000


# How many calls went through.
done: public(uint256)


@external
def drive(target: address, calls: DynArray[Bytes[2048], 16]):
    for data: Bytes[2048] in calls:
        success: bool = raw_call(target, data, gas=GAS_A_CALL, revert_on_failure=False)
        if success:
            self.done += 1


@external
@payable
def __default__():
    pass
