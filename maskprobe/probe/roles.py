"""What the probe takes each model input for, told by what it feeds, its name, dtype and shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from maskprobe.archive.graph import LayerGraph
from maskprobe.errors import UsageError
from maskprobe.mask_trace import InputRole
from maskprobe.probe.given_masks import as_mask, looks_like_mask, plain_name, told_mask
from maskprobe.probe.layer_kinds import bare_name, is_foreign, works_on_steps
from maskprobe.probe.options import InputSpec
from maskprobe.probe.plan import Content, InputPlan
from maskprobe.probe.sources import Feeds, all_embeddings, all_maskings, find_sources
from maskprobe.probe.views import seen_as

_POSITIONS = re.compile(r"(^|_)(positions?|pos)(_ids?|_indices|_inputs?)?(_?\d+)?$")
_SEGMENTS = re.compile(r"(^|_)(token_type|segment|sentence_type)s?(_ids?|_indices|_inputs?)?(_?\d+)?$")

FLAT = 2
"""The rank of `(B, T)` and `(B, F)`."""
SEQUENCE = 3
"""The rank of `(B, T, F)`."""


@dataclass(slots=True)
class Roles:
    """The plans of all inputs, in order, and what the reader should know about them."""

    plans: list[InputPlan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def assign_roles(graph: LayerGraph, inputs: Sequence[InputSpec], mask_inputs: Sequence[str]) -> Roles:
    """Tell what each of `inputs` is. See `given_masks.py` for which are masks.

    Raises:
        UsageError: `mask_inputs` names an input that the model does not have, or that cannot be a mask.
    """
    _check_names(inputs, mask_inputs)
    fed = _by_spec(find_sources(graph), inputs)
    roles = Roles()
    for spec in inputs:
        feeds = fed.get(spec.name) or _guessed_feeds(graph, spec, roles.notes)
        plan = seen_as(InputPlan(spec, feeds))
        roles.plans.append(told_mask(plan) if spec.name in mask_inputs else _assign(graph, plan, roles.notes))
    _take_back_lone_masks(graph, roles, mask_inputs)
    return roles


def _check_names(inputs: Sequence[InputSpec], mask_inputs: Sequence[str]) -> None:
    names = [spec.name for spec in inputs]
    unknown = [name for name in mask_inputs if name not in names]
    if unknown:
        raise UsageError(f"the model has no input {unknown[0]!r}: its inputs are {', '.join(map(repr, names))}")


def _by_spec(stated: Mapping[str, Feeds], inputs: Sequence[InputSpec]) -> Mapping[str, Feeds]:
    """The feeds by the names that the loaded model uses. Names that differ from the file's are matched by order."""
    if len(stated) != len(inputs):
        return {spec.name: stated[spec.name] for spec in inputs if spec.name in stated}
    names = {spec.name for spec in inputs}
    renamed = iter([feeds for name, feeds in stated.items() if name not in names])
    return {spec.name: stated[spec.name] if spec.name in stated else next(renamed) for spec in inputs}


def _assign(graph: LayerGraph, plan: InputPlan, notes: list[str]) -> InputPlan:
    if looks_like_mask(plan):
        mask = as_mask(plan, told=False)
        if mask is not None:
            return mask
    if plan.feeds.embeddings or _may_be_tokens(plan):
        return _as_tokens(plan, notes)
    if _has_time(graph, plan):
        return replace(plan, role=InputRole.VALUES, content=Content.VALUES, steps=(1,))
    if plan.feeds.maskings:
        notes.append(f"Masking {plan.feeds.maskings[0].path!r} reads input {plan.name!r}, which has no time axis")
    if plan.is_integer and _POSITIONS.search(plain_name(plan.name)):
        return replace(plan, content=Content.POSITIONS)
    return plan


