"""What is said of a call, on both engines."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fixes"))
import broken_models

import maskprobe
from maskprobe.backend.engine import Engine


def test_the_file_and_the_version_of_the_rule_are_those_that_ran(engine: Engine) -> None:
    said = maskprobe.explain(broken_models.of_width_three(engine.keras), "conv")
    name = "keras/src/layers/convolutional/conv1d.py"
    assert said.source == f"{'' if engine.info.generation == 3 else 'tf_'}{name} of {engine.info}"
    module = Path(engine.keras.__file__).parents[1] / said.source.partition(" ")[0]
    assert module.is_file()
    assert said.why[0] == "Conv1D returns no mask: it does not support masking."


def test_a_report_is_explained_without_another_run(engine: Engine) -> None:
    report = maskprobe.trace(broken_models.of_width_three(engine.keras))
    said = maskprobe.explain(report, "MP101")
    assert (said.path, said.class_name) == ("conv", "Conv1D")
    assert said.readers == ("reader",)
    assert any(sentence.startswith("padding moves ") for sentence in said.costs)
    assert any("loss goes from" in sentence for sentence in said.costs)
    assert any("padding leaks into them" in sentence for sentence in said.did)


def test_a_finding_about_the_whole_model_is_told_at_its_output(engine: Engine) -> None:
    keras = engine.keras
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(9, 4, name="embedding")(tokens)
    model = broken_models.compiled(keras.Model(tokens, keras.layers.Dense(2, name="tags")(h), name="tagger"))
    said = maskprobe.explain(model, "MP111")
    assert said.path == "tags"
    assert [finding.code for finding in said.findings] == ["MP111"]
    assert all(snippet.says == said.findings[0].fix for snippet in said.snippets)


def test_merges_follow_the_rule_of_their_engine(engine: Engine) -> None:
    model = broken_models.tagger(engine.keras, lambda h: engine.keras.layers.Add(name="sum")([h, h]))
    why = " ".join(maskprobe.explain(model, "sum").why)
    assert ("by AND" in why) == (engine.info.generation == 2)
    assert ("call a step real if any input does" in why) == (engine.info.generation == 3)


BUILDS = (
    broken_models.masking_again,
    broken_models.of_width_one,
    broken_models.of_width_three,
    broken_models.doubled,
    broken_models.without_mask,
    broken_models.maximum,
    broken_models.flattened,
)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_every_snippet_is_python(engine: Engine, build: Any) -> None:
    report = maskprobe.trace(build(engine.keras))
    said = maskprobe.explain(report, report.findings[0].code)
    assert [snippet.style for snippet in said.snippets] == ["functional", "Sequential", "subclassed"]
    for snippet in said.snippets:
        assert snippet.code or snippet.says
        ast.parse(snippet.code.replace("[..., ", "[a, ").replace(", ...]", ", b]"))


def test_the_snippet_of_a_wide_convolution_mends_it(engine: Engine) -> None:
    keras = engine.keras
    said = maskprobe.explain(broken_models.of_width_three(keras), "conv")
    scope: dict[str, Any] = {"keras": keras, "conv": keras.layers.Conv1D(5, 3, padding="same", name="conv")}

    def change(h: Any) -> Any:
        scope["embedding"] = h
        exec(said.snippets[0].code, scope)  # noqa: S102 - the code that is shown
        return scope["h"]

    assert maskprobe.trace(broken_models.tagger(keras, change)).exit_code() == 0
