"""SavedModel folders, as tf_keras makes them: the metadata, and the graph ops that reach outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maskprobe.archive import Archive, CodeItem, CodeKind, FileFormat, ModelKind, read_archive
from maskprobe.archive.messages import message_class
from maskprobe.errors import UnreadableModelError


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("tf_keras")


def saved(model: Any, folder: Path) -> Path:
    model.save(folder / "model", save_format="tf")
    return folder / "model"


@pytest.fixture(scope="module")
def plain(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = keras.Sequential([keras.layers.Masking(input_shape=(4, 2), name="mask"), keras.layers.Dense(1, name="d")])
    model.compile("sgd", "mse", metrics=["mae"])
    return saved(model, tmp_path_factory.mktemp("plain"))


def test_sequential_is_read_with_its_compile_settings(plain: Path) -> None:
    archive = read_archive(plain)
    assert (archive.format, archive.generation) == (FileFormat.SAVED_MODEL, 2)
    assert archive.graph.kind is ModelKind.SEQUENTIAL
    assert [call.layer for call in archive.graph.calls] == ["mask", "d"]
    assert archive.graph.inputs[0].shape == (None, 4, 2)
    assert archive.compile is not None
    assert archive.compile.loss == "mse"
    assert archive.keras_version is not None
    assert archive.keras_version.startswith("2.")


def test_own_save_and_restore_functions_are_no_code(plain: Path) -> None:
    assert read_archive(plain).code == ()


def test_metadata_inside_the_graph_is_read_as_tensorflow_2_0_to_2_4_wrote_it(plain: Path, tmp_path: Path) -> None:
    newer = message_class("KerasMetadata").FromString((plain / "keras_metadata.pb").read_bytes())
    model = message_class("SavedModel").FromString((plain / "saved_model.pb").read_bytes())
    objects = model.meta_graphs[0].objects.nodes
    for place, node in enumerate(newer.nodes):
        objects[place].user_object.identifier = node.identifier
        objects[place].user_object.metadata = node.metadata
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    older, expected = read_archive(tmp_path), read_archive(plain)
    assert (older.graph, older.compile, older.keras_version) == (
        expected.graph,
        expected.compile,
        expected.keras_version,
    )


def test_exported_model_is_told_from_a_saved_one(tf: Any, tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), str(tmp_path / "model"))
    with pytest.raises(UnreadableModelError, match=r"without Keras metadata .* model\.save"):
        read_archive(tmp_path / "model")


def subclassed(keras: Any, call: Any, *layers: Any) -> Any:
    class Net(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.parts = list(layers)

        def call(self, x: Any) -> Any:
            return call(x, self.parts)

    return Net()


def read_subclassed(keras: Any, tf: Any, folder: Path, call: Any, *layers: Any) -> Archive:
    model = subclassed(keras, call, *layers)
    model(tf.zeros((1, 3)))
    return read_archive(saved(model, folder))


def test_subclassed_model_is_told_and_its_unknown_class_is_no_code(keras: Any, tf: Any, tmp_path: Path) -> None:
    archive = read_subclassed(keras, tf, tmp_path, lambda x, parts: parts[0](x), keras.layers.Dense(2))
    assert archive.graph.kind is ModelKind.SUBCLASSED
    assert archive.graph.class_name == "Net"
    assert archive.code == ()


def test_lambda_inside_a_subclassed_model_is_listed(keras: Any, tf: Any, tmp_path: Path) -> None:
    function = keras.layers.Lambda(lambda x: x + len(x.shape), name="lam")
    (item,) = read_subclassed(keras, tf, tmp_path, lambda x, parts: parts[0](x), function).code
    assert (item.kind, item.layer, item.is_lambda) == (CodeKind.BYTECODE, "lam", True)
    assert item.runnable


def test_lambda_of_a_functional_model_is_listed_once(keras: Any, tmp_path: Path) -> None:
    given = keras.Input((3,))
    model = keras.Model(given, keras.layers.Lambda(lambda x: x * 2 + len(x.shape), name="lam")(given))
    (item,) = read_archive(saved(model, tmp_path)).code
    assert (item.kind, item.layer) == (CodeKind.BYTECODE, "lam")


def test_lambda_of_an_inner_model_is_listed_once_with_its_path(keras: Any, tmp_path: Path) -> None:
    given, inner = keras.Input((3,)), keras.Input((3,))
    body = keras.Model(inner, keras.layers.Lambda(lambda x: x[:, :1] * 2, name="lam")(inner), name="body")
    (item,) = read_archive(saved(keras.Model(given, body(given)), tmp_path)).code
    assert (item.kind, item.layer) == (CodeKind.BYTECODE, "body/lam")


@pytest.mark.parametrize("op", ["ReadFile", "WriteFile", "EagerPyFunc", "MatchingFiles", "SaveV2"])
def test_graph_op_that_reaches_outside_is_listed(op: str, keras: Any, tf: Any, tmp_path: Path) -> None:
    target = str(tmp_path / "touched")

    def call(x: Any, _: Any) -> Any:
        if op == "ReadFile":
            return x + tf.cast(tf.strings.length(tf.io.read_file(target)), x.dtype)
        if op == "EagerPyFunc":
            return tf.py_function(lambda y: y, [x], x.dtype)
        if op == "MatchingFiles":
            return x + tf.cast(tf.size(tf.io.matching_files(target)), x.dtype)
        made = {
            "WriteFile": lambda: tf.io.write_file(target, "x"),
            "SaveV2": lambda: tf.raw_ops.SaveV2(prefix=target, tensor_names=["x"], shape_and_slices=[""], tensors=[x]),
        }[op]()
        with tf.control_dependencies([made] if made is not None else []):
            return tf.identity(x)

    (tmp_path / "touched").write_text("x")
    archive = read_subclassed(keras, tf, tmp_path, call)
    assert archive.code
    assert {item.kind for item in archive.code} == {CodeKind.TENSORFLOW_FUNCTION}
    assert {item.what.split(" in ")[0] for item in archive.code} == {op}
    assert all(item.layer == "" for item in archive.code)


def graph_with(*functions: tuple[str, str, str | None]) -> Any:
    """A SavedModel whose functions hold one op each and may call another function."""
    model = message_class("SavedModel")()
    graph = model.meta_graphs.add().graph
    for name, op, callee in functions:
        function = graph.library.functions.add()
        function.signature.name = name.encode()
        node = function.nodes.add(name=b"n", op=op.encode())
        if callee is not None:
            node.attributes.add().value.function.name = callee.encode()
    return model


def items_of(model: Any) -> tuple[CodeItem, ...]:
    from maskprobe.archive.graph_ops import reaching_ops

    return reaching_ops(model)


def test_checkpoint_op_is_normal_in_the_save_function_alone() -> None:
    save = ("__inference__traced_save_12", "SaveV2", None)
    assert items_of(graph_with(save, ("__inference_call_3", "MatMul", None))) == ()
    (item,) = items_of(graph_with(("__inference_call_3", "SaveV2", None)))
    assert item.what == "SaveV2 in __inference_call_3"


def test_save_function_that_another_function_calls_is_listed() -> None:
    save = ("__inference__traced_save_12", "SaveV2", None)
    caller = ("__inference_call_3", "StatefulPartitionedCall", "__inference__traced_save_12")
    (item,) = items_of(graph_with(save, caller))
    assert item.what == "SaveV2 in __inference__traced_save_12"


def test_file_op_is_listed_even_in_a_save_function() -> None:
    assert len(items_of(graph_with(("__inference__traced_save_12", "WriteFile", None)))) == 1
