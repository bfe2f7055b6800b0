"""What a config may name without a word from the user: the allowlists, and why each entry is on them.

A config can name any class or function by module and name, and Keras (tf_keras 2.21, Keras 3.0 and 3.6; less so 3.15)
imports the module to get at it. So nothing is allowed but what is known to build layers or to compute on tensors.
"""

from __future__ import annotations

import re
from functools import lru_cache

from maskprobe.archive.plain import words

KERAS_ROOTS = ("keras", "tf_keras")
"""Packages whose modules the lists below name, without this first part."""

PUBLIC_MODULES = words(
    """
    constraints dtype_policies initializers layers layers.experimental layers.experimental.preprocessing losses
    metrics mixed_precision models ops optimizers optimizers.legacy optimizers.schedules quantizers random regularizers
    __internal__.layers layers.preprocessing activations
    """
)
"""Public namespaces that hold modelling classes alone. `utils`, `saving`, `config`, `callbacks`, `datasets`,
`applications` and `preprocessing` are not among them: they read files, fetch, or load other models."""

PRIVATE_PREFIXES = (
    "activations.",
    "constraints.",
    "dtype_policies.",
    "engine.base_layer",
    "engine.functional",
    "engine.input_layer",
    "engine.sequential",
    "engine.training",
    "initializers.",
    "layers.",
    "losses.",
    "metrics.",
    "mixed_precision.",
    "models.functional",
    "models.model",
    "models.sequential",
    "ops.",
    "optimizers.",
    "quantizers.",
    "random.seed_generator",
    "regularizers.",
    "trainers.compile_utils",
)
"""Where the classes of the public namespaces live inside Keras; Keras writes these for its own classes that have no
public name, such as operations and `Functional`."""

FUNCTION_MODULES = words(
    """
    activations constraints initializers losses metrics ops ops.image ops.linalg ops.math ops.nn ops.numpy ops.core
    nn random regularizers
    """
)
"""Namespaces whose functions take tensors and give tensors."""

BARRED_NAMES = frozenset(
    {"deserialize", "get", "serialize", "map", "scan", "cond", "custom_gradient", "while_loop", "fori_loop"}
    | {"associative_scan", "vectorized_map", "switch", "convert_to_numpy"}
)
"""Functions of allowed namespaces that build or call whatever they are given."""

PROGRAM_LAYERS = frozenset({"TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "KerasLayer"})
"""Layers that load and run another program: a SavedModel from a path, a pickled PyTorch module, JAX functions, a
module of TensorFlow Hub."""

VOCABULARY_LAYERS = frozenset({"StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"})
"""Layers whose `vocabulary` may be the path of a file, which they read when they are built."""

TYPE_SPEC_MODULES = words(
    """
    tensorflow.python.framework.indexed_slices tensorflow.python.framework.sparse_tensor
    tensorflow.python.framework.tensor tensorflow.python.framework.tensor_spec
    tensorflow.python.ops.ragged.ragged_tensor
    """
)
"""Modules of the type specs that a ragged or sparse input is saved with."""

OWN_LAYERS = words("CarryMask KeepMask MaskedMaxPooling1D MergeMasks MoveMask SliceSteps WithMask")
"""Layers of maskprobe's own, which `maskprobe fix` writes into a model: `maskprobe.layers`."""

OWN_PACKAGE = "maskprobe"
"""The package that they are registered in."""

OWN_MODULES = words("maskprobe.layers.keras maskprobe.layers.tf_keras")

_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _inside_keras(module: str) -> str | None:
    """Give `module` without its package, None if it is not Keras's; the package itself gives the empty string."""
    root, _, rest = module.partition(".")
    return rest if root in KERAS_ROOTS else None


@lru_cache(maxsize=1024)  # a model has few classes and many layers
def class_allowed(module: str, name: str) -> bool:
    """Tell whether `module` is a namespace of Keras's modelling classes and `name` can be one of them.

    A name with a dot, or one that does not start with a capital, could be something that the module imports.
    """
    rest = _inside_keras(module)
    if rest is None or name in PROGRAM_LAYERS or _CLASS_NAME.fullmatch(name) is None:
        return False
    return rest == "" or rest in PUBLIC_MODULES or f"{rest.removeprefix('src.')}.".startswith(PRIVATE_PREFIXES)


def is_own_layer(module: object, name: object, registered: object) -> bool:
    """Tell whether a class is one that `maskprobe fix` puts into a model: Keras finds it by its registered name.

    tf_keras writes `maskprobe>KeepMask` as the class name into an `.h5`, and no module.
    """
    if not isinstance(name, str):
        return False
    if module is None and registered is None:
        package, _, short = name.partition(">")
        return package == OWN_PACKAGE and short in OWN_LAYERS
    if not isinstance(module, str):
        return False
    return module in OWN_MODULES and name in OWN_LAYERS and registered == f"{OWN_PACKAGE}>{name}"


def function_allowed(module: str, name: str) -> bool:
    """Tell whether `module` is a namespace of Keras's tensor functions and `name` can be one of them."""
    rest = _inside_keras(module)
    if rest is None or name in BARRED_NAMES or _FUNCTION_NAME.fullmatch(name) is None:
        return False
    return rest.removeprefix("src.") in FUNCTION_MODULES
