"""Whether padding really reaches what it must not reach, told from outside, without maskprobe.

Padding is changed in the two ways that leave every mask right: another vector for id 0 in the token Embeddings (other
numbers in padded steps, where no Masking looks at them), and more padded steps behind. Then nothing may move at real
steps of the outputs, nor in the loss.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from corpus_batch import Array, Batch, BoolArray, all_layers, inputs_of, make_batch
from corpus_kit import VOCABULARY, Model

MORE = 3
"""Padded steps to add."""
NOISES = (3.0, -3.0)
"""Numbers for padded steps, and their opposites: a maximum is moved by one or the other."""
LEAKS = 1e-3
"""A movement, as a part of the spread of the values, from which it is a leak."""
CLEAN = 1e-4
"""Below this it is float noise. Nothing of the corpus may lie between."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one model."""

    outputs: float
    """How far real steps of an output moved, as a part of the spread of its values."""
    loss: float
    """How far the loss moved, as a part of it; 0 if there is none."""
    misshapen: bool = False
    """The mask of the output does not have the shape of its steps."""
    hides: bool = False
    """A real step counts for nothing."""


def really_leaks(model: Model, *, look_at_mask: bool = False) -> Evidence:
    """Change the padding of `model` from outside and see what moves.

    Args:
        model: A model of the corpus.
        look_at_mask: Also change each real step and see whether anything moves, which takes a pass for each.
    """
    plain, longer = make_batch(model), make_batch(model, more=MORE)
    first = _run(model, plain)
    changed = [_run(model, longer)]
    for noise in NOISES:
        with _other_padding(model, noise):
            changed.append(_run(model, make_batch(model, noise=noise)))
    outputs = max(_moved(first, seen, plain) for seen in changed)
    losses = (first.loss, *(seen.loss for seen in changed), _run(model, plain, flip=True).loss)
    moved = _loss_moved([loss for loss in losses if loss is not None])
    if not look_at_mask:
        return Evidence(outputs, moved)
    return Evidence(outputs, moved, _misshapen(model, plain), _ignores_a_real_step(model, plain))


@dataclass(frozen=True, slots=True)
class _Seen:
    outputs: list[Array]
    loss: float | None


def _run(model: Model, batch: Batch, *, flip: bool = False) -> _Seen:
    """Outputs and loss. Targets are made up, the same at each real step; `flip` changes them at padded ones."""
    given = [tf.constant(array) for array in batch.arrays]
    predicted = model(given[0] if len(given) == 1 else given, training=False)
    outputs = list(predicted) if isinstance(predicted, list | tuple) else [predicted]
    loss = None
    if getattr(model, "optimizer", None) is not None:
        targets = [tf.constant(_target(output.shape, _real_of(output.shape, batch), flip=flip)) for output in outputs]
        loss = float(model.compute_loss(None, targets[0] if len(targets) == 1 else targets, predicted))
    return _Seen([output.numpy() for output in outputs], loss)


def _target(shape: Any, real: BoolArray | None, *, flip: bool) -> Array:
    values = np.ones(tuple(shape), dtype=np.float32)
    if real is not None:
        # At real steps a number of its own for each row and step, whatever padding there is behind.
        rows, steps = np.nonzero(real)
        values[rows, steps] = (np.cos(3.0 * rows + steps))[:, np.newaxis]
        values[~real] = 9.0 if flip else 1.0
    return values


def _real_of(shape: Any, batch: Batch) -> BoolArray | None:
    """The real steps of an output `(B, T, F)`; None if it has no time axis of an input."""
    return batch.real.get(int(shape[1])) if len(shape) > 2 else None


def _moved(before: _Seen, after: _Seen, batch: Batch) -> float:
    largest = 0.0
    for old, new in zip(before.outputs, after.outputs, strict=True):
        real = _real_of(old.shape, batch)
        if old.ndim > 2 and real is None:
            continue  # its steps are no input's: only its mask is looked at
        one, other = (old, new) if real is None else (old[real], new[:, : old.shape[1]][real])
        largest = max(largest, _distance(one, other))
    return largest


def _distance(one: Array, other: Array) -> float:
    """The largest difference, as a part of the spread of `one`; infinite where only one of both is a number."""
    numbers = np.isfinite(one)
    if not np.array_equal(numbers, np.isfinite(other)):
        return np.inf
    difference = np.where(numbers, np.abs(one - other), 0.0)
    return float(difference.max() / np.nanmax(np.abs(one - np.nanmean(one, axis=0))))


def _loss_moved(losses: list[float]) -> float:
    return max((abs(loss - losses[0]) / abs(losses[0]) for loss in losses[1:]), default=0.0)


@contextlib.contextmanager
def _other_padding(model: Model, noise: float) -> Iterator[None]:
    """Give id 0 another vector in all token Embeddings, for a while."""
    embeddings = [layer for layer in all_layers(model) if getattr(layer, "input_dim", None) == VOCABULARY]
    kept = [layer.get_weights() for layer in embeddings]
    for place, (layer, (table,)) in enumerate(zip(embeddings, kept, strict=True)):
        changed = table.copy()
        changed[0] = noise * np.random.default_rng(place).normal(size=changed[0].shape)
        layer.set_weights([changed])
    try:
        yield
    finally:
        for layer, weights in zip(embeddings, kept, strict=True):
            layer.set_weights(weights)


def _misshapen(model: Model, batch: Batch) -> bool:
    given = [tf.constant(array) for array in batch.arrays]
    output = model(given[0] if len(given) == 1 else given, training=False)
    mask = getattr(output, "_keras_mask", None)
    return mask is not None and tuple(mask.shape) != tuple(output.shape[:2])


def _ignores_a_real_step(model: Model, batch: Batch) -> bool:
    """Whether another token at some real step moves nothing, in any row."""
    names = [given.name for given in inputs_of(model)]
    if "tokens" not in names:
        return False
    place = names.index("tokens")
    before = _run(model, batch).outputs[0]
    for step in range(batch.arrays[place].shape[1]):
        tokens = batch.arrays[place].copy()
        rows = tokens[:, step] != 0
        tokens[rows, step] = tokens[rows, step] % (VOCABULARY - 1) + 1
        arrays = [*batch.arrays[:place], tokens, *batch.arrays[place + 1 :]]
        after = _run(model, Batch(arrays, batch.real)).outputs[0]
        moved = np.abs(after - before).reshape(len(after), -1).max(axis=1) > 0.0
        if not moved[rows].all():
            return True
    return False
