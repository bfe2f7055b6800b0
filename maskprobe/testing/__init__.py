"""Masks in tests.

```python
from maskprobe.testing import assert_masks_ok


def test_masks_of_the_tagger():
    assert_masks_ok(build_tagger(), ignore=["MP302"])
```

pytest has it as the fixture `assert_masks_ok` too. Importing this imports neither TensorFlow nor NumPy.
"""

from __future__ import annotations

from maskprobe.testing.assertion import MasksNotOkError, assert_masks_ok
from maskprobe.testing.keywords import TraceKeywords

__all__ = ["MasksNotOkError", "TraceKeywords", "assert_masks_ok"]
