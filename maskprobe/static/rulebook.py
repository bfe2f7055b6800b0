"""How a call runs under the rules of one Keras: what it receives, what it returns, and with which masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from maskprobe.archive.graph import GraphLayer, ModelKind
from maskprobe.mask_trace import ABSENT, Absent, CallKind, MaskArgument, MaskState, Unreadable
from maskprobe.probe.layer_kinds import bare_name
from maskprobe.static.arguments import argument_name
from maskprobe.static.behaviour import Behaviour, behaviour_of, takes_of
from maskprobe.static.claims import Claim, holds
from maskprobe.static.dtypes import float_dtype, in_dtype, output_dtype
from maskprobe.static.eras import Era
from maskprobe.static.layer_facts import is_builtin, kind_of
from maskprobe.static.masks import MASK_RULES, OWN_CODE
from maskprobe.static.passing import passed_values, symbol_of
from maskprobe.static.refusals import check_mask_fits, check_masks_cover, check_shapes_fit, widened
from maskprobe.static.scores import returns_scores, score_mask, score_shape
from maskprobe.static.shapes.layers import output_shapes
from maskprobe.static.shapes.operations import operation_shapes
from maskprobe.static.step import Given, GivenMask, RefusedError, Step, unknown
from maskprobe.static.tensors import Tensor

if TYPE_CHECKING:  # the walk goes by the rulebook
    from maskprobe.static.walk import Frame, Walk

_RETURN_WHAT_THEY_READ = frozenset(
    {
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity",
        "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    }
)  # fmt: skip
"""Layers of Keras 3 that return the very object that they read, at inference."""


class Assumption(StrEnum):
    """What the user says of a layer with code of its own. Unless it uses the mask it works on each step by itself."""

    CARRY = "carry"
    """Its output has the mask of its input."""
    DROP = "drop"
    """It returns no mask, and keeps the steps."""
    SOURCE = "source"
    """It makes a mask."""
    USE = "use"
    """It uses the mask, leaves padded steps out and ends the time axis."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The mask rules of one Keras."""

    era: Era
    assumptions: Mapping[str, Assumption] = field(default_factory=dict)
    """By class or layer name."""

    def behaviour(self, layer: GraphLayer) -> Behaviour:
        """What `layer` does to masks."""
        if self.assumed(layer) is not None or not is_builtin(layer):
            return Behaviour.UNKNOWN
        if kind_of(layer) is CallKind.OPERATION:
            return Behaviour.DROP
        return behaviour_of(layer.class_name, self.era)

    def assumed(self, layer: GraphLayer) -> Assumption | None:
        """What the user says of `layer`; None if nothing."""
        if not self.assumptions:
            return None
        return self.assumptions.get(layer.name) or self.assumptions.get(layer.class_name)

    def first_names(self, layer: GraphLayer, given: Given) -> Sequence[str]:
        """The names of the tensors of the first argument."""
        if kind_of(layer) is CallKind.OPERATION:
            return ["x"] if len(given.first) == 1 else [f"x{place + 1}" for place in range(len(given.first))]
        name = argument_name(layer.class_name, 0) if self.era.is_keras3 else "inputs"
        if layer.class_name in {"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"}:
            name = "query"
        return [f"{name}.{place}" for place in range(len(given.first))] if given.is_list else [name]

    def run(
        self, walk: Walk, frame: Frame, behaviour: Behaviour, outputs: int, stated: tuple[int | None, ...] | None
    ) -> list[Tensor]:
        """Run one call.

        Raises:
            RefusedError: Keras raises there.
        """
        layer = frame.layer
        before = [walk.mask_on(tensor) for tensor in frame.given.first]
        given = self._converted(walk, layer, frame.given)
        frame.given = given
        if layer.model is not None and layer.model.kind is not ModelKind.SUBCLASSED:
            from maskprobe.static.nested import run_model  # noqa: PLC0415 - it walks through the model

            return run_model(walk, frame, layer.model)
        attached = [walk.mask_on(tensor) for tensor in given.first] if self.era.is_keras3 else before
        received = self._received(walk, layer, given, attached)
        frame.received = received
        frame.arguments = tuple(
            MaskArgument(name, one.mask, name in given.masks, one.number)
            for name, one in sorted(received.items())
            if not isinstance(one.mask, Absent)
        )
        step = Step(layer, given, self.era, walk.symbols, attached, received, [], walk.mask_on)
        step.shapes = self._shapes(layer, step, outputs, stated)
        if layer.wrapped is not None and is_builtin(layer):
            from maskprobe.static.wrappers import run_wrapper  # noqa: PLC0415 - it walks through what is inside

            check_mask_fits(step)
            walk.inside += 1
            try:
                return run_wrapper(walk, frame, step)
            finally:
                walk.inside -= 1
        _check_broadcast(layer)
        check_shapes_fit(step)
        check_mask_fits(step)
        check_masks_cover(step)
        step.shapes = list(widened(step))
        assumed = self.assumed(layer)
        masks = self.masks(step, behaviour) if assumed is None else self._by_assumption(step, assumed)
        if returns_scores(step) and len(masks) == 1 and holds(Claim.SCORES_HAVE_MASK, self.era):
            masks = [*masks, self._on_scores(walk, step)]
        if (
            layer.class_name == "MultiHeadAttention"
            and holds(Claim.ATTENTION_TAKES_MASKS_OFF, self.era)
            and assumed is None
        ):
            walk.take_off(frame, [*given.first, *given.others.values()])
        return self._made(walk, frame, step, masks)

    def masks(self, step: Step, behaviour: Behaviour) -> Sequence[MaskState]:
        """The masks of what a call returns, in order; what is not named has none."""
        if behaviour is Behaviour.UNKNOWN and step.layer.class_name == "Lambda" and _is_plain_lambda(step):
            return []
        return MASK_RULES[behaviour](step)

    def _converted(self, walk: Walk, layer: GraphLayer, given: Given) -> Given:
        """Tensors of another floating point type are cast as the call begins; in some versions their mask is lost.

        In Keras 2 only the first argument is cast, behind the masks' back: what is inside a wrapper sees none.

        Source: keras-team/keras issue 21946; tf_keras 2.21, src/engine/base_layer.py, `__call__`.
        """
        wanted = float_dtype(layer.config) if layer.model is None else None
        tensors = (*given.first, *given.others.values())
        if wanted is None or all(one.dtype == wanted or "float" not in one.dtype for one in tensors):
            return given
        if kind_of(layer) is CallKind.OPERATION:
            return given

        def cast(one: Tensor) -> Tensor:
            if one.dtype == wanted or "float" not in one.dtype:
                return one
            values = None if one.values is None else in_dtype(one.values, wanted)
            made = Tensor(one.number, -1 - one.number, one.shape, wanted, one.producer, values, one.symbol)
            lost = self.era.is_keras3 and holds(Claim.CAST_LOSES_MASK, self.era)
            walk.attach(made, ABSENT if lost or not self.era.is_keras3 else walk.mask_on(one))
            return made

        first = tuple(map(cast, given.first))
        others = {name: cast(one) if self.era.is_keras3 else one for name, one in given.others.items()}
        return Given(first, given.is_list, others, given.masks, given.plain, given.places)

    def _received(
        self, walk: Walk, layer: GraphLayer, given: Given, attached: Sequence[MaskState]
    ) -> dict[str, GivenMask]:
        """The masks that `call` gets: those given, and those that Keras fills in.

        Source: Keras 3.15.1, keras/src/layers/layer.py, step 6 of `Layer.__call__`; tf_keras 2.21,
        src/engine/base_layer.py, `_get_input_masks`.
        """
        found = dict(given.masks)
        takes = takes_of(layer.class_name, self.era) if layer.model is None else ("mask",)
        if not takes or kind_of(layer) is CallKind.OPERATION:
            return found
        named = given.names_no_masks or any(name.partition(".")[0] == "mask" for name in found)
        if "mask" in takes:
            alone = not self.era.is_keras3 or not (given.others or given.masks)
            if not named and alone:
                found |= _first_masks(given, attached)
            return found
        if self.era.is_keras3 and (given.others or len(given.masks)):
            data = {takes[0].removesuffix("_mask"): given.first[0], **given.others}
            for name, tensor in data.items():
                if f"{name}_mask" in takes and f"{name}_mask" not in found:
                    found[f"{name}_mask"] = GivenMask(walk.mask_on(tensor))
        return found

    def _on_scores(self, walk: Walk, step: Step) -> MaskState:
        """The mask on the scores that an attention layer returns beside its output."""
        if not step.layer.class_name.startswith(("MultiHead", "Group")):
            return ABSENT
        given = step.given
        query, value = given.first[0], given.others.get("value", given.first[-1])
        key = given.others.get("key", value)
        if not self.era.is_keras3:
            return score_mask(step, walk.mask_on(query), walk.mask_on(value), walk.mask_on(key))
        masks = {name: one.mask for name, one in step.received.items()}
        return score_mask(
            step,
            walk.mask_on(query) if step.layer.class_name.startswith("Multi") else masks.get("query_mask", ABSENT),
            masks.get("value_mask", ABSENT),
            masks.get("key_mask", ABSENT),
        )

    def _shapes(
        self, layer: GraphLayer, step: Step, outputs: int, stated: tuple[int | None, ...] | None
    ) -> list[tuple[int | None, ...]]:
        read = (*step.given.first, *step.given.others.values())
        # The shape of a number is `()` too; it holds a value.
        given = [tensor.shape for tensor in read if tensor.shape or tensor.values is None]
        batch = given[0][0] if given and given[0] else None
        if any(not shape for shape in given):
            found = None
        elif kind_of(layer) is CallKind.OPERATION:
            found = operation_shapes(bare_name(layer), step.given, outputs, layer.config)
        else:
            found = output_shapes(layer, given)
            if found is not None and returns_scores(step) and len(found) == 1:
                found = [*found, score_shape(layer.class_name, layer.config, given)]
        if found is None or () in found:
            found = [_with_batch(stated, batch)]
        return [*found, *[()] * (outputs - len(found))]

    def _by_assumption(self, step: Step, assumed: Assumption) -> Sequence[MaskState]:
        tensor = step.given.first[0] if step.given.first else None
        shape = tensor.shape if tensor is not None else ()
        if not step.shapes[0]:
            lead = 1 if assumed is Assumption.USE else 2
            step.shapes[0] = (*shape[:lead], *(None for _ in shape[lead:])) if assumed is not Assumption.USE else (
                *shape[:1], None)  # fmt: skip
        if assumed is Assumption.CARRY:
            return step.previous
        if assumed is Assumption.SOURCE:
            return [step.symbols.mask_of(("source", step.layer.name, None if tensor is None else tensor.item))]
        return []

    def _returns_what_it_reads(self, layer: GraphLayer, step: Step) -> bool:
        """Whether a call returns the very object that it read, whatever mask is attached to it."""
        if kind_of(layer) is CallKind.OPERATION and layer.class_name != "TensorFlowOpLayer":
            return bare_name(layer) == "cast" and _wanted_dtype(layer, step) == step.given.first[0].dtype
        if self.era.is_keras3:
            return layer.class_name in _RETURN_WHAT_THEY_READ
        return layer.class_name == "Layer" and holds(Claim.HANDS_ON, self.era)

    def _made(self, walk: Walk, frame: Frame, step: Step, masks: Sequence[MaskState]) -> list[Tensor]:
        """The tensors that a call returns, with their masks attached."""
        layer, first = step.layer, step.given.first
        same = len(first) == 1 and self._returns_what_it_reads(layer, step)
        is_operation = kind_of(layer) is CallKind.OPERATION
        values = passed_values(layer, step.given) if len(step.shapes) == 1 else None
        if values is not None and not is_operation and "float" in str(values.dtype):
            values = in_dtype(values, float_dtype(layer.config))
        operands = [*first, *step.given.others.values()] if is_operation else first
        found = []
        for place, shape in enumerate(step.shapes):
            dtype = output_dtype(layer, operands, values, is_operation=is_operation)
            symbol = None if values is not None or place else symbol_of(layer, step.given, walk.symbols)
            made = walk.new(
                shape if values is None else values.shape,
                dtype,
                frame.path,
                values,
                symbol=symbol,
                item=first[0].item if same else None,
            )
            mask = masks[place] if place < len(masks) else ABSENT
            if not (same and not isinstance(walk.mask_on(made), Absent)):
                walk.attach(made, mask)
            found.append(made)
        return found


