"""Everything in a config that would run code is listed, wherever it stands; Keras's own is not."""

from __future__ import annotations

import base64
import marshal
from typing import Any

import pytest

from maskprobe.archive import CodeItem, CodeKind, list_code

PLAIN_DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d"}, "registered_name": None}
THIS_PYTHON = base64.encodebytes(marshal.dumps((lambda x: [x[0], len(x)]).__code__)).decode()
BYTECODE = {"class_name": "__lambda__", "config": {"code": THIS_PYTHON, "defaults": None, "closure": None}}
EVAL = {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"}
FOREIGN = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
FOREIGN_CLASS = {"module": "my_pkg.parts", "class_name": "Part", "config": {}, "registered_name": "Part"}


def layer(class_name: str, name: str = "x", module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"class_name": class_name, "config": {"name": name, **config}}
    return entry if module is None else {"module": module, "registered_name": None, **entry}


def sequential(*layers: Any, name: str = "model") -> dict[str, Any]:
    config = {"name": name, "layers": list(layers)}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def listed(*layers: Any) -> list[CodeItem]:
    return list(list_code(sequential(*layers)))


def only(*layers: Any) -> CodeItem:
    (item,) = listed(*layers)
    return item


# --- where it stands ----------------------------------------------------------------------------------------

PLACES = {
    "layer setting": ("x", lambda part: layer("Dense", "x", kernel_initializer=part)),
    "activation": ("x", lambda part: layer("Dense", "x", activation=part)),
    "list in a setting": ("x", lambda part: layer("Dense", "x", anything=[[1, {"deep": [part]}]])),
    "wrapped layer": (
        "td/inner",
        lambda part: layer("TimeDistributed", "td", layer=layer("Dense", "inner", bias=part)),
    ),
    "backward layer": (
        "bi/back",
        lambda part: layer("Bidirectional", "bi", layer=PLAIN_DENSE, backward_layer=layer("LSTM", "back", x=part)),
    ),
    "cell": ("rnn", lambda part: layer("RNN", "rnn", cell=layer("LSTMCell", "cell", kernel_regularizer=part))),
    "stacked cells": (
        "rnn",
        lambda part: layer("RNN", "rnn", cell=layer("StackedRNNCells", "s", cells=[layer("GRUCell", "c", bias=part)])),
    ),
    "nested model": ("inner/x", lambda part: sequential(layer("Dense", "x", bias_constraint=part), name="inner")),
    "model in a wrapper in a model": (
        "outer/td/m/x",
        lambda part: sequential(
            layer("TimeDistributed", "td", layer=sequential(layer("Dense", "x", b=part), name="m")), name="outer"
        ),
    ),
    "compile settings of a nested model": (
        "inner",
        lambda part: {**sequential(PLAIN_DENSE, name="inner"), "compile_config": {"loss": part}},
    ),
    "build config": ("x", lambda part: {**layer("Dense", "x"), "build_config": {"input_shape": [part]}}),
    "call arguments": ("x", lambda part: {**layer("Dense", "x"), "inbound_nodes": [{"args": [part], "kwargs": {}}]}),
    "arguments of a Lambda": ("x", lambda part: layer("Lambda", "x", arguments={"f": part})),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("part", "kind", "what"),
    [
        (BYTECODE, CodeKind.BYTECODE, "lambda"),
        (EVAL, CodeKind.FOREIGN_OBJECT, "builtins.eval"),
        (FOREIGN, CodeKind.FOREIGN_OBJECT, "os.system"),
        (FOREIGN_CLASS, CodeKind.FOREIGN_OBJECT, "my_pkg.parts.Part"),
    ],
    ids=["bytecode", "eval", "foreign function", "foreign class"],
)
def test_code_is_found_in_every_place(place: str, part: Any, kind: CodeKind, what: str) -> None:
    path, build = PLACES[place]
    item = only(PLAIN_DENSE, build(part))
    assert (item.kind, item.layer, item.what, item.is_lambda) == (kind, path, what, False)


@pytest.mark.parametrize("key", ["loss", "metrics", "weighted_metrics"])
def test_code_in_compile_settings_belongs_to_no_layer(key: str) -> None:
    compiled = {"optimizer": FOREIGN_CLASS, key: [["mse", FOREIGN]]}
    assert list_code(sequential(PLAIN_DENSE), compiled) == (CodeItem(CodeKind.FOREIGN_OBJECT, "", "os.system"),)


def test_loss_that_is_named_but_not_keras_s_own_is_missing() -> None:
    compiled = {"loss": {"out": "my_loss", "other": "mse"}, "metrics": ["acc", ["my_metric"]]}
    assert [(item.kind, item.what) for item in list_code(sequential(PLAIN_DENSE), compiled)] == [
        (CodeKind.MISSING_FUNCTION, "my_loss"),
        (CodeKind.MISSING_FUNCTION, "my_metric"),
    ]


# --- Lambda -------------------------------------------------------------------------------------------------


def test_lambda_of_keras_3_is_bytecode_that_this_python_runs() -> None:
    item = only(layer("Lambda", "lam", function=BYTECODE))
    assert (item.kind, item.layer, item.what, item.is_lambda) == (CodeKind.BYTECODE, "lam", "Lambda.function", True)
    assert item.runnable
    assert item.python is not None


def test_lambda_of_keras_2_is_bytecode_with_or_without_its_module() -> None:
    for more in ({}, {"module": "__main__"}):
        config: dict[str, Any] = {"function": [THIS_PYTHON, None, None], "function_type": "lambda", **more}
        item = only({"class_name": "Lambda", "config": {"name": "lam", **config}})
        assert (item.kind, item.is_lambda, item.runnable) == (CodeKind.BYTECODE, True, True)


def test_lambda_in_a_saved_tuple_and_without_a_type_is_bytecode() -> None:
    code = {"class_name": "__tuple__", "items": [THIS_PYTHON, None, None]}
    assert only(layer("Lambda", module=None, function=code, function_type="lambda")).runnable
    assert only(layer("Lambda", module=None, function=[THIS_PYTHON, None, None])).runnable


@pytest.mark.parametrize("part", ["mask", "output_shape"])
def test_other_functions_of_a_lambda_are_listed_but_are_not_the_one_to_replace(part: str) -> None:
    function = {"module": "keras.ops", "class_name": "function", "config": "softmax", "registered_name": "softmax"}
    for value, stated in ((BYTECODE, {}), ([THIS_PYTHON, None, None], {f"{part}_type": "lambda"})):
        item = only(layer("Lambda", "lam", function=function, **{part: value}, **stated))
        assert (item.kind, item.what, item.is_lambda) == (CodeKind.BYTECODE, f"Lambda.{part}", False)


def test_bytecode_that_is_damaged_is_listed_as_not_runnable() -> None:
    item = only(layer("Lambda", "lam", function=["AAAA", None, None], function_type="lambda"))
    assert (item.kind, item.python, item.runnable) == (CodeKind.BYTECODE, None, False)


def test_function_that_the_file_does_not_hold_is_missing() -> None:
    named = {"module": "builtins", "class_name": "function", "config": "softmax_fn", "registered_name": "function"}
    expected = CodeItem(CodeKind.MISSING_FUNCTION, "lam", "softmax_fn", is_lambda=True, runnable=False)
    assert only(layer("Lambda", "lam", function=named)) == expected
    legacy = layer("Lambda", "lam", module=None, function="softmax_fn", function_type="function")
    assert only(legacy) == expected


@pytest.mark.parametrize(
    ("module", "name"),
    [("builtins", "softmax"), ("keras.ops", "softmax"), ("keras.src.ops.nn", "softmax"), ("keras.activations", "relu")],
)
def test_lambda_of_a_function_of_keras_s_own_is_not_listed(module: str, name: str) -> None:
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    assert listed(layer("Lambda", "lam", function=function)) == []


def test_raw_output_shape_of_a_lambda_is_no_code() -> None:
    function = {"module": "keras.ops", "class_name": "function", "config": "relu", "registered_name": "relu"}
    assert listed(layer("Lambda", function=function, output_shape=[3, 4], output_shape_type="raw")) == []


# --- classes and functions ----------------------------------------------------------------------------------

FUNCTIONS_THAT_REACH = [
    ("keras.utils", "get_file"),
    ("keras.src.utils.file_utils", "get_file"),
    ("keras.saving", "load_model"),
    ("keras.models", "load_model"),
    ("keras.config", "enable_unsafe_deserialization"),
    ("keras.layers", "deserialize"),
    ("keras.activations", "deserialize"),
    ("keras.losses", "get"),
    ("tf_keras.src.utils.generic_utils", "func_load"),
    ("keras.layers", "generic_utils.func_load"),
    ("keras.src.layers.core.lambda_layer", "generic_utils.func_load"),
    ("keras.src.layers.core.lambda_layer", "np.load"),
    ("keras.src.ops.nn", "backend.tf.io.read_file"),
    ("keras.ops", "map"),
    ("keras_evil.ops", "softmax"),
    ("keras.ops.evil", "softmax"),
    ("subprocess", "run"),
    ("builtins", "exec"),
    ("builtins", "__import__"),
    ("tensorflow.io", "read_file"),
    ("", "softmax"),
]


@pytest.mark.parametrize(("module", "name"), FUNCTIONS_THAT_REACH)
def test_function_outside_of_the_allowed_namespaces_is_foreign(module: str, name: str) -> None:
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    assert only(layer("Lambda", "lam", function=function)).kind is CodeKind.FOREIGN_OBJECT


def test_registered_name_cannot_carry_another_function_or_class() -> None:
    # tf_keras 2.21 looks up the registered name where the name itself is not in the module.
    function = {"module": "keras.losses", "class_name": "function", "config": "x", "registered_name": "deserialize"}
    assert only(layer("Dense", activation=function)).kind is CodeKind.FOREIGN_OBJECT
    builtin = {"module": "builtins", "class_name": "function", "config": "x", "registered_name": "eval"}
    assert only(layer("Dense", activation=builtin)).kind is CodeKind.FOREIGN_OBJECT
    assert only({**PLAIN_DENSE, "registered_name": "my_pkg>Dense"}).what == "my_pkg>Dense"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("my_layers", "Attention"),
        ("__main__", "Attention"),
        ("keras_nlp.layers", "TransformerEncoder"),
        ("keras.utils", "FeatureSpace"),
        ("keras.callbacks", "LambdaCallback"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.layers", "JaxLayer"),
        ("keras.src.utils.jax_layer", "FlaxLayer"),
        ("keras.src.layers", "evil.Dense"),
        ("keras.src.layers.core.lambda_layer", "np"),
        ("layers", "Dense"),
        ("kerass.layers", "Dense"),
    ],
)
def test_class_outside_of_the_allowed_namespaces_is_foreign(module: str, name: str) -> None:
    item = only(layer(name, "x", module))
    assert (item.kind, item.layer, item.what) == (CodeKind.FOREIGN_OBJECT, "x", f"{module}.{name}")


