"""The config of a model without the masks that Keras 3 wired into it by itself."""

from __future__ import annotations

from typing import Any

from maskprobe.backend.fixing.rebuild import config_of, made_from
from maskprobe.backend.live import adopt_model
from maskprobe.backend.loaded import LoadedModel
from maskprobe.fixes.mask_wires import given_by_hand, has_mask_wires, without_wires


def bare_config(loaded: LoadedModel) -> dict[str, Any]:
    """The config of `loaded` with only those masks in the graph that its author gave by hand.

    Raises:
        NotCheckedError: the model has no config to change, or cannot be made from it.
    """
    config = config_of(loaded)
    if not has_mask_wires(config):
        return config
    made = made_from(loaded, without_wires(config, as_called=True))
    again = config_of(adopt_model(made))
    return without_wires(config, given_by_hand(config, again))
