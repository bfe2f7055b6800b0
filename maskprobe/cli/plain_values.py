"""Values of options that need no looking at are taken as they are; Typer looks at all others.

Typer 0.29 brings in pydantic for each value that it is given, defaults among them, and that import takes longer than
reading a model's file. Other versions of Typer, which keep no converters of this kind, are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from typer.core import TyperCommand, TyperGroup

_CONVERTER = "_runtime_param"
"""Where a parameter of Typer 0.29 keeps what converts its values; None until it is needed."""


class PlainCommand(TyperCommand):
    """A command of Typer that looks only at values that are not what they should be already."""

    def get_params(self, ctx: Any) -> Any:
        """Its parameters, and `--help`."""
        return _taken_as_they_are(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """The same for the options of a program with several commands."""

    def get_params(self, ctx: Any) -> Any:
        """Its parameters, and `--help`."""
        return _taken_as_they_are(super().get_params(ctx))


def _taken_as_they_are(parameters: Sequence[Any]) -> Sequence[Any]:
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is not None and getattr(parameter, _CONVERTER, parameter) is None:
            setattr(parameter, _CONVERTER, _Plain(descriptor.annotation))
    return parameters


@dataclass(frozen=True, slots=True)
class _Plain:
    """Converts what is plain, and calls for Typer's own converter otherwise."""

    annotation: Any

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of a parameter, as Typer gives it."""
        is_list = param.multiple or param.nargs == -1
        if value is None:
            return () if is_list else None
        if _is_plain(value, self.annotation):
            return value
        if self.annotation is Path and isinstance(value, str) and os.access(value, os.R_OK):
            return Path(value)
        setattr(param, _CONVERTER, None)
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _is_plain(value: object, annotation: Any) -> bool:
    """Whether a value is of its type already: a text, or a default."""
    if get_origin(annotation) is None:
        return isinstance(annotation, type) and isinstance(value, annotation)
    return annotation == list[str] and isinstance(value, list) and all(isinstance(item, str) for item in value)
