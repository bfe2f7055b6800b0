"""What each layer class does to masks, by era: the data that the static engine goes by.

A class has one behaviour from an era on, until another is stated. What is said here was measured: each run of a model
under a version of Keras is kept in benchmarks/results/mask_flow, and tests hold this table against all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import TypeAlias

from maskprobe.archive.plain import words
from maskprobe.static.eras import Era


class Behaviour(Enum):
    """What a layer makes of the masks that it is given."""

    DROP = auto()
    """It returns none."""
    CARRY = auto()
    """Its output has the mask of its (first) input."""
    USE = auto()
    """It uses the mask and returns none, on purpose."""
    MASKING = auto()
    EMBEDDING = auto()
    RECURRENT = auto()
    BIDIRECTIONAL = auto()
    TIME_DISTRIBUTED = auto()
    MERGE = auto()
    CONCATENATE = auto()
    ATTENTION = auto()
    """Its output has the mask of the query."""
    MULTI_HEAD = auto()
    """As ATTENTION; in some eras it takes the mask off what it reads."""
    UNKNOWN = auto()
    """Only a run can tell: its own code, or code that the file does not hold."""


Spans: TypeAlias = tuple[tuple[Era, Behaviour], ...]
"""Behaviours by the era in which they begin, oldest first."""

_OLD, _TF, _K3 = Era.KERAS_2_2, Era.TF_1_15, Era.KERAS_3_0


def _always(behaviour: Behaviour, names: str) -> Mapping[str, Spans]:
    return dict.fromkeys(words(names), ((_OLD, behaviour),))


_RECURRENT = "LSTM GRU SimpleRNN RNN CuDNNLSTM CuDNNGRU LSTMV1 LSTMV2 GRUV1 GRUV2 ConvLSTM1D ConvLSTM2D ConvLSTM3D"

BEHAVIOURS: Mapping[str, Spans] = {
    **_always(
        Behaviour.CARRY,
        """
        Activation ActivityRegularization AlphaDropout BatchNormalization BatchNormalizationV1 BatchNormalizationV2
        Dense Dropout ELU GaussianDropout GaussianNoise GroupNormalization LayerNormalization LeakyReLU PReLU Softmax
        SpatialDropout1D SpatialDropout2D SpatialDropout3D SyncBatchNormalization ThresholdedReLU UnitNormalization
        """,
    ),
    "ReLU": ((_OLD, Behaviour.CARRY), (_TF, Behaviour.DROP), (Era.TF_2_5, Behaviour.CARRY)),
    "Identity": ((_OLD, Behaviour.DROP), (_K3, Behaviour.CARRY)),
    "Rescaling": ((_OLD, Behaviour.DROP), (_K3, Behaviour.CARRY)),
    "Normalization": ((_OLD, Behaviour.DROP), (_K3, Behaviour.CARRY)),
    "Pipeline": ((_K3, Behaviour.CARRY),),
    "Layer": ((Era.TF_2_3, Behaviour.CARRY), (_K3, Behaviour.DROP)),
    **_always(Behaviour.USE, "GlobalAveragePooling1D GlobalAvgPool1D"),
    **_always(Behaviour.MASKING, "Masking"),
    **_always(Behaviour.EMBEDDING, "Embedding ReversibleEmbedding"),
    **_always(Behaviour.RECURRENT, _RECURRENT),
    **_always(Behaviour.BIDIRECTIONAL, "Bidirectional"),
    **_always(Behaviour.TIME_DISTRIBUTED, "TimeDistributed"),
    **_always(Behaviour.MERGE, "Add Subtract Multiply Average Maximum Minimum"),
    "Dot": ((_OLD, Behaviour.USE), (_TF, Behaviour.DROP)),
    **_always(Behaviour.CONCATENATE, "Concatenate"),
    "Attention": ((_OLD, Behaviour.ATTENTION),),
    "AdditiveAttention": ((_OLD, Behaviour.ATTENTION),),
    "MultiHeadAttention": ((_OLD, Behaviour.DROP), (Era.TF_2_10, Behaviour.MULTI_HEAD)),
    "GroupQueryAttention": ((_K3, Behaviour.MULTI_HEAD),),
    "GroupedQueryAttention": ((_K3, Behaviour.MULTI_HEAD),),
    **_always(Behaviour.UNKNOWN, "Lambda TFSMLayer JaxLayer FlaxLayer TorchModuleWrapper"),
}

TAKES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(words(_RECURRENT), ("mask",)),
    **dict.fromkeys(words("Bidirectional TimeDistributed GlobalAveragePooling1D GlobalAvgPool1D Softmax"), ("mask",)),
    "BatchNormalization": ("mask",),
    "Attention": ("mask",),
    "AdditiveAttention": ("mask",),
    "Lambda": ("mask",),
    "MultiHeadAttention": ("query_mask", "value_mask", "key_mask"),
    **dict.fromkeys(words("GroupQueryAttention GroupedQueryAttention"), ("query_mask", "value_mask", "key_mask")),
}
"""The mask arguments that the `call` of a class takes and that Keras fills in by itself."""


_TAKES_IN_KERAS_2 = {**TAKES, "ActivityRegularization": ("mask",), "GroupNormalization": ("mask",)}
"""ActivityRegularization has no `call` of its own, and that of `Layer` takes whatever comes."""


@lru_cache(maxsize=1024)
def takes_of(class_name: str, era: Era) -> tuple[str, ...]:
    """The mask arguments that the `call` of a class takes and that Keras fills in by itself, in `era`."""
    return (TAKES if era.is_keras3 else _TAKES_IN_KERAS_2).get(class_name, ())


@lru_cache(maxsize=1024)
def behaviour_of(class_name: str, era: Era) -> Behaviour:
    """What a built-in layer of this class does to masks in `era`. Layers that are not named drop them."""
    found = Behaviour.DROP
    for since, behaviour in BEHAVIOURS.get(class_name, ()):
        if since <= era:
            found = behaviour
    return found
