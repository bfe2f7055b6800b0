"""Files of all Keras versions: every one with a sequence output gets a verdict on its loss."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "legacy_models"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".h5", ".keras"} or path.is_dir())
