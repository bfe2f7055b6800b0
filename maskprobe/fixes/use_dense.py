"""Use Dense for a convolution of width 1.

## What it does

Puts a `Dense` layer in the place of a `Conv1D` whose kernel covers one step. Both compute the same from the same
weights, and `Dense` carries the mask.

## When it applies

MP101 and MP108 at a `Conv1D` with a kernel of 1, strides of 1, one group and the features on the last axis.

## When it must not

Where the kernel covers more than one step: such a layer mixes steps.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import GraphEdit, OtherCallError

_SHARED = (
    "trainable", "dtype", "use_bias", "activation", "kernel_initializer", "bias_initializer", "kernel_regularizer",
    "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
)  # fmt: skip


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the Dense layer there."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    config = entry["config"]
    if entry["class_name"] != "Conv1D" or not _of_width_one(config):
        raise OtherCallError("it is no convolution of width 1")
    shared = {key: config[key] for key in _SHARED if key in config}
    inner.replace(name, inner.builtin("Dense", name, {**shared, "units": config["filters"]}))
    return f"Put Dense in the place of Conv1D '{name}', which is of width 1: the same weights, and it carries the mask."


def _of_width_one(config: dict[str, object]) -> bool:
    ones = [config.get(key) for key in ("kernel_size", "strides")]
    plain = config.get("groups", 1) == 1 and config.get("data_format") in {None, "channels_last"}
    return plain and all(_is_one(value) for value in ones)


def _is_one(value: object) -> bool:
    return value == 1 or (isinstance(value, list | tuple) and list(value) == [1])


FIX = Fix(
    "use-dense", frozenset({"MP101", "MP108"}), "put Dense in the place of a Conv1D of width 1", __doc__ or "", apply
)
