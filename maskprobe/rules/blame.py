"""Find the call to blame for each leak that the replays saw.

A call at which padding moved real steps is not always the one to mend: if it had been given the right mask it is; if
the mask had been lost or spoilt before, the call that did so is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from maskprobe.finding import Event
from maskprobe.mask_trace import BoolArray, CallKind, CallRecord, InputRole, TensorRecord
from maskprobe.rules.by_value import may_tell_by_value, moved_by_amount
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.masks import ATTENTION, is_certain, is_given_any_mask, is_present, key_of, wired_masks
from maskprobe.rules.scores import is_attention_score, weighs_scores
from maskprobe.rules.truth import hides, shows
from maskprobe.witness import Movement


class Fault(Enum):
    """In which way a call is to blame."""

    LOST = auto()
    """It lost the mask."""
    KEPT = auto()
    """It had the mask, and mixed padding in all the same."""
    WRONG = auto()
    """It made a mask that calls padding real."""
    ATTENTION = auto()
    """It is attention that looks at padding."""
    NEVER = auto()
    """There never was a mask; it is the first call to mix padding in."""
    CHOSEN = auto()
    """Nobody is: the inputs do not agree on what is padding, and a mask given by hand decides."""
    BY_VALUE = auto()
    """Nobody is, as far as is known: it may tell padding by its value, which noise takes away."""

    @property
    def is_guilty(self) -> bool:
        """Whether somebody is to blame."""
        return self not in {Fault.CHOSEN, Fault.BY_VALUE}


@dataclass(frozen=True, slots=True)
class Leak:
    """Padding that moved real steps at one call."""

    call: CallRecord
    output: int
    movement: Movement


@dataclass(frozen=True, slots=True)
class Blame:
    """A call to blame, and the leaks that it caused, in order."""

    fault: Fault
    call: CallRecord
    leaks: tuple[Leak, ...]


def find_blame(flow: MaskFlow) -> tuple[Blame, ...]:
    """Who is to blame for what, in the order of the first leaks."""
    found: dict[tuple[Fault, str], list[Leak]] = {}
    for leak in _leaks(flow):
        fault, call = (Fault.CHOSEN, leak.call) if _is_chosen(flow, leak) else _cause(flow, leak)
        if fault is Fault.ATTENTION and call.class_name not in ATTENTION and _follows(flow, leak.call, found):
            continue
        earlier = _same_want(flow, fault, call, found)
        if earlier is not None:
            found[earlier].append(leak)
            continue
        found.setdefault((fault, call.path), []).append(leak)
    by_path = flow.trace.by_path
    return tuple(Blame(fault, by_path[path], tuple(leaks)) for (fault, path), leaks in found.items())


def _same_want(
    flow: MaskFlow, fault: Fault, call: CallRecord, found: Mapping[tuple[Fault, str], list[Leak]]
) -> tuple[Fault, str] | None:
    """The earlier blame that is for the same want of a mask as that of `call`: one cause is told once."""
    if fault is Fault.NEVER:
        return next((key for key in found if key[0] is fault), None)
    if fault is Fault.ATTENTION and _is_unmasked_layer(call):
        return next((key for key in found if key[0] is fault and _is_unmasked_layer(flow.trace.by_path[key[1]])), None)
    return None


def _is_unmasked_layer(call: CallRecord) -> bool:
    """Whether `call` is one of Keras's attention layers, given no mask of any kind."""
    return call.class_name in ATTENTION and not is_given_any_mask(call)


def _leaks(flow: MaskFlow) -> Iterator[Leak]:
    """The largest leak of each call; of a wrapper only its own, of a custom layer only those inside, if any."""
    leaking = {call.path: call for call in flow.judged if _largest(call) is not None}
    for path, call in leaking.items():
        inner = any(other.startswith(f"{path}/") for other in leaking)
        around = [flow.trace.by_path[above] for above in _above(path) if above in leaking]
        if inner and not call.facts.builtin:
            continue
        if any(other.facts.builtin for other in around):
            continue
        largest = _largest(call)
        if largest is not None:
            yield largest


def _is_chosen(flow: MaskFlow, leak: Leak) -> bool:
    """Whether somebody decided what is padding there: by a mask given by hand, where the inputs do not agree."""
    carried = {key_of(tensor.mask) for tensor in leak.call.inputs}
    if all(key_of(mask) in carried for mask in wired_masks(leak.call)):
        return False
    return set(leak.movement.rows) <= _rows_apart(flow, leak.call)


def _rows_apart(flow: MaskFlow, call: CallRecord) -> set[int]:
    """The rows in which the inputs behind `call` are padded differently."""
    behind = flow.inputs_behind(call)
    inputs = [given for given in flow.trace.probe.inputs if given.name in behind and given.role is not InputRole.MASK]
    reals = [given.real for given in inputs if given.real is not None]
    if len({real.shape for real in reals}) != 1:
        return set()
    return {row for row in range(len(reals[0])) if any((real[row] != reals[0][row]).any() for real in reals)}


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _largest(call: CallRecord) -> Leak | None:
    if call.replay is None:
        return None
    leaks = [Leak(call, place, out.leak) for place, out in enumerate(call.replay.outputs) if out.leak is not None]
    return max(leaks, key=lambda leak: leak.movement.relative or 0.0, default=None)