def test_class_without_a_module_is_keras_s_own_or_foreign() -> None:
    assert only(layer("Attentive", module=None)).what == "Attentive"
    assert only({"module": None, "class_name": "Attentive", "config": {"name": "x"}}).what == "Attentive"
    for name in ("LSTM", "Merge", "TimeDistributedDense", "CuDNNGRU", "NotEqual", "TextVectorization", "LSTMCell"):
        assert listed(layer(name, module=None)) == []


def test_class_without_a_module_is_not_listed_for_a_saved_model() -> None:
    model = sequential(layer("Attentive", module=None))
    assert list_code(model, classes_revived=True) == ()


def test_named_activation_that_is_not_keras_s_own_is_missing() -> None:
    item = only(layer("Dense", module=None, activation="my_act", kernel_initializer="glorot_uniform"))
    assert item == CodeItem(CodeKind.MISSING_FUNCTION, "x", "my_act", runnable=False)


@pytest.mark.parametrize("name", ["__keras_tensor__", "__slice__", "__tensor__", "TensorShape"])
def test_plain_value_that_names_a_module_would_be_imported_by_tf_keras(name: str) -> None:
    value = {"class_name": name, "module": "evil", "config": {"value": 1}}
    assert only(layer("Dense", at=value)).what == f"evil.{name}"
    assert listed(layer("Dense", at={"class_name": name, "config": {"value": 1}})) == []


