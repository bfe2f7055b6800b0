"""Compile a model that comes without a loss, or with one that could not be rebuilt, with a chosen one."""

from __future__ import annotations

import warnings
from dataclasses import replace

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.errors import UsageError
from maskprobe.mask_trace import LossRecord

DEFAULT = "mse"


def with_loss(loaded: LoadedModel, wanted: str | None) -> tuple[LoadedModel, str | None]:
    """`loaded` with a loss, and the name of the one that was chosen; None if it has its own.

    A model in memory stays as it is: another one over the same layers is compiled in its place.

    Args:
        loaded: The model.
        wanted: A name that Keras knows, to be taken in any case; None: the model's own, or `mse` if it has none.

    Raises:
        UsageError: Keras knows no such loss, or the model cannot be compiled here.
    """
    if wanted is None and loaded.loss is not None:
        return loaded, None
    name, model = wanted or DEFAULT, loaded.model
    if not loaded.is_ours:
        if loaded.graph is None:
            raise UsageError(f"the model {model.name!r} has no loss; compile it first: model.compile(loss={name!r})")
        model = loaded.engine.keras.Model(list(loaded.graph.inputs), loaded.engine.output_structure(model))
    try:
        loaded.engine.keras.losses.get(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.compile(loss=name)
    except Exception as error:
        raise UsageError(
            f"{loaded.engine.info} cannot compile the model with the loss {name!r}: {reason_of(error)}"
        ) from error
    return replace(loaded, model=model, loss=LossRecord((name,))), name
