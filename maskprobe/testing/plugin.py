"""The pytest plugin: `assert_masks_ok` as a fixture.

pytest loads it at each start through the entry point `pytest11`, so it imports only what `import maskprobe` does: no
TensorFlow, no Keras, no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from maskprobe.report.report import Report


@pytest.fixture(scope="session", name="assert_masks_ok")
def _assert_masks_ok() -> Callable[..., Report | None]:
    """`assert_masks_ok(model, ignore=(), fail_on="warning", ...)`: fail if padding gets through the model."""
    from maskprobe.testing.assertion import assert_masks_ok  # noqa: PLC0415 - each start of pytest would wait for it

    return assert_masks_ok
