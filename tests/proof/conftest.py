"""Both Keras libraries, as modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keras_limits import start_names_again

from maskprobe.backend.engine import Engine

_KERAS_SAYS = (
    "ignore:Layer '.*' .of type .*. was passed an input with a mask:UserWarning",
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
)
"""What Keras warns of while a faulty model is built on purpose."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for line in _KERAS_SAYS:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture
def keras(engine: Engine) -> Any:
    """`keras` and `tf_keras` in turn, seeded, so that fresh weights are the same in each run.

    Names of operations count from the start again, so that the path of a call is the same in each test.
    """
    start_names_again(engine.keras)
    engine.keras.utils.set_random_seed(0)
    return engine.keras
