"""See the first batch that `fit` trains on, and train on it all the same.

`fit` calls `model.train_function(iterator)` once a step (Keras 3.15.1: keras/src/backend/tensorflow/trainer.py;
tf_keras 2.21: src/engine/training.py), and the function, compiled or not, draws the batch itself. So for one call
another function stands in its place: it draws the batches of that call, and hands them on in a new iterator of the same
element spec. The function that was compiled for one iterator takes the other: nothing is traced anew, nothing is drawn
twice, no order is changed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from maskprobe.errors import UsageError


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as `fit` holds it, in NumPy arrays; `None` where there is none."""

    inputs: Any
    targets: Any = None
    sample_weight: Any = None


def on_first_batch(model: Any, tell: Callable[[Any], None]) -> Callable[[], None]:
    """Let the next call of the train function of `model` tell what it trained on, once it is through.

    Args:
        model: A compiled model in `fit`, from `on_train_begin` on.
        tell: Gets the first batch of that call, as the iterator gave it; None if it cannot be seen (another backend,
            a distribution strategy).

    Returns:
        What takes the other function away again, if it was never called.

    Raises:
        UsageError: the model has no train function: `fit` is not running.
    """
    original = getattr(model, "train_function", None)
    if original is None:
        raise UsageError("the model has no train function yet: the callback is for model.fit")

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        withdraw()
        if kwargs or len(args) != 1 or not isinstance(args[0], tf.data.Iterator):
            logs, first = original(*args, **kwargs), None
        else:
            drawn = _draw(args[0], _steps_of(model))
            if not drawn:
                return original(args[0])
            logs, first = original(_as_iterator(drawn, args[0].element_spec)), drawn[0]
        tell(first)
        return logs

    def withdraw() -> None:
        if model.train_function is stand_in:
            model.train_function = original

    model.train_function = stand_in
    return withdraw


def batch_of(data: Any) -> Batch:
    """Take what the iterator gave apart as `train_step` does, and copy it.

    Raises:
        ValueError, TypeError, AttributeError: it holds something that is no array (a ragged tensor, for one).
    """
    parts = tuple(data) if isinstance(data, list | tuple) else (data,)
    x, y, weights = (*parts, None, None)[:3]
    return Batch(_copied(x), _copied(y), _copied(weights))


def first_of(data: Any) -> Any:
    """The first batch of what a user could give to `fit`: a dataset, a sequence of batches, a generator, or a batch."""
    if isinstance(data, tf.data.Dataset):
        return next(iter(data))
    if isinstance(data, list | tuple | dict) or hasattr(data, "shape"):
        return data
    if hasattr(data, "__getitem__"):  # a PyDataset or a Sequence
        return data[0]
    return next(iter(data))


def _copied(nest: Any) -> Any:
    if isinstance(nest, dict):
        return {str(name): _copied(one) for name, one in nest.items() if one is not None}
    if isinstance(nest, list | tuple):
        return [_copied(one) for one in nest]
    if nest is None or isinstance(nest, tf.experimental.Optional):
        return None  # Keras 3 holds what is not there as an empty Optional
    return nest.numpy() if hasattr(nest, "numpy") else tf.convert_to_tensor(nest).numpy()


def _steps_of(model: Any) -> int:
    """How many batches one call of the train function takes."""
    steps: Any = getattr(model, "_steps_per_execution", None)
    return int(steps.numpy()) if hasattr(steps, "numpy") else int(steps or 1)


def _draw(iterator: Any, count: int) -> list[Any]:
    drawn = []
    for _ in range(count):
        try:
            drawn.append(next(iterator))
        except StopIteration:  # the end of the data: the train function will come to it too
            break
    return drawn


def _as_iterator(batches: Sequence[Any], spec: Any) -> Any:
    """An iterator over `batches` whose element spec is `spec`, which leaves sizes free that the batches have."""

    def freed(*parts: Any) -> Any:
        nest = parts if isinstance(spec, tuple) else parts[0]
        tensors = tf.nest.flatten(nest, expand_composites=True)
        shapes = [one.shape for one in tf.nest.flatten(spec, expand_composites=True)]
        free = [tf.compat.v1.placeholder_with_default(one, shape) for one, shape in zip(tensors, shapes, strict=True)]
        return tf.nest.pack_sequence_as(spec, free, expand_composites=True)

    data: list[Any] = [tf.data.Dataset.from_tensors(batch) for batch in batches]
    data = [one if one.element_spec == spec else one.map(freed) for one in data]
    whole: Any = functools.reduce(_one_after_the_other, data)
    return iter(whole)


def _one_after_the_other(before: Any, after: Any) -> Any:
    return before.concatenate(after)
