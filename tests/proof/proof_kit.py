"""Pieces of the small models that the proofs are tried on, and questions to ask of a report.

The probe of one free-length token input has the rows 111111, 111110, 110000, 000111 and 110011: 10 padded steps in
4 of 5 rows, counted from 0 here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

import maskprobe
from maskprobe import Finding, Severity
from maskprobe.report.report import Report
from maskprobe.witness import Change, LossEffect, OutputEffect, Verdict

VOCABULARY, WIDTH = 12, 4
PADDED_ROWS = (1, 2, 3, 4)
AFTER_ROWS = (1, 2)


def is_keras3(keras: Any) -> bool:
    return int(keras.__version__.split(".")[0]) == 3


def at_least(keras: Any, major: int, minor: int) -> bool:
    """Whether this is Keras `major.minor` or later of the same generation."""
    found = tuple(int(part) for part in keras.__version__.split(".")[:2])
    return found[0] == major and found >= (major, minor)


def operations(keras: Any) -> Any:
    """Where functions on symbolic tensors come from."""
    return keras.ops if is_keras3(keras) else tf


def tokens(keras: Any, name: str = "tokens", steps: int | None = None) -> Any:
    return keras.Input((steps,), dtype="int32", name=name)


def embedded(keras: Any, ids: Any, name: str = "embedding", *, masks: bool = True) -> Any:
    return keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=masks, name=name)(ids)


def rnn(keras: Any, **settings: Any) -> Any:
    """A layer that reads the mask. A SimpleRNN: tf_keras takes seconds to build an LSTM."""
    return keras.layers.SimpleRNN(3, **{"name": "rnn", **settings})


def compiled(model: Any, loss: Any = "mse", **settings: Any) -> Any:
    model.compile(optimizer="sgd", loss=loss, **settings)
    return model


def after_embedding(
    keras: Any, change: Callable[[Any], Any], *, read: bool = True, steps: int | None = None, loss: Any = None
) -> Any:
    """Tokens, an Embedding that masks, then `change` of its output, and an RNN if it is to be read as a sequence."""
    ids = tokens(keras, steps=steps)
    h = change(embedded(keras, ids))
    model = keras.Model(ids, rnn(keras)(h) if read else h)
    return model if loss is None else compiled(model, loss)


def subclassed(keras: Any, between: Callable[[Any], Any]) -> Any:
    """A model with code of its own between its layers, for `SUBCLASSED_IDS`. It takes the mask from its Embedding."""

    class Tagger(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embed = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="embedding")
            self.read = rnn(keras)

        def call(self, ids: Any) -> Any:
            return self.read(between(self.embed(ids)), mask=self.embed.compute_mask(ids))

    return Tagger()


SUBCLASSED_IDS = np.array([[1, 2, 3, 4], [1, 2, 0, 0], [3, 0, 0, 0], [0, 0, 4, 5]])


def trace(model: Any, **options: Any) -> Report:
    """The report on a model in memory. Its inputs, calls and outputs were all looked at: nothing failed."""
    report = maskprobe.trace(model, **options)
    assert report.trace.failure is None
    assert report.trace.proof is not None
    return report


def codes(report: Report) -> list[tuple[str, str]]:
    """Code and path of each finding above a note, in order."""
    return [(one.code, one.path) for one in report.findings if one.severity is not Severity.NOTE]


def notes(report: Report) -> list[tuple[str, str]]:
    """Code and path of each note, in order."""
    return [(one.code, one.path) for one in report.findings if one.severity is Severity.NOTE]


def only(report: Report, code: str, path: str, severity: Severity = Severity.ERROR) -> Finding:
    """The one finding above a note, which has this code, path and severity."""
    assert codes(report) == [(code, path)], report.findings
    assert report.not_checked == ()
    found = next(one for one in report.findings if one.code == code and one.path == path)
    assert found.severity is severity, found
    return found


def is_clean(report: Report) -> bool:
    """Nothing above a note, nothing that could not be looked at, and nothing moved by noise or more padding."""
    assert codes(report) == [], report.findings
    assert report.not_checked == ()
    assert not moved_by(report, Change.NOISE)
    assert not moved_by(report, Change.MORE)
    assert report.exit_code() == 0
    return True


def effects(report: Report, change: Change) -> list[OutputEffect]:
    """What `change` did to each model output; it was looked at."""
    assert report.trace.proof is not None
    found = [effect for effect in report.trace.proof.effects if effect.change is change]
    assert all(effect.problem is None for effect in found)
    return found


def moved_by(report: Report, change: Change) -> list[OutputEffect]:
    """The effects of `change` that moved a model output."""
    return [effect for effect in effects(report, change) if effect.moved is not None]


def loss_effect(report: Report, name: str = "loss") -> LossEffect:
    """What other predictions at padded steps did to the loss, or to a metric."""
    assert report.trace.proof is not None
    assert report.trace.proof.loss_problem is None
    found: LossEffect = next(effect for effect in report.trace.proof.losses if effect.name == name)
    return found


def leaks_from(report: Report, path: str) -> tuple[str, ...]:
    """The inputs of the call at `path` whose padding moves its real steps."""
    replay = report.trace.by_path[path].replay
    assert replay is not None
    assert replay.problem is None
    return replay.leaks_from


def leaks(report: Report, path: str) -> bool:
    """Whether padding moves real steps of what the call at `path` returns."""
    replay = report.trace.by_path[path].replay
    assert replay is not None
    assert replay.problem is None
    return any(output.leak is not None for output in replay.outputs)


def leaking(report: Report) -> list[str]:
    """Paths of the calls at which padding moves real steps."""
    return [call.path for call in report.trace.calls if call.replay and leaks(report, call.path)]


def verdict(report: Report, path: str) -> Verdict:
    return report.events[path].verdict


def classes(report: Report, path: str, output: int = 0) -> list[str]:
    """The classes of an output of the call at `path`, one text of `StepClass` digits a row."""
    replay = report.trace.by_path[path].replay
    assert replay is not None
    found = replay.outputs[output].classes
    return ["".join(str(int(step)) for step in row) for row in found.reshape(len(found), -1)]


def padding(report: Report, path: str, output: int = 0) -> list[str] | None:
    """Where the padding is in an output of the call at `path`: one text a row, `#` real and `.` padding."""
    replay = report.trace.by_path[path].replay
    assert replay is not None
    found = replay.outputs[output].padding
    if found is None:
        return None
    return ["".join(".#"[not step] for step in row) for row in found.reshape(len(found), -1).tolist()]


def rows_of(found: Iterable[OutputEffect]) -> set[int]:
    """The rows of the probe that moved."""
    return {row for effect in found if effect.moved for row in effect.moved.rows}
