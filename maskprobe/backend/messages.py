"""What Keras and TensorFlow say when they fail, without the noise around it."""

from __future__ import annotations

import re

from maskprobe.errors import one_line

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_OP_LOCATION = re.compile(r"\{\{[^}]*\}\}")
_AFTER = re.compile(r"Arguments received by|Call arguments received by|\[Op:\w+\]")
_IN_USER_CODE = "in user code:"
"""AutoGraph puts the whole traceback in the message."""
_RAISED = re.compile(r"^\s*\w*(?:Error|Exception): (.+)", re.MULTILINE)
_INNERMOST = "Exception encountered:"
"""Keras 3 wraps the cause in one layer of text for each level of nesting; the innermost comes last."""


def reason_of(error: BaseException, limit: int = 240) -> str:
    """The message of `error` as one line of at most `limit` characters."""
    text = _ESCAPES.sub("", str(error)).rpartition(_INNERMOST)[2]
    if _IN_USER_CODE in text:
        text = next(iter(_RAISED.findall(text)), text)
    text = _AFTER.split(_OP_LOCATION.sub("", text))[0]
    text = re.sub(r"^\s*Exception encountered when calling [^.\n]*\.call\(\)\.\s*", "", text)
    return one_line(text, limit) or type(error).__name__
