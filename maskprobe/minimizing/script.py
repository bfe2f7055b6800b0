"""A script of plain Keras that makes a model and shows what padding does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.errors import NotCheckedError
from maskprobe.fixes.graph_edit import GraphEdit
from maskprobe.minimizing.code import Words, graph_code

MOST_LINES = 25
_TOKENS = "np.array([[3, 1, 4, 0, 0, 0]])"
_VALUES = "np.pad(rng.normal(size=(1, 3, {width})), [(0, 0), (0, 3), (0, 0)]).astype('float32')"
_STEPS = 6


@dataclass(frozen=True, slots=True)
class Given:
    """One input of the model."""

    name: str
    shape: tuple[int | None, ...]
    """With the batch axis first."""
    kind: str
    """`tokens`, `values`, `mask` or `other`."""

    @property
    def has_free_steps(self) -> bool:
        """Whether it takes any number of steps."""
        return len(self.shape) > 1 and self.shape[1] is None


def script(graph: GraphEdit, words: Words, inputs: Sequence[Given], *, steps_out: bool, title: str) -> str:
    """The script.

    Args:
        graph: The model.
        words: What the engine knows.
        inputs: The model's inputs, in order.
        steps_out: Whether the output has the steps of the inputs.
        title: One line on what it shows.

    Raises:
        NotCheckedError: no script can be made of it, or none that is short.
    """
    keras3 = graph.generation > 2  # noqa: PLR2004 - Keras 3
    lines = list(graph_code(graph, words))
    imports = ["import keras"] if keras3 else ["import tf_keras as keras"]
    if any("tf." in line for line in lines):
        imports.append("import tensorflow as tf")
    head = [f"# {title}", "import numpy as np", *imports, "rng = np.random.default_rng(0)"]
    weights = "model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])"
    made = [*head, *lines, weights, *_shown(graph, inputs, steps_out=steps_out)]
    if len(made) > MOST_LINES:
        raise NotCheckedError(
            f"the smallest model that was found takes {len(made)} lines, and {MOST_LINES} are the most"
        )
    return "\n".join(made) + "\n"


def _shown(graph: GraphEdit, inputs: Sequence[Given], *, steps_out: bool) -> list[str]:
    """Lines that run one padded row, and the same row without its padding or with another one."""
    arrays = [_array(given) for given in inputs]
    lines = [f"row = {arrays[0] if len(inputs) == 1 else '[' + ', '.join(arrays) + ']'}  # 3 real steps, 3 of padding"]
    if all(given.kind == "other" or given.has_free_steps for given in inputs):
        lines.append(f"padded, alone = model(row), model({_cut(inputs)})  # with its padding and without")
    else:
        lines += ["padded = model(row)", *_other_padding(graph)]
        lines.append("alone = model(row)  # another vector stands for padding")
    real = "[:, :3]" if steps_out else ""
    lines += [
        f"moved = float(np.abs(np.array(padded){real} - np.array(alone){real}).max())",
        'print("padding moves what is real by", moved, "and should not move it")',
    ]
    if steps_out:
        lines += [
            'mask = getattr(padded, "_keras_mask", None)',
            'print("mask of the output:", mask if mask is None else np.array(mask)[0], "should hide the last 3 steps")',
            "right = mask is not None and (np.array(mask)[0] == [True] * 3 + [False] * 3).all()",
        ]
    return [*lines, f"assert moved > 1e-4{' or not right' if steps_out else ''}, 'there is no fault'"]


def _cut(inputs: Sequence[Given]) -> str:
    if len(inputs) == 1:
        return "row[:, :3]"
    parts = [f"row[{place}]{'' if one.kind == 'other' else '[:, :3]'}" for place, one in enumerate(inputs)]
    return f"[{', '.join(parts)}]"


def _other_padding(graph: GraphEdit) -> list[str]:
    """Where the steps cannot be cut: another vector for index 0."""
    if not any(entry["class_name"] == "Embedding" for entry in graph.entries):
        raise NotCheckedError("the model needs its number of steps, and its padding cannot be changed by itself")
    return [
        "table = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))",
        "table.set_weights([np.concatenate([w[:1] + 9.0, w[1:]]) for w in table.get_weights()])",
    ]


def _array(given: Given) -> str:
    if given.kind == "tokens":
        return _TOKENS if given.shape[1] in {None, _STEPS} else _tokens(given.shape[1] or _STEPS)
    if given.kind == "mask":
        return "np.array([[True] * 3 + [False] * 3])"
    if given.kind == "values":
        return _VALUES.format(width=given.shape[2])
    return f"rng.normal(size=(1, {', '.join(str(size or 1) for size in given.shape[1:])}))"


def _tokens(steps: int) -> str:
    return f"np.array([[3, 1, 4] + [0] * {steps - 3}])"
