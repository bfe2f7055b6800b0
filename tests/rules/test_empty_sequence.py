"""MP301: a fully padded row gives NaN, or changes another row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import leaking_layers
from engines import clean, codes, only, only_notes, trace, trace_saved
from small_models import after_embedding, embedded, tokens

from maskprobe import Severity


def test_a_mean_of_no_step_is_not_a_number(keras: Any, tmp_path: Path) -> None:
    def change(h: Any) -> Any:
        return keras.layers.Dense(2, name="dense")(keras.layers.GlobalAveragePooling1D(name="x")(h))

    report = trace_saved(after_embedding(keras, change, read=False), tmp_path)
    assert only_notes(report, ("MP301", "x"))
    (finding,) = report.findings
    assert finding.message == (
        "A row that is padding all through gives NaN or infinity at the model output 'dense', first at "
        "GlobalAveragePooling1D 'x'."
    )
    assert "One such row makes the loss of its batch NaN" in finding.cause
    assert report.trace.proof is not None
    assert report.trace.proof.empty is not None
    assert report.trace.proof.empty.nan_outputs == (0,)


def test_a_layer_that_divides_by_nothing_as_the_page_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(after_embedding(keras, lambda h: h), tmp_path))


def test_a_mean_that_divides_by_one_at_least_is_clean(keras: Any) -> None:
    mean = leaking_layers.make(keras)["SafeMean"](name="x")
    assert clean(trace(after_embedding(keras, mean, read=False)))


def test_each_output_that_is_no_number_is_named(keras: Any) -> None:
    ids = tokens(keras)
    pooled = keras.layers.GlobalAveragePooling1D(name="x")(embedded(keras, ids))
    outputs = [keras.layers.Dense(2, name=name)(pooled) for name in ("one", "other")]
    outputs.append(keras.layers.SimpleRNN(2, name="whole")(embedded(keras, ids, "second")))
    finding = only(trace(keras.Model(ids, outputs)), "MP301", "x", Severity.NOTE)
    assert "at the model output 'one' and 'other', first at" in finding.message


def test_a_row_that_changes_other_rows(keras: Any) -> None:
    scale = leaking_layers.make(keras)["ScalesByShortest"](name="x")
    report = trace(after_embedding(keras, scale))
    finding = only(report, "MP301", "", Severity.ERROR)
    assert finding.message.startswith("A row that is padding all through changes ")
    assert finding.message.endswith(" other rows of the batch.")
    assert "Something mixes the rows of a batch" in finding.cause
    assert finding.evidence[0].startswith("other rows move by up to ")
    assert report.exit_code() == 1


def test_outputs_that_are_no_numbers_for_every_padded_row_are_another_fault(keras: Any) -> None:
    values = keras.Input((None, 3), name="values")
    masked = keras.layers.Masking(float("nan"), name="masking")(values)
    report = trace(keras.Model(values, keras.layers.SimpleRNN(2, name="rnn")(masked)))
    assert codes(report) == [("MP110", "masking")]


def test_masks_alone_do_not_tell(keras: Any) -> None:
    pooling = keras.layers.GlobalAveragePooling1D(name="x")
    assert clean(trace(after_embedding(keras, pooling, read=False), replay=False))


def test_a_layer_that_refuses_an_empty_row_is_not_called_clean(keras: Any) -> None:
    """The rows with other padding are tried without it, and that it was not is said."""
    picky = leaking_layers.make(keras)["RefusesEmptyRows"](name="x")
    report = trace(after_embedding(keras, picky))
    assert codes(report) == [("MP901", "")]
    assert "A row that is padding all through could not be tried: a row without a real step" in (
        report.findings[0].message
    )
    assert report.trace.proof is not None
    assert not any(effect.problem or effect.moved for effect in report.trace.proof.effects)
    assert report.exit_code() == 3
