"""A recurrent layer in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import ABSENT, Absent
from maskprobe.static.behaviour import Behaviour
from maskprobe.static.masks import MASK_RULES
from maskprobe.static.renamed import renamed
from maskprobe.static.step import Given, GivenMask, Step
from maskprobe.static.tensors import Tensor

if TYPE_CHECKING:  # the walk calls this
    from maskprobe.static.walk import Frame, Walk

Shape: TypeAlias = tuple[int | None, ...]


def run_bidirectional(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Run both directions, and merge what they return.

    Source: Keras 3.15.1, keras/src/layers/rnn/bidirectional.py, `call`; tf_keras 2.21, the same.
    """
    masks = {"mask": step.received["mask"]} if _is_there(step.received.get("mask")) else {}
    states = list(step.given.others.items())
    half = len(states) // 2
    made: list[list[Tensor]] = []
    directions = _directions(step.layer, inner, is_keras3=walk.rules.era.is_keras3)
    for direction, own in zip(directions, (states[:half], states[half:]), strict=True):
        others = {f"initial_state.{place}": tensor for place, (_, tensor) in enumerate(own)}
        given = Given(step.given.first[:1], False, others, masks)
        made.append(walk.call(direction, given, f"{frame.path}/{direction.name}", frame.path))
    if not all(made):
        return []
    masks_out = MASK_RULES[Behaviour.BIDIRECTIONAL](step)
    found = []
    for place, shape in enumerate(_shapes(made, step.config.get("merge_mode", "concat"))):
        tensor = walk.new(shape, made[0][0].dtype, frame.path)
        walk.attach(tensor, masks_out[place] if place < len(masks_out) else ABSENT)
        found.append(tensor)
    return found


def _shapes(made: Sequence[Sequence[Tensor]], mode: object) -> list[Shape]:
    """Of the merged outputs, or of both; then of all states."""
    first, second = made[0][0].shape, made[1][0].shape
    states = [state.shape for one in made for state in one[1:]]
    if mode is None:
        return [first, second, *states]
    if mode != "concat" or not first or not second:
        return [first, *states]
    units = None if first[-1] is None or second[-1] is None else first[-1] + second[-1]
    return [(*first[:-1], units), *states]


def _is_there(given: GivenMask | None) -> bool:
    return given is not None and not isinstance(given.mask, Absent)


def _directions(layer: GraphLayer, inner: GraphLayer, *, is_keras3: bool) -> tuple[GraphLayer, GraphLayer]:
    """The layers that run forward and backward, under the names that Keras gives them."""
    backward = layer.config.get("backward_layer")
    stated = backward.get("config", {}).get("name") if isinstance(backward, Mapping) else None
    if not is_keras3:
        back = stated if isinstance(stated, str) else inner.name
        return renamed(inner, f"forward_{inner.name}"), renamed(inner, f"backward_{back}", turned=True)
    back = stated if isinstance(stated, str) else f"backward_{inner.name.removeprefix('backward_')}"
    return renamed(inner, f"forward_{inner.name.removeprefix('forward_')}"), renamed(inner, back, turned=True)
