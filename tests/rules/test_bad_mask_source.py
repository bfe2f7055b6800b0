"""MP110: mask_value, pad id or index 0 does not suit the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import numpy as np
from engines import clean, codes, is_keras3, only, reaches, trace, trace_saved
from small_models import after_embedding, rnn

from maskprobe import Severity


def masking_model(keras: Any, value: float) -> Any:
    values = keras.Input((None, 3), name="values")
    return keras.Model(values, rnn(keras)(keras.layers.Masking(value, name="masking")(values)))


def test_a_pad_value_that_masking_does_not_look_for(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(masking_model(keras, 0.0), tmp_path, pad_value=-1.0)
    finding = only(report, "MP110", "masking", Severity.ERROR)
    assert finding.message.startswith("10 of 10 padded steps count as real from here; rnn reads this mask.")
    assert reaches(finding, "rnn")
    assert finding.cause == (
        "Masking 'masking' looks for steps whose features all equal 0.0; this data is padded with -1."
    )
    assert finding.affects == ("rnn",)
    assert finding.related == ("values",)


def test_masking_with_the_value_of_the_data_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(masking_model(keras, -1.0), tmp_path, pad_value=-1.0))


def test_a_pad_id_other_than_0(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, lambda h: h), tmp_path, pad_value=3)
    finding = only(report, "MP110", "embedding", Severity.ERROR)
    assert finding.cause == "Embedding 'embedding' looks for index 0; this data is padded with 3."
    assert finding.fix == "Pad with id 0, or map the tokenizer's pad id to 0 before the Embedding."


def test_padding_with_id_0_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(after_embedding(keras, lambda h: h), tmp_path, pad_value=0))


def test_a_mask_value_of_nan_masks_nothing(keras: Any, tmp_path: Path) -> None:
    finding = only(trace_saved(masking_model(keras, float("nan")), tmp_path), "MP110", "masking", Severity.ERROR)
    assert finding.evidence[0] == "padding moves 'rnn' in every padded row, to or from NaN or infinity"
    assert "NaN equals nothing" in finding.cause
    assert "Masking(mask_value=-1e9)" in finding.fix


def test_a_number_in_place_of_nan_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    data = np.array([[[1.0, 2.0, 3.0], [np.nan] * 3], [[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]])
    report = trace_saved(masking_model(keras, -1e9), tmp_path, inputs=np.nan_to_num(data, nan=-1e9))
    assert clean(report)
    assert report.trace.by_path["masking"].outputs[0].mask.values.tolist() == [[True, False], [True, True]]


def dense_model(keras: Any, *, masking_first: bool, bias: str = "ones") -> Any:
    values = keras.Input((None, 3), name="values")
    dense = keras.layers.Dense(4, bias_initializer=bias, name="dense")
    masking = keras.layers.Masking(name="masking")
    h = dense(masking(values)) if masking_first else masking(dense(values))
    return keras.Model(values, rnn(keras)(h))


def test_masking_after_a_dense_finds_no_padding_any_more(keras: Any, tmp_path: Path) -> None:
    finding = only(trace_saved(dense_model(keras, masking_first=False), tmp_path), "MP110", "masking", Severity.ERROR)
    assert "in what Dense 'dense' returns; padding no longer looks like that there" in finding.cause
    assert finding.fix.startswith("Move Masking 'masking' in front of 'dense'")


def test_masking_in_front_of_the_dense_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(dense_model(keras, masking_first=True), tmp_path))


def test_a_dense_without_a_bias_keeps_zeros_and_is_quiet(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Masking(name="masking")(keras.layers.Dense(4, use_bias=False)(values))
    assert clean(trace_saved(keras.Model(values, rnn(keras)(h)), tmp_path))


def test_a_fresh_bias_of_zero_does_not_hide_what_training_will_do(keras: Any) -> None:
    model = dense_model(keras, masking_first=False, bias="zeros")
    assert clean(trace(model, replay=False))
    report = trace(model)
    assert reaches(only(report, "MP110", "masking"), "rnn")
    assert report.trace.proof is not None
    assert any("dense" in name for name in report.trace.proof.jittered)


def test_what_a_merge_makes_of_the_bad_mask_is_not_told_again(keras: Any) -> None:
    first, second = keras.Input((6, 3), name="first"), keras.Input((6, 3), name="second")
    good, bad = keras.layers.Masking(-1.0, name="good")(first), keras.layers.Masking(5.0, name="bad")(second)
    model = keras.Model([first, second], rnn(keras)(keras.layers.Add(name="sum")([good, bad])))
    # tf_keras merges by AND: the good mask hides the padding of both, but where they are padded differently.
    severity = Severity.ERROR if is_keras3(keras) else Severity.WARNING
    finding = only(trace(model, pad_value=-1.0), "MP110", "bad", severity)
    assert finding.affects == ("rnn",)
    where = "in every padded row" if is_keras3(keras) else "in row 6 (inputs disagree)"
    assert finding.evidence[0].startswith(f"padding moves 'rnn' {where}")


def test_two_sources_that_do_not_suit_are_two_findings(keras: Any) -> None:
    first, second = keras.Input((6, 3), name="first"), keras.Input((8, 3), name="second")
    vectors = [
        keras.layers.SimpleRNN(2)(keras.layers.Masking(5.0, name="one")(first)),
        keras.layers.SimpleRNN(2)(keras.layers.Masking(6.0, name="other")(second)),
    ]
    report = trace(keras.Model([first, second], keras.layers.Concatenate()(vectors)), pad_value=-1.0)
    assert sorted(codes(report)) == [("MP110", "one"), ("MP110", "other")]
    assert all(finding.severity is Severity.ERROR for finding in report.findings)


def test_data_without_a_known_pad_value_is_not_judged(keras: Any) -> None:
    """A source whose mask cannot be read says nothing of the data behind it."""
    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    report = trace(after_embedding(keras, compiled))
    assert "MP110" not in dict(codes(report))
