"""The smallest repair as code to paste, for each way to build a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from maskprobe.explaining.values import Snippet
from maskprobe.finding import Finding
from maskprobe.mask_trace import CallKind, CallRecord, Trace

_FUNCTIONAL, _SEQUENTIAL, _SUBCLASSED = "functional", "Sequential", "subclassed"

_Made: TypeAlias = tuple[str, str, str]
"""Code for each of these."""


def snippets_for(finding: Finding, trace: Trace) -> tuple[Snippet, ...]:
    """How to mend what was found, in a functional, a Sequential and a subclassed model."""
    call = trace.by_path.get(finding.path)
    if call is None:
        return tuple(Snippet(style, "", finding.fix) for style in (_FUNCTIONAL, _SEQUENTIAL, _SUBCLASSED))
    layer = _variable(call)
    read = _read(call)
    made = _repair(finding, call, layer, read)
    if made is None:
        return tuple(Snippet(style, "", finding.fix) for style in (_FUNCTIONAL, _SEQUENTIAL, _SUBCLASSED))
    functional, row, inside = made
    return (
        Snippet(_FUNCTIONAL, functional),
        Snippet(_SEQUENTIAL, row) if row else Snippet(_SEQUENTIAL, "", "A Sequential model has no such call."),
        Snippet(_SUBCLASSED, inside),
    )


def _repair(finding: Finding, call: CallRecord, layer: str, read: str) -> _Made | None:
    """Code for a functional, a Sequential (empty: it cannot happen there) and a subclassed model."""
    if finding.code in {"MP102", "MP103"} and call.class_name in _MERGES:
        code = f"own.MergeMasks(keras.layers.{call.class_name}())"
        own = _own(call)
        return f"{own}h = {code}([first, second])", "", f"{own}self.{layer} = {code}  # in __init__"
    if finding.code in {"MP101", "MP102", "MP108", "MP109"}:
        return _carried(call, layer, read, _own(call))
    if finding.code in {"MP104", "MP110"} and call.class_name != "Masking":
        return None
    make = _BY_CODE.get(finding.code)
    return None if make is None else make(layer, read)


def _without_masking(layer: str, read: str) -> _Made:
    return (
        f"h = next_layer({read})  # and not next_layer({layer}({read}))",
        f"model = keras.Sequential([layer for layer in layers if layer.name != {layer!r}])",
        f"h = self.next_layer({read})  # in call: without self.{layer}",
    )


def _unmasked_positions(layer: str, _read: str) -> _Made:
    code = f"{layer} = keras.layers.Embedding(..., mask_zero=False)  # its index 0 is a real step"
    return code, code, f"self.{code}, in __init__"


def _masking_first(layer: str, _read: str) -> _Made:
    return (
        f"h = {layer}(inputs)  # Masking first, then the layers that change the values",
        f"keras.Sequential([keras.Input(...), {layer}, ...])  # Masking first",
        f"h = self.{layer}(inputs)  # in call: Masking first",
    )


def _masking_embedding(_layer: str, _read: str) -> _Made:
    code = "keras.layers.Embedding(..., mask_zero=True)"
    only = "  # index 0 for padding only; for numbers: keras.layers.Masking(0.0) right behind the input"
    return f"h = {code}(tokens){only}", code + only, f"self.embedding = {code}{only}"


def _own_branch(layer: str, read: str) -> _Made:
    rescaling = "keras.layers.Rescaling(1.0)"
    functional = f"branch = {rescaling}({read})\nh = {layer}([{read}, attention(branch, branch)])"
    stated = f"branch = self.branch({read})  # self.branch = {rescaling} in __init__"
    return functional, "", f"{stated}\nh = self.{layer}([{read}, self.attention(branch, branch)])"


_BY_CODE: Mapping[str, Callable[[str, str], _Made]] = {
    "MP104": _without_masking,
    "MP105": _unmasked_positions,
    "MP110": _masking_first,
    "MP111": _masking_embedding,
    "MP112": _masking_embedding,
    "MP113": _own_branch,
}


def _carried(call: CallRecord, layer: str, read: str, own: str) -> _Made | None:
    """For what loses a mask, if there is a layer that keeps it."""
    keep = _keeper(call, layer)
    if keep is None:
        return None
    if keep == "carry":
        code = f"own.CarryMask()([{_call_of(call, read)}, {read}])"
        inside = f"h = self.carry([{_call_of(call, read)}, {read}])  # self.carry = own.CarryMask() in __init__"
        return f"{own}h = {code}", "", own + inside
    needs = own if keep.startswith("own.") else ""
    row = f"{needs}keras.Sequential([..., {keep}, ...])"
    return f"{needs}h = {keep}({read})", row, f"{needs}self.{layer} = {keep}  # in __init__"


def _keeper(call: CallRecord, layer: str) -> str | None:
    """The layer to use instead; `carry` for an operation; None if only another model helps."""
    if call.kind is CallKind.OPERATION:
        return "carry" if len(call.outputs[0].shape) == len(call.inputs[0].shape) else None
    if call.class_name.endswith("Conv1D"):
        return _for_convolution(call, layer)
    if call.class_name in _INSTEAD:
        return _INSTEAD[call.class_name].format(layer)
    same = bool(call.inputs) and call.outputs[0].shape[:2] == call.inputs[0].shape[:2]
    pointwise = call.class_name in {"Lambda", "Reshape"} or not call.facts.builtin
    return f"own.KeepMask({layer})" if same and pointwise else None


def _for_convolution(call: CallRecord, layer: str) -> str | None:
    settings = call.facts.settings
    if call.class_name == "Conv1D" and settings.get("kernel_size") in (1, [1]):
        return "keras.layers.Dense(filters)"
    same = settings.get("padding") in {"same", "causal"} and settings.get("strides") in (1, [1])
    return f"own.KeepMask({layer}, zero_padding=True)" if same else None


_INSTEAD: Mapping[str, str] = {
    "Cropping1D": "own.MoveMask({})",
    "UpSampling1D": "own.MoveMask({})",
    "ZeroPadding1D": "own.MoveMask({})",
    "GlobalMaxPooling1D": "own.MaskedMaxPooling1D()",
    "Flatten": "keras.layers.GlobalAveragePooling1D()",
}
_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})


def _call_of(call: CallRecord, read: str) -> str:
    return {"Multiply": f"{read} * factor", "multiply": f"{read} * factor"}.get(call.class_name, f"function({read})")


def _variable(call: CallRecord) -> str:
    text = call.name.rpartition("/")[2].partition(":")[0].replace(".", "_")
    return text if text.isidentifier() else "layer"


def _read(call: CallRecord) -> str:
    producers = [tensor.producer for tensor in call.inputs if tensor.producer]
    text = producers[0].rpartition("/")[2].partition(":")[0].replace(".", "_") if producers else "h"
    return text if text.isidentifier() else "h"


def _own(call: CallRecord) -> str:
    return f"import maskprobe.layers.{'tf_keras' if call.module.startswith('tf_keras') else 'keras'} as own\n"
