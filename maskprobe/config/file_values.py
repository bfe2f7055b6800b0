"""What a settings file may say, key by key. The JSON Schema is made from these."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from maskprobe.finding import FailOn, Severity
from maskprobe.probe.options import Padding

SCHEMA: Final = "maskprobe.toml/1"
"""Name and version of the format. A change that could break a file gets a new number."""

AssumedWord: TypeAlias = Literal["carry", "drop", "source", "use"]
"""The words of `maskprobe.static.rulebook.Assumption`."""

_RULES = "Codes (MP104), names (mask-overwritten) or the beginning of codes (MP2)."
_FILES = (
    "* and ? stand for what is within a name, ** for any folders. Without a slash it is looked for at any depth; "
    "a folder stands for all that is in it."
)
_EXCLUDE = "Files and folders to leave out: patterns as in a .gitignore in this file's folder."
_LAYERS = (
    "The whole path of a layer, such as encoder/pool, whichever call of it. * and ? stand for what is within a name, "
    "** for any number of names."
)


class IgnoreEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Findings that are known and accepted. All that is given must fit: file, layer and rule."""

    reason: Annotated[str, Meta(min_length=1, description="Why they are accepted.")]
    path: (
        Annotated[str, Meta(min_length=1, description=f"Files, seen from this file's folder. {_FILES}")] | UnsetType
    ) = UNSET
    layer: Annotated[str, Meta(min_length=1, description=f"Layers. {_LAYERS}")] | UnsetType = UNSET
    rules: (
        Annotated[
            list[str], Meta(min_length=1, description=f"{_RULES} Without it: all, but for MP901, which must be named.")
        ]
        | UnsetType
    ) = UNSET
    expires: (
        Annotated[dt.date, Meta(description="The last day on which it counts; from then on it is reported.")]
        | UnsetType
    ) = UNSET


class ConfigFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The table [tool.maskprobe] of pyproject.toml, or the whole of maskprobe.toml."""

    select: Annotated[list[str], Meta(description=f"Rules to report; without it all. {_RULES}")] | UnsetType = UNSET
    ignore: (
        Annotated[
            list[str],
            Meta(description=f"Rules not to report, unless select names them more closely. {_RULES}"),
        ]
        | UnsetType
    ) = UNSET
    severity: (
        Annotated[dict[str, Severity], Meta(description=f"How bad findings are, by rule. {_RULES}")] | UnsetType
    ) = UNSET
    ignores: Annotated[list[IgnoreEntry], Meta(description="Findings that are known and accepted.")] | UnsetType = UNSET
    mask_inputs: Annotated[list[str], Meta(description="Model inputs that are masks.")] | UnsetType = UNSET
    intended_drops: (
        Annotated[
            list[str],
            Meta(description=f"Layers that may lose the mask (MP101, MP102, MP108, MP109). {_LAYERS}"),
        ]
        | UnsetType
    ) = UNSET
    custom_objects: Annotated[list[str], Meta(description="MODULE:NAME of layers and functions.")] | UnsetType = UNSET
    imports: (
        Annotated[list[str], Meta(description="Python files with layers, seen from this file's folder.")] | UnsetType
    ) = UNSET
    assume: (
        Annotated[
            dict[str, AssumedWord],
            Meta(description="What layers with code of their own do to masks, by class or layer name."),
        ]
        | UnsetType
    ) = UNSET
    padding: Annotated[Padding, Meta(description="Where the padding of the probe rows is.")] | UnsetType = UNSET
    length: Annotated[int, Meta(ge=1, description="Time steps, where the model leaves them free.")] | UnsetType = UNSET
    batch: Annotated[int, Meta(ge=1, description="Rows of the probe.")] | UnsetType = UNSET
    pad_value: Annotated[float, Meta(description="What the data is padded with.")] | UnsetType = UNSET
    seed: Annotated[int, Meta(ge=0, description="Seed of the probe's values.")] | UnsetType = UNSET
    fail_on: Annotated[FailOn, Meta(description="The least severe finding that fails a run.")] | UnsetType = UNSET
    fail_on_unchecked: (
        Annotated[bool, Meta(description="Whether a run fails where something could not be checked.")] | UnsetType
    ) = UNSET
    static: Annotated[bool, Meta(description="Read files only; run nothing.")] | UnsetType = UNSET
    exclude: Annotated[list[str], Meta(description=_EXCLUDE)] | UnsetType = UNSET
    jobs: Annotated[int, Meta(ge=1, description="Models looked at side by side.")] | UnsetType = UNSET
    timeout: Annotated[float, Meta(gt=0, description="Seconds for one model.")] | UnsetType = UNSET
    memory: Annotated[int, Meta(ge=0, description="MiB for one model; 0: no limit.")] | UnsetType = UNSET
    output: Annotated[list[str], Meta(description="Outputs, as --output takes them.")] | UnsetType = UNSET
    cache: (
        Annotated[bool | str, Meta(description="Whether results are kept, or the folder to keep them in.")] | UnsetType
    ) = UNSET
