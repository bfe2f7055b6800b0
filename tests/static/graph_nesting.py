"""Models inside a model: Sequential and functional ones, with sources of their own or without."""

from __future__ import annotations

from typing import Any

from graph_building import Building
from graph_layers import bidirectional, core, recurrent, unary

MOST_NESTED = 1


def nested(made: Building) -> Any:
    """A model called as a layer, once or twice."""
    if made.depth >= MOST_NESTED:
        return None
    kind = made.pick(["sequential", "sequential", "functional", "functional", "two", "ids"])
    tensor = None if kind == "ids" else made.sequence()
    if tensor is None:
        return _on_ids(made) if kind == "ids" else None
    return _on_two(made, tensor) if kind == "two" else _on_one(made, tensor, kind)


def _on_one(made: Building, tensor: Any, kind: str) -> Any:
    model = _sequential(made, tensor) if kind == "sequential" else _functional(made, tensor)
    if model is None:
        return None
    if made.chance(0.15):
        return made.layers.TimeDistributed(model)(_deeper(made, tensor))
    returned = model(tensor)
    if made.chance(0.35):
        other = made.where(lambda other: tuple(other.shape)[1:] == tuple(tensor.shape)[1:])
        made.add(model(other))
    return returned


def _deeper(made: Building, tensor: Any) -> Any:
    """A tensor whose steps are like `tensor`."""
    found = made.where(lambda other: tuple(other.shape)[2:] == tuple(tensor.shape)[1:])
    if found is not None:
        return found
    return made.layers.Reshape((1, *tensor.shape[1:]))(tensor)


def _sequential(made: Building, tensor: Any) -> Any:
    shape = tuple(tensor.shape)
    chain = chained(made, shape, made.pick([1, 2, 3]))
    if not chain:
        return None
    entry = [made.keras.Input(shape[1:])] if made.chance(0.8) or not made.is_keras3 else []
    return made.keras.Sequential([*entry, *chain])


def chained(made: Building, shape: tuple[int | None, ...], count: int) -> list[Any]:
    """Layers, each fit for what the one before returns."""
    chain = []
    for _ in range(count):
        layer = unary(made, shape)
        if layer is None:
            break
        try:
            shape = tuple(layer.compute_output_shape(shape))
        except Exception as error:  # noqa: BLE001 - whatever Keras refuses
            made.refused.append(f"{type(layer).__name__}: {error}")
            continue
        chain.append(layer)
    return chain


def _functional(made: Building, tensor: Any) -> Any:
    from graph_models import grow

    given = made.keras.Input(tuple(tensor.shape)[1:], dtype=tensor.dtype)
    inner = Building(made.keras, made.random, [given], inputs=[given], depth=made.depth + 1)
    for _ in range(made.pick([1, 2, 3])):
        grow(inner)
    made.refused += inner.refused
    outputs = inner.outputs()
    return made.keras.Model(given, outputs if len(outputs) > 1 else outputs[0]) if outputs else None


def _on_two(made: Building, tensor: Any) -> Any:
    other = made.where(lambda other: len(other.shape) == 3 and other.shape[1] == tensor.shape[1])
    first, second = (made.keras.Input(tuple(given.shape)[1:]) for given in (tensor, other))
    layers = made.layers
    units = made.pick([2, 3])
    joined = layers.Add()([layers.Dense(units)(first), layers.Dense(units)(second)])
    if made.chance(0.5):
        joined = recurrent(made, tuple(joined.shape))(joined)
    outputs = [joined, layers.Dense(2)(second)] if made.chance(0.3) else joined
    model = made.keras.Model([first, second], outputs)
    returned = model([tensor, other])
    if made.chance(0.3):
        made.add(model([tensor, other]))
    return returned


def _on_ids(made: Building) -> Any:
    """A model that holds the mask source, called on token ids."""
    if not made.ids:
        return None
    ids = made.use(made.pick(made.ids))
    layers = made.layers
    chain: list[Any] = [layers.Embedding(8, 3, mask_zero=made.chance(0.8))]
    chain += [made.pick([core, recurrent, bidirectional])(made, (None, ids.shape[1], 3))]
    model = made.keras.Sequential([made.keras.Input(tuple(ids.shape)[1:], dtype=ids.dtype), *chain])
    returned = model(ids)
    if made.chance(0.4):
        made.add(model(made.use(made.pick(made.ids))))
    return returned
