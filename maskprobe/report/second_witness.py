"""What the second witness saw, as far as all renderers need it: the replays of the calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import CallRecord, Trace
from maskprobe.witness import OutputWitness, StepClass


class StepMark(Enum):
    """How one step of an output is drawn."""

    CONSTANT = "constant"
    """Nothing moves it."""
    CLEAN = "clean"
    """Real steps alone move it."""
    PADDING = "padding"
    """It is padding, and padding moves it, as it may."""
    PARTLY = "partly"
    """Padding and real values lie side by side in it, unmixed."""
    LEAK = "leak"
    """It is real, and padding moves it."""


MarkArray = npt.NDArray[np.object_]


def has_second_witness(trace: Trace) -> bool:
    """Whether calls were run again at all: not so with `--no-replay`, nor where the first run broke off."""
    return trace.proof is not None or any(call.replay is not None for call in trace.calls)


def outputs_of(trace: Trace) -> Iterator[OutputWitness]:
    """Every output of every call that was run again."""
    for call in trace.calls:
        yield from call.replay.outputs if call.replay is not None else ()


def leaks(call: CallRecord) -> bool:
    """Whether padding moves real steps of an output of `call`."""
    return call.replay is not None and any(output.leak is not None for output in call.replay.outputs)


def leaking_rows(call: CallRecord) -> frozenset[int]:
    """The rows of the probe in which padding moved real steps of an output of `call`, from 0."""
    outputs = call.replay.outputs if call.replay is not None else ()
    return frozenset(row for output in outputs if output.leak is not None for row in output.leak.rows)


def unreplayed(trace: Trace, *, opaque: bool = False) -> Mapping[str, tuple[str, ...]]:
    """For each reason why calls could not be run again, or are not known, the paths of these calls, in order.

    Args:
        trace: what was seen.
        opaque: count the calls inside Keras's own composite layers too; they are never judged by themselves.
    """
    found: dict[str, list[str]] = {}
    for call in trace.calls:
        if call.replay is not None and call.replay.problem is not None and (opaque or not call.opaque):
            found.setdefault(call.replay.problem, []).append(call.path)
    return {problem: tuple(paths) for problem, paths in found.items()}


def step_marks(output: OutputWitness) -> MarkArray:
    """Say how each step of an output is to be drawn: `StepMark`, of the shape of `output.classes`.

    A class alone says what moves a step, not whether it may: a padded step may be moved by anything.
    """
    marks = np.full(output.classes.shape, StepMark.CONSTANT, dtype=np.object_)
    padding = _padding_of_steps(output)
    for moved, mark in _rules(output, padding):
        marks[moved] = mark
    return marks


def _rules(output: OutputWitness, padding: npt.NDArray[np.bool_]) -> Iterator[tuple[npt.NDArray[np.bool_], StepMark]]:
    pad_only, both = output.classes == StepClass.PAD_ONLY, output.classes == StepClass.CONTAMINATED
    yield output.classes == StepClass.CLEAN, StepMark.CLEAN
    yield pad_only | (both & padding), StepMark.PADDING
    if output.leak is not None:
        yield (pad_only | both) & ~padding, StepMark.LEAK
    elif output.padding is None:
        yield both, StepMark.LEAK  # said to mix, and nothing says that it may
    else:
        yield both & ~padding, StepMark.PARTLY


def _padding_of_steps(output: OutputWitness) -> npt.NDArray[np.bool_]:
    """Where whole steps are padding, of the shape of the classes; nowhere if the padding does not fit them."""
    shape, padding = output.classes.shape, output.padding
    if padding is not None and padding.ndim == len(shape) + 1:
        padding = np.asarray(padding.all(axis=-1))
    if padding is None or padding.ndim != len(shape) or not _fits(padding.shape, shape):
        return np.zeros(shape, dtype=np.bool_)
    return np.broadcast_to(padding, shape)


def _fits(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return all(have in {1, want} for have, want in zip(small, shape, strict=True))
