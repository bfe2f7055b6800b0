"""Compare what was read off a file with what a run of the same model showed, call by call."""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.mask_trace import Absent, CallRecord, Mask, MaskState, Trace, Unreadable
from maskprobe.rules.flow import MaskFlow


def disagreements(static: Trace, run: Trace) -> list[str]:
    """Where both differ, a line each. What the static engine says that it cannot know is no disagreement."""
    return [*_of_calls(static, run), *_of_lineage(static, run), *_of_outputs(static, run)]


def unknown_calls(static: Trace) -> list[str]:
    """The calls of which the static engine says that it cannot know their masks."""
    return [call.path for call in static.calls if any(is_unknown(tensor.mask) for tensor in call.outputs)]


def _seen(trace: Trace) -> dict[str, CallRecord]:
    return {call.path: call for call in trace.calls if not call.opaque}


def _of_calls(static: Trace, run: Trace) -> Iterator[str]:
    read, ran = _seen(static), _seen(run)
    if static.failure != run.failure:
        yield f"failure: static {static.failure}, run {run.failure}"
        return
    for path in ran.keys() - read.keys():
        yield f"{path}: only the run has it ({ran[path].class_name})"
    for path in read.keys() - ran.keys():
        yield f"{path}: only the static trace has it ({read[path].class_name})"
    for path in ran.keys() & read.keys():
        yield from _of_call(path, read[path], ran[path])


def _of_call(path: str, read: CallRecord, ran: CallRecord) -> Iterator[str]:
    for what, one, two in (("inputs", read.inputs, ran.inputs), ("outputs", read.outputs, ran.outputs)):
        if len(one) != len(two) and not (what == "outputs" and _has_unknown(read)):
            yield f"{path} ({ran.class_name}): {len(one)} {what} in static, {len(two)} in the run"
            continue
        for place, (tensor, other) in enumerate(zip(one, two, strict=False)):
            if differ(tensor.mask, other.mask):
                yield (
                    f"{path} ({ran.class_name}): {what} {place}: static {shown(tensor.mask)}, run {shown(other.mask)}"
                )
            known = tensor.shape if None not in tensor.shape else ()
            if known and other.shape and known != other.shape:
                yield f"{path} ({ran.class_name}): {what} {place}: static shape {tensor.shape}, run {other.shape}"
    yield from _of_arguments(path, read, ran)
    if bool(read.took_masks_off) != bool(ran.took_masks_off) and not _has_unknown(read) and ran.error is None:
        yield f"{path}: takes masks off: static {read.took_masks_off}, run {ran.took_masks_off}"


def _of_arguments(path: str, read: CallRecord, ran: CallRecord) -> Iterator[str]:
    one = {argument.name: argument.mask for argument in read.mask_arguments}
    two = {argument.name: argument.mask for argument in ran.mask_arguments}
    for name in sorted(one.keys() | two.keys()):
        first, second = one.get(name, Absent()), two.get(name, Absent())
        if differ(first, second):
            yield f"{path} ({ran.class_name}): argument {name}: static {shown(first)}, run {shown(second)}"


def differ(read: MaskState, ran: MaskState) -> bool:
    """Whether a mask read off the file is another than the one that was seen."""
    if is_unknown(read):
        return False
    if isinstance(read, Absent) or isinstance(ran, Absent):
        return not (isinstance(read, Absent) and isinstance(ran, Absent))
    return isinstance(read, Mask) and isinstance(ran, Mask) and read != ran


def is_unknown(mask: MaskState) -> bool:
    """Whether there may be a mask or none: only a run can tell."""
    return isinstance(mask, Unreadable) and mask.present is not True


def _has_unknown(call: CallRecord) -> bool:
    return any(is_unknown(tensor.mask) for tensor in (*call.inputs, *call.outputs))


def shown(mask: MaskState) -> str:
    """The mask in a few letters."""
    if isinstance(mask, Mask):
        if mask.values.ndim != 2:  # noqa: PLR2004
            return f"mask {mask.shape}"
        return "/".join("".join("10"[not step] for step in row) for row in mask.values)
    return "none" if isinstance(mask, Absent) else ("some mask" if not is_unknown(mask) else "cannot know")


def _of_lineage(static: Trace, run: Trace) -> Iterator[str]:
    if unknown_calls(static) or static.failure is not None:
        return
    one, two = MaskFlow(static), MaskFlow(run)
    ran = _seen(run)
    for path, call in _seen(static).items():
        if path not in ran:
            continue
        for tensor, other in zip(call.outputs, ran[path].outputs, strict=False):
            first, second = one.origins.get(tensor.number), two.origins.get(other.number)
            if first != second:
                yield f"{path} ({call.class_name}): lineage: static {sorted(first or ())}, run {sorted(second or ())}"


def _of_outputs(static: Trace, run: Trace) -> Iterator[str]:
    if static.failure is None and len(static.outputs) == len(run.outputs):
        for tensor, other in zip(static.outputs, run.outputs, strict=True):
            if differ(tensor.mask, other.mask):
                yield f"output {tensor.name}: static {shown(tensor.mask)}, run {shown(other.mask)}"
    elif static.failure is None:
        yield f"outputs: {len(static.outputs)} in static, {len(run.outputs)} in the run"
