"""What each Keras does with the loss, the metrics and the sample weights of a masked sequence output.

What is said here was measured (benchmarks/results/loss_conventions.json, docs/loss-conventions.md); tests hold every
version that was measured against it. In the formulas l is the loss of a step, m its mask, w its weight, N the number of
all steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from maskprobe.static.eras import Keras, version_of


class LossFact(StrEnum):
    """Something that versions of Keras do each in their way; named as in the measurements."""

    LOSS = "loss"
    """What the compiled loss is, without sample weights."""
    ROW_WEIGHTS = "loss_row_weights"
    """The loss with sample weights `(B,)`."""
    COLUMN_WEIGHTS = "loss_column_weights"
    """The loss with sample weights `(B, 1)`."""
    STEP_WEIGHTS = "loss_step_weights"
    """The loss with sample weights `(B, T)`."""
    NO_REAL_STEP = "no_real_step"
    """The loss of a batch whose steps are all padding."""
    SCALAR_LOSS = "scalar_loss"
    """A loss of the user's own that returns one number."""
    METRIC = "metric"
    """A mean metric in `metrics=`."""
    WEIGHTED_METRIC = "weighted_metric"
    """A mean metric in `weighted_metrics=`."""
    WEIGHTED_METRIC_STEP_WEIGHTS = "weighted_metric_step_weights"
    """A mean metric in `weighted_metrics=` with sample weights `(B, T)`."""
    RECALL = "recall"
    """Recall in `metrics=`, which is no mean."""
    WEIGHTED_RECALL = "weighted_recall"
    """Recall in `weighted_metrics=`."""


RESPECTED, IGNORED = "mask respected", "mask ignored"
Facts: TypeAlias = Mapping[LossFact, str]
"""What one range of versions does, in a few words or a formula."""

_TEMPORAL = ", in temporal mode"
"""Only with `sample_weight_mode="temporal"` in `compile`."""
_NOT_AFTER_ROWS = "Σ(w·m·l)/Σm, raises after (B,) weights"
_MASKED_METRICS: Facts = dict.fromkeys(
    (LossFact.METRIC, LossFact.WEIGHTED_METRIC, LossFact.RECALL, LossFact.WEIGHTED_RECALL), RESPECTED
)

_KERAS_2_2: Facts = {
    **_MASKED_METRICS,
    LossFact.LOSS: "Σ(m·l)/Σm",
    LossFact.ROW_WEIGHTS: "Σ(w·m·l)/Σm · N/Σ(w≠0)",
    LossFact.COLUMN_WEIGHTS: "raises",
    LossFact.STEP_WEIGHTS: "Σ(w·m·l)/Σm · N/Σ(w≠0)" + _TEMPORAL,
    LossFact.NO_REAL_STEP: "NaN",
    LossFact.SCALAR_LOSS: "Σl/N",
    LossFact.WEIGHTED_METRIC_STEP_WEIGHTS: "Σ(w·m·l)/Σm · N/Σ(w≠0)" + _TEMPORAL,
    LossFact.RECALL: "there is none",
    LossFact.WEIGHTED_RECALL: "there is none",
}
_TF_1_15: Facts = {
    **_MASKED_METRICS,
    LossFact.LOSS: "Σ(m·l)/N",
    LossFact.ROW_WEIGHTS: "Σ(w·m·l)/N",
    LossFact.COLUMN_WEIGHTS: "raises",
    LossFact.STEP_WEIGHTS: "Σ(w·m·l)/N" + _TEMPORAL,
    LossFact.NO_REAL_STEP: "0",
    LossFact.SCALAR_LOSS: "raises",
    LossFact.WEIGHTED_METRIC_STEP_WEIGHTS: "Σ(w·m·l)/Σ(w·m)" + _TEMPORAL,
}
_TF_2_3: Facts = {
    **_TF_1_15,
    LossFact.COLUMN_WEIGHTS: "Σ(w·m·l)/N",
    LossFact.STEP_WEIGHTS: "Σ(w·m·l)/N",
    LossFact.SCALAR_LOSS: "Σl/N · Σm/N",
    LossFact.WEIGHTED_METRIC_STEP_WEIGHTS: "Σ(w·m·l)/Σ(w·m)",
}
_TF_2_11: Facts = {
    **_TF_2_3,
    LossFact.LOSS: "Σ(m·l)/Σm",
    LossFact.ROW_WEIGHTS: "Σ(w·m·l)/Σm",
    LossFact.COLUMN_WEIGHTS: "Σ(w·m·l)/Σm",
    LossFact.STEP_WEIGHTS: "Σ(w·m·l)/Σm",
    LossFact.NO_REAL_STEP: "NaN",
    LossFact.SCALAR_LOSS: "Σl/N",
}
_KERAS_3_0: Facts = {
    **_TF_2_11,
    LossFact.ROW_WEIGHTS: "raises",
    LossFact.COLUMN_WEIGHTS: _NOT_AFTER_ROWS,
    LossFact.STEP_WEIGHTS: _NOT_AFTER_ROWS,
    LossFact.NO_REAL_STEP: "0",
    LossFact.METRIC: IGNORED,
    LossFact.WEIGHTED_METRIC: IGNORED,
    LossFact.RECALL: IGNORED,
    LossFact.WEIGHTED_RECALL: IGNORED,
}
_KERAS_3_12: Facts = {**_KERAS_3_0, LossFact.METRIC: RESPECTED, LossFact.WEIGHTED_METRIC: RESPECTED}

_STANDALONE = (((3, 12), _KERAS_3_12), ((3, 0), _KERAS_3_0), ((2, 3), _TF_1_15), ((0, 0), _KERAS_2_2))
_OF_TENSORFLOW = (((2, 11), _TF_2_11), ((2, 3), _TF_2_3), ((0, 0), _TF_1_15))


def loss_facts(keras: Keras) -> Facts:
    """What `keras` does with the loss and the metrics of a masked sequence output."""
    since = _STANDALONE if keras.name == "keras" else _OF_TENSORFLOW
    found = version_of(keras.version)
    return next(facts for first, facts in since if found >= first)