def _cause(flow: MaskFlow, leak: Leak) -> tuple[Fault, CallRecord]:
    call = leak.call
    tensors = _leaking_inputs(call)
    if any(tensor in tensors for tensor in flow.finder.stripped(call)):
        return Fault.LOST, call
    if any(is_attention_score(flow, tensor.number) for tensor in tensors) and weighs_scores(flow, call):
        return Fault.ATTENTION, call
    unmasked = [tensor for tensor in tensors if not _is_covered(flow, call, tensor)]
    if not unmasked:
        lost = flow.events[call.path].event is Event.LOST
        if call.class_name in ATTENTION and not lost:
            return Fault.ATTENTION, call
        return (Fault.LOST if lost else Fault.KEPT), call
    for tensor in unmasked:
        guilty = guilty_before(flow, tensor, list(leak.movement.rows))
        if guilty is not None:
            return guilty
    return _without_guilt(flow, call), call


def _without_guilt(flow: MaskFlow, call: CallRecord) -> Fault:
    """What it is where no call before lost or spoilt a mask."""
    if may_tell_by_value(flow, call) and not moved_by_amount(flow, call):
        return Fault.BY_VALUE
    return Fault.ATTENTION if call.class_name in ATTENTION else Fault.NEVER


def _leaking_inputs(call: CallRecord) -> list[TensorRecord]:
    names = call.replay.leaks_from if call.replay is not None else ()
    return [tensor for tensor in call.inputs if tensor.name in names] or list(call.inputs)


def _is_covered(flow: MaskFlow, call: CallRecord, tensor: TensorRecord) -> bool:
    """Whether `call` was given a mask that hides the padding of `tensor`: on it, or as an argument."""
    padding = flow.padding.get(tensor.number)
    if padding is None:
        return True
    given = [tensor.mask, *(argument.mask for argument in call.mask_arguments)]
    return any(hides(mask, padding) for mask in given)


def guilty_before(flow: MaskFlow, tensor: TensorRecord, rows: list[int]) -> tuple[Fault, CallRecord] | None:
    """The nearest call before `tensor` that lost its mask or made a wrong one for `rows`; None if there is none."""
    waiting, seen = [tensor.producer], set[str]()
    while waiting:
        path = waiting.pop(0)
        if path is None or path in seen:
            continue
        seen.add(path)
        call = flow.trace.by_path[path]
        event = flow.events[path].event
        if event is Event.LOST and call.kind is not CallKind.MODEL:
            return Fault.LOST, call
        if _spoils(flow, call, rows):
            bad = _merged_bad_mask(flow, call, rows)
            earlier = None if bad is None else guilty_before(flow, bad, rows)
            return earlier or (Fault.WRONG, call)
        waiting += [given.producer for given in call.inputs if given.number in flow.padding]
        if call.kind is CallKind.MODEL:
            waiting += _last_inside(flow, call)
    return None


def _last_inside(flow: MaskFlow, model: CallRecord) -> list[str]:
    """The calls in a nested model that its outputs come from: those with the padding of its outputs."""
    return [call.path for call in reversed(list(flow.trace.inside(model.path)))][:1]


def _spoils(flow: MaskFlow, call: CallRecord, rows: list[int]) -> bool:
    """Whether `call` made a mask that calls padding of `rows` real which a mask that came in had hidden.

    A source that nothing came to with a mask spoils any.
    """
    for output in call.outputs:
        padding = _in_rows(flow, output, rows)
        is_made = is_certain(output.mask) if flow.trace.is_static else is_present(output.mask)
        if padding is not None and is_made and not hides(output.mask, padding):
            came = [given for given in call.inputs if is_present(given.mask)]
            alone = len(call.inputs) == 1  # else its mask may be right for its own part of what goes out
            return not came or any(
                shows(output.mask, given.mask, padding) or (alone and _is_hidden(flow, given, rows)) for given in came
            )
    return False


def _is_hidden(flow: MaskFlow, given: TensorRecord, rows: list[int]) -> bool:
    """Whether the mask on `given` hides its padding in `rows`: what goes out unhidden is the fault of the call."""
    padding = _in_rows(flow, given, rows)
    return padding is not None and hides(given.mask, padding)


def _merged_bad_mask(flow: MaskFlow, call: CallRecord, rows: list[int]) -> TensorRecord | None:
    """The input of a merge whose mask calls padding real already; None if all that came were right."""
    if len(call.inputs) > 1:
        for given in call.inputs:
            padding = _in_rows(flow, given, rows)
            if padding is not None and is_present(given.mask) and not hides(given.mask, padding):
                return given
    return None


def _in_rows(flow: MaskFlow, tensor: TensorRecord, rows: list[int]) -> BoolArray | None:
    """The padding of `tensor` in `rows` alone; all of it, if it has other rows than the probe."""
    padding = flow.padding.get(tensor.number)
    if padding is None or max(rows, default=0) >= len(padding):
        return padding
    chosen = np.zeros_like(padding)
    chosen[rows] = padding[rows]
    return chosen


def _follows(flow: MaskFlow, call: CallRecord, found: dict[tuple[Fault, str], list[Leak]]) -> bool:
    """Whether an attention leak before `call` is the same attention's: scores first, then what they weigh."""
    for (fault, path), leaks in found.items():
        if fault is Fault.ATTENTION:
            numbers = {tensor.number for tensor in flow.trace.by_path[path].outputs}
            if any(tensor.number in numbers for tensor in call.inputs):
                leaks.extend(leak for leak in (_largest(call),) if leak is not None)
                return True
    return False
