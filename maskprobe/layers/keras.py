"""The layers of a fixed model for Keras 3. Importing this makes them known to `keras.saving.load_model`."""

from __future__ import annotations

import keras

from maskprobe.layers.definitions import Operations, make_layers

_OPERATIONS = Operations(
    any=keras.ops.any,
    both=keras.ops.logical_and,
    cast=keras.ops.cast,
    expand=keras.ops.expand_dims,
    fresh=lambda x: keras.ops.multiply(x, keras.ops.cast(1, x.dtype)),
    maximum=keras.ops.max,
    where=keras.ops.where,
)
_LAYERS = make_layers(keras, _OPERATIONS, __name__)

CarryMask = _LAYERS["CarryMask"]
KeepMask = _LAYERS["KeepMask"]
MaskedMaxPooling1D = _LAYERS["MaskedMaxPooling1D"]
MergeMasks = _LAYERS["MergeMasks"]
MoveMask = _LAYERS["MoveMask"]
SliceSteps = _LAYERS["SliceSteps"]
WithMask = _LAYERS["WithMask"]

__all__ = ["CarryMask", "KeepMask", "MaskedMaxPooling1D", "MergeMasks", "MoveMask", "SliceSteps", "WithMask"]
