"""Models that take or give nests of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from seen_masks import Tracing, mask_after
from test_record_paths import MASK, TOKENS

from maskprobe.backend.engine import Engine

ONES = np.ones_like(TOKENS)


def test_a_subclassed_model_takes_a_dictionary(engine: Engine, layers: Any, trace: Tracing) -> None:
    class Pair(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.of_a = layers.Embedding(4, 2, mask_zero=True, name="of_a")
            self.of_b = layers.Embedding(4, 2, mask_zero=True, name="of_b")

        def call(self, given: Any) -> Any:
            return {"out": self.of_b(given["b"]), "also": self.of_a(given["a"])}

    model = Pair()
    model({"a": TOKENS, "b": TOKENS})

    report = trace(model, {"b": TOKENS, "a": ONES})

    assert mask_after(report, "of_b") == MASK
    assert mask_after(report, "of_a") == ("TTTT", "TTTT")
    assert report.trace.by_path["of_b"].inputs[0].producer == "b"
    assert [tensor.producer for tensor in report.trace.outputs] == ["of_a", "of_b"]  # by key, as Keras flattens them


def test_a_subclassed_model_takes_a_list(engine: Engine, layers: Any, trace: Tracing) -> None:
    class Twice(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.emb = layers.Embedding(4, 2, mask_zero=True, name="emb")
            self.add = layers.Add(name="add")

        def call(self, given: Any) -> Any:
            return self.add([self.emb(given[0]), self.emb(given[1])])

    model = Twice()
    model([TOKENS, TOKENS])

    report = trace(model, [ONES, TOKENS])

    assert mask_after(report, "emb") == ("TTTT", "TTTT")
    assert mask_after(report, "emb:1") == MASK
    assert [tensor.producer for tensor in report.trace.by_path["add"].inputs] == ["emb", "emb:1"]


def test_a_nested_model_with_named_inputs_reads_each_by_its_name(engine: Engine, layers: Any, trace: Tracing) -> None:
    keras = engine.keras
    zulu, alpha = keras.Input((None,), dtype="int32", name="zulu"), keras.Input((None,), dtype="int32", name="alpha")
    of_zulu = layers.Embedding(4, 2, mask_zero=True, name="of_zulu")(zulu)
    of_alpha = layers.Embedding(4, 2, mask_zero=True, name="of_alpha")(alpha)
    inner = keras.Model({"zulu": zulu, "alpha": alpha}, [of_zulu, of_alpha], name="inner")
    first, second = (
        keras.Input((None,), dtype="int32", name="first"),
        keras.Input((None,), dtype="int32", name="second"),
    )
    model = keras.Model([first, second], inner({"zulu": first, "alpha": second}))

    report = trace(model, {"first": TOKENS, "second": ONES})

    assert report.trace.by_path["inner/of_zulu"].inputs[0].producer == "first"
    assert report.trace.by_path["inner/of_alpha"].inputs[0].producer == "second"
    assert mask_after(report, "inner/of_zulu") == MASK
    assert mask_after(report, "inner/of_alpha") == ("TTTT", "TTTT")


def test_a_model_whose_input_is_also_an_output(engine: Engine, layers: Any, trace: Tracing) -> None:
    values = engine.keras.Input((2, 3), name="values")
    model = engine.keras.Model(values, [values, layers.Masking(name="masking")(values)])
    report = trace(model, np.array([[[1, 1, 1], [0, 0, 0]]], dtype="float32"))
    assert [tensor.producer for tensor in report.trace.outputs] == ["values", "masking"]
    assert mask_after(report, "masking") == ("TF",)


def test_outputs_by_name_are_all_there(engine: Engine, layers: Any, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    emb = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    report = trace(engine.keras.Model(tokens, {"q": emb, "p": layers.Dense(1, name="dense")(emb)}), TOKENS)
    assert {tensor.producer for tensor in report.trace.outputs} == {"emb", "dense"}


def test_the_second_trace_of_a_session_works_like_the_first(engine: Engine, layers: Any) -> None:
    import maskprobe

    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    model = engine.keras.Model(tokens, layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens))
    for _ in range(2):
        assert mask_after(maskprobe.trace(model, TOKENS), "emb") == MASK
