"""A random functional or Sequential model while it is being built: its tensors, and how calls choose among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

Shape = tuple[int | None, ...]


@dataclass
class Building:
    """What a model is made of so far. A call that Keras refuses while the graph is built is left out, and counted."""

    keras: Any
    random: Random
    tensors: list[Any] = field(default_factory=list)
    """The tensors that hold floating point numbers: inputs, and what calls returned."""
    ids: list[Any] = field(default_factory=list)
    """Inputs of token ids, each `(B, T)`."""
    masks: list[Any] = field(default_factory=list)
    """Tensors that hold a padding mask: bool `(B, T)`."""
    states: list[list[Any]] = field(default_factory=list)
    """States that recurrent layers returned, one list a layer."""
    inputs: list[Any] = field(default_factory=list)
    used: list[Any] = field(default_factory=list)
    layers_made: list[tuple[Any, Shape]] = field(default_factory=list)
    """Layers that can be called again, and the shape that they were built for."""
    refused: list[str] = field(default_factory=list)
    depth: int = 0

    @property
    def layers(self) -> Any:
        return self.keras.layers

    @property
    def is_keras3(self) -> bool:
        return hasattr(self.keras, "ops")

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.random.choice(list(choices))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def of_rank(self, *ranks: int) -> Any:
        """A tensor of one of these ranks, mostly one of the newest; None where there is none."""
        return self.where(lambda tensor: len(tensor.shape) in ranks and tensor.shape[-1] is not None)

    def sequence(self) -> Any:
        """A tensor `(B, T, F)` of known features."""
        return self.where(lambda tensor: len(tensor.shape) == 3 and tensor.shape[2] is not None)

    def use(self, tensor: Any) -> Any:
        self.used.append(tensor)
        return tensor

    def where(self, fits: Callable[[Any], bool]) -> Any:
        """A tensor for which `fits` holds; None where there is none."""
        fitting = [tensor for tensor in self.tensors if fits(tensor)]
        if not fitting:
            return None
        return self.use(self.pick(fitting[-3:] if self.chance(0.6) else fitting))

    def alike(self, tensor: Any) -> Any:
        """A tensor of the same shape: one that is there, or one made by a Dense layer."""
        shape, dtype = tuple(tensor.shape), tensor.dtype
        found = self.where(lambda other: tuple(other.shape) == shape and other.dtype == dtype and other is not tensor)
        if found is not None and self.chance(0.8):
            return found
        other = self.where(lambda other: tuple(other.shape)[:-1] == shape[:-1] and other is not tensor)
        return self.layers.Dense(shape[-1])(tensor if other is None else other)

    def steps_like(self, tensor: Any) -> Any:
        """A mask of the steps of `tensor`, `(B, T)`; None where there is none."""
        fitting = [mask for mask in self.masks if mask.shape[1] == tensor.shape[1]]
        return self.use(self.pick(fitting)) if fitting else None

    def add(self, made: Any) -> None:
        """What a call returned."""
        if isinstance(made, (list, tuple)):
            for one in made:
                self.add(one)
            return
        if made is not None and "float" in str(getattr(made.dtype, "name", made.dtype)):
            self.tensors.append(made)

    def outputs(self) -> list[Any]:
        """What nobody reads, and now and then one more."""
        read = {id(tensor) for tensor in self.used}
        given = {id(tensor) for tensor in self.inputs}
        made = [tensor for tensor in self.tensors if id(tensor) not in given]
        loose = [tensor for tensor in made if id(tensor) not in read]
        extra = [self.pick(made)] if made and self.chance(0.2) else []
        return loose + [tensor for tensor in extra if all(tensor is not other for other in loose)]
