"""Small models with a loss of their own, and losses that treat the mask in ways of their own.

The probe of one free-length token input has 5 rows of 6 steps, 10 of which are padded: 30 over 20 is 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from small_models import embedding, tokens

from maskprobe import Finding, verify_loss
from maskprobe.report.report import Report


def tagger(
    keras: Any, loss: Any, *, change: Callable[[Any], Any] = lambda h: h, activation: str | None = None, **more: Any
) -> Any:
    """Tokens, an Embedding that masks, `change`, and a Dense layer `tags` with this loss."""
    ids = tokens(keras)
    h = change(embedding(keras)(ids))
    model = keras.Model(ids, keras.layers.Dense(1, activation=activation, name="tags")(h))
    model.compile(optimizer="sgd", loss=loss, **more)
    return model


def by_step(y_true: Any, y_pred: Any) -> Any:
    """The loss of each step, `(B, T)`: what Keras masks by itself."""
    return tf.reduce_mean(tf.square(tf.cast(y_true, y_pred.dtype) - y_pred), axis=-1)


def _masked(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    values = by_step(y_true, y_pred)
    mask = tf.cast(y_pred._keras_mask, values.dtype)
    return values * mask, mask


def over_all_steps(y_true: Any, y_pred: Any) -> Any:
    """Masks the sum, and divides by all steps."""
    values, _ = _masked(y_true, y_pred)
    return tf.reduce_mean(values)


def over_real_steps(y_true: Any, y_pred: Any) -> Any:
    """Masks the sum, and divides by what it masked with."""
    values, mask = _masked(y_true, y_pred)
    return tf.reduce_sum(values) / tf.reduce_sum(mask)


def masked_twice(y_true: Any, y_pred: Any) -> Any:
    """Divides by the number of real steps, and by their share once more."""
    _, mask = _masked(y_true, y_pred)
    return over_real_steps(y_true, y_pred) / tf.reduce_mean(mask)


def root_of_real_steps(y_true: Any, y_pred: Any) -> Any:
    """Masks rightly, and follows no formula that is known."""
    return tf.sqrt(over_real_steps(y_true, y_pred))


def of_the_whole_batch(y_true: Any, y_pred: Any) -> Any:
    """One number, before Keras can mask it."""
    return tf.reduce_mean(by_step(y_true, y_pred))


def largest_of_each_row(y_true: Any, y_pred: Any) -> Any:
    """At each step the largest loss of its row, padded steps too: masked by Keras when it is too late."""
    values = by_step(y_true, y_pred)
    return tf.reduce_max(values, axis=-1, keepdims=True) * tf.ones_like(values)


def never(_y_true: Any, _y_pred: Any) -> Any:
    """Takes no targets that anybody makes up."""
    raise ValueError("targets of mine alone")


OWN: Mapping[str, Any] = {
    function.__name__: function
    for function in (
        by_step,
        over_all_steps,
        over_real_steps,
        masked_twice,
        root_of_real_steps,
        of_the_whole_batch,
        largest_of_each_row,
        never,
    )
}


def verify_saved(model: Any, folder: Path, suffix: str = ".keras", **objects: Any) -> Report:
    """The report on the losses of a model that is saved to a file in `folder` and loaded again with its own losses."""
    path = folder / f"model{suffix}"
    model.save(path)
    return verify_loss(path, custom_objects={**OWN, **objects}, trust=True)


def above_notes(report: Report) -> list[tuple[str, str]]:
    """Code and path of the findings above a note, in order."""
    return [(finding.code, finding.path) for finding in report.findings if finding.severity != "note"]


def found(report: Report, code: str) -> Finding:
    """The one finding of this code."""
    findings = [finding for finding in report.findings if finding.code == code]
    assert len(findings) == 1, report.findings
    return findings[0]


def quiet(report: Report, code: str) -> bool:
    """Whether there is no finding of this code, and nothing that could not be looked at."""
    assert not [finding for finding in report.findings if finding.code == code or finding.unchecked], report.findings
    return True
