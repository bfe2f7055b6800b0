"""The table of all references, and how to find one by any name that Keras gives it."""

from __future__ import annotations

from maskprobe.loss import focal, hinges, probabilistic, regression, sparse
from maskprobe.loss.loss_reference import LossReference

__all__ = ["REFERENCES", "LossReference", "find_reference"]

REFERENCES: tuple[LossReference, ...] = (
    *regression.REFERENCES,
    *probabilistic.REFERENCES,
    *sparse.REFERENCES,
    *focal.REFERENCES,
    *hinges.REFERENCES,
)

_BY_NAME = {name: each for each in REFERENCES for name in (each.name, each.class_name, *each.aliases)}


def find_reference(name: str) -> LossReference | None:
    """The reference of the loss with this class name, function name or alias, as any generation of Keras spells it.

    None where there is no such loss or no reference for it.
    """
    return _BY_NAME.get(name)
