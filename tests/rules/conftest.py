"""Both Keras libraries, as modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maskprobe.backend.engine import Engine

_KERAS_SAYS = (
    "ignore:Layer '.*' .of type .*. was passed an input with a mask:UserWarning",
    "ignore:You are saving your model as an HDF5 file:UserWarning",
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
)
"""What Keras warns of while a faulty model is built or saved on purpose."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for line in _KERAS_SAYS:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture
def keras(engine: Engine) -> Any:
    """`keras` and `tf_keras` in turn, seeded, so that fresh weights are the same in each run."""
    engine.keras.utils.set_random_seed(0)
    return engine.keras
