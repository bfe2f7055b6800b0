"""Which Python wrote a piece of marshalled bytecode, told from its layout alone.

Nothing here unmarshals or runs anything: only the fixed-size head of the code object and its instruction string
are looked at. Source: `r_object`/`w_object` in CPython's `Python/marshal.c` and `Lib/opcode.py`, 2.7 to 3.13.
"""

from __future__ import annotations

import binascii
import struct
import sys
from base64 import decodebytes
from collections.abc import Mapping
from dataclasses import dataclass

_TYPE_CODE = ord("c")
_TYPE_STRING = ord("s")
_FLAG_REF = 0x80
_INT = 4

_RESUME = {(3, 11): 151, (3, 12): 151, (3, 13): 149}
_RESUME_314 = bytes((128, 0))
"""`RESUME 0` of Python 3.14; no Python up to 3.7 has opcode 128."""

_CACHES: Mapping[tuple[int, int], Mapping[int, int]] = {
    (3, 11): {25: 4, 60: 1, 92: 1, 95: 4, 106: 4, 107: 2, 116: 5, 122: 1, 160: 10, 166: 1, 171: 4},
    (3, 12): {25: 1, 60: 1, 92: 1, 93: 1, 95: 4, 106: 9, 107: 1, 116: 4, 122: 1, 123: 1, 141: 1, 171: 3},
    (3, 13): {
        5: 1, 39: 1, 40: 3, 45: 1, 53: 3, 58: 1, 59: 1, 72: 1, 77: 1, 82: 9, 91: 4, 93: 1, 97: 1, 98: 1, 99: 1,
        100: 1, 104: 1, 108: 4, 117: 1,
    },
}  # fmt: skip
"""Per Python and opcode the number of two-byte cache entries that follow it, zero in a marshalled code object."""

_OPCODES: Mapping[tuple[int, int], str] = {
    (3, 11): (
        "1-2 9-12 15 25 30-33 35-37 49-54 60-61 68-71 74-75 82-112 114-120 122-126 128-140 142 144-149 "
        "151-152 155-157 160 162-166 171-176 "
    ),
    (3, 12): (
        "1-5 9 11-12 15 17 25-27 30-33 35-37 49-55 60-61 68-69 71 74-75 83 85 87 89-110 114-147 149-152 "
        "155-157 162-165 171-176 "
    ),
    (3, 13): ("1-2 4-118 149 "),
}
"""The opcodes that each Python has, as ranges; 0 is its cache entry."""


def _opcodes(ranges: str) -> frozenset[int]:
    ends = [(part.partition("-")[0], part.rpartition("-")[2]) for part in ranges.split()]
    return frozenset(number for low, high in ends for number in range(int(low), int(high) + 1))


@dataclass(frozen=True, slots=True)
class Bytecode:
    """What the layout of a piece of bytecode tells."""

    python: str | None
    """The Python that wrote it, as closely as its layout tells; None if it is not bytecode."""
    runnable: bool
    """Whether the running Python is among those."""


def sniff(data: bytes) -> Bytecode:
    """Tell which Python marshalled the code object in `data`.

    The head of a code object holds four ints up to Python 2.7 and five or six after it, and the instruction string
    follows. Pythons 3.11 and later are told apart by walking over their instructions: a wrong guess soon meets an
    opcode that it does not have or a cache entry that is not empty. Where that leaves two, the code objects inside
    (inner functions, comprehensions) decide.
    """
    ints, code = _head(data, 0)
    if ints == 4:  # noqa: PLR2004 - argcount, nlocals, stacksize, flags
        return Bytecode("2.7 or older", runnable=False)
    if ints == 6:  # noqa: PLR2004 - with positional-only and keyword-only argument counts, and nlocals
        return Bytecode("3.8 to 3.10", runnable=False)
    if ints == 0:
        return Bytecode(None, runnable=False)
    fitting = [version for version in _CACHES if _walks(code, version)]
    if len(fitting) > 1:
        inner = [_versions(data, at) for at in range(1, len(data)) if _is_code(data, at)]
        fitting = [version for version in fitting if all(version in part for part in inner if part)]
    if fitting:
        name = " or ".join(f"{major}.{minor}" for major, minor in fitting)
        return Bytecode(name, runnable=sys.version_info[:2] in fitting)
    if any(code[at : at + 2] == _RESUME_314 for at in range(0, 32, 2)):
        return Bytecode("3.14 or newer", runnable=sys.version_info >= (3, 14))
    return Bytecode("3.7 or older", runnable=False)


def _is_code(data: bytes, at: int) -> bool:
    return data[at] & ~_FLAG_REF == _TYPE_CODE


def _head(data: bytes, at: int) -> tuple[int, bytes]:
    """Give the number of ints in the head of the code object at `at`, and its instructions; 0 if it is none."""
    if len(data) > at and _is_code(data, at):
        for ints in (4, 5, 6):
            code = _instructions(data, at + 1 + ints * _INT)
            if code is not None:
                return ints, code
    return 0, b""


def _versions(data: bytes, at: int) -> set[tuple[int, int]]:
    ints, code = _head(data, at)
    return {version for version in _CACHES if _walks(code, version)} if ints == 5 else set()  # noqa: PLR2004 - 3.11 on


def sniff_text(text: str) -> Bytecode:
    """Tell which Python wrote bytecode that a config holds as text: base64, or the raw text of Keras 1."""
    try:
        data = decodebytes(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    found = sniff(data)
    return found if found.python is not None else sniff(text.encode("raw_unicode_escape", "replace"))


def _instructions(data: bytes, at: int) -> bytes | None:
    """Give the byte string that starts at `at`, or None if there is none."""
    if len(data) < at + 1 + _INT or data[at] & ~_FLAG_REF != _TYPE_STRING:
        return None
    (size,) = struct.unpack_from("<i", data, at + 1)
    code = data[at + 1 + _INT : at + 1 + _INT + max(size, 0)]
    return code if size > 0 and len(code) == size else None


def _walks(code: bytes, version: tuple[int, int]) -> bool:
    """Tell whether `code` reads as instructions of Python `version`, with one `RESUME 0` near its start."""
    caches, known, at, resumed = _CACHES[version], _opcodes(_OPCODES[version]), 0, False
    while at + 1 < len(code):
        opcode, argument = code[at], code[at + 1]
        if opcode not in known:
            return False
        resumed = resumed or (opcode == _RESUME[version] and argument == 0)
        end = at + 2 + 2 * caches.get(opcode, 0)
        if any(code[at + 2 : end]):
            return False
        at = end
    return resumed and at == len(code)
