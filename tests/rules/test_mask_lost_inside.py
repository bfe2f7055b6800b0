"""MP108: lost within a wrapper, a nested or a subclassed model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import pytest
from engines import clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
from small_models import WIDTH, after_embedding, embedded, tokens

from maskprobe import Severity


def nested(keras: Any, *layers: Any, functional: bool = False) -> Any:
    """A model named `inner` of `layers`, in a model around it that reads its output as a sequence."""
    if not functional:
        return keras.Sequential(list(layers), name="inner")
    start = keras.Input((None, WIDTH), name="inner_values")
    h = start
    for layer in layers:
        h = layer(h)
    return keras.Model(start, h, name="inner")


@pytest.mark.parametrize("functional", [False, True], ids=["Sequential", "functional"])
def test_the_layer_inside_that_ends_the_mask_is_named(functional: bool, keras: Any, tmp_path: Path) -> None:  # noqa: FBT001
    inner = nested(
        keras, keras.layers.Dense(WIDTH), keras.layers.Conv1D(3, 1, name="convolution"), functional=functional
    )
    finding = only(trace_saved(after_embedding(keras, inner), tmp_path), "MP108", "inner/convolution")
    assert finding.message.startswith(
        "The mask of embedding (10 padded steps in 4 of 5 rows) ends here; rnn goes on without it."
    )
    assert reaches(finding, "rnn")
    assert finding.affects == ("rnn",)
    assert finding.related == ("embedding", "inner")
    assert finding.fix.startswith("Inside 'inner'")


def test_a_layer_that_carries_it_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    inner = nested(keras, keras.layers.Dense(WIDTH), keras.layers.Dense(3))
    assert clean(trace_saved(after_embedding(keras, inner), tmp_path))


def test_a_reader_inside_is_named(keras: Any, tmp_path: Path) -> None:
    inner = nested(keras, keras.layers.Conv1D(3, 1, name="convolution"), keras.layers.SimpleRNN(2, name="reader"))
    finding = only(trace_saved(after_embedding(keras, inner, read=False), tmp_path), "MP108", "inner/convolution")
    assert reaches(finding, "inner")
    assert finding.affects == ("inner/reader",)


@pytest.mark.parametrize("functional", [False, True], ids=["Sequential", "functional"])
def test_a_nested_model_that_carries_the_mask_at_run_time_is_quiet(
    functional: bool,  # noqa: FBT001
    keras: Any,
    tmp_path: Path,
) -> None:
    """In Keras 3 the graph shows no mask behind it, and a warning says that it is destroyed. It is not."""
    inner = nested(keras, keras.layers.Dense(3), keras.layers.Dropout(0.1), functional=functional)
    report = trace_saved(after_embedding(keras, inner), tmp_path)
    assert clean(report)
    assert any(mask.name == "mask" for mask in report.trace.by_path["rnn"].mask_arguments)


def test_a_nested_model_that_uses_the_mask_up_is_quiet(keras: Any, tmp_path: Path) -> None:
    inner = nested(keras, keras.layers.Dense(3), keras.layers.SimpleRNN(2))
    assert clean(trace_saved(after_embedding(keras, inner, read=False), tmp_path))


def subclassed(keras: Any, *, convolves: bool) -> Any:
    class Tagger(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="tagger")
            self.embedding = keras.layers.Embedding(12, WIDTH, mask_zero=True, name="embedding")
            self.change = (keras.layers.Conv1D if convolves else keras.layers.Dense)(
                WIDTH, **({"kernel_size": 1} if convolves else {}), name="change"
            )
            self.reader = keras.layers.SimpleRNN(2, name="reader")

        def call(self, ids: Any) -> Any:
            return self.reader(self.change(self.embedding(ids)))

    model = Tagger()
    import numpy as np

    model(np.array([[1, 2, 0]], dtype="int32"))
    return model


def test_a_subclassed_model_is_looked_into(keras: Any) -> None:
    import numpy as np

    ids = np.array([[1, 2, 0], [3, 4, 5]], dtype="int32")
    report = trace(subclassed(keras, convolves=True), ids)
    assert codes(report) in ([("MP101", "change")], [("MP108", "change")])
    assert report.findings[0].message.startswith("The mask of embedding (1 padded step in 1 of 2 rows) ends here")
    assert report.findings[0].affects == ("reader",)
    assert report.findings[0].severity is Severity.ERROR
    assert report.findings[0].evidence[0].startswith("padding moves 'reader' in row 1, by up to ")
    assert clean(trace(subclassed(keras, convolves=False), ids))


def test_a_bidirectional_wrapper_loses_nothing(keras: Any, tmp_path: Path) -> None:
    both = keras.layers.Bidirectional(keras.layers.SimpleRNN(3, return_sequences=True))
    assert clean(trace_saved(after_embedding(keras, both), tmp_path))


def test_time_distributed_hands_its_mask_to_a_recurrent_layer(keras: Any, tmp_path: Path) -> None:
    """Rank-3 mask, rank-4 data. In Keras 3 the inner layer's `call` is run without `__call__`, so it is not seen."""
    document = keras.Input((4, 5), dtype="int32", name="document")
    inner = keras.layers.SimpleRNN(3, return_sequences=True, name="inner")
    h = keras.layers.TimeDistributed(inner, name="each")(embedded(keras, document))
    report = trace_saved(keras.Model(document, h), tmp_path)
    assert clean(report)
    if not is_keras3(keras):
        assert report.trace.by_path["each/inner"].mask_arguments


