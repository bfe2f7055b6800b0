"""The masks of one call as strips: what came in, what went out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.text import Text

from maskprobe.mask_trace import Absent, CallRecord, MaskArgument, MaskState, TensorRecord
from maskprobe.report.strip import StripDrawer

MOST_STRIPS = 4
"""Different strips shown for one call; more are counted."""

Draw = Callable[[MaskState], Text]


def masks_in(call: CallRecord, drawer: StripDrawer) -> Text:
    """Draw the different masks that came into `call`, one a line; masks given by hand are marked `arg`."""
    return _in_lines(_incoming(call, drawer.draw))


def masks_out(call: CallRecord, drawer: StripDrawer) -> Text:
    """Draw the different masks that went out of `call`, one a line."""
    return _in_lines([drawer.draw(state) for state in _telling(call.outputs)])


def has_mask(call: CallRecord) -> bool:
    """Whether any tensor or argument of `call` has a mask, readable or not."""
    states = [tensor.mask for tensor in (*call.inputs, *call.outputs)]
    states += [argument.mask for argument in call.mask_arguments]
    return not all(isinstance(state, Absent) for state in states)


def _incoming(call: CallRecord, draw: Draw) -> list[Text]:
    carried = [draw(state) for state in _telling(call.inputs)]
    drawn = {strip.plain for strip in carried}
    given = [draw(argument.mask) for argument in _given(call.mask_arguments)]
    marked = [Text.assemble(strip, (" arg", "cyan")) for strip in given if strip.plain not in drawn]
    if marked and all(isinstance(tensor.mask, Absent) for tensor in call.inputs):
        return marked
    return [*carried, *marked]


def _given(arguments: Iterable[MaskArgument]) -> list[MaskArgument]:
    return [argument for argument in arguments if argument.explicit and not isinstance(argument.mask, Absent)]


def _telling(tensors: Sequence[TensorRecord]) -> list[MaskState]:
    """The masks worth a strip: of tensors without a mask only those as deep as a masked one beside them.

    An LSTM's initial state never carries a mask, and a line that says so would only look like a loss.
    """
    masked_ranks = {len(tensor.shape) for tensor in tensors if not isinstance(tensor.mask, Absent)}
    if not masked_ranks:
        return [tensor.mask for tensor in tensors[:1]]
    return [
        tensor.mask
        for tensor in tensors
        if not isinstance(tensor.mask, Absent) or len(tensor.shape) >= min(masked_ranks)
    ]


def _in_lines(strips: Iterable[Text]) -> Text:
    """Put different strips on lines of their own, in the order they are first seen."""
    different = list({strip.plain: strip for strip in reversed(list(strips))}.values())[::-1]
    if len(different) > MOST_STRIPS:
        different[MOST_STRIPS - 1 :] = [Text(f"+{len(different) - MOST_STRIPS + 1} more", style="dim")]
    return Text("\n").join(different)