def _check_broadcast(layer: GraphLayer) -> None:
    """Keras 3.4 to 3.11 write the mask of a Concatenate into a graph with a shape that no run can use.

    Source: Keras 3.8.0, keras/src/layers/merging/concatenate.py, `compute_mask`, which broadcasts to a shape with None.
    """
    shape = layer.config.get("shape")
    if layer.class_name == "BroadcastTo" and isinstance(shape, (list, tuple)) and None in shape:
        raise RefusedError(f"it is to broadcast to the shape {tuple(shape)}, which holds None")


def _wanted_dtype(layer: GraphLayer, step: Step) -> str:
    plain = step.given.plain
    return str(plain.get("dtype", plain.get("1", layer.config.get("dtype"))))


def _is_plain_lambda(step: Step) -> bool:
    """Whether a Lambda surely returns no mask: it has no mask function, and none came in."""
    return step.config.get("mask") is None and all(isinstance(mask, Absent) for mask in step.previous)


def _first_masks(given: Given, attached: Sequence[MaskState]) -> dict[str, GivenMask]:
    if not given.is_list:
        return {"mask": GivenMask(attached[0])} if attached else {}
    return {f"mask.{place}": GivenMask(mask) for place, mask in enumerate(attached)}


def _with_batch(stated: tuple[int | None, ...] | None, batch: int | None) -> tuple[int | None, ...]:
    if stated is None or not stated:
        return ()
    return (batch if stated[0] is None else stated[0], *stated[1:])


__all__ = ["OWN_CODE", "Assumption", "Rulebook", "Unreadable", "unknown"]