def _guessed_feeds(graph: LayerGraph, spec: InputSpec, notes: list[str]) -> Feeds:
    """What an input may feed in a model that states no calls: any Embedding if it holds integers, else any Masking."""
    embeddings, maskings = all_embeddings(graph), all_maskings(graph)
    whole = spec.dtype.startswith(("int", "uint")) and spec.rank <= SEQUENCE
    if whole or (spec.rank == FLAT and embeddings and not maskings):
        notes.append(f"the model does not state what input {spec.name!r} feeds: it is taken for tokens")
        return Feeds(embeddings=list(embeddings), is_guess=True)
    notes.append(f"the model does not state what input {spec.name!r} feeds: it is taken for values")
    return Feeds(maskings=list(maskings), is_guess=True)


def _may_be_tokens(plan: InputPlan) -> bool:
    """Whether integers are tokens though no Embedding of known size is seen.

    So they are if nothing is known of the model, if the time axis is free, or if a custom layer or a one-hot encoding
    reads them.
    """
    feeds = plan.feeds
    if not plan.is_integer or feeds.maskings:
        return False
    if feeds.is_guess:
        return plan.spec.rank <= SEQUENCE
    if plan.spec.rank != FLAT or _POSITIONS.search(plain_name(plan.name)):
        return False
    return plan.spec.shape[1] is None or any(
        is_foreign(layer) or bare_name(layer) == "onehot" for layer in feeds.readers
    )


def _as_tokens(plan: InputPlan, notes: list[str]) -> InputPlan:
    steps = _token_steps(plan)
    content = _integer_content(plain_name(plan.name)) if steps else Content.TOKENS
    if plan.feeds.altered_by:
        notes.append(f"{plan.feeds.altered_by[0]!r} changes the ids of input {plan.name!r} before they are looked up")
    if plan.feeds.input_dim is None:
        notes.append(f"no Embedding says how many ids input {plan.name!r} may hold: it gets ids below 10")
    return replace(plan, role=InputRole.TOKENS, content=content, steps=steps)


def _integer_content(name: str) -> Content:
    if _POSITIONS.search(name):
        return Content.POSITIONS
    return Content.SEGMENTS if _SEGMENTS.search(name) else Content.TOKENS


def _token_steps(plan: InputPlan) -> tuple[int, ...]:
    """`(1,)` for `(B, T)`, `(B, T, 1)` and columns of ids; `(1, 2)` for words in sentences, and so on."""
    if len(plan.shape) < FLAT:
        return ()
    if plan.feeds.sliced:
        return (1,)
    last = len(plan.shape) - 1
    while last > 1 and plan.shape[last] == 1:
        last -= 1
    return tuple(range(1, last + 1))


def _has_time(graph: LayerGraph, plan: InputPlan) -> bool:
    """Whether axis 1 is time: `(B, T, F)` always, `(B, T)` if it is lifted, more axes if the model works on steps."""
    rank, feeds = len(plan.shape), plan.feeds
    if rank < FLAT:
        return False
    if rank == FLAT:
        return feeds.lifted and (bool(feeds.maskings) or _is_read_by_steps(plan))
    if plan.view is not None and not feeds.maskings:
        return _is_read_by_steps(plan)
    if rank == SEQUENCE or feeds.maskings:
        return True
    return not feeds.only_pictures and any(works_on_steps(layer) for _, layer in graph.layers_deep())


def _is_read_by_steps(plan: InputPlan) -> bool:
    return any(
        works_on_steps(layer) or layer.class_name.endswith(("1D", "Attention")) or is_foreign(layer)
        for layer in plan.feeds.readers
    )


def _take_back_lone_masks(graph: LayerGraph, roles: Roles, mask_inputs: Sequence[str]) -> None:
    """Take masks told by their name alone for data where no other input has a time axis to match."""
    if any(plan.content.leads and plan.steps for plan in roles.plans):
        return
    for place, plan in enumerate(roles.plans):
        if plan.content is Content.MASK and plan.name not in mask_inputs and not plan.feeds.wired_as_mask:
            bare = seen_as(InputPlan(plan.spec, plan.feeds))
            timed = _has_time(graph, bare)
            roles.plans[place] = (
                replace(bare, role=InputRole.VALUES, content=Content.VALUES, steps=(1,)) if timed else bare
            )
