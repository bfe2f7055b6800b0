"""MP104: a second mask source replaces the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import clean, codes, is_keras3, only, reaches, trace, trace_saved
from small_models import after_embedding, embedded, rnn, tokens, two_inputs

from maskprobe import Severity


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_masking_after_an_embedding_makes_all_padding_real(suffix: str, keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, keras.layers.Masking(name="x")), tmp_path, suffix)
    finding = only(report, "MP104", "x", Severity.ERROR)
    assert finding.message.startswith("10 of 10 padded steps count as real from here; rnn reads this mask.")
    assert reaches(finding, "rnn")
    assert finding.cause.startswith("Masking 'x' makes a mask of its own and replaces the one of Embedding 'embedding'")
    assert finding.fix == "Remove Masking 'x': the mask is there already."
    assert finding.affects == ("rnn",)
    assert finding.related == ("embedding",)


def test_without_the_second_source_as_the_fix_says_it_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(after_embedding(keras, lambda h: h), tmp_path))


def test_all_who_read_the_wrong_mask_are_named_once(keras: Any) -> None:
    def change(h: Any) -> Any:
        h = keras.layers.Dense(4)(keras.layers.Masking(name="x")(h))
        return keras.layers.SimpleRNN(3, return_sequences=True, name="first")(h)

    report = trace(after_embedding(keras, change, loss=True))
    finding = only(report, "MP104", "x", Severity.ERROR)
    assert finding.affects == ("first", "rnn")
    assert finding.evidence[0].startswith("padding moves 5 real steps of 'first' in rows 4 (padded before) and 5 ")


def test_the_loss_is_a_reader_too(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Masking(name="x"), read=False, loss=True)
    finding = only(trace(model), "MP104", "x", Severity.ERROR)
    assert finding.message.endswith("; the loss reads this mask. The loss counts the padded steps of 'x'.")
    assert finding.evidence[0].startswith("loss goes from ")
    assert finding.affects == ("loss",)


def test_nobody_who_reads_it_makes_it_a_warning(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Masking(name="x"), read=False)
    finding = only(trace(model), "MP104", "x", Severity.WARNING)
    assert "nothing seen here reads this mask" in finding.message
    assert "'x' has padded steps that no mask hides, and a loss on it would count them" in finding.message


def test_masking_after_concatenate_replaces_what_was_merged(keras: Any, tmp_path: Path) -> None:
    """Two causes: how the masks were merged, and that the result is replaced. 11 steps are padding in both inputs."""

    def merge(both: list[Any]) -> Any:
        return keras.layers.Masking(name="again")(keras.layers.Concatenate(name="merge")(both))

    report = trace_saved(two_inputs(keras, merge), tmp_path)
    assert codes(report) == [("MP103", "merge"), ("MP104", "again")]
    merged, replaced = report.findings
    padded = 11 if is_keras3(keras) else 13
    assert merged.severity is Severity.NOTE  # nobody reads that mask any more
    assert replaced.message.startswith(f"{padded} of {padded} padded steps count as real from here")
    assert replaced.severity is Severity.ERROR
    assert reaches(replaced, "rnn")
    assert replaced.related == ("left", "right")


def test_masking_twice_with_the_same_value_is_quiet(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Masking(name="second")(keras.layers.Masking(name="first")(values))
    assert clean(trace_saved(keras.Model(values, rnn(keras)(h)), tmp_path))


def test_masking_twice_with_other_values_hides_and_unhides(keras: Any) -> None:
    """Step 1 is -1 and so hidden by the first, which sets it to 0; the second then looks for 2 and hides step 2."""
    values = keras.Input((4, 2), name="values")
    h = keras.layers.Masking(-1.0, name="first")(values)
    model = keras.Model(values, rnn(keras)(keras.layers.Masking(2.0, name="second")(h)))
    data = np.array([[[1, 1], [-1, -1], [2, 2], [3, 3]]], dtype="float32")
    finding = next(found for found in trace(model, data).findings if found.code == "MP104")
    assert finding.path == "second"
    assert "1 of 1 padded step counts as real from here, and 1 of 3 real steps is hidden from here" in finding.message


def test_embeddings_of_two_inputs_do_not_replace_each_other(keras: Any) -> None:
    first, second = tokens(keras, "first", 5), tokens(keras, "second", 7)
    vectors = [
        keras.layers.SimpleRNN(2)(embedded(keras, ids, f"of_{ids.name[:3]}_{place}"))
        for place, ids in enumerate((first, second))
    ]
    assert clean(trace(keras.Model([first, second], keras.layers.Concatenate()(vectors))))


def test_a_mask_that_cannot_be_read_is_not_called_overwritten(keras: Any) -> None:
    import custom_layers

    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    report = trace(after_embedding(keras, lambda h: keras.layers.Dense(3)(compiled(h)), read=False))
    assert "MP104" not in dict(codes(report))
