"""How many rows and time steps the probe has."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence

from maskprobe.archive.graph import GraphLayer, LayerGraph
from maskprobe.errors import UsageError
from maskprobe.probe.options import ProbeOptions
from maskprobe.probe.plan import InputPlan

DEFAULT_STEPS = 6
MOST_STEPS = 64
OTHER_FREE_SIZE = 4
PICTURE_SIZE = 32


def choose_shapes(
    graph: LayerGraph, plans: Sequence[InputPlan], options: ProbeOptions
) -> Mapping[str, tuple[int, ...]]:
    """The size of every axis but the batch axis, by input name, in the shape in which the model works on it.

    A free time axis has `options.length` steps, the same for all inputs. By default it has 6, or as many as the
    model's convolution and pooling layers need to leave two steps at their end, and twice the widest kernel, but not
    more than 64. Words in sentences that are free have another length, so that the two axes cannot be confused; other
    free axes have 4, those of pictures 32.

    Raises:
        UsageError: `options.length` is below 1, or was given though no time axis is free.
    """
    _check_length(plans, options)
    steps = options.length or max(DEFAULT_STEPS, needed_steps(graph))
    inner = max(OTHER_FREE_SIZE, needed_steps(graph))
    inner += inner == steps
    return {plan.name: _sizes(plan, steps, inner) for plan in plans}


def _check_length(plans: Sequence[InputPlan], options: ProbeOptions) -> None:
    if options.length is None:
        return
    if options.length < 1:
        raise UsageError(f"the length must be at least 1 time step, not {options.length}")
    timed = [plan for plan in plans if plan.steps]
    if not any(None in _time_sizes(plan) for plan in timed):
        fixed = ", ".join(f"{plan.name!r} has {plan.shape[plan.steps[0]]}" for plan in timed)
        raise UsageError(f"no input has a free number of time steps to set a length for: {fixed or 'none has time'}")


def _time_sizes(plan: InputPlan) -> list[int | None]:
    axes = (plan.steps[0], plan.queries)
    return [plan.shape[axis] for axis in axes if axis is not None]


def _sizes(plan: InputPlan, steps: int, inner: int) -> tuple[int, ...]:
    free: dict[int, int] = dict.fromkeys(plan.steps[1:], inner)
    free |= dict.fromkeys((*plan.steps[:1], *(() if plan.queries is None else (plan.queries,))), steps)
    other = PICTURE_SIZE if plan.feeds.only_pictures else OTHER_FREE_SIZE
    return tuple(free.get(axis, other) if size is None else size for axis, size in enumerate(plan.shape) if axis > 0)


def batch_size(plans: Sequence[InputPlan], options: ProbeOptions) -> int | None:
    """The number of rows that the model or the user fixes; None if neither does.

    Raises:
        UsageError: `options.batch` is below 1, or is not the batch size that the model was built for.
    """
    if options.batch is not None and options.batch < 1:
        raise UsageError(f"the batch must have at least 1 row, not {options.batch}")
    fixed = next((plan.spec.shape[0] for plan in plans if plan.spec.shape and plan.spec.shape[0] is not None), None)
    if fixed is not None and options.batch not in {None, fixed}:
        raise UsageError(f"the model takes batches of {fixed} rows only, not of {options.batch}")
    return fixed if fixed is not None else options.batch


def needed_steps(graph: LayerGraph) -> int:
    """Time steps that leave two after all convolution, pooling and cropping layers, and twice the widest kernel.

    All layers are taken as if they stood in a row, which asks for too much in models with branches, never too little.
    """
    needed, widest = 2, 0
    for layer in reversed([layer for _, layer in graph.layers_deep()]):
        if layer.class_name == "Cropping1D":
            needed += sum(_integers(layer.config.get("cropping")) or [0])
        elif layer.class_name.endswith(("Conv1D", "Convolution1D", "Pooling1D")) and not layer.class_name.startswith(
            "Global"
        ):
            window, stride, reach = _window(layer)
            widest = max(widest, window)
            needed = (needed - 1) * stride + reach
    return min(MOST_STEPS, max(needed, 2 * widest))


def _window(layer: GraphLayer) -> tuple[int, int, int]:
    """Width of a window, its stride, and how many steps it cannot do without."""
    config = layer.config
    keys = ("kernel_size", "filter_length", "pool_size", "pool_length")
    size = next((sizes[0] for sizes in (_integers(config.get(key)) for key in keys) if sizes), 1)
    dilation = (_integers(config.get("dilation_rate")) or [1])[0]
    default = size if "Pooling" in layer.class_name else 1
    stride = (_integers(config.get("strides", config.get("subsample_length"))) or [default])[0]
    width = (size - 1) * dilation + 1
    padding = config.get("padding", config.get("border_mode", "valid"))
    return width, max(1, stride), width if padding == "valid" else 1


def _integers(value: object) -> list[int]:
    if isinstance(value, bool):
        return []
    if isinstance(value, numbers.Integral):
        return [int(value)]
    if isinstance(value, (list, tuple)):
        return [item for entry in value for item in _integers(entry)]
    return []
