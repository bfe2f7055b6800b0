"""Random models of built-in layers, valid by construction as far as shapes go."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from graph_building import Building
from graph_calls import (
    again,
    attention,
    both_ways,
    concatenate,
    dot,
    masked_call,
    merge,
    multi_head,
    one,
    residual,
    with_states,
)
from graph_nesting import chained, nested
from graph_operators import function, operator

_CALLS = (
    (12, one), (3, with_states), (2, both_ways), (4, merge), (3, concatenate), (1, dot), (3, attention),
    (4, multi_head), (3, residual), (4, masked_call), (4, operator), (4, function), (3, nested), (2, again),
)  # fmt: skip
_WEIGHTED = [call for weight, call in _CALLS for _ in range(weight)]


def random_model(keras: Any, random_of: Callable[[int], Random], calls: tuple[int, ...]) -> Building:
    """Build a functional model; `as_model` makes one of it.

    Args:
        keras: The Keras to build with.
        random_of: The random numbers of each call, by its place; 0 for the inputs.
        calls: Which calls to make, by their places.
    """
    made = Building(keras, random_of(0))
    _sources(made)
    for place in calls:
        made.random = random_of(place)
        grow(made)
    made.random = random_of(-1)
    return made


def as_model(made: Building) -> Any:
    """The model; None where there is nothing to return."""
    outputs = made.outputs()
    return made.keras.Model(made.inputs, outputs if len(outputs) > 1 else outputs[0]) if outputs else None


def random_sequential(keras: Any, random: Random, count: int) -> Building:
    """A Sequential model in `tensors`."""
    made = Building(keras, random)
    length = made.pick([5, 6, 8])
    if made.chance(0.5):
        first = [keras.layers.Embedding(8, 3, mask_zero=made.chance(0.8))]
        given = keras.Input((length,), dtype="int32")
    else:
        first = [keras.layers.Masking(mask_value=made.pick([0.0, -1.0]))]
        given = keras.Input((length, 3))
    made.inputs = [keras.Sequential([given, *first, *chained(made, (None, length, 3), count)])]
    return made


def grow(made: Building) -> None:
    """Make one call; leave it out where Keras refuses it."""
    call = made.pick(_WEIGHTED)
    used = len(made.used)
    try:
        returned = call(made)
    except Exception as error:  # noqa: BLE001 - whatever Keras refuses
        del made.used[used:]
        made.refused.append(f"{call.__name__}: {type(error).__name__}: {error}")
        return
    if returned is None:
        del made.used[used:]
    else:
        made.add(returned)


def _sources(made: Building) -> None:
    length = made.pick([5, 6, 6, 8]) if made.chance(0.8) else None
    count = made.pick([1, 1, 2, 3])
    for place in range(count):
        steps = length if made.chance(0.8) or length is None else length + 1
        kind = made.pick(["ids", "ids", "ids", "values", "values", "mask", "deep"] if place else ["ids", "values"])
        {"ids": _ids, "values": _values, "mask": _mask, "deep": _deep}[kind](made, steps, place)


def _ids(made: Building, steps: int | None, place: int) -> None:
    ids = made.keras.Input((steps,), dtype="int32", name=f"ids_{place}")
    made.inputs.append(ids)
    made.ids.append(ids)
    embedding = made.layers.Embedding(8, made.pick([2, 3, 4]), mask_zero=made.chance(0.8))
    made.tensors.append(embedding(ids))
    if embedding.mask_zero and made.chance(0.4):
        made.masks.append(embedding.compute_mask(ids))


def _values(made: Building, steps: int | None, place: int) -> None:
    given = made.keras.Input((steps, made.pick([1, 2, 3])), name=f"values_{place}")
    made.inputs.append(given)
    if made.chance(0.2):
        made.tensors.append(given)
        return
    masking = made.layers.Masking(
        mask_value=made.pick([0.0, 0.0, -1.0]), **({"dtype": "float16"} if made.chance(0.04) else {})
    )
    made.tensors.append(masking(given))
    if made.chance(0.3):
        made.masks.append(masking.compute_mask(given))


def _mask(made: Building, steps: int | None, place: int) -> None:
    mask = made.keras.Input((steps,), dtype="bool", name=f"mask_{place}")
    made.inputs.append(mask)
    made.masks.append(mask)


def _deep(made: Building, steps: int | None, place: int) -> None:
    """Sequences of sequences."""
    if made.chance(0.5):
        ids = made.keras.Input((3, steps or 5), dtype="int32", name=f"pages_{place}")
        made.inputs.append(ids)
        made.tensors.append(made.layers.Embedding(8, 2, mask_zero=made.chance(0.8))(ids))
    else:
        given = made.keras.Input((3, steps or 5, 2), name=f"films_{place}")
        made.inputs.append(given)
        made.tensors.append(made.layers.Masking()(given) if made.chance(0.6) else given)
