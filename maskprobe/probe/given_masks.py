"""Tell the inputs by which a model is handed its mask from those that hold data.

An input is a mask if the user says so; if the graph hands it to a layer as a mask argument and no other layer reads it
as data; or if its name says so and its shape can be one. Never if it feeds an Embedding or a Masking.
"""

from __future__ import annotations

import re
from dataclasses import replace

from maskprobe.errors import UsageError
from maskprobe.mask_trace import InputRole
from maskprobe.probe.plan import Content, InputPlan, shown_shape

_MASK_NAME = re.compile(r"(^|_)masks?(_inputs?|_in)?(_?\d+)?$|^(is_)?(valid|real)(_(steps|tokens|timesteps))?$")

_ANOTHER_KIND = re.compile(r"segmentation|image|pixel|loss|causal|look_?ahead")
"""Masks that have nothing to do with padding."""


def looks_like_mask(plan: InputPlan) -> bool:
    """Whether the graph or the name says that the input is a mask."""
    feeds = plan.feeds
    if feeds.embeddings or feeds.maskings or plan.spec.dtype.startswith("str"):
        return False
    if feeds.wired_as_mask and (plan.spec.dtype == "bool" or not feeds.readers):
        return True
    name = plain_name(plan.name)
    return bool(_MASK_NAME.search(name)) and not _ANOTHER_KIND.search(name)


def plain_name(name: str) -> str:
    """An input name in snake case, without the scopes and the `:0` of TensorFlow."""
    last = name.split(":", maxsplit=1)[0].rsplit("/", 1)[-1]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last).lower().replace("-", "_").replace(".", "_")


def as_mask(plan: InputPlan, *, told: bool) -> InputPlan | None:
    """`plan` as a mask, if its shape can be one; with `told`, also where only the user's word makes it likely.

    Shapes: `(B, T)`, `(B, T, 1)`, `(B, 1, T)`, `(B, 1, 1, T)`, attention masks `(B, T, T)`, `(B, 1, T, T)`.
    """
    shape = plan.spec.shape
    match shape:
        case (_, _) | (_, _, 1):
            steps, queries = 1, None
        case (_, 1, _) | (_, 1, 1, _):
            steps, queries = len(shape) - 1, None
        case (_, looking, looked_at) | (_, 1, looking, looked_at):
            if not (told or plan.feeds.wired_as_mask or None in {looking, looked_at} or looking == looked_at):
                return None
            steps, queries = len(shape) - 1, len(shape) - 2
        case _:
            return None
    return replace(plan, role=InputRole.MASK, content=Content.MASK, steps=(steps,), queries=queries, view=None)


def told_mask(plan: InputPlan) -> InputPlan:
    """`plan` as the mask that the user says it is.

    Raises:
        UsageError: its shape cannot be that of a mask.
    """
    mask = as_mask(plan, told=True)
    if mask is None:
        raise UsageError(
            f"input {plan.name!r} has shape {shown_shape(plan.spec.shape)}, which is not that of a mask such as (B, T)"
        )
    return mask
