"""Random calls of Keras losses: targets and predictions that suit the loss, its settings, a mask and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from maskprobe.loss.reference import LossReference

Array = np.ndarray[Any, np.dtype[Any]]
REDUCTIONS = ("sum_over_batch_size", "auto", "mean", "sum", "mean_with_sample_weight", "none", None)
"""All that some version of Keras takes."""

LEADING = st.sampled_from([(1,), (4,), (1, 1), (3, 1), (1, 4), (3, 3), (2, 5), (4, 3), (2, 3, 2)])
SMOOTHING = st.sampled_from([0.0, 0.0, 0.1, 0.5])


@dataclass(frozen=True)
class LossCase:
    y_true: Array
    y_pred: Array
    settings: dict[str, Any]
    values: Array
    """The reference's loss of each step."""
    own_mask: Array | None
    mask: Array | None
    weights: Array | None
    reduction: str | None
    logits: Array | None
    """What the predictions carry as that which their sigmoid or softmax was taken of."""

    @property
    def counted(self) -> Array | None:
        """The mask of the predictions and the loss's own one together."""
        if self.mask is None or self.own_mask is None:
            return self.own_mask if self.mask is None else self.mask
        return self.mask & self.own_mask


def exact(values: Array) -> Array:
    """Multiples of 1/64, whose differences are exact in single precision too."""
    return np.round(values * 64) / 64


def numbers(name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    true, pred = exact(rng.normal(size=shape)), exact(rng.normal(size=shape))
    if name == "mean_absolute_percentage_error":
        true = np.where(true < 0, true - 0.5, true + 0.5)
    if name == "mean_squared_logarithmic_error":
        true = np.abs(true)
    if name == "poisson":
        true, pred = np.abs(true), np.abs(pred) + 0.25
    if name.endswith("hinge"):
        true = [true, np.sign(true), (true > 0).astype(float)][int(rng.integers(3))]
    if name == "kl_divergence":
        true, pred = np.abs(true) / 4, np.abs(pred) / 4
    return true, pred


def probabilities(rng: np.random.Generator, shape: tuple[int, ...], *, logits: bool, saturated: bool) -> Array:
    if logits:
        return exact(rng.normal(size=shape) * (20 if saturated else 4))
    made = rng.uniform(0.05, 0.95, size=shape)
    if saturated:
        made = np.where(rng.random(shape) < 0.1, np.round(made), made)
        # Keras divides by the sum of all classes, which may be small but not 0.
        made[..., -1] = np.where(made.sum(axis=-1) == 0, 1.0, made[..., -1])
    return made


def one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]


@st.composite
def settings_of(draw: st.DrawFn, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "crossentropy" in name:
        made["from_logits"] = draw(st.booleans())
        if not name.startswith("sparse"):
            made["label_smoothing"] = draw(SMOOTHING)
            made["axis"] = -1
    if "focal" in name:
        made |= {"gamma": draw(st.sampled_from([0.0, 1.0, 2.0, 3.5])), "alpha": draw(st.sampled_from([0.25, 0.6]))}
    if name == "binary_focal_crossentropy":
        made["apply_class_balancing"] = draw(st.booleans())
    if name.startswith("sparse"):
        made["ignore_class"] = draw(st.sampled_from([None, None, 0, -1, 9]))
    if name == "huber":
        made["delta"] = draw(st.sampled_from([0.5, 1.0, 2.0]))
    return made


@st.composite
def arrays_of(draw: st.DrawFn, name: str, settings: dict[str, Any], *, saturated: bool) -> tuple[Array, Array]:
    """Targets and predictions of one loss; now and then one lacks the last axis of 1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    of_classes = "categorical" in name
    shape = (*draw(LEADING), draw(st.integers(2, 4) if of_classes else st.integers(1, 3)))
    logits = bool(settings.get("from_logits"))
    if name.startswith("sparse"):
        ignored = settings["ignore_class"]
        labels = rng.integers(shape[-1], size=shape[:-1])
        if ignored is not None:
            labels = np.where(rng.random(labels.shape) < 0.3, ignored, labels)
        true = labels[..., None] if draw(st.booleans()) else labels
        return true, probabilities(rng, shape, logits=logits, saturated=saturated)
    if "categorical_" in name and "hinge" not in name:
        return one_hot(rng, shape), probabilities(rng, shape, logits=logits, saturated=saturated)
    if name == "categorical_hinge":
        return one_hot(rng, shape), exact(rng.normal(size=shape))
    if name.startswith("binary"):
        true = rng.integers(2, size=shape).astype(float)
        pred = probabilities(rng, shape, logits=logits, saturated=saturated)
    else:
        true, pred = numbers(name, rng, shape)
    if shape[-1] == 1 and draw(st.booleans()):
        return (true[..., 0], pred) if draw(st.booleans()) else (true, pred[..., 0])
    return true, pred


def weight_shapes(values: Array, generation: int, *, masked: bool) -> list[tuple[int, ...] | None]:
    """The shapes of weights that the loss of this generation takes for such values.

    Keras 3 puts no axis behind weights `(B,)` unless the losses are `(B, 1)`. It also divides by the weights as they
    came, so weights `(B, 1)` have a mean over weights only where a mask has spread them.
    """
    shape = values.shape
    if not shape:
        return [None]
    given: list[tuple[int, ...] | None] = [None, shape]
    if len(shape) == 1:
        given.append((*shape, 1))
    if len(shape) == 2 and (generation == 2 or shape[1] == 1):
        given.append(shape[:1])
    if len(shape) == 2 and (masked or shape[1] == 1):
        given.append((shape[0], 1))
    return given


@st.composite
def loss_cases(
    draw: st.DrawFn,
    reference: LossReference,
    generation: int,
    reductions: tuple[str | None, ...],
    *,
    saturated: bool = True,
) -> LossCase:
    settings = draw(settings_of(reference.name))
    true, pred = draw(arrays_of(reference.name, settings, saturated=saturated))
    logits = None
    if "crossentropy" in reference.name and draw(st.booleans()):
        logits = exact(np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=pred.shape) * 12)
    values = reference.unreduced(true, pred, settings, generation, logits=logits)
    own = reference.own_mask(true, pred, settings, generation)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = rng.random(values.shape) < 0.6 if values.shape and draw(st.booleans()) else None
    shape = draw(st.sampled_from(weight_shapes(values, generation, masked=mask is not None)))
    weights = None if shape is None else exact(rng.uniform(0.25, 2, shape)) * (rng.random(shape) < 0.85)
    reduction = draw(st.sampled_from(reductions))
    case = LossCase(true, pred, settings, values, own, mask, weights, reduction, logits)
    counted = True if case.counted is None else case.counted
    assume(np.any(counted))
    if weights is not None and reduction == "mean_with_sample_weight":
        spread = weights if weights.ndim <= values.ndim else weights[..., 0]
        spread = spread.reshape(spread.shape + (1,) * (values.ndim - spread.ndim))
        assume(np.any((spread != 0) & counted))
    return case