def test_vocabulary_that_is_a_path_is_a_file_that_is_read() -> None:
    item = only(layer("StringLookup", vocabulary="/etc/passwd"))
    assert (item.kind, item.what) == (CodeKind.TENSORFLOW_FUNCTION, "StringLookup reads the file /etc/passwd")
    assert listed(layer("StringLookup", vocabulary=["a", "b"])) == []


def test_type_spec_of_another_module_is_foreign() -> None:
    spec = {"class_name": "__typespec__", "spec_name": "popen", "module": "os", "config": [], "registered_name": None}
    assert only(layer("InputLayer", type_spec=spec)).what == "os.popen"
    ragged = {**spec, "module": "tensorflow.python.ops.ragged.ragged_tensor", "spec_name": "RaggedTensorSpec"}
    assert listed(layer("InputLayer", type_spec=ragged)) == []


# --- TensorFlow functions -----------------------------------------------------------------------------------


def tf_op(symbol: object) -> dict[str, Any]:
    return layer("TFOpLambda", "op", "tf_keras.src.layers.core.tf_op_layer", function=symbol)


@pytest.mark.parametrize(
    "symbol",
    [
        "io.read_file",
        "io.write_file",
        "py_function",
        "numpy_function",
        "compat.v1.py_func",
        "raw_ops.ReadFile",
        "raw_ops.EagerPyFunc",
        "load_op_library",
        "load_library",
        "saved_model.load",
        "train.load_checkpoint",
        "data.TextLineDataset",
        "io.gfile.GFile",
        "function",
        "import_graph_def",
        "keras.models.load_model",
        "keras.utils.get_file",
        "keras.backend.function",
        "map_fn",
        "while_loop",
        "ragged.map_flat_values",
        "math.__class__.mro",
        "math..add",
        "nn",
    ],
)
def test_tensorflow_function_that_can_reach_outside_is_listed(symbol: str) -> None:
    item = only(tf_op(symbol))
    assert (item.kind, item.layer, item.what) == (CodeKind.TENSORFLOW_FUNCTION, "op", f"tf.{symbol}")


