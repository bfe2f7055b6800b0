"""What a mask is, in a word: that of an input, of two inputs, or something else."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
SOURCES = {"m1": "values", "m2": "values2", "m3": "short", "slots": "frames", "row": "row"}
"""Words for masks, and the input whose padding they are."""
OPS = {"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "NotEqual", "Any"}
"""Operations by their class: the last two compute masks in Keras 3, also where the config does not name them."""
MODELS = {"Functional", "Model", "Network"}
Outcome = dict[str, str]


def known(inputs: dict[str, Any]) -> dict[str, Bits]:
    """The masks that have a word."""
    masks = {word: (np.asarray(inputs[name]["values"]) != 0).any(axis=-1) for word, name in SOURCES.items()}
    one, two = masks["m1"], masks["m2"]
    masks |= {"and": one & two, "or": one | two, "m1 above m2": np.concatenate([one, two])}
    once = masks["row"][:, None]
    masks |= {"(B, 1)": once, "m1 and (B, 1)": one & once, "m1 or (B, 1)": one | once}
    for word in ("m1", "m2", "m3"):
        masks[f"{word} turned round"] = masks[word][:, ::-1]
        masks[f"not {word}"] = ~masks[word]
    parts = {word: masks[word] for word in ("m1", "m2", "m3")}
    parts |= {"ones": np.ones_like(one), "5 ones": np.ones_like(masks["m3"])}
    for words in [*product(parts, repeat=2), *product(parts, repeat=3)]:
        masks[f"joined {'+'.join(words)}"] = np.concatenate([parts[each] for each in words], axis=1)
    return masks


def word(mask: Any, masks: dict[str, Bits]) -> str:  # noqa: ANN401 - JSON
    """The word for a mask as the probe writes it."""
    if mask is None or isinstance(mask, str):
        return mask or "none"
    found = np.asarray(mask) != 0
    if found.all():
        return "ones"
    if not found.any():
        return "zeros"
    for name, each in masks.items():
        if each.shape == found.shape and (each == found).all():
            return name
    return f"other {found.shape}"


def outcome(case: dict[str, Any], masks: dict[str, Bits]) -> Outcome:
    """The words for the masks of each layer call of a case; `{"": word}` where it has no calls."""
    if "absent" in case:
        return {"": "absent"}
    if "raises" in case:
        return {"": f"raises ({case['raises']['when']})"}
    ops = op_names(case["config"])
    calls = [call for call in case["calls"] if call["path"] == call["layer"]]
    layers = [call for call in calls if not is_operation(call, ops)]
    names = numbered(layers)
    found = {names[call["layer"], call["node"]]: words(call, masks) for call in layers}
    if calls and is_operation(calls[-1], ops):
        found["operation"] = words(calls[-1], masks)
    return found


def words(call: dict[str, Any], masks: dict[str, Bits]) -> str:
    """The words for the masks of all outputs of a call."""
    return ", ".join(word(mask, masks) for mask in call["outputs"])


def is_operation(call: dict[str, Any], ops: set[str]) -> bool:
    """Whether a call is no layer's.

    Keras 3 writes the computing of some masks into the graph, so the number of operations says little.
    """
    return call["class"] in OPS or call["layer"] in ops


def numbered(calls: list[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """What a call is called in the table: names of layers differ from version to version."""
    names: dict[tuple[str, int], str] = {}
    counts: dict[str, int] = {}
    for call in sorted(calls, key=lambda call: (call["class"], natural(call["layer"]), call["node"])):
        kind = "Model" if call["class"] in MODELS else call["class"]
        counts[kind] = counts.get(kind, 0) + 1
        names[call["layer"], call["node"]] = kind if counts[kind] == 1 else f"{kind} {counts[kind]}"
    return names


def op_names(config: Any) -> set[str]:  # noqa: ANN401 - JSON
    """The names of the operations among the layers of a saved model of Keras 3."""
    layers = ((config or {}).get("config") or {}).get("layers", []) if isinstance(config, dict) else []
    return {each.get("name") or each["config"]["name"] for each in layers if ".ops" in (each.get("module") or "")}


def natural(name: str) -> tuple[str, int]:
    """A name made by Keras by its number: `dense_10` comes after `dense_9`."""
    stem, _, number = name.rpartition("_")
    return (stem, int(number)) if number.isdigit() else (name, 0)
