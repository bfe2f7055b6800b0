"""What calls have in common, so that what was found for one is known of all that are alike: most calls of a model are.

Arrays are known by their identity, which is quick to compare; whoever goes by it has to keep them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from maskprobe.archive.plain import words
from maskprobe.static.mixing.call import BoolArray, MixedCall

Found = TypeVar("Found")

_MOST = 4096
_RECURRENT = words("SimpleRNN GRU LSTM GRUV1 GRUV2 LSTMV1 LSTMV2 CuDNNGRU CuDNNLSTM")
_SETTINGS = ("return_sequences", "go_backwards", "zero_output_for_mask", "time_major")
"""Settings that decide what these layers mix."""


def likeness(call: MixedCall, arrays: Sequence[BoolArray | None]) -> Hashable:
    """What decides where the values of a recurrent call go, beside `arrays`; None for other calls.

    Args:
        call: The call.
        arrays: What else decides; they are known by their identity.
    """
    if call.is_operation or len(call.inputs) != 1 or call.class_name not in _RECURRENT:
        return None
    settings = [call.config.get(name) for name in _SETTINGS]
    if not all(value is None or isinstance(value, bool) for value in settings):
        return None
    read = call.inputs[0]
    facts = (call.makes_mask, call.generation, read.name, read.shape, read.dtype, read.held, read.tokens)
    masks = tuple((name, id(mask)) for name, mask in call.masks.items())
    return (*settings, *facts, call.outputs, call.output_dtypes, masks, tuple(map(id, arrays)))


class Remembered(Generic[Found]):
    """What was found, by likeness."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[Found, object]] = {}

    def get(self, key: Hashable) -> Found | None:
        """What was found for a call of this likeness; None if nothing was."""
        known = None if key is None else self._found.get(key)
        return None if known is None else known[0]

    def keep(self, key: Hashable, found: Found, *arrays: object) -> None:
        """Remember it, and keep the arrays that the likeness names by identity."""
        if key is None:
            return
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[key] = found, arrays
