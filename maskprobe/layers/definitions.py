"""The layers of a fixed model, made for one engine.

Axis letters: B batch, T time, F features. In every mask True = real step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

NAMES = ("CarryMask", "KeepMask", "MaskedMaxPooling1D", "MergeMasks", "MoveMask", "SliceSteps", "WithMask")
PACKAGE = "maskprobe"


@dataclass(frozen=True, slots=True)
class Operations:
    """What the layers compute with, on eager and symbolic tensors of one engine."""

    any: Callable[..., Any]
    both: Callable[[Any, Any], Any]
    cast: Callable[[Any, Any], Any]
    expand: Callable[[Any, int], Any]
    fresh: Callable[[Any], Any]
    """The same values as a tensor of its own, without a mask: Keras leaves a mask that is there as it is."""
    maximum: Callable[..., Any]
    where: Callable[[Any, Any, Any], Any]


def make_layers(keras: Any, ops: Operations, module: str) -> Mapping[str, Any]:
    """Make and register the classes, by name.

    Args:
        keras: `keras` or `tf_keras`.
        ops: Its operations.
        module: The module in which the classes will be found.
    """
    around = _around(keras)
    classes = (
        *_carrying(keras, ops),
        _keeping(around, ops),
        _moving(around, ops),
        _merging(around, ops),
        _slicing(keras),
        _pooling(keras, ops),
    )
    register = keras.saving.register_keras_serializable
    for made in classes:
        made.__module__, made.__qualname__ = module, made.__name__
    return {made.__name__: register(package=PACKAGE)(made) for made in classes}


def _carrying(keras: Any, ops: Operations) -> tuple[Any, ...]:
    class CarryMask(keras.layers.Layer):  # type: ignore[misc]
        """Give the first input, `(B, T, ...)`, the mask of the second one. Called on a list of both.

        For what loses its mask where nothing can be put around it: an operator, a slice of features, a function.
        """

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs: Any) -> Any:
            return ops.fresh(inputs[0])

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - Keras calls it so
            return mask[1] if isinstance(mask, list | tuple) else None

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape[0]

    class WithMask(CarryMask):
        """Give the first input, `(B, T, ...)`, the second one, `(B, T)`, as its mask: 0 and False are padding."""

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - as above
            return ops.cast(inputs[1], "bool")

    return CarryMask, WithMask


def _around(keras: Any) -> Any:
    class _Around(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, layer: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.layer = layer
            self.supports_masking = True

        def build(self, input_shape: Any) -> None:
            if not self.layer.built:
                self.layer.build(input_shape)
                self.layer.built = True
            self.built = True

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "layer": keras.layers.serialize(self.layer)}

        @classmethod
        def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
            inner = keras.layers.deserialize(config["layer"], custom_objects=custom_objects)
            return cls(inner, **{name: value for name, value in config.items() if name != "layer"})

    return _Around


def _keeping(around: Any, ops: Operations) -> Any:
    class KeepMask(around):  # type: ignore[misc]
        """The layer in it, whose output has the mask of what it reads.

        Args:
            layer: A layer that gives a step for each step that it reads.
            zero_padding: Set padded steps to zero before the layer reads them, for one that reads neighbours and
                takes zeros for what lies beyond the sequence: a convolution with padding `same` or `causal`.
        """

        def __init__(self, layer: Any, *, zero_padding: bool = False, **kwargs: Any) -> None:
            super().__init__(layer, **kwargs)
            self.zero_padding = zero_padding

        def call(self, inputs: Any, mask: Any = None) -> Any:
            read = ops.fresh(inputs)
            if self.zero_padding and mask is not None:
                read = ops.where(_of_rank(ops, mask, len(read.shape)), read, ops.cast(0, read.dtype))
            return ops.fresh(self.layer(read))

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - as above
            return mask

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "zero_padding": self.zero_padding}

    return KeepMask


def _moving(around: Any, ops: Operations) -> Any:
    class MoveMask(around):  # type: ignore[misc]
        """The layer in it, which leaves out, repeats or adds steps of `(B, T, F)`; it does the same to the mask.

        Steps that it adds count as real.
        """

        def call(self, inputs: Any) -> Any:
            return ops.fresh(self.layer(ops.fresh(inputs)))

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            if mask is None:
                return None
            padded = ops.where(ops.expand(mask, -1), ops.cast(0, inputs.dtype), ops.cast(1, inputs.dtype))
            # Past `__call__`: in a graph the layer would be there a second time, under the name of this one.
            return self.layer.call(padded)[..., 0] < ops.cast(0.5, inputs.dtype)

    return MoveMask


def _merging(around: Any, ops: Operations) -> Any:
    class MergeMasks(around):  # type: ignore[misc]
        """The merge layer in it. A step of its output is real where it is real in all inputs that have a mask."""

        def call(self, inputs: Any) -> Any:
            return ops.fresh(self.layer([ops.fresh(tensor) for tensor in inputs]))

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - as above
            masks = [one for one in mask or () if one is not None]
            return reduce(ops.both, masks) if masks else None

    return MergeMasks


def _slicing(keras: Any) -> Any:
    class SliceSteps(keras.layers.Layer):  # type: ignore[misc]
        """The steps `start:stop:step` of `(B, T, ...)`, and those of its mask."""

        def __init__(
            self, start: int | None = None, stop: int | None = None, step: int | None = None, **kwargs: Any
        ) -> None:
            super().__init__(**kwargs)
            self.start, self.stop, self.step = start, stop, step
            self.supports_masking = True

        def call(self, inputs: Any) -> Any:
            return inputs[:, self.start : self.stop : self.step]

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - as above
            return None if mask is None else mask[:, self.start : self.stop : self.step]

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start, "stop": self.stop, "step": self.step}

    return SliceSteps


def _pooling(keras: Any, ops: Operations) -> Any:
    class MaskedMaxPooling1D(keras.layers.Layer):  # type: ignore[misc]
        """The maximum over the real steps of `(B, T, F)`: `(B, F)`; zeros for a row without any.

        Args:
            keepdims: Keep the time axis, with a size of 1.
        """

        def __init__(self, *, keepdims: bool = False, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.keepdims = keepdims
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            if mask is None:
                return ops.maximum(inputs, axis=1, keepdims=self.keepdims)
            real = ops.expand(mask, -1)
            lowest = ops.cast(float("-inf"), inputs.dtype)
            most = ops.maximum(ops.where(real, inputs, lowest), axis=1, keepdims=self.keepdims)
            some = ops.any(real, axis=1, keepdims=self.keepdims)
            return ops.where(some, most, ops.cast(0, inputs.dtype))

        def compute_mask(self, inputs: Any, mask: Any = None) -> None:
            """The time axis ends here, and the mask with it."""

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "keepdims": self.keepdims}

    return MaskedMaxPooling1D


def _of_rank(ops: Operations, mask: Any, rank: int) -> Any:
    while len(mask.shape) < rank:
        mask = ops.expand(mask, -1)
    return mask
