"""The ranges of Keras versions that treat masks alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from maskprobe.archive.archive import Archive
from maskprobe.errors import UsageError
from maskprobe.mask_trace import EngineInfo


class Era(IntEnum):
    """A range of Keras versions with one set of mask rules, oldest first. Each is named after its first version."""

    KERAS_2_2 = 0
    """Standalone Keras 2.2 and 2.3."""
    TF_1_15 = 1
    """tf.keras of TensorFlow 1."""
    TF_2_3 = 2
    """tf.keras up to 2.3."""
    TF_2_4 = 3
    TF_2_5 = 4
    TF_2_10 = 5
    TF_2_11 = 6
    TF_2_14 = 7
    """And tf_keras."""
    KERAS_3_0 = 8
    KERAS_3_4 = 9
    KERAS_3_7 = 10
    KERAS_3_8 = 11
    KERAS_3_11 = 12
    KERAS_3_12 = 13
    KERAS_3_14 = 14

    @property
    def is_keras3(self) -> bool:
        """Whether it is of Keras 3."""
        return self >= Era.KERAS_3_0


_SINCE_TF = (
    ((2, 14), Era.TF_2_14),
    ((2, 11), Era.TF_2_11),
    ((2, 10), Era.TF_2_10),
    ((2, 5), Era.TF_2_5),
    ((2, 4), Era.TF_2_4),
    ((2, 3), Era.TF_2_3),
    ((0, 0), Era.TF_1_15),
)
_SINCE_KERAS3 = (
    ((3, 14), Era.KERAS_3_14),
    ((3, 12), Era.KERAS_3_12),
    ((3, 11), Era.KERAS_3_11),
    ((3, 8), Era.KERAS_3_8),
    ((3, 7), Era.KERAS_3_7),
    ((3, 4), Era.KERAS_3_4),
    ((3, 0), Era.KERAS_3_0),
)


@dataclass(frozen=True, slots=True)
class Keras:
    """A Keras whose rules are applied."""

    name: str
    """`keras`, `tf.keras` or `tf_keras`."""
    version: str

    @property
    def era(self) -> Era:
        """Whose mask rules hold."""
        found = version_of(self.version)
        if self.name == "keras" and found < (3, 0):
            return Era.KERAS_2_2
        since = _SINCE_KERAS3 if self.name == "keras" else _SINCE_TF
        return next((era for first, era in since if found >= first), since[-1][1])

    @property
    def info(self) -> EngineInfo:
        """How a trace names it."""
        return EngineInfo(self.name, self.version, "", ran=False)


NEWEST = {2: Keras("tf_keras", "2.21.0"), 3: Keras("keras", "3.15.1")}
"""The newest of each generation whose rules were measured."""
_LAST_OF_TF = (2, 16)
"""From here on tf.keras is Keras 3, and Keras 2 lives on as tf_keras."""
_LAST_STANDALONE = (2, 3)


def version_of(version: str) -> tuple[int, int]:
    """The first two numbers of a version; (0, 0) where it has none."""
    numbers = re.findall(r"\d+", version)
    return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0) if numbers else (0, 0)


def keras_of(archive: Archive) -> Keras:
    """The Keras that wrote a file, as far as the file says; else the newest of its generation."""
    stated = archive.keras_version
    if stated is None or version_of(stated) == (0, 0):
        return NEWEST[3 if archive.generation >= 3 else 2]  # noqa: PLR2004 - Keras 3
    found = version_of(stated)
    if found[0] >= 3:  # noqa: PLR2004 - Keras 3
        return Keras("keras", stated)
    if "tf" in stated:
        # TensorFlow up to 2.2 writes "2.2.4-tf" and "2.3.0-tf": the Keras that it holds, not its own version.
        return Keras("tf.keras", stated.replace("-tf", ""))
    return Keras(_library(stated), stated)


def named_keras(name: str) -> Keras:
    """The Keras that a user names: `2` and `3` for the newest, `3.4`, `2.10`, `keras-2.2.4`, `tf.keras-2.10.1` ...

    A bare version up to 2.3 is that of standalone Keras; tf.keras has those of TensorFlow.

    Raises:
        UsageError: it is no version of Keras.
    """
    text = name.strip().lower().replace("==", "-").replace(" ", "-")
    if text in {"2", "3"}:
        return NEWEST[int(text)]
    found = re.fullmatch(r"(?:(keras|tf[._]keras|tf|tensorflow)-?)?v?(\d+\.\d+(?:\.\d+)?)", text)
    version = found[2] if found else ""
    if found is None or not (1, 13) <= version_of(version) < (4, 0):
        raise UsageError(
            f"{name!r} is no version of Keras whose rules are known; give one such as 3, 3.4, 2.10 or keras-2.2.4"
        )
    if version_of(version) >= (3, 0):
        return Keras("keras", version)
    library = {"tf_keras": "tf_keras", "keras": "keras"}.get(found[1] or "", "tf.keras" if found[1] else "")
    if library == "keras" and version_of(version) > _LAST_STANDALONE:
        library = "tf.keras"
    return Keras(library or _library(version), version)


def _library(version: str) -> str:
    found = version_of(version)
    if (2, 0) <= found <= _LAST_STANDALONE:
        return "keras"
    return "tf.keras" if found < _LAST_OF_TF else "tf_keras"
