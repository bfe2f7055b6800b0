"""Look at a model with inputs that the user brings: check them against the model, and tell which steps are real."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from maskprobe.archive.graph import LayerGraph
from maskprobe.errors import UsageError, one_line
from maskprobe.mask_trace import BoolArray, ProbeRecord
from maskprobe.probe.fill import array_dtype, bounds
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.padding import nearest_by_name
from maskprobe.probe.plan import Content, InputPlan, shown_shape
from maskprobe.probe.probe import Probe, pad_notes, pad_value, record_input, source_notes
from maskprobe.probe.roles import assign_roles

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Own:
    """What an input tells by itself."""

    plan: InputPlan
    real: BoolArray | None


def read_inputs(path: Path, what: str = "inputs") -> Mapping[str, Array]:
    """Read arrays from a `.npz` file, by name, or from a `.npy` file, whose one array gets the name `""`.

    Args:
        path: the file.
        what: what the arrays are, as an error calls them.

    Raises:
        UsageError: there is no such file, it is of another kind, or it holds Python objects, which are never unpickled.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise UsageError(f"cannot read {what} from {path}: {error.strerror or one_line(str(error))}") from error
    except (ValueError, EOFError, KeyError, NotImplementedError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(
            f"cannot read {what} from {path}: not a .npz or .npy file of plain arrays (save it with numpy.savez)"
        ) from error
    if not arrays:
        raise UsageError(f"cannot read {what} from {path}: it holds no arrays")
    return arrays


def bring_probe(
    given: Mapping[str, Array] | Sequence[Array] | Array,
    graph: LayerGraph,
    inputs: Sequence[InputSpec],
    options: ProbeOptions,
    source: str,
) -> Probe:
    """Make a probe of inputs that the user brings.

    A step of tokens is real where it is not the pad id 0, a step of values where any feature differs from the mask
    value of the Masking that reads it, a step of a mask input where that is not 0; `options.pad_value` takes the place
    of the first two. Inputs that tell nothing by themselves take over the real steps of one that does and has the same
    shape of steps.

    Args:
        given: By input name; or in the order of the inputs; or the array itself for a model with one input.
        graph: The model's layer graph.
        inputs: What the loaded model says of its inputs.
        options: What the user asked for; length, batch and seed do not apply.
        source: The file or argument that they came in, for the reader.

    Raises:
        UsageError: the arrays do not fit the model. The message lists every mismatch.
    """
    arrays = _check(_by_name(given, inputs), inputs, source)
    roles = assign_roles(graph, inputs, options.mask_inputs)
    own = {plan.name: _Own(plan, _own_real(plan, arrays[plan.name], options)) for plan in roles.plans}
    real = {plan.name: _inherited(plan, arrays[plan.name], own) for plan in roles.plans}
    recorded = tuple(record_input(plan, arrays[plan.name], real[plan.name], options) for plan in roles.plans)
    rows = tuple(f"row {number}" for number in range(1, len(next(iter(arrays.values()))) + 1))
    notes = (
        *roles.notes,
        *pad_notes(roles.plans, options),
        *(note for plan in roles.plans for note in _notes(plan, arrays[plan.name])),
    )
    return Probe(arrays, ProbeRecord(recorded, rows, None, source), notes)


def _notes(plan: InputPlan, array: Array) -> list[str]:
    notes = [] if plan.steps else [f"input {plan.name!r} has no time axis"]
    size = plan.feeds.input_dim
    if size is not None and array.dtype.kind in "biuf" and array.size and not 0 <= array.min() <= array.max() < size:
        notes.append(f"input {plan.name!r} holds ids outside 0 to {size - 1}, the range of its Embedding")
    return notes + source_notes(plan)


def _by_name(given: Mapping[str, Array] | Sequence[Array] | Array, inputs: Sequence[InputSpec]) -> Mapping[str, Array]:
    """Give each array the name of its input. A lone array named `""` (from a `.npy` file) belongs to the only input."""
    names = [spec.name for spec in inputs]
    if isinstance(given, Mapping):
        if list(given) != [""]:
            return {str(name): np.asarray(array) for name, array in given.items()}
        given = given[""]
    arrays = [given] if isinstance(given, np.ndarray) else list(given)
    if len(arrays) != len(names):
        raise UsageError(
            f"the model takes {len(names)} inputs ({', '.join(map(repr, names))}), but {len(arrays)} arrays were given"
        )
    return {name: np.asarray(array) for name, array in zip(names, arrays, strict=True)}


def _check(given: Mapping[str, Array], inputs: Sequence[InputSpec], source: str) -> dict[str, Array]:
    """The arrays in the order of the inputs and in their dtypes, if they all fit."""
    names = [spec.name for spec in inputs]
    faults = [f"no array for input {name!r}" for name in names if name not in given]
    faults += [f"array {name!r} is for no input of the model" for name in given if name not in names]
    faults += [fault for spec in inputs if spec.name in given for fault in _faults(spec, given[spec.name])]
    rows = {len(given[name]) for name in names if name in given and given[name].ndim}
    if len(rows) > 1:
        faults.append(f"the arrays have different numbers of rows: {', '.join(map(str, sorted(rows)))}")
    if rows == {0}:
        faults.append("the arrays have no rows")
    if faults:
        raise UsageError(f"the inputs from {source} do not fit the model: {'; '.join(faults)}")
    return {spec.name: _cast(spec, given[spec.name]) for spec in inputs}


def _faults(spec: InputSpec, array: Array) -> list[str]:
    fits = len(spec.shape) == array.ndim and all(
        size in {None, actual} for size, actual in zip(spec.shape, array.shape, strict=True)
    )
    faults = [] if fits else [f"{spec.name!r} has shape {array.shape}, not {shown_shape(spec.shape)}"]
    if not _castable(spec, array):
        faults.append(f"{spec.name!r} holds {array.dtype} values that are no {spec.dtype}")
    return faults


def _castable(spec: InputSpec, array: Array) -> bool:
    """Whether nothing is lost when the array takes the input's dtype: whole numbers may be held as floats."""
    if spec.dtype.startswith("str"):
        return array.dtype.kind in "OSU"
    if array.dtype.kind not in "biuf":
        return False
    dtype = array_dtype(spec.dtype)
    if dtype.kind not in "biu" or array.dtype.kind == "b":
        return True
    low, high = bounds(dtype)
    whole = array.dtype.kind != "f" or bool(np.all(array == np.floor(array)) and np.all(np.isfinite(array)))
    return whole and (array.size == 0 or bool(array.min() >= low and array.max() <= high))


def _cast(spec: InputSpec, array: Array) -> Array:
    return array if spec.dtype.startswith("str") else array.astype(array_dtype(spec.dtype))


def _own_real(plan: InputPlan, array: Array, options: ProbeOptions) -> BoolArray | None:
    """Which steps are real by what the input holds itself; None if it does not tell."""
    if plan.content is Content.MASK:
        return _real_of_mask(plan, array)
    if not plan.steps or array.dtype.kind not in "biuf":
        return None
    array = _viewed(plan, array)
    if plan.content is Content.TOKENS or (plan.content is Content.VALUES and _tells(plan, options)):
        beyond = tuple(range(len(plan.steps) + 1, array.ndim))
        differs = array != np.asarray(pad_value(plan, options)).astype(array.dtype)
        return np.asarray(differs.any(axis=beyond), dtype=np.bool_)
    return None


def _viewed(plan: InputPlan, array: Array) -> Array:
    """The array in the shape in which the model works on it."""
    if plan.view is None:
        return array
    return array.reshape(len(array), *(-1 if size is None else size for size in plan.view[1:]))


def _tells(plan: InputPlan, options: ProbeOptions) -> bool:
    return bool(plan.feeds.maskings) or options.pad_value is not None


def _real_of_mask(plan: InputPlan, array: Array) -> BoolArray:
    """The steps that a mask input calls real; of an attention mask those that any step may look at."""
    others = tuple(axis for axis in range(1, array.ndim) if axis != plan.steps[0])
    return np.asarray((array != 0).any(axis=others), dtype=np.bool_)


def _inherited(plan: InputPlan, array: Array, own: Mapping[str, _Own]) -> BoolArray | None:
    """The input's own real steps, or those of the input nearest to it by name that has as many steps."""
    if own[plan.name].real is not None or not plan.steps:
        return own[plan.name].real
    length = _viewed(plan, array).shape[plan.steps[0]]
    others = [other.plan for other in own.values() if other.real is not None and other.real.shape[1:] == (length,)]
    nearest = nearest_by_name(plan, others)
    return None if nearest is None else own[nearest.name].real
