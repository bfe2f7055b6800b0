"""MP103: several masks merged so that padding counts as real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import at_least, clean, codes, is_keras3, only, reaches, trace, trace_saved
from small_models import WIDTH, after_embedding, embedding, rnn, tokens, two_inputs

from maskprobe import Severity


@pytest.mark.parametrize("merge", ["Add", "Multiply", "Concatenate"])
def test_masks_that_differ_are_merged_by_another_rule_in_each_engine(merge: str, keras: Any, tmp_path: Path) -> None:
    """Real in both: 3 of 5 steps of the sixth row and 20 of 30 before it. In that row OR adds steps 1 and 2."""
    report = trace_saved(two_inputs(keras, getattr(keras.layers, merge)(name="x")), tmp_path)
    if is_keras3(keras):
        # Multiply of Keras 3 leaves out what is padding in one input, so that there OR is the rule that fits.
        finding = only(report, "MP103", "x", Severity.NOTE if merge == "Multiply" else Severity.WARNING)
        assert finding.message.startswith(
            f"Merged by OR where the masks of {' and '.join(finding.related)} differ: 2 of 13 padded steps count as "
            "real from here; rnn reads this mask. "
        )
        seen = "No harm was seen" if merge == "Multiply" else "only where the inputs are padded unlike each other."
        assert seen in finding.message
    else:
        finding = only(report, "MP103", "x", Severity.NOTE)
        assert finding.message == (
            "Merged by AND where the masks of left and right differ: no padding counts as real; "
            "2 of 25 real steps are hidden from here."
        )
        assert report.exit_code() == 0
    assert finding.affects == ("rnn",)
    assert sorted(finding.related) == ["left", "right"]


def test_concatenate_with_an_unmasked_input_calls_all_real_in_keras_3(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(two_inputs(keras, keras.layers.Concatenate(name="x"), masked=False), tmp_path)
    if not is_keras3(keras):
        assert clean(report)
        return
    finding = only(report, "MP103", "x", Severity.ERROR)
    assert finding.message.startswith("10 of 10 padded steps count as real from here; rnn reads this mask.")
    assert reaches(finding, "rnn")
    assert finding.fix == "Give the right mask to each layer that reads it: rnn(h, mask=left.compute_mask(x))"


@pytest.mark.parametrize("masked", [True, False])
def test_one_mask_given_by_hand_as_the_fix_says_is_clean(masked: bool, keras: Any, tmp_path: Path) -> None:  # noqa: FBT001
    ids, values, source = tokens(keras, "ids", 6), keras.Input((6, WIDTH), name="values"), embedding(keras, "left")
    right = keras.layers.Masking(name="right")(values) if masked else values
    h = keras.layers.Concatenate(name="x")([source(ids), right])
    model = keras.Model([ids, values], rnn(keras)(h, mask=source.compute_mask(ids)))
    assert clean(trace_saved(model, tmp_path))


@pytest.mark.parametrize("merge", ["Add", "Multiply", "Concatenate", "Average"])
def test_branches_of_one_source_merge_without_a_finding(merge: str, keras: Any, tmp_path: Path) -> None:
    layer = getattr(keras.layers, merge)(name="x")
    model = after_embedding(keras, lambda h: layer([keras.layers.Dense(WIDTH)(h), keras.layers.Dropout(0.1)(h)]))
    assert clean(trace_saved(model, tmp_path))


def test_inputs_that_agree_on_the_given_data_are_a_note(keras: Any) -> None:
    ids = np.array([[3, 4, 5, 6, 0, 0], [7, 8, 9, 1, 2, 0]])
    values = np.where(ids[:, :, np.newaxis] > 0, 1.0, np.zeros(WIDTH))
    report = trace(two_inputs(keras, keras.layers.Add(name="x")), {"ids": ids, "values": values})
    finding = only(report, "MP103", "x", Severity.NOTE)
    assert report.exit_code() == 0
    assert "agree on this data (3 padded steps)" in finding.message
    assert f"merges them by {'OR' if is_keras3(keras) else 'AND'}" in finding.message


def test_inputs_that_disagree_on_the_given_data_are_counted(keras: Any) -> None:
    """The masks are 110000 and 101000: real in both is 1 step, real in any are 3."""
    ids = np.array([[3, 4, 0, 0, 0, 0]])
    values = np.zeros((1, 6, WIDTH))
    values[0, [0, 2]] = 1.0
    model = two_inputs(keras, keras.layers.Add(name="x"))
    finding = trace(model, {"ids": ids, "values": values}, replay=False).findings[0]
    expected = "2 of 5 padded steps count as real" if is_keras3(keras) else "2 of 3 real steps are hidden"
    assert expected in finding.message


def test_joining_in_time_is_no_merge(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(two_inputs(keras, keras.layers.Concatenate(axis=1, name="x")), tmp_path))


def test_joining_in_time_with_an_unmasked_input_counts_its_steps_as_real(keras: Any, tmp_path: Path) -> None:
    """tf_keras refuses to build it."""
    if at_least(keras, 2, 0):
        with pytest.raises(ValueError, match="Dimension"):
            two_inputs(keras, keras.layers.Concatenate(axis=1, name="x"), masked=False)
        return
    report = trace_saved(two_inputs(keras, keras.layers.Concatenate(axis=1), masked=False), tmp_path)
    assert [finding for finding in report.findings if finding.code == "MP103"] == []
    # It is no fault of the merge: the values themselves come without a mask.
    finding = only(report, "MP111", "rnn")
    assert finding.message.startswith("A mask that does not hide all padding reaches SimpleRNN 'rnn'")
    assert "comes from values, through values without a Masking layer" in finding.cause


def test_a_merge_whose_mask_cannot_be_read_is_not_judged(keras: Any) -> None:
    import custom_layers

    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    report = trace(after_embedding(keras, lambda h: keras.layers.Add(name="x")([compiled(h), compiled(h)])))
    assert "MP103" not in dict(codes(report))


def test_two_merges_of_different_masks_are_two_findings(keras: Any) -> None:
    ids, values = tokens(keras, "ids", 6), keras.Input((6, WIDTH), name="values")
    left, right = embedding(keras, "left")(ids), keras.layers.Masking(name="right")(values)
    both = [keras.layers.Add(name="sum")([left, right]), keras.layers.Multiply(name="product")([left, right])]
    outputs = [keras.layers.SimpleRNN(2)(both[0]), keras.layers.SimpleRNN(2)(both[1])]
    report = trace(keras.Model([ids, values], outputs), replay=False)
    assert sorted(codes(report)) == [("MP103", "product"), ("MP103", "sum")]


def test_attention_over_another_sequence_is_no_merge(keras: Any) -> None:
    """Its output has the steps of the query, so the masks of query and value are not merged."""
    layers = keras.layers
    queries, values = keras.Input((None,), dtype="int32", name="q"), keras.Input((None,), dtype="int32", name="v")
    query = layers.Embedding(9, 4, mask_zero=True)(queries)
    value = layers.Embedding(9, 4, mask_zero=True)(values)
    model = keras.Model([queries, values], layers.Dense(2)(layers.Attention()([query, value])))
    same = np.array([[1, 2, 0], [3, 0, 0]])
    assert codes(trace(model, [same, same])) == []
    assert codes(trace(model)) == []
