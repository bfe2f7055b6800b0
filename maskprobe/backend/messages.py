"""What Keras and TensorFlow say when they fail, without the noise around it."""

from __future__ import annotations

import re

from maskprobe.errors import one_line

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_OP_LOCATION = re.compile(r"\{\{[^}]*\}\}")
_AFTER = re.compile(r"Arguments received by|Call arguments received by|\[Op:\w+\]")
_INNERMOST = "Exception encountered:"
"""Keras 3 wraps the cause in one layer of text for each level of nesting; the innermost comes last."""
_WHERE = re.compile(r"^\s*Exception encountered when calling [^\n]*\n")
"""The line by which both engines name the layer; the report names it anyway."""
_IN_USER_CODE = "in user code:"
"""AutoGraph puts the whole traceback in front of the message, and that of inner calls once more."""
_RAISED = re.compile(r"^\s*\w*(?:Error|Exception): ", re.MULTILINE)


def reason_of(error: BaseException, limit: int = 240) -> str:
    """The message of `error` as one line of at most `limit` characters."""
    text = _ESCAPES.sub("", str(error)).rpartition(_INNERMOST)[2]
    text = _OP_LOCATION.sub("", text)
    if _IN_USER_CODE in text:
        text = _RAISED.split(text)[-1]
    text = _AFTER.split(_WHERE.sub("", text))[0]
    return one_line(text, limit) or type(error).__name__
