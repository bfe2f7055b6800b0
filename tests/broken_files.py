"""Files that cannot be looked at, each made on the spot: for the archive's tests and those of the command line.

`BROKEN_FILES[name](folder)` makes the file in `folder` and gives its path.
"""

from __future__ import annotations

import broken_containers
import broken_foreign
import broken_keras_zips
from broken_parts import BROKEN_FILES, BrokenFile

BUILDERS = (broken_foreign, broken_keras_zips, broken_containers)
"""Importing these fills the table."""

__all__ = ["BROKEN_FILES", "BUILDERS", "BrokenFile"]
