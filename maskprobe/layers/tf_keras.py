"""The layers of a fixed model for tf_keras. Importing this makes them known to `tf_keras.models.load_model`."""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from maskprobe.layers.definitions import Operations, make_layers

_OPERATIONS = Operations(
    any=tf.reduce_any,
    both=tf.logical_and,
    cast=tf.cast,
    expand=tf.expand_dims,
    fresh=lambda x: x * tf.cast(1, x.dtype),
    maximum=tf.reduce_max,
    where=tf.where,
)
_LAYERS = make_layers(tf_keras, _OPERATIONS, __name__)

CarryMask = _LAYERS["CarryMask"]
KeepMask = _LAYERS["KeepMask"]
MaskedMaxPooling1D = _LAYERS["MaskedMaxPooling1D"]
MergeMasks = _LAYERS["MergeMasks"]
MoveMask = _LAYERS["MoveMask"]
SliceSteps = _LAYERS["SliceSteps"]
WithMask = _LAYERS["WithMask"]

__all__ = ["CarryMask", "KeepMask", "MaskedMaxPooling1D", "MergeMasks", "MoveMask", "SliceSteps", "WithMask"]
