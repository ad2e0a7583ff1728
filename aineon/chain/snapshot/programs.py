"""Programs that a node runs for one `eth_call` and that nobody has deployed.

A call without a receiver runs its data as creation code and answers what that code returns:
so one request reads hundreds of contracts at one block, on every chain, without trusting or
needing a contract that somebody else has put there. The parameters follow the program.

Two limits of such calls are the chain's own: creation code has at most 49,152 bytes (EIP-3860),
and what it returns at most 24,576 (EIP-170).
"""

from __future__ import annotations

import re

MOST_CODE = 49_152
MOST_RETURNED = 24_576

_OPCODES = {
    "ADD": 0x01, "MUL": 0x02, "SUB": 0x03, "SIGNEXTEND": 0x0B, "LT": 0x10, "ISZERO": 0x15,
    "AND": 0x16, "XOR": 0x18, "SHL": 0x1B, "SHR": 0x1C, "CODESIZE": 0x38, "CODECOPY": 0x39,
    "RETURNDATASIZE": 0x3D, "RETURNDATACOPY": 0x3E, "POP": 0x50, "MLOAD": 0x51, "MSTORE": 0x52,
    "MSTORE8": 0x53, "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "STATICCALL": 0xFA,
    "RETURN": 0xF3, "REVERT": 0xFD,
    **{f"DUP{place}": 0x7F + place for place in range(1, 9)},
    **{f"SWAP{place}": 0x8F + place for place in range(1, 9)},
}  # fmt: skip
_JUMPDEST, _PUSH1 = 0x5B, 0x60
_COMMENT = re.compile(r";.*")


def assembled(source: str) -> bytes:
    """Return the bytecode of a program.

    A number is pushed, a name with a colon is a place to jump to, and its name alone pushes that
    place; `END` is where the parameters begin; a semicolon begins a comment.
    """
    words = _COMMENT.sub("", source).split()
    sizes = [_size(word) for word in words]
    places = {
        word[:-1]: sum(sizes[:index]) for index, word in enumerate(words) if word.endswith(":")
    }
    places["END"] = sum(sizes)
    return b"".join(_encoded(word, places) for word in words)


def _size(word: str) -> int:
    if word in _OPCODES or word.endswith(":"):
        return 1
    return 1 + len(_number(word)) if word[0].isdigit() else 3


def _encoded(word: str, places: dict[str, int]) -> bytes:
    if word in _OPCODES:
        return bytes([_OPCODES[word]])
    if word.endswith(":"):
        return bytes([_JUMPDEST])
    content = _number(word) if word[0].isdigit() else places[word].to_bytes(2, "big")
    return bytes([_PUSH1 + len(content) - 1]) + content


