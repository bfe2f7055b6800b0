"""What can go wrong, as one tree. Each error carries the exit code of the command line.

    MaskprobeError
    ├── UsageError                 exit 2: the request itself is wrong
    ├── NotFixedError              exit 1: what was found could not be mended, or not proved
    └── NotCheckedError            exit 3: the request is fine, the model could not be looked at
        ├── UnreadableModelError   not a saved Keras model, or a broken one
        ├── UntrustedCodeError     loading would run code from the file
        ├── MissingFunctionError   a Lambda whose function cannot be had from the file
        ├── LoadError              Keras could not rebuild the model
        ├── ProbeError             no probe inputs could be made for the model
        └── RunError               the model failed while it ran on the probe

Every message is one line that says what, which file or layer, and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar


def one_line(message: str, limit: int = 400) -> str:
    """Fold `message` to a single line of at most `limit` characters."""
    folded = " ".join(message.split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


class MaskprobeError(Exception):
    """Anything that maskprobe reports to its user as one line, without a traceback."""

    exit_code: ClassVar[int] = 3


class UsageError(MaskprobeError):
    """The request cannot be carried out as it was put: a wrong option, name or path."""

    exit_code: ClassVar[int] = 2


class NotFixedError(MaskprobeError):
    """What was found in the model could not be mended, or the proof did not hold. Nothing was changed."""

    exit_code: ClassVar[int] = 1


class NotCheckedError(MaskprobeError):
    """The model could not be looked at. Never the same as "nothing found"."""


class UnreadableModelError(NotCheckedError):
    """The file is not a saved Keras model, or is cut, damaged or of an unknown layout."""


class UntrustedCodeError(NotCheckedError):
    """Loading the file would run code from it, and the user did not say `--trust`."""


class MissingFunctionError(NotCheckedError):
    """A Lambda's function is not in the file, or is bytecode that this Python cannot run."""


class LoadError(NotCheckedError):
    """Keras could not rebuild the model from the file."""


class ProbeError(NotCheckedError):
    """No probe inputs could be made for the model, or the ones given do not fit it."""


class RunError(NotCheckedError):
    """The model failed while it ran on the probe inputs."""