@pytest.mark.parametrize(
    "symbol",
    [
        "math.add",
        "__operators__.getitem",
        "nn.softmax",
        "cast",
        "reshape",
        "concat",
        "compat.v1.nn.softmax",
        "expand_dims",
        "linalg.matmul",
        "keras.backend.sum",
        "strings.lower",
        "where",
        "einsum",
        "math.reduce_sum",
        "compat.v1.transpose",
    ],
)
def test_tensorflow_function_on_tensors_is_not_listed(symbol: str) -> None:
    assert listed(tf_op(symbol)) == []


def test_tensorflow_function_that_is_not_a_name_is_listed() -> None:
    assert only(tf_op(["math.add"])).kind is CodeKind.TENSORFLOW_FUNCTION
    assert only(layer("TFOpLambda", module=None)).kind is CodeKind.TENSORFLOW_FUNCTION


def test_methods_are_those_of_ragged_and_sparse_tensors_alone() -> None:
    assert listed(layer("ClassMethod", cls_symbol="RaggedTensor", method_name="from_tensor")) == []
    assert listed(layer("InstanceMethod", attr_name="to_tensor"), layer("InstanceProperty", attr_name="values")) == []
    assert only(layer("ClassMethod", cls_symbol="Module", method_name="from_tensor")).what == "tf.Module.from_tensor"
    assert only(layer("ClassMethod", cls_symbol="RaggedTensor", method_name="__init__")).layer == "x"
    assert only(layer("InstanceMethod", attr_name="__reduce__")).kind is CodeKind.TENSORFLOW_FUNCTION


@pytest.mark.parametrize("op", ["ReadFile", "PyFunc", "RestoreV2"])
def test_graph_op_of_old_tf_keras_is_judged_by_its_node(op: str) -> None:
    for node in (f'{{"name": "n", "op": "{op}"}}', {"name": "n", "op": op}, f'name: "n"\nop: "{op}"'):
        assert only(layer("TensorFlowOpLayer", module=None, node_def=node)).what == op
    assert listed(layer("TensorFlowOpLayer", module=None, node_def='{"name": "n", "op": "AddV2"}')) == []


# --- as a whole ---------------------------------------------------------------------------------------------


def test_same_item_is_listed_once() -> None:
    assert len(listed(layer("Dense", "x", a=FOREIGN, b=FOREIGN))) == 1


def test_bare_list_of_layers_is_walked() -> None:
    old = {"class_name": "Sequential", "config": [layer("Dense", "d", module=None), layer("Mine", "m", module=None)]}
    (item,) = list_code(old)
    assert (item.layer, item.what) == ("m", "Mine")


def test_model_class_of_the_user_is_foreign() -> None:
    (item,) = list_code({"module": "my_models", "class_name": "Net", "config": {}, "registered_name": "Net"})
    assert (item.kind, item.layer, item.what) == (CodeKind.FOREIGN_OBJECT, "", "my_models.Net")


# --- layers that `maskprobe fix` puts into a model --------------------------------------------------------------

OWN = {"module": "maskprobe.layers.keras", "class_name": "KeepMask", "registered_name": "maskprobe>KeepMask"}


def test_a_layer_of_a_fixed_model_is_known_and_what_is_in_it_is_looked_at() -> None:
    assert listed({**OWN, "config": {"name": "keep", "layer": PLAIN_DENSE}}) == []
    assert listed({"class_name": "maskprobe>KeepMask", "config": {"name": "keep", "layer": PLAIN_DENSE}}) == []
    item = only({**OWN, "config": {"name": "keep", "layer": layer("Lambda", "inner", function=BYTECODE)}})
    assert (item.kind, item.layer) == (CodeKind.BYTECODE, "keep/inner")


@pytest.mark.parametrize(
    "other",
    [
        {"module": "os"},
        {"module": "maskprobe.layers.definitions"},
        {"class_name": "Other", "registered_name": "maskprobe>Other"},
        {"registered_name": "other>KeepMask"},
        {"registered_name": None},
    ],
    ids=str,
)
def test_nothing_else_is_taken_for_one(other: dict[str, Any]) -> None:
    assert only({**OWN, "config": {"name": "keep"}, **other}).kind is CodeKind.FOREIGN_OBJECT


@pytest.mark.parametrize("name", ["maskprobe>Other", "other>KeepMask", "KeepMask"])
def test_nor_by_its_class_name_alone(name: str) -> None:
    assert only({"class_name": name, "config": {"name": "keep"}}).kind is CodeKind.FOREIGN_OBJECT
