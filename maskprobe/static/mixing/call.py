"""One call as the account of mixing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Shape: TypeAlias = tuple[int, ...]
"""Sizes of all axes, batch axis first."""


@dataclass(frozen=True, slots=True)
class MixedInput:
    """One tensor that the call reads."""

    name: str
    """The argument it came in by: `inputs`, `inputs.1`, `query`, `initial_state.0` ..."""
    shape: Shape
    dtype: str
    mask: BoolArray | None
    """The padding mask that reaches the call for this tensor: bool `(B, T)` or deeper, True = real."""
    held: bool = False
    """It is a mask in all but name: it stays as it is when values are changed."""
    tokens: bool = False
    """It holds ids, if as floating point numbers: they stay as they are."""
    values: npt.NDArray[Any] | None = None
    """What it holds, where that is known: a mask as bools or numbers, a constant."""

    @property
    def moves(self) -> bool:
        """Whether its values are changed: floating point numbers that are neither a mask nor ids."""
        return "float" in self.dtype and not self.held and not self.tokens


@dataclass(frozen=True, slots=True)
class MixedCall:
    """What decides where a call's values go."""

    class_name: str
    """The layer class: `Conv1D`; for an operation its bare name in lower case: `multiply`, `getitem`. A class that is
    not Keras's own comes with its module, `mine.Conv1D`, or any other name that Keras does not have."""
    is_operation: bool
    config: Mapping[str, Any]
    """The layer's config, as the file holds it; `{}` where the file states none."""
    inputs: tuple[MixedInput, ...]
    """The tensors it reads, mask arguments left out."""
    outputs: tuple[Shape, ...]
    """The shapes of what it returns."""
    masks: Mapping[str, BoolArray | None] = field(default_factory=dict)
    """Masks that it received as arguments, by name: `mask`, `query_mask`, `mask.0`, `attention_mask`; None where one
    is there and its values are not known."""
    keywords: Mapping[str, Any] = field(default_factory=dict)
    """Plain keyword arguments: `use_causal_mask`, `axis` ..."""
    generation: int = 3
    """2 or 3: whose Keras."""
    output_dtypes: tuple[str, ...] = ()
    """NumPy's names of the dtypes of what it returns; empty if all are floating point numbers."""
    makes_mask: bool = False
    """It is a mask source: other values would make another mask."""
