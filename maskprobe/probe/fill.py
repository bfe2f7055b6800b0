"""Fill the arrays of a probe: random values at real steps, the pad value at padded ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from maskprobe.errors import ProbeError
from maskprobe.mask_trace import BoolArray
from maskprobe.probe.plan import Content, InputPlan

UNKNOWN_INPUT_DIM = 10
"""Ids go up to 9 where no Embedding states its size."""


def array_dtype(dtype: str) -> np.dtype[np.generic]:
    """The NumPy dtype of the array for an input of `dtype`. NumPy has no bfloat16: float32 stands in for it.

    Raises:
        ProbeError: NumPy knows no such dtype.
    """
    try:
        return np.dtype("float32" if dtype == "bfloat16" or dtype.startswith("float8") else dtype)
    except TypeError as error:
        raise ProbeError(f"an input has dtype {dtype!r}, for which no values can be made: bring data") from error


def bounds(dtype: np.dtype[np.generic]) -> tuple[float, float]:
    """The least and the greatest value that `dtype` holds; infinite for floats."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind not in "iu":
        return -np.inf, np.inf
    limits = np.iinfo(dtype.name)
    return int(limits.min), int(limits.max)


def most_ids(dtype: np.dtype[np.generic]) -> int:
    """How many ids from 0 on `dtype` holds exactly. Floats hold whole numbers up to the width of their mantissa."""
    if dtype.kind == "f":
        return int(2 ** (np.finfo(dtype.name).nmant + 1))
    return int(min(bounds(dtype)[1], bounds(np.dtype(np.int64))[1] - 1)) + 1


def over_array(real: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Spread `real` over the axes of an array that it does not have: bool of `shape`."""
    spread = real.reshape(real.shape + (1,) * (len(shape) - real.ndim))
    return np.broadcast_to(spread, shape)


def fill_tokens(
    plan: InputPlan, shape: tuple[int, ...], real: BoolArray | None, pad: int, rng: np.random.Generator
) -> npt.NDArray[np.generic]:
    """Random ids from 1 to below the size of the Embedding, and `pad` at padded steps.

    Raises:
        ProbeError: the Embedding has room for the pad id only and masks it.
    """
    dtype = array_dtype(plan.spec.dtype)
    size = min(plan.feeds.input_dim or UNKNOWN_INPUT_DIM, most_ids(dtype))
    if size == 1 and plan.feeds.makes_mask:
        path = plan.feeds.embeddings[0].path
        raise ProbeError(f"Embedding {path!r} (input_dim=1) has no id but the pad id 0 for input {plan.name!r}")
    ids = size - 1  # besides the pad id 0
    tokens = rng.integers(1, size, size=shape) if ids else np.zeros(shape, dtype=np.int64)
    if ids > 1:
        tokens[tokens == pad] = 1 if pad != 1 else size - 1
    if real is not None:
        tokens = np.where(over_array(real, shape), tokens, pad)
    return tokens.astype(dtype)


def fill_positions(plan: InputPlan, shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    """0, 1, 2 ... along the last axis of steps, in padded steps too; not beyond the size of the Embedding."""
    axis = plan.steps[-1] if plan.steps else len(shape) - 1
    places = np.arange(shape[axis]).reshape([-1 if at == axis else 1 for at in range(len(shape))])
    if plan.feeds.input_dim is not None:
        places = np.minimum(places, plan.feeds.input_dim - 1)
    return np.broadcast_to(places, shape).astype(array_dtype(plan.spec.dtype))


def fill_values(
    plan: InputPlan, shape: tuple[int, ...], real: BoolArray | None, pad: float, rng: np.random.Generator
) -> npt.NDArray[np.generic]:
    """Random values of the input's dtype that equal neither `pad` nor any mask value, and `pad` at padded steps."""
    dtype = array_dtype(plan.spec.dtype)
    if dtype.kind == "b":
        values = np.ones(shape, dtype=dtype) if real is not None else rng.integers(0, 2, size=shape).astype(dtype)
    elif dtype.kind in "iu":
        values = rng.integers(1, UNKNOWN_INPUT_DIM, size=shape).astype(dtype)
    else:
        values = np.clip(rng.normal(size=shape), -3, 3).round(2).astype(dtype)
    if real is None:
        return values
    with np.errstate(over="ignore", invalid="ignore"):  # a mask value such as 1e9 is infinite in float16, in Keras too
        return _padded(plan, values, over_array(real, shape), pad)


def _padded(plan: InputPlan, values: npt.NDArray[np.generic], real: BoolArray, pad: float) -> npt.NDArray[np.generic]:
    _avoid(values, [pad, 0.0, *(source.mask_value for source in plan.feeds.maskings)])
    values[~real] = np.asarray(pad).astype(values.dtype)
    return values


def _avoid(values: npt.NDArray[np.generic], unwanted: list[float]) -> None:
    """Move the values that equal an unwanted number to the least natural number that is not unwanted."""
    if values.dtype.kind == "b":
        return
    elsewhere = next(number for number in range(1, len(unwanted) + 2) if number not in unwanted)
    for number in unwanted:
        values[values == np.asarray(number).astype(values.dtype)] = elsewhere


def fill_mask(
    plan: InputPlan, shape: tuple[int, ...], real: BoolArray, queries: BoolArray | None
) -> npt.NDArray[np.generic]:
    """1 or True at real steps. An attention mask `(B, T, T)` has them where both steps, looking and looked at, are."""
    axis = plan.steps[0]
    keys = real.reshape([len(real), *(shape[at] if at == axis else 1 for at in range(1, len(shape)))])
    if queries is not None:
        at_queries = (shape[at] if at == plan.queries else 1 for at in range(1, len(shape)))
        keys = keys & queries.reshape([len(real), *at_queries])
    return np.broadcast_to(keys, shape).astype(array_dtype(plan.spec.dtype))


def fill(
    plan: InputPlan,
    shape: tuple[int, ...],
    real: BoolArray | None,
    pad: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.generic]:
    """The array of one input that is no mask."""
    match plan.content:
        case Content.TOKENS:
            return fill_tokens(plan, shape, real, int(pad), rng)
        case Content.POSITIONS:
            return fill_positions(plan, shape)
        case Content.SEGMENTS:
            return np.zeros(shape, dtype=array_dtype(plan.spec.dtype))
        case _:
            return fill_values(plan, shape, real, pad, rng)
