"""What a layer's class and config say of it, as far as masks go: the facts that a run reads off the layer itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.archive.graph import GraphLayer
from maskprobe.archive.known import OPERATIONS
from maskprobe.mask_trace import CallKind, LayerFacts
from maskprobe.probe.layer_kinds import is_foreign
from maskprobe.static.behaviour import Behaviour, takes_of
from maskprobe.static.eras import Era

_FUNCTION_LAYERS = frozenset(
    {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TensorFlowOpLayer"}
)
"""Layer classes in which tf.keras wraps operators, slices and functions on tensors."""

_SETTINGS = (
    "axes", "axis", "data_format", "dilation_rate", "go_backwards", "input_dim", "kernel_size", "mask_value",
    "mask_zero", "merge_mode", "padding", "pool_size", "recurrent_dropout", "reset_after", "return_sequences",
    "return_state", "stateful", "strides", "target_shape", "unroll", "use_bias", "zero_output_for_mask",
)  # fmt: skip

_COMPUTES = frozenset(
    {
        Behaviour.USE, Behaviour.MASKING, Behaviour.EMBEDDING, Behaviour.RECURRENT, Behaviour.BIDIRECTIONAL,
        Behaviour.MERGE, Behaviour.CONCATENATE, Behaviour.ATTENTION,
    }
)  # fmt: skip


def kind_of(layer: GraphLayer) -> CallKind:
    """What a call of `layer` is."""
    if layer.model is not None:
        return CallKind.MODEL
    if layer.class_name in _FUNCTION_LAYERS:
        return CallKind.OPERATION
    if layer.module is not None:
        return CallKind.OPERATION if ".ops" in layer.module else CallKind.LAYER
    # An `.h5` of Keras 3 names no modules; operations have no settings that all layers have.
    is_operation = layer.class_name in OPERATIONS and "trainable" not in layer.config
    return CallKind.OPERATION if is_operation else CallKind.LAYER


_OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
"""Classes that files name otherwise than they are named."""


def own_class_name(layer: GraphLayer) -> str:
    """The name of the class as the class itself has it."""
    return _OWN_NAMES.get(layer.class_name, layer.class_name)


def is_builtin(layer: GraphLayer) -> bool:
    """Whether the class is one of Keras's own, as far as the file says."""
    return not is_foreign(layer)


def facts_of(layer: GraphLayer, behaviour: Behaviour, era: Era) -> LayerFacts:
    """The facts of a layer."""
    name = layer.class_name
    if layer.model is not None:
        old = not era.is_keras3
        return LayerFacts(supports_masking=old, accepts_mask=True, computes_mask=old, builtin=is_builtin(layer))
    embeds = behaviour is Behaviour.EMBEDDING and not layer.config.get("mask_zero")
    return LayerFacts(
        supports_masking=behaviour not in {Behaviour.DROP, Behaviour.UNKNOWN} and not embeds,
        accepts_mask=bool(takes_of(name, era)) and name != "Lambda",
        computes_mask=behaviour in _COMPUTES or name == "Dot",
        builtin=is_builtin(layer),
        time_distributed=name == "TimeDistributed",
        settings=_settings(layer),
    )


def _settings(layer: GraphLayer) -> Mapping[str, Any]:
    config = layer.config
    found: dict[str, Any] = {}
    for name in filter(config.__contains__, _SETTINGS):
        value = config[name]
        if isinstance(value, (bool, int, float, str)) or (
            isinstance(value, (list, tuple)) and all(isinstance(item, int) for item in value)
        ):
            found[name] = list(value) if isinstance(value, tuple) else value
    if layer.class_name == "Bidirectional" and layer.wrapped is not None:
        inner = layer.wrapped.config
        found |= {
            name: inner[name] for name in ("return_sequences", "return_state") if isinstance(inner.get(name), bool)
        }
    for name in ("activation", "recurrent_activation"):
        value = config.get(name)
        if isinstance(value, str):
            found[name] = value
    return found
