"""A page's skeleton as a short text, to be kept beside a result or sent from one process to another."""

from __future__ import annotations

import base64
import binascii
import zlib


def pack(page: str) -> str:
    """`page` as letters and digits, a tenth as long or less."""
    return base64.b85encode(zlib.compress(page.encode("utf-8"), 9)).decode("ascii")


def unpack(packed: str) -> str | None:
    """The page; None if `packed` holds none."""
    try:
        return zlib.decompress(base64.b85decode(packed)).decode("utf-8")
    except (ValueError, binascii.Error, zlib.error):
        return None
