"""Calls for the account of mixing: made by hand, and out of the record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import CallKind, CallRecord, Mask, Trace
from maskprobe.padding_map import PaddingMap
from maskprobe.static.mixing.call import MixedCall, MixedInput

Bools = npt.NDArray[np.bool_]


def steps(*rows: str) -> Bools:
    """`##..` has moved or real steps first: `(B, T)`."""
    return np.array([[letter == "#" for letter in row] for row in rows])


def drawn(one: Bools) -> list[str]:
    """The other way, for `(B, T)` or with one feature."""
    flat = one[..., 0] if one.ndim > 2 else one
    return ["".join("#" if value else "." for value in row) for row in flat]


def call_of(
    class_name: str,
    shapes: list[tuple[int, ...]],
    outputs: list[tuple[int, ...]],
    config: Mapping[str, Any] | None = None,
    masks: Mapping[str, Bools | None] | None = None,
    **settings: Any,
) -> MixedCall:
    """A layer call on floating point tensors of `shapes`."""
    names = ["inputs"] if len(shapes) == 1 else [f"inputs.{place}" for place in range(len(shapes))]
    inputs = tuple(MixedInput(name, shape, "float32", None) for name, shape in zip(names, shapes, strict=True))
    return MixedCall(class_name, False, config or {}, inputs, tuple(outputs), masks or {}, **settings)


def operation(name: str, shapes: list[tuple[int, ...]], outputs: list[tuple[int, ...]], **keywords: Any) -> MixedCall:
    inputs = tuple(MixedInput(f"inputs.{place}", shape, "float32", None) for place, shape in enumerate(shapes))
    return MixedCall(name, True, {}, inputs, tuple(outputs), {}, keywords)


def values_of(mask: Any) -> Bools | None:
    return mask.values if isinstance(mask, Mask) else None


def recorded(record: CallRecord, trace: Trace, config: Mapping[str, Any], **keywords: Any) -> MixedCall:
    """The call of a run as the account of mixing sees it."""
    operates = record.kind is CallKind.OPERATION
    name = record.class_name
    if operates:
        stated = str(config.get("function", name)) if name == "TFOpLambda" else name
        name = stated.rsplit(".", 1)[-1].replace("_", "").lower()
    return MixedCall(
        name,
        operates,
        config,
        tuple(
            MixedInput(one.name, tuple(size or 1 for size in one.shape), one.dtype, values_of(one.mask))
            for one in record.inputs
        ),
        tuple(tuple(size or 1 for size in one.shape) for one in record.outputs),
        {one.name: values_of(one.mask) for one in record.mask_arguments if isinstance(one.mask, Mask)},
        keywords,
        trace.engine.generation,
        tuple(one.dtype for one in record.outputs),
        makes_mask=record.class_name == "Masking",
    )


def padding_of(record: CallRecord, trace: Trace) -> list[PaddingMap | None]:
    """Where the run found the padding in what a call read."""
    found: dict[int, PaddingMap | None] = {}
    for call in trace.calls:
        if call is record:
            break
        if call.replay is not None and call.replay.outputs:
            for output, witness in zip(call.outputs, call.replay.outputs, strict=True):
                found[output.number] = witness.padding
    return [found.get(one.number) for one in record.inputs]


def output_masks(record: CallRecord) -> list[Bools | None]:
    return [values_of(one.mask) for one in record.outputs]