def test_time_distributed_of_tf_keras_hands_no_mask_to_a_stateful_layer(keras: Any) -> None:
    document = keras.Input(batch_shape=(2, 4, 5), dtype="int32", name="document")
    inner = keras.layers.SimpleRNN(3, stateful=True, return_sequences=True, name="inner")
    h = keras.layers.TimeDistributed(inner, name="each")(embedded(keras, document))
    report = trace(keras.Model(document, h))
    if is_keras3(keras):
        assert clean(report)
        return
    finding = only(report, "MP108", "each/inner")
    assert finding.message.startswith(
        "The mask of each inner sequence reaches TimeDistributed 'each' and is not handed to SimpleRNN 'each/inner'."
    )
    assert reaches(finding, "each")
    assert "tf_keras" in finding.cause


def test_the_source_inside_the_wrapper_as_that_fix_says_is_quiet(keras: Any) -> None:
    """The state goes on from sentence to sentence: in tf_keras an empty sentence before the others changes them."""
    values = keras.Input(batch_shape=(2, 4, 5, 3), name="values")
    inner = keras.Sequential([keras.layers.Masking(), keras.layers.SimpleRNN(3, stateful=True)])
    report = trace(keras.Model(values, keras.layers.TimeDistributed(inner, name="each")(values)))
    assert clean(report) if is_keras3(keras) else only_notes(report, ("MP106", ""))


def test_a_source_inside_a_custom_layer_is_looked_at_call_by_call(keras: Any) -> None:
    """Noise on what the layer reads would change the mask that it makes of it."""
    values = keras.Input((6, 3), name="values")
    reader = custom_layers.make(keras)["MasksItself"](name="x")
    report = trace(keras.Model(values, reader(values)))
    assert clean(report)
    assert report.trace.by_path["x/recurrent"].replay is not None


def test_a_layer_that_loses_the_mask_of_a_source_inside_is_named(keras: Any) -> None:
    ids = tokens(keras, steps=6)
    encoder = custom_layers.make(keras)["EmbedsItself"](name="x")
    finding = only(trace(keras.Model(ids, encoder(ids))), "MP108", "x/convolution")
    assert reaches(finding, "x")
    assert finding.affects == ("x/recurrent",)


def test_two_nested_models_that_lose_it_are_two_findings(keras: Any) -> None:
    ids = tokens(keras)
    h = embedded(keras, ids)
    outputs = []
    for name in ("one", "other"):
        inner = keras.Sequential([keras.layers.Conv1D(3, 1, name="convolution")], name=name)
        outputs.append(keras.layers.SimpleRNN(2)(inner(h)))
    report = trace(keras.Model(ids, outputs))
    assert sorted(codes(report)) == [("MP108", "one/convolution"), ("MP108", "other/convolution")]
    assert all(finding.severity is Severity.ERROR for finding in report.findings)


def test_a_compiled_part_inside_cannot_be_told(keras: Any) -> None:
    inner = nested(keras, custom_layers.make(keras)["Compiled"](name="compiled"))
    report = trace(after_embedding(keras, inner))
    assert "MP108" not in dict(codes(report))
    if not is_keras3(keras):
        assert report.faults == ()
