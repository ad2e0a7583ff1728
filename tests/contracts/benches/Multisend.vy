# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Multisend
@notice What payments of several destinations are tested on: the one function of Multicall3 that
    they call, of the same name, the same arguments and the same answer.
"""

struct Call3Value:
    target: address
    allow_failure: bool
    value: uint256
    call_data: Bytes[4]


struct Result:
    success: bool
    return_data: Bytes[32]


@external
@payable
def aggregate3Value(calls: DynArray[Call3Value, 32]) -> DynArray[Result, 32]:
    sum: uint256 = 0
    results: DynArray[Result, 32] = []
    for call: Call3Value in calls:
        sum += call.value
        success: bool = False
        answer: Bytes[32] = b""
        success, answer = raw_call(
            call.target, call.call_data, max_outsize=32, value=call.value, revert_on_failure=False
        )
        assert success or call.allow_failure, "call failed"
        results.append(Result(success=success, return_data=answer))
    assert msg.value == sum, "value mismatch"
    return results