def _number(word: str) -> bytes:
    value = int(word, 0)
    return value.to_bytes(max((value.bit_length() + 7) // 8, 1), "big")


# A parameter is: contract (20 bytes), gas (3), how much of the answer is wanted (2), length of
# the call's data (2), data. An answer is: whether the contract answered (1), length (2), as much
# of what it said as was wanted. A contract that burns its gas, or answers megabytes, harms
# nobody but itself. Where too little gas is left for a call to be fair, all of it reverts.
READ_EACH = assembled("""
    END CODESIZE SUB                            ; size
    DUP1 END 0 CODECOPY                         ; parameters at 0, answers behind them
    0 DUP2                                      ; out, at, size
each:
    DUP3 DUP3 LT ISZERO done JUMPI
    DUP2 MLOAD                                  ; head, out, at, size
    DUP1 72 SHR 0xffffff AND                    ; gas, head, out, at, size
    DUP1 DUP1 5 SHR ADD 5000 ADD GAS LT poor JUMPI
    DUP2 40 SHR 0xffff AND                      ; length, gas, head, out, at, size
    0 0 DUP3 DUP8 27 ADD                        ; from, length, 0, 0, length, gas, head, …
    DUP7 96 SHR DUP7 STATICCALL                 ; ok, length, gas, head, out, at, size
    DUP4 56 SHR 0xffff AND                      ; wanted, ok, length, gas, head, out, at, size
    RETURNDATASIZE DUP2 DUP2 LT                 ; is less, said, wanted, ok, …
    SWAP1 DUP3 XOR MUL XOR                      ; kept, ok, length, gas, head, out, at, size
    SWAP1 DUP6 MSTORE8                          ; kept, length, gas, head, out, at, size
    DUP1 240 SHL DUP6 1 ADD MSTORE
    DUP1 0 DUP7 3 ADD RETURNDATACOPY
    3 ADD                                       ; answered, length, gas, head, out, at, size
    SWAP3 POP SWAP1 POP                         ; length, answered, out, at, size
    27 ADD SWAP3                                ; at, answered, out, passed, size
    SWAP2 ADD                                   ; out', at, passed, size
    SWAP2 ADD                                   ; at', out', size
    SWAP1 each JUMP
poor:
    0 0 REVERT
done:
    DUP3 SWAP1 SUB                              ; length, at, size
    DUP3 RETURN
""")

# A parameter is: pool (20 bytes), first word of its tick bitmap (2, signed), how many (2). An
# answer, for each word that has a tick: where its parameter begins (2), word (2), bits (32); for a
# word that the contract does not tell the same with bits of 0, and no more of that contract.
# A pool with a tick spacing of 1 has 6,932 words, of which some dozens are not empty: asked one
# by one they would fill ten requests.
READ_BITMAPS = assembled("""
    ; memory: 0x1c call of tickBitmap, 0x20 word, 0x40 bits, 0x60 out, 0x80 at, 0xa0 end, 0xc0 left
    END CODESIZE SUB DUP1 END 0xe0 CODECOPY
    0xe0 ADD DUP1 0xa0 MSTORE 0x60 MSTORE
    0xe0 0x80 MSTORE
    0x5339c296 0 MSTORE                         ; tickBitmap(int16)
each:
    0xa0 MLOAD 0x80 MLOAD LT ISZERO done JUMPI
    0x80 MLOAD MLOAD                            ; head
    DUP1 80 SHR 1 SIGNEXTEND 0x20 MSTORE
    DUP1 64 SHR 0xffff AND 0xc0 MSTORE
    96 SHR                                      ; pool
word:
    0xc0 MLOAD ISZERO next JUMPI
    300000 GAS LT poor JUMPI
    32 0x40 36 0x1c DUP5 100000 STATICCALL      ; ok, pool
    RETURNDATASIZE 31 LT AND ISZERO failed JUMPI
    0x40 MLOAD                                  ; bits, pool
    DUP1 ISZERO empty JUMPI
    0xe0 0x80 MLOAD SUB 240 SHL 0x60 MLOAD MSTORE
    0x20 MLOAD 240 SHL 0x60 MLOAD 2 ADD MSTORE
    DUP1 0x60 MLOAD 4 ADD MSTORE
    0x60 MLOAD 36 ADD 0x60 MSTORE
empty:
    POP
    0x20 MLOAD 1 ADD 0x20 MSTORE
    1 0xc0 MLOAD SUB 0xc0 MSTORE
    word JUMP
next:
    POP
    0x80 MLOAD 24 ADD 0x80 MSTORE
    each JUMP
failed:
    0xe0 0x80 MLOAD SUB 240 SHL 0x60 MLOAD MSTORE
    0x20 MLOAD 240 SHL 0x60 MLOAD 2 ADD MSTORE
    0 0x60 MLOAD 4 ADD MSTORE
    0x60 MLOAD 36 ADD 0x60 MSTORE
    next JUMP
poor:
    0 0 REVERT
done:
    0xa0 MLOAD DUP1 0x60 MLOAD SUB SWAP1 RETURN
""")
